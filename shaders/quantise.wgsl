// Rows of floats as signed bytes with one scale per row, the largest magnitude over 127. One invocation per row.
//
// A row of output is its scale, as the bits of a float, then its codes, four to a word, the first lowest, with
// zeros behind the last. Magnitudes are compared as bits, where NaN is larger than any number: it becomes the
// scale and is not lost.

const ROWS = {{ rows }}u;
const CHANNELS = {{ channels }}u;
const WORDS = (CHANNELS + 3u) / 4u;

@group(0) @binding(0) var<storage, {{ read }}> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;

@compute @workgroup_size({{ threads }}, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let row = (group.x + group.z * {{ groups_x }}u) * {{ threads }}u + local.x;
    if (row >= ROWS) { return; }
    let base = row * CHANNELS;
    var bits = 0u;
    for (var c = 0u; c < CHANNELS; c++) { bits = max(bits, bitcast<u32>(x[base + c]) & 0x7fffffffu); }
    let largest = bitcast<f32>(bits);
    let factor = 127.0 / max(largest, 1e-30);
    let head = row * (WORDS + 1u);
    y[head] = bitcast<u32>(largest / 127.0);
    for (var w = 0u; w < WORDS; w++) {
        var word = 0u;
        for (var i = 0u; i < 4u; i++) {
            let c = 4u * w + i;
            if (c < CHANNELS) { word |= (bitcast<u32>(i32(round(x[base + c] * factor))) & 0xffu) << (8u * i); }
        }
        y[head + 1u + w] = word;
    }
}

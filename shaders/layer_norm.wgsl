// Layer normalisation of rows, optionally with weight and bias. One invocation per row.

const ROWS = {{ rows }}u;
const CHANNELS = {{ channels }}u;
const EPSILON = {{ epsilon }};
const AFFINE = {{ affine }};

@group(0) @binding(0) var<storage, {{ read }}> x: array<f32>;
@group(0) @binding(1) var<storage, {{ read }}> gamma: array<f32>;
@group(0) @binding(2) var<storage, {{ read }}> beta: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size({{ threads }}, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let row = (group.x + group.z * {{ groups_x }}u) * {{ threads }}u + local.x;
    if (row >= ROWS) { return; }
    let base = row * CHANNELS;
    var sum = 0.0;
    for (var c = 0u; c < CHANNELS; c++) { sum += x[base + c]; }
    let mean = sum / f32(CHANNELS);
    var square = 0.0;
    for (var c = 0u; c < CHANNELS; c++) {
        let d = x[base + c] - mean;
        square += d * d;
    }
    let scale = 1.0 / sqrt(square / f32(CHANNELS) + EPSILON);
    for (var c = 0u; c < CHANNELS; c++) {
        var v = (x[base + c] - mean) * scale;
        if (AFFINE) { v = v * gamma[c] + beta[c]; }
        y[base + c] = v;
    }
}

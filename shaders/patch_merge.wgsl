// The gather of patch merging and the layer normalisation after it: eight sub-lattices stacked on channels.
// Voxels beyond odd sides are zero. One invocation per output voxel.

const IN = vec3<u32>({{ dim_x }}u, {{ dim_y }}u, {{ dim_z }}u);
const OUT = (IN + 1u) / 2u;
const ROWS = {{ batch }}u * OUT.x * OUT.y * OUT.z;
const CHANNELS = {{ channels }}u;
const EPSILON = {{ epsilon }};
/// Three bits per slot, slot 0 lowest: offset along x, y, z.
const SLOTS = {{ slots }}u;

@group(0) @binding(0) var<storage, {{ read }}> x: array<f32>;
@group(0) @binding(1) var<storage, {{ read }}> gamma: array<f32>;
@group(0) @binding(2) var<storage, {{ read }}> beta: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size({{ threads }}, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let row = (group.x + group.z * {{ groups_x }}u) * {{ threads }}u + local.x;
    if (row >= ROWS) { return; }
    let yz = row / OUT.z;
    let xyz = yz / OUT.y;
    let origin = 2u * vec3<u32>(xyz % OUT.x, yz % OUT.y, row % OUT.z);
    let batch = xyz / OUT.x;

    var sum = 0.0;
    for (var s = 0u; s < 8u; s++) {
        let start = source(batch, origin, s);
        if (start.y == 0u) { continue; }
        for (var c = 0u; c < CHANNELS; c++) { sum += x[start.x + c]; }
    }
    let mean = sum / f32(8u * CHANNELS);
    var square = 0.0;
    for (var s = 0u; s < 8u; s++) {
        let start = source(batch, origin, s);
        for (var c = 0u; c < CHANNELS; c++) {
            let d = value(start, c) - mean;
            square += d * d;
        }
    }
    let scale = 1.0 / sqrt(square / f32(8u * CHANNELS) + EPSILON);
    for (var s = 0u; s < 8u; s++) {
        let start = source(batch, origin, s);
        for (var c = 0u; c < CHANNELS; c++) {
            let n = s * CHANNELS + c;
            y[row * 8u * CHANNELS + n] = (value(start, c) - mean) * scale * gamma[n] + beta[n];
        }
    }
}

/// Where the voxel of a slot begins in `x`, and whether it is inside.
fn source(batch: u32, origin: vec3<u32>, slot: u32) -> vec2<u32> {
    let bits = SLOTS >> (3u * slot);
    let p = origin + vec3<u32>(bits & 1u, (bits >> 1u) & 1u, (bits >> 2u) & 1u);
    let inside = all(p < IN);
    let q = min(p, IN - 1u);
    return vec2<u32>((((batch * IN.x + q.x) * IN.y + q.y) * IN.z + q.z) * CHANNELS, u32(inside));
}

fn value(start: vec2<u32>, c: u32) -> f32 {
    return select(0.0, x[start.x + c], start.y == 1u);
}

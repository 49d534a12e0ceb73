// First half of instance normalisation: mean and sum of squared deviations of each channel over chunks of
// voxels. Deviations are taken from the chunk's first voxel, which keeps 32-bit sums exact enough.

const VOXELS = {{ voxels }}u;
const CHANNELS = {{ channels }}u;
const CHUNK = {{ chunk }}u;
const CHUNKS = {{ chunks }}u;
const LANES = {{ lanes }}u;
const ROWS = {{ rows }}u;

@group(0) @binding(0) var<storage, {{ read }}> x: array<f32>;
/// `[batch, chunk, channel]`: mean and sum of squared deviations.
@group(0) @binding(1) var<storage, read_write> moments: array<vec2<f32>>;

var<workgroup> sums: array<vec2<f32>, LANES * ROWS>;

@compute @workgroup_size(LANES, ROWS, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let channel = group.y * LANES + local.x;
    let c = min(channel, CHANNELS - 1u);
    let first = group.x * CHUNK;
    let end = min(first + CHUNK, VOXELS);
    let base = group.z * VOXELS;
    let origin = x[(base + first) * CHANNELS + c];
    var sum = 0.0;
    var square = 0.0;
    for (var v = first + local.y; v < end; v += ROWS) {
        let d = x[(base + v) * CHANNELS + c] - origin;
        sum += d;
        square += d * d;
    }
    sums[local.y * LANES + local.x] = vec2<f32>(sum, square);
    workgroupBarrier();
    if (local.y > 0u || channel >= CHANNELS) { return; }
    var total = vec2<f32>();
    for (var r = 0u; r < ROWS; r++) { total += sums[r * LANES + local.x]; }
    let count = f32(end - first);
    let mean = total.x / count;
    let deviation = max(total.y - total.x * mean, 0.0);
    moments[(group.z * CHUNKS + group.x) * CHANNELS + channel] = vec2<f32>(origin + mean, deviation);
}

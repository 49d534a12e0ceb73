// Second half of instance normalisation: joins the moments of the chunks, then normalises, adds a residual
// and rectifies. One invocation per channel and stretch of voxels.

const VOXELS = {{ voxels }}u;
const CHANNELS = {{ channels }}u;
const CHUNK = {{ chunk }}u;
const CHUNKS = {{ chunks }}u;
const STRETCH = {{ stretch }}u;
const EPSILON = {{ epsilon }};
const SLOPE = {{ slope }};
const HAS_RESIDUAL = {{ has_residual }};
const ACTIVATE = {{ activate }};
const LANES = {{ lanes }}u;
const ROWS = {{ rows }}u;
/// Workgroups along x, and how often as many follow for one sample along z.
const GROUPS_X = {{ groups_x }}u;
const FOLDS = {{ folds }}u;

@group(0) @binding(0) var<storage, {{ read }}> x: array<f32>;
/// `[batch, chunk, channel]`: mean and sum of squared deviations.
@group(0) @binding(1) var<storage, {{ read }}> moments: array<vec2<f32>>;
@group(0) @binding(2) var<storage, {{ read }}> residual: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(LANES, ROWS, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let channel = group.y * LANES + local.x;
    let batch = group.z / FOLDS;
    let first = (((group.z % FOLDS) * GROUPS_X + group.x) * ROWS + local.y) * STRETCH;
    if (channel >= CHANNELS || first >= VOXELS) { return; }

    // Chan, Golub and LeVeque: moments of two sets joined.
    var mean = 0.0;
    var deviation = 0.0;
    var count = 0.0;
    for (var k = 0u; k < CHUNKS; k++) {
        let m = moments[(batch * CHUNKS + k) * CHANNELS + channel];
        let n = f32(min(CHUNK, VOXELS - k * CHUNK));
        let delta = m.x - mean;
        let both = count + n;
        mean += delta * n / both;
        deviation += m.y + delta * delta * count * n / both;
        count = both;
    }
    let scale = 1.0 / sqrt(deviation / f32(VOXELS) + EPSILON);

    let base = batch * VOXELS;
    let end = min(first + STRETCH, VOXELS);
    for (var v = first; v < end; v++) {
        let at = (base + v) * CHANNELS + channel;
        var value = (x[at] - mean) * scale;
        if (HAS_RESIDUAL) { value += residual[at]; }
        if (ACTIVATE) { value = select(SLOPE * value, value, value >= 0.0); }
        y[at] = value;
    }
}

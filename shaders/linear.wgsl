// Matrix product of rows with a weight, with everything that follows it fused (`include/epilogue.wgsl`).
//
// One invocation computes 8 rows times 3 columns in registers. Neighbouring invocations hold neighbouring
// columns, so weights are read as consecutive words and rows are shared by all of them. A row is the
// channels of `x`, then those of `skip`; no concatenated tensor exists.

const X_CHANNELS = {{ x_channels }}u;
const SKIP_CHANNELS = {{ skip_channels }}u;
const IN = X_CHANNELS + SKIP_CHANNELS;
const TAPS = 1u;
const LANES = {{ lanes }}u;
const GROUP_TILES = {{ group_tiles }}u;

@group(0) @binding(0) var<storage, {{ read }}> x: array<f32>;
@group(0) @binding(1) var<storage, {{ read }}> skip: array<f32>;
/// `[in, out]`; packed along `in` if it is of integers.
@group(0) @binding(2) var<storage, {{ read }}> weight: array<{{ element }}>;
//: repeat i {{ packed }}
/// `[groups, out]`
@group(0) @binding(3) var<storage, {{ read }}> scales: array<f32>;
//: end
@group(0) @binding(3 + {{ packed }}) var<storage, {{ read }}> bias: array<f32>;
@group(0) @binding(4 + {{ packed }}) var<storage, {{ read }}> residual: array<f32>;
@group(0) @binding(5 + {{ packed }}) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(LANES, GROUP_TILES, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let row = ((group.x + group.z * {{ groups_x }}u) * GROUP_TILES + local.y) * 8u;
    if (row >= ROWS) { return; }
    let n0 = group.y * LANES * 3u + local.x;
    // Columns beyond the last repeat the last one and are not stored; rows beyond the last repeat it and are
    // stored over it.
    let n = min(vec3<u32>(n0, n0 + LANES, n0 + 2u * LANES), vec3<u32>(OUT - 1u));
    let ra = min(vec4<u32>(row) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(ROWS - 1u));
    let rb = min(vec4<u32>(row) + vec4<u32>(4u, 5u, 6u, 7u), vec4<u32>(ROWS - 1u));

    var a0 = vec4<f32>();
    var a1 = vec4<f32>();
    var b0 = vec4<f32>();
    var b1 = vec4<f32>();
    var c0 = vec4<f32>();
    var c1 = vec4<f32>();
    var w = n;
    var pa = ra * X_CHANNELS;
    var pb = rb * X_CHANNELS;
    for (var k = 0u; k < X_CHANNELS; k++) {
        let u = vec4<f32>(x[pa.x + k], x[pa.y + k], x[pa.z + k], x[pa.w + k]);
        let v = vec4<f32>(x[pb.x + k], x[pb.y + k], x[pb.z + k], x[pb.w + k]);
//: repeat i {{ dense }}
        let s = vec3<f32>(weight[w.x], weight[w.y], weight[w.z]);
//: end
//: repeat i {{ packed }}
        let s = vec3<f32>(expanded(0u, k, n.x), expanded(0u, k, n.y), expanded(0u, k, n.z));
//: end
        a0 += s.x * u;
        a1 += s.x * v;
        b0 += s.y * u;
        b1 += s.y * v;
        c0 += s.z * u;
        c1 += s.z * v;
        w += OUT;
    }
    pa = ra * SKIP_CHANNELS;
    pb = rb * SKIP_CHANNELS;
    for (var k = 0u; k < SKIP_CHANNELS; k++) {
        let u = vec4<f32>(skip[pa.x + k], skip[pa.y + k], skip[pa.z + k], skip[pa.w + k]);
        let v = vec4<f32>(skip[pb.x + k], skip[pb.y + k], skip[pb.z + k], skip[pb.w + k]);
//: repeat i {{ dense }}
        let s = vec3<f32>(weight[w.x], weight[w.y], weight[w.z]);
//: end
//: repeat i {{ packed }}
        let s = vec3<f32>(expanded(0u, X_CHANNELS + k, n.x), expanded(0u, X_CHANNELS + k, n.y), expanded(0u, X_CHANNELS + k, n.z));
//: end
        a0 += s.x * u;
        a1 += s.x * v;
        b0 += s.y * u;
        b1 += s.y * v;
        c0 += s.z * u;
        c1 += s.z * v;
        w += OUT;
    }
    column(ra, rb, n0, a0, a1);
    column(ra, rb, n0 + LANES, b0, b1);
    column(ra, rb, n0 + 2u * LANES, c0, c1);
}

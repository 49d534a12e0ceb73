// Matrix product of rows with a weight, with everything that follows it fused (`include/epilogue.wgsl`).
//
// One invocation computes a tile (`include/tile.wgsl`) in registers. A row is the channels of `x`, then those of
// `skip`; no concatenated tensor exists.

const X_CHANNELS = {{ x_channels }}u;
const SKIP_CHANNELS = {{ skip_channels }}u;
const IN = X_CHANNELS + SKIP_CHANNELS;
const TAPS = 1u;

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
    let row = tile_number(group, local) * 8u;
    if (row >= ROWS) { return; }
    let n0 = first_column(group, local);
    let n = columns(n0);
    let ra = four_rows(row);
    let rb = four_rows(row + 4u);

    var t = Tile();
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
        t.a0 += s.x * u;
        t.a1 += s.x * v;
        t.b0 += s.y * u;
        t.b1 += s.y * v;
        t.c0 += s.z * u;
        t.c1 += s.z * v;
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
        t.a0 += s.x * u;
        t.a1 += s.x * v;
        t.b0 += s.y * u;
        t.b1 += s.y * v;
        t.c0 += s.z * u;
        t.c1 += s.z * v;
        w += OUT;
    }
    column(ra, rb, n0, t.a0, t.a1);
    column(ra, rb, n0 + LANES, t.b0, t.b1);
    column(ra, rb, n0 + 2u * LANES, t.c0, t.c1);
}

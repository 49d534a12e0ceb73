// Matrix product of rows of signed bytes with a weight of signed bytes, summed in integers, and everything that
// follows it fused (`include/epilogue.wgsl`). The rows are the output of `quantise.wgsl`.
//
// One invocation computes a tile (`include/tile.wgsl`). Inputs 0 and 1 are `x` and `skip`, each with scales of
// its own.

const WORDS0 = {{ x_words }}u;
const WORDS1 = {{ skip_words }}u;

@group(0) @binding(0) var<storage, {{ read }}> in0: array<u32>;
@group(0) @binding(1) var<storage, {{ read }}> in1: array<u32>;
/// `[words, out]`
@group(0) @binding(2) var<storage, {{ read }}> weight: array<u32>;
/// `[out]`
@group(0) @binding(3) var<storage, {{ read }}> scales: array<f32>;
@group(0) @binding(4) var<storage, {{ read }}> bias: array<f32>;
@group(0) @binding(5) var<storage, {{ read }}> residual: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

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
//: repeat i 2
    if (WORDS{i} > 0u) {
        let pa = ra * (WORDS{i} + 1u);
        let pb = rb * (WORDS{i} + 1u);
        var i0 = vec4<i32>();
        var i1 = vec4<i32>();
        var j0 = vec4<i32>();
        var j1 = vec4<i32>();
        var k0 = vec4<i32>();
        var k1 = vec4<i32>();
        for (var k = 1u; k <= WORDS{i}; k++) {
            let u = vec4<u32>(in{i}[pa.x + k], in{i}[pa.y + k], in{i}[pa.z + k], in{i}[pa.w + k]);
            let v = vec4<u32>(in{i}[pb.x + k], in{i}[pb.y + k], in{i}[pb.z + k], in{i}[pb.w + k]);
            let s = vec3<u32>(weight[w.x], weight[w.y], weight[w.z]);
            i0 += dots(u, s.x);
            i1 += dots(v, s.x);
            j0 += dots(u, s.y);
            j1 += dots(v, s.y);
            k0 += dots(u, s.z);
            k1 += dots(v, s.z);
            w += OUT;
        }
        let sa = bitcast<vec4<f32>>(vec4<u32>(in{i}[pa.x], in{i}[pa.y], in{i}[pa.z], in{i}[pa.w]));
        let sb = bitcast<vec4<f32>>(vec4<u32>(in{i}[pb.x], in{i}[pb.y], in{i}[pb.z], in{i}[pb.w]));
        t.a0 += sa * vec4<f32>(i0);
        t.a1 += sb * vec4<f32>(i1);
        t.b0 += sa * vec4<f32>(j0);
        t.b1 += sb * vec4<f32>(j1);
        t.c0 += sa * vec4<f32>(k0);
        t.c1 += sb * vec4<f32>(k1);
    }
//: end
    let s = vec3<f32>(scales[n.x], scales[n.y], scales[n.z]);
    column(ra, rb, n0, s.x * t.a0, s.x * t.a1);
    column(ra, rb, n0 + LANES, s.y * t.b0, s.y * t.b1);
    column(ra, rb, n0 + 2u * LANES, s.z * t.c0, s.z * t.c1);
}

// 3×3×3 convolution, stride 1, zero padding, of signed bytes, summed in integers over the channels of one voxel
// and in floats over voxels, because each has its scale. Channels last; inputs are the output of `quantise.wgsl`.
//
// One invocation computes a tile (`include/tile.wgsl`). Inputs 0 and 1 are `x` and `skip`, each with scales of
// its own.

const WORDS0 = {{ x_words }}u;
const WORDS1 = {{ skip_words }}u;

@group(0) @binding(0) var<storage, {{ read }}> in0: array<u32>;
@group(0) @binding(1) var<storage, {{ read }}> in1: array<u32>;
/// `[kx, ky, kz, words, out]`
@group(0) @binding(2) var<storage, {{ read }}> weight: array<u32>;
/// `[out]`
@group(0) @binding(3) var<storage, {{ read }}> scales: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

/// A tile within one input voxel each.
struct Sums { a0: vec4<i32>, a1: vec4<i32>, b0: vec4<i32>, b1: vec4<i32>, c0: vec4<i32>, c1: vec4<i32> }

@compute @workgroup_size(LANES, GROUP_TILES, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let tile = tile_number(group, local);
    if (tile >= TILES) { return; }
    let n0 = first_column(group, local);
    let n = columns(n0);
    let at = place(tile);
    let last = vec4<i32>(i32(DIMS.z) - 1);

    var t = Tile();
    for (var k = 0u; k < 27u; k++) {
        let px = at.x + k / 9u;
        let py = at.y + (k / 3u) % 3u;
        if (px == 0u || px > DIMS.x || py == 0u || py > DIMS.y) { continue; }
        let line = ((at.batch * DIMS.x + px - 1u) * DIMS.y + py - 1u) * DIMS.z;
        // The input of each voxel through this tap; those outside have no weight.
        let za = vec4<i32>(i32(at.z + k % 3u)) + vec4<i32>(-1, 0, 1, 2);
        let zb = za + 4;
        let ma = select(vec4<f32>(0.0), vec4<f32>(1.0), (za >= vec4<i32>(0)) & (za <= last));
        let mb = select(vec4<f32>(0.0), vec4<f32>(1.0), zb <= last);
        let va = line + vec4<u32>(clamp(za, vec4<i32>(0), last));
        let vb = line + vec4<u32>(clamp(zb, vec4<i32>(0), last));
        var w = k * (WORDS0 + WORDS1) * OUT + n;
//: repeat i 2
        if (WORDS{i} > 0u) {
            let pa = va * (WORDS{i} + 1u);
            let pb = vb * (WORDS{i} + 1u);
            var s = Sums();
            for (var c = 1u; c <= WORDS{i}; c++) {
                let a = vec4<u32>(in{i}[pa.x + c], in{i}[pa.y + c], in{i}[pa.z + c], in{i}[pa.w + c]);
                let b = vec4<u32>(in{i}[pb.x + c], in{i}[pb.y + c], in{i}[pb.z + c], in{i}[pb.w + c]);
                let q = vec3<u32>(weight[w.x], weight[w.y], weight[w.z]);
                s.a0 += dots(a, q.x);
                s.a1 += dots(b, q.x);
                s.b0 += dots(a, q.y);
                s.b1 += dots(b, q.y);
                s.c0 += dots(a, q.z);
                s.c1 += dots(b, q.z);
                w += OUT;
            }
            let sa = ma * bitcast<vec4<f32>>(vec4<u32>(in{i}[pa.x], in{i}[pa.y], in{i}[pa.z], in{i}[pa.w]));
            let sb = mb * bitcast<vec4<f32>>(vec4<u32>(in{i}[pb.x], in{i}[pb.y], in{i}[pb.z], in{i}[pb.w]));
            t.a0 += sa * vec4<f32>(s.a0);
            t.a1 += sb * vec4<f32>(s.a1);
            t.b0 += sa * vec4<f32>(s.b0);
            t.b1 += sb * vec4<f32>(s.b1);
            t.c0 += sa * vec4<f32>(s.c0);
            t.c1 += sb * vec4<f32>(s.c1);
        }
//: end
    }
    let s = vec3<f32>(scales[n.x], scales[n.y], scales[n.z]);
    store(at, n0, s.x * t.a0, s.x * t.a1);
    store(at, n0 + LANES, s.y * t.b0, s.y * t.b1);
    store(at, n0 + 2u * LANES, s.z * t.c0, s.z * t.c1);
}

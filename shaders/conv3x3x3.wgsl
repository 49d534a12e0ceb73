//: repeat i {{ half }}
enable f16;
//: end
// 3×3×3 convolution, stride 1, zero padding, as an implicit GEMM. Channels last.
//
// One invocation computes a tile (`include/tile.wgsl`) in registers. The input's channels are those of `x`, then
// those of `skip`; no concatenated tensor exists.

const X_CHANNELS = {{ x_channels }}u;
const SKIP_CHANNELS = {{ skip_channels }}u;
const IN = X_CHANNELS + SKIP_CHANNELS;
const TAPS = 27u;
/// What is multiplied: `f32`, or `f16` with sums of a few products (`include/half.wgsl`).
alias Real = {{ real }};

@group(0) @binding(0) var<storage, {{ read }}> x: array<f32>;
@group(0) @binding(1) var<storage, {{ read }}> skip: array<f32>;
/// `[kx, ky, kz, in, out]`; packed along `in` if it is of integers.
@group(0) @binding(2) var<storage, {{ read }}> weight: array<{{ element }}>;
//: repeat i {{ packed }}
/// `[groups, out]`
@group(0) @binding(3) var<storage, {{ read }}> scales: array<f32>;
//: end
@group(0) @binding(3 + {{ packed }}) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(LANES, GROUP_TILES, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let tile = tile_number(group, local);
    if (tile >= TILES) { return; }
    let n0 = first_column(group, local);
    let n = columns(n0);
    let at = place(tile);

    // The ten inputs along z, and zero for those outside.
    let base = vec4<i32>(i32(at.z)) + vec4<i32>(-1, 0, 1, 2);
    let last = vec4<i32>(i32(DIMS.z) - 1);
    let za = vec4<u32>(clamp(base, vec4<i32>(0), last));
    let zb = vec4<u32>(clamp(base + 4, vec4<i32>(0), last));
    let zc = vec2<u32>(clamp(base.xy + 8, vec2<i32>(0), last.xy));
    let ma = select(vec4<Real>(0.0), vec4<Real>(1.0), (base >= vec4<i32>(0)) & (base <= last));
    let mb = select(vec4<Real>(0.0), vec4<Real>(1.0), base + 4 <= last);
    let mc = select(vec2<Real>(0.0), vec2<Real>(1.0), base.xy + 8 <= last.xy);

    var t = Tile();
//: repeat i {{ half }}
    var part = Part();
//: end
    for (var k = 0u; k < 9u; k++) {
        let px = at.x + k / 3u;
        let py = at.y + k % 3u;
        if (px == 0u || px > DIMS.x || py == 0u || py > DIMS.y) { continue; }
        let line = ((at.batch * DIMS.x + px - 1u) * DIMS.y + py - 1u) * DIMS.z;
        var w = k * 3u * IN * OUT;
        let xa = (line + za) * X_CHANNELS;
        let xb = (line + zb) * X_CHANNELS;
        let xc = (line + zc) * X_CHANNELS;
        let sa = (line + za) * SKIP_CHANNELS;
        let sb = (line + zb) * SKIP_CHANNELS;
        let sc = (line + zc) * SKIP_CHANNELS;
        for (var c = 0u; c < IN; c++) {
            var a: vec4<Real>;
            var b: vec4<Real>;
            var d: vec2<Real>;
            if (c < X_CHANNELS) {
                a = vec4<Real>(vec4<f32>(x[xa.x + c], x[xa.y + c], x[xa.z + c], x[xa.w + c]));
                b = vec4<Real>(vec4<f32>(x[xb.x + c], x[xb.y + c], x[xb.z + c], x[xb.w + c]));
                d = vec2<Real>(vec2<f32>(x[xc.x + c], x[xc.y + c]));
            } else {
                let s = c - X_CHANNELS;
                a = vec4<Real>(vec4<f32>(skip[sa.x + s], skip[sa.y + s], skip[sa.z + s], skip[sa.w + s]));
                b = vec4<Real>(vec4<f32>(skip[sb.x + s], skip[sb.y + s], skip[sb.z + s], skip[sb.w + s]));
                d = vec2<Real>(vec2<f32>(skip[sc.x + s], skip[sc.y + s]));
            }
            a *= ma;
            b *= mb;
            d *= mc;
            let a1 = vec4<Real>(a.yzw, b.x);
            let b1 = vec4<Real>(b.yzw, d.x);
            let a2 = vec4<Real>(a.zw, b.xy);
            let b2 = vec4<Real>(b.zw, d);
//: repeat i {{ dense }}
            let w0 = w + n;
            let w1 = w0 + IN * OUT;
            let w2 = w1 + IN * OUT;
            let p = vec3<Real>(vec3<f32>(weight[w0.x], weight[w1.x], weight[w2.x]));
            let q = vec3<Real>(vec3<f32>(weight[w0.y], weight[w1.y], weight[w2.y]));
            let r = vec3<Real>(vec3<f32>(weight[w0.z], weight[w1.z], weight[w2.z]));
//: end
//: repeat i {{ packed }}
            let tap = 3u * k;
            let p = vec3<Real>(vec3<f32>(expanded(tap, c, n.x), expanded(tap + 1u, c, n.x), expanded(tap + 2u, c, n.x)));
            let q = vec3<Real>(vec3<f32>(expanded(tap, c, n.y), expanded(tap + 1u, c, n.y), expanded(tap + 2u, c, n.y)));
            let r = vec3<Real>(vec3<f32>(expanded(tap, c, n.z), expanded(tap + 1u, c, n.z), expanded(tap + 2u, c, n.z)));
//: end
            {{ sums }}.a0 += p.x * a + p.y * a1 + p.z * a2;
            {{ sums }}.a1 += p.x * b + p.y * b1 + p.z * b2;
            {{ sums }}.b0 += q.x * a + q.y * a1 + q.z * a2;
            {{ sums }}.b1 += q.x * b + q.y * b1 + q.z * b2;
            {{ sums }}.c0 += r.x * a + r.y * a1 + r.z * a2;
            {{ sums }}.c1 += r.x * b + r.y * b1 + r.z * b2;
//: repeat i {{ half }}
            if (c % PART == PART - 1u || c + 1u == IN) {
                t = added(t, part);
                part = Part();
            }
//: end
            w += OUT;
        }
    }
    store(at, n0, t.a0, t.a1);
    store(at, n0 + LANES, t.b0, t.b1);
    store(at, n0 + 2u * LANES, t.c0, t.c1);
}

// Matrix product of rows with a weight, with everything that follows it fused (`include/epilogue.wgsl`).
//
// One invocation computes a tile (`include/tile.wgsl`) in registers. A row is the channels of input 0, `x`, then those
// of input 1, `skip`; no concatenated tensor exists.

const CHANNELS0 = {{ x_channels }}u;
const CHANNELS1 = {{ skip_channels }}u;
const BEFORE0 = 0u;
const BEFORE1 = CHANNELS0;
const IN = CHANNELS0 + CHANNELS1;
const TAPS = 1u;

@group(0) @binding(0) var<storage, {{ read }}> in0: array<f32>;
@group(0) @binding(1) var<storage, {{ read }}> in1: array<f32>;
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
//: repeat j 2
    let pa{j} = ra * CHANNELS{j};
    let pb{j} = rb * CHANNELS{j};
    for (var k = 0u; k < CHANNELS{j}; k++) {
        let u = vec4<f32>(in{j}[pa{j}.x + k], in{j}[pa{j}.y + k], in{j}[pa{j}.z + k], in{j}[pa{j}.w + k]);
        let v = vec4<f32>(in{j}[pb{j}.x + k], in{j}[pb{j}.y + k], in{j}[pb{j}.z + k], in{j}[pb{j}.w + k]);
//: repeat i {{ dense }}
        let s = vec3<f32>(weight[w.x], weight[w.y], weight[w.z]);
//: end
//: repeat i {{ packed }}
        let c = BEFORE{j} + k;
        let s = vec3<f32>(expanded(0u, c, n.x), expanded(0u, c, n.y), expanded(0u, c, n.z));
//: end
        t.a0 += s.x * u;
        t.a1 += s.x * v;
        t.b0 += s.y * u;
        t.b1 += s.y * v;
        t.c0 += s.z * u;
        t.c1 += s.z * v;
        w += OUT;
    }
//: end
    column(ra, rb, n0, t.a0, t.a1);
    column(ra, rb, n0 + LANES, t.b0, t.b1);
    column(ra, rb, n0 + 2u * LANES, t.c0, t.c1);
}

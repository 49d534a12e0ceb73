// Product of two square matrices of 32-bit floats, tiled through workgroup memory: what a device reaches at best, to
// measure other shaders by.
//
// A workgroup computes 64 × 64 elements, an invocation 8 × 8 of them in registers.

/// Side of the matrices, a multiple of 64.
const SIDE = {{ side }}u;
const QUADS = SIDE / 4u;
/// Rows of `b` that are held at a time.
const DEPTH = 16u;

@group(0) @binding(0) var<storage, {{ read }}> a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, {{ read }}> b: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;

/// `[k, row / 4]` and `[k, column / 4]` of the tile.
var<workgroup> left: array<vec4<f32>, DEPTH * 16u>;
var<workgroup> right: array<vec4<f32>, DEPTH * 16u>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let row = group.y * 64u;
    let column = group.x * 16u;
    let me = local.y * 8u + local.x;
    //: repeat i 8
    var p{i} = vec4<f32>();
    var q{i} = vec4<f32>();
    //: end
    for (var first = 0u; first < SIDE; first += DEPTH) {
        workgroupBarrier();
        // Four neighbouring rows and columns of `a`, transposed; four rows of `b`.
        let m = me / 4u;
        let k = me % 4u;
        let start = (row + 4u * m) * QUADS + first / 4u + k;
        let block = transpose(mat4x4<f32>(a[start], a[start + QUADS], a[start + 2u * QUADS], a[start + 3u * QUADS]));
        //: repeat i 4
        left[(4u * k + {i}u) * 16u + m] = block[{i}];
        right[(me / 16u + 4u * {i}u) * 16u + me % 16u] = b[(first + me / 16u + 4u * {i}u) * QUADS + column + me % 16u];
        //: end
        workgroupBarrier();
        for (var j = 0u; j < DEPTH; j++) {
            let u = left[j * 16u + 2u * local.y];
            let v = left[j * 16u + 2u * local.y + 1u];
            let s = right[j * 16u + 2u * local.x];
            let t = right[j * 16u + 2u * local.x + 1u];
            //: repeat i 4
            p{i} += u[{i}] * s;
            q{i} += u[{i}] * t;
            //: end
            p4 += v.x * s;
            q4 += v.x * t;
            p5 += v.y * s;
            q5 += v.y * t;
            p6 += v.z * s;
            q6 += v.z * t;
            p7 += v.w * s;
            q7 += v.w * t;
        }
    }
    let at = (row + 8u * local.y) * QUADS + column + 2u * local.x;
    //: repeat i 8
    y[at + {i}u * QUADS] = p{i};
    y[at + {i}u * QUADS + 1u] = q{i};
    //: end
}

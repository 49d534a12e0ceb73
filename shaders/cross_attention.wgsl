// Multi-head attention of tokens to all tokens of a context, which may be themselves: SACA's.
//
// An invocation takes one query of one head. Keys and values pass through workgroup memory in tiles under a running
// softmax, so that no score is stored.

const QUERIES = {{ queries }}u;
const KEYS = {{ keys }}u;
const HEADS = {{ heads }}u;
/// Channels of a head in fours.
const QUADS = {{ quads }}u;
const THREADS = {{ threads }}u;
/// Keys per tile.
const TILE = {{ tile }}u;
/// Below any score.
const LOWEST = -1e30;

/// `[batch, token, head, channel / 4]`, as all others.
@group(0) @binding(0) var<storage, {{ read }}> query: array<vec4<f32>>;
@group(0) @binding(1) var<storage, {{ read }}> key: array<vec4<f32>>;
@group(0) @binding(2) var<storage, {{ read }}> value: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;

var<workgroup> keys: array<vec4<f32>, TILE * QUADS>;
var<workgroup> values: array<vec4<f32>, TILE * QUADS>;

@compute @workgroup_size(THREADS, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let head = group.y;
    let batch = group.z;
    let token = group.x * THREADS + local.x;
    let mine = ((batch * QUERIES + min(token, QUERIES - 1u)) * HEADS + head) * QUADS;
    let scale = inverseSqrt(f32(4u * QUADS));
    var highest = LOWEST;
    var total = 0.0;
    //: repeat c {{ quads }}
    let q{c} = scale * query[mine + {c}u];
    var o{c} = vec4<f32>();
    //: end

    for (var first = 0u; first < KEYS; first += TILE) {
        workgroupBarrier();
        for (var j = local.x; j < TILE * QUADS; j += THREADS) {
            let other = batch * KEYS + min(first + j / QUADS, KEYS - 1u);
            let at = (other * HEADS + head) * QUADS + j % QUADS;
            keys[j] = key[at];
            values[j] = value[at];
        }
        workgroupBarrier();
        let end = min(TILE, KEYS - first) * QUADS;
        for (var at = 0u; at < end; at += QUADS) {
            var score = 0.0;
            //: repeat c {{ quads }}
            score += dot(q{c}, keys[at + {c}u]);
            //: end
            let peak = max(highest, score);
            let keep = exp(highest - peak);
            let e = exp(score - peak);
            highest = peak;
            total = total * keep + e;
            //: repeat c {{ quads }}
            o{c} = o{c} * keep + e * values[at + {c}u];
            //: end
        }
    }
    if (token >= QUERIES) { return; }
    let share = 1.0 / total;
    //: repeat c {{ quads }}
    y[mine + {c}u] = share * o{c};
    //: end
}

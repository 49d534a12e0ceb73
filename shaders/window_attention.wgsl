// Multi-head attention in shifted 3-D windows, from queries, keys and values on the grid to the grid.
//
// A workgroup takes a few windows, one head and a block of queries; an invocation takes some queries of one line
// along z. Keys and values pass through workgroup memory in tiles; scores live in registers, one line of keys at a
// time, under a running softmax (Milakov and Gimelshein, 2018). Position biases of two lines depend on the distance
// along z alone, so that few are read. Shift, padding, relative position and region are index arithmetic.

const GRID = vec3<u32>({{ dim_x }}u, {{ dim_y }}u, {{ dim_z }}u);
const WINDOW = vec3<u32>({{ window_x }}u, {{ window_y }}u, {{ window_z }}u);
const SHIFT = vec3<u32>({{ shift_x }}u, {{ shift_y }}u, {{ shift_z }}u);
/// The configured window, whose raster numbers the tokens of a clipped window too.
const CONFIGURED = vec3<u32>({{ configured_x }}u, {{ configured_y }}u, {{ configured_z }}u);
const HEADS = {{ heads }}u;
/// Channels of a head in fours.
const QUADS = {{ quads }}u;
const THREADS = {{ threads }}u;
/// Windows of a workgroup.
const WINDOWS = {{ windows }}u;
/// Keys per tile, whole lines.
const TILE = {{ tile }}u;
/// Queries of an invocation.
const QUERIES = {{ queries }}u;

const COUNT = (GRID + WINDOW - 1u) / WINDOW;
const PADDED = COUNT * WINDOW;
const TOKENS = WINDOW.x * WINDOW.y * WINDOW.z;
const LINES = WINDOW.x * WINDOW.y;
/// Parts of a line that one invocation each takes. The last may begin within the one before.
const PARTS = (WINDOW.z + QUERIES - 1u) / QUERIES;
const BLOCKS = (LINES * PARTS + THREADS - 1u) / THREADS;
const SPAN = 2u * CONFIGURED - 1u;
/// Row of the table for equal tokens. Others have it plus the query's place minus the key's.
const EQUAL = ((CONFIGURED.x - 1u) * SPAN.y + CONFIGURED.y - 1u) * SPAN.z + CONFIGURED.z - 1u;
const SHIFTED = SHIFT.x + SHIFT.y + SHIFT.z > 0u;
/// Added to scores between different shift regions (MONAI's value).
const MASKED = {{ masked }};
/// Below any score.
const LOWEST = -1e30;

/// `[batch, x, y, z, query | key | value, head, channel / 4]`
@group(0) @binding(0) var<storage, {{ read }}> qkv: array<vec4<f32>>;
/// Query, key and value of padded tokens.
@group(0) @binding(1) var<storage, {{ read }}> bias: array<vec4<f32>>;
/// `[relative position, head]`
@group(0) @binding(2) var<storage, {{ read }}> table: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;

var<workgroup> keys: array<vec4<f32>, WINDOWS * TILE * QUADS>;
var<workgroup> values: array<vec4<f32>, WINDOWS * TILE * QUADS>;
/// Place in the relative position table, and shift region along x and y.
var<workgroup> places: array<vec2<u32>, WINDOWS * TILE>;

struct Token { voxel: u32, inside: bool, place: u32, region: u32 }

/// Token `t` of the window that begins at `origin` on the rolled, padded grid.
fn locate(t: u32, origin: vec3<u32>, batch: u32) -> Token {
    let rolled = origin + vec3<u32>(t / (WINDOW.y * WINDOW.z), (t / WINDOW.z) % WINDOW.y, t % WINDOW.z);
    let p = (rolled + SHIFT) % PADDED;
    let voxel = ((batch * GRID.x + p.x) * GRID.y + p.y) * GRID.z + p.z;
    let raster = vec3<u32>(
        t / (CONFIGURED.y * CONFIGURED.z), (t / CONFIGURED.z) % CONFIGURED.y, t % CONFIGURED.z);
    let place = (raster.x * SPAN.y + raster.y) * SPAN.z + raster.z;
    let edge = vec3<u32>(rolled >= PADDED - WINDOW) + vec3<u32>(rolled >= PADDED - SHIFT);
    let id = select(vec3<u32>(), edge, SHIFT > vec3<u32>());
    return Token(voxel, all(p < GRID), place, id.x * 3u + id.y);
}

/// Channels `4·quad` to `4·quad + 3` of a token's query (0), key (1) or value (2).
fn part(token: Token, which: u32, head: u32, quad: u32) -> vec4<f32> {
    let at = (which * HEADS + head) * QUADS + quad;
    if (token.inside) { return qkv[token.voxel * 3u * HEADS * QUADS + at]; }
    return bias[at];
}

@compute @workgroup_size(THREADS, WINDOWS, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let head = group.y / BLOCKS;
    let batch = group.z;
    let number = group.x * WINDOWS + local.y;
    let window = min(number, COUNT.x * COUNT.y * COUNT.z - 1u);
    let origin = WINDOW * vec3<u32>(window / (COUNT.y * COUNT.z), (window / COUNT.z) % COUNT.y, window % COUNT.z);
    let mine = local.y * TILE;

    let unit = (group.y % BLOCKS) * THREADS + local.x;
    let at_z = min((unit % PARTS) * QUERIES, WINDOW.z - QUERIES);
    let t = min(unit / PARTS, LINES - 1u) * WINDOW.z + at_z;
    // A line that ends at the grid's end holds two shift regions.
    let edge = select(0.0, MASKED, SHIFT.z > 0u && origin.z + WINDOW.z == PADDED.z);
    let scale = inverseSqrt(f32(4u * QUADS));
    //: repeat i {{ queries }}
    let t{i} = locate(t + {i}u, origin, batch);
    let here{i} = t{i}.place + EQUAL;
    let beyond{i} = at_z + {i}u >= WINDOW.z - SHIFT.z;
    var highest{i} = LOWEST;
    var total{i} = 0.0;
    //: repeat c {{ quads }}
    let q{i}_{c} = scale * part(t{i}, 0u, head, {c}u);
    var o{i}_{c} = vec4<f32>();
    //: end
    //: end

    for (var first = 0u; first < TOKENS; first += TILE) {
        workgroupBarrier();
        for (var j = local.x; j < TILE; j += THREADS) {
            let key = locate(min(first + j, TOKENS - 1u), origin, batch);
            places[mine + j] = vec2<u32>(key.place, key.region);
            for (var c = 0u; c < QUADS; c++) {
                keys[(mine + j) * QUADS + c] = part(key, 1u, head, c);
                values[(mine + j) * QUADS + c] = part(key, 2u, head, c);
            }
        }
        workgroupBarrier();
        let end = mine + min(TILE, TOKENS - first);
        for (var line = mine; line < end; line += WINDOW.z) {
            var apart = 0.0;
            if (SHIFTED) { apart = select(0.0, MASKED, t0.region != places[line].y); }
            // Keys of another region are masked once.
            let along = select(edge, 0.0, apart != 0.0);
            //: repeat even {{ even }}
            // From the first query and the last key on.
            let row = here0 - places[line].x - (WINDOW.z - 1u);
            var near: array<f32, QUERIES + WINDOW.z - 1u>;
            //: repeat d {{ distances }}
            near[{d}u] = table[(row + {d}u) * HEADS + head] + apart;
            //: end
            //: end
            //: repeat j {{ window_z }}
            let at{j} = line + {j}u;
            //: repeat uneven {{ uneven }}
            let place{j} = places[at{j}].x;
            //: end
            //: repeat c {{ quads }}
            let k{j}_{c} = keys[at{j} * QUADS + {c}u];
            //: end
            //: repeat i {{ queries }}
            //: repeat even {{ even }}
            var s{i}_{j} = near[{i}u + WINDOW.z - 1u - {j}u];
            //: end
            //: repeat uneven {{ uneven }}
            var s{i}_{j} = table[(here{i} - place{j}) * HEADS + head] + apart;
            //: end
            if (SHIFT.z > 0u) { s{i}_{j} += select(0.0, along, beyond{i} != ({j}u >= WINDOW.z - SHIFT.z)); }
            //: repeat c {{ quads }}
            s{i}_{j} += dot(q{i}_{c}, k{j}_{c});
            //: end
            //: end
            //: end
            //: repeat i {{ queries }}
            var peak{i} = highest{i};
            //: repeat j {{ window_z }}
            peak{i} = max(peak{i}, s{i}_{j});
            //: end
            let keep{i} = exp(highest{i} - peak{i});
            highest{i} = peak{i};
            total{i} *= keep{i};
            //: repeat c {{ quads }}
            o{i}_{c} *= keep{i};
            //: end
            //: end
            //: repeat j {{ window_z }}
            //: repeat c {{ quads }}
            let v{j}_{c} = values[at{j} * QUADS + {c}u];
            //: end
            //: repeat i {{ queries }}
            let e{i}_{j} = exp(s{i}_{j} - peak{i});
            total{i} += e{i}_{j};
            //: repeat c {{ quads }}
            o{i}_{c} += e{i}_{j} * v{j}_{c};
            //: end
            //: end
            //: end
        }
    }
    if (number > window || unit >= LINES * PARTS) { return; }
    // What the part before has, too, is its to store.
    let own_z = (unit % PARTS) * QUERIES;
    //: repeat i {{ queries }}
    if (t{i}.inside && at_z + {i}u >= own_z) {
        let share = 1.0 / total{i};
        //: repeat c {{ quads }}
        y[(t{i}.voxel * HEADS + head) * QUADS + {c}u] = share * o{i}_{c};
        //: end
    }
    //: end
}

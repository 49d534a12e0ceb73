// Multi-head attention in shifted 3-D windows, from queries, keys and values on the grid to the grid.
//
// A workgroup takes a few windows, one head and a block of queries; an invocation takes four queries, which are
// the four components of every vector below. Keys and values pass through workgroup memory in tiles; scores
// live in registers, four keys at a time, under a running softmax (Milakov and Gimelshein, 2018). Shift, padding,
// relative position and region are index arithmetic.

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
/// Keys per tile, a multiple of 4.
const TILE = {{ tile }}u;

const COUNT = (GRID + WINDOW - 1u) / WINDOW;
const PADDED = COUNT * WINDOW;
const TOKENS = WINDOW.x * WINDOW.y * WINDOW.z;
const BLOCKS = (TOKENS + 4u * THREADS - 1u) / (4u * THREADS);
const SPAN = 2u * CONFIGURED - 1u;
const SHIFTED = SHIFT.x + SHIFT.y + SHIFT.z > 0u;
/// Added to scores between different shift regions (MONAI's value).
const MASKED = -100.0;
/// The score of keys that fill a tile up to four.
const ABSENT = -1e30;

/// `[batch, x, y, z, query | key | value, head, channel / 4]`
@group(0) @binding(0) var<storage, {{ read }}> qkv: array<vec4<f32>>;
/// Query, key and value of padded tokens.
@group(0) @binding(1) var<storage, {{ read }}> bias: array<vec4<f32>>;
/// `[relative position, head]`
@group(0) @binding(2) var<storage, {{ read }}> table: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;

var<workgroup> keys: array<vec4<f32>, WINDOWS * TILE * QUADS>;
var<workgroup> values: array<vec4<f32>, WINDOWS * TILE * QUADS>;
/// Place in the relative position table, and shift region.
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
    return Token(voxel, all(p < GRID), place, (id.x * 3u + id.y) * 3u + id.z);
}

/// Channels `4·quad` to `4·quad + 3` of a token's query (0), key (1) or value (2).
fn part(token: Token, which: u32, head: u32, quad: u32) -> vec4<f32> {
    let at = (which * HEADS + head) * QUADS + quad;
    if (token.inside) { return qkv[token.voxel * 3u * HEADS * QUADS + at]; }
    return bias[at];
}

/// What is added to the scores of four queries with the key at `j`.
fn score(j: u32, end: u32, here: vec4<u32>, region: vec4<u32>, head: u32) -> vec4<f32> {
    let key = places[j];
    let p = (here - key.x) * HEADS + head;
    var s = vec4<f32>(table[p.x], table[p.y], table[p.z], table[p.w]);
    if (SHIFTED) { s += select(vec4<f32>(), vec4<f32>(MASKED), region != vec4<u32>(key.y)); }
    return s + select(0.0, ABSENT, j >= end);
}

@compute @workgroup_size(THREADS, WINDOWS, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let head = group.y / BLOCKS;
    let batch = group.z;
    let number = group.x * WINDOWS + local.y;
    let window = min(number, COUNT.x * COUNT.y * COUNT.z - 1u);
    let origin = WINDOW * vec3<u32>(window / (COUNT.y * COUNT.z), (window / COUNT.z) % COUNT.y, window % COUNT.z);
    let mine = local.y * TILE;

    let t = (group.y % BLOCKS) * THREADS * 4u + local.x + THREADS * vec4<u32>(0u, 1u, 2u, 3u);
    let ta = locate(min(t.x, TOKENS - 1u), origin, batch);
    let tb = locate(min(t.y, TOKENS - 1u), origin, batch);
    let tc = locate(min(t.z, TOKENS - 1u), origin, batch);
    let td = locate(min(t.w, TOKENS - 1u), origin, batch);
    // Row of the table for a query and a key: the query's place minus the key's plus that of equal tokens.
    let here = vec4<u32>(ta.place, tb.place, tc.place, td.place)
        + ((CONFIGURED.x - 1u) * SPAN.y + CONFIGURED.y - 1u) * SPAN.z + CONFIGURED.z - 1u;
    let region = vec4<u32>(ta.region, tb.region, tc.region, td.region);

    let scale = inverseSqrt(f32(4u * QUADS));
    var highest = vec4<f32>(ABSENT);
    var total = vec4<f32>();
    // A row per query, a column per channel.
    //: repeat i {{ quads }}
    let q{i} = scale * transpose(mat4x4<f32>(
        part(ta, 0u, head, {i}u), part(tb, 0u, head, {i}u), part(tc, 0u, head, {i}u), part(td, 0u, head, {i}u)));
    var o{i} = mat4x4<f32>();
    //: end

    for (var first = 0u; first < TOKENS; first += TILE) {
        workgroupBarrier();
        for (var j = local.x; j < TILE; j += THREADS) {
            let key = locate(min(first + j, TOKENS - 1u), origin, batch);
            places[mine + j] = vec2<u32>(key.place, key.region);
            for (var i = 0u; i < QUADS; i++) {
                keys[(mine + j) * QUADS + i] = part(key, 1u, head, i);
                values[(mine + j) * QUADS + i] = part(key, 2u, head, i);
            }
        }
        workgroupBarrier();
        let end = mine + min(TILE, TOKENS - first);
        for (var j = mine; j < end; j += 4u) {
            let a = score(j, end, here, region, head);
            let b = score(j + 1u, end, here, region, head);
            let c = score(j + 2u, end, here, region, head);
            let d = score(j + 3u, end, here, region, head);
            // A row per query, a column per key.
            var s = mat4x4<f32>(a, b, c, d);
            //: repeat i {{ quads }}
            s += q{i} * mat4x4<f32>(
                keys[j * QUADS + {i}u], keys[(j + 1u) * QUADS + {i}u],
                keys[(j + 2u) * QUADS + {i}u], keys[(j + 3u) * QUADS + {i}u]);
            //: end
            let peak = max(highest, max(max(s[0], s[1]), max(s[2], s[3])));
            let keep = exp(highest - peak);
            highest = peak;
            let e = mat4x4<f32>(exp(s[0] - peak), exp(s[1] - peak), exp(s[2] - peak), exp(s[3] - peak));
            total = total * keep + e[0] + e[1] + e[2] + e[3];
            //: repeat i {{ quads }}
            o{i} = mat4x4<f32>(o{i}[0] * keep, o{i}[1] * keep, o{i}[2] * keep, o{i}[3] * keep)
                + e * transpose(mat4x4<f32>(
                    values[j * QUADS + {i}u], values[(j + 1u) * QUADS + {i}u],
                    values[(j + 2u) * QUADS + {i}u], values[(j + 3u) * QUADS + {i}u]));
            //: end
        }
    }
    if (number > window) { return; }
    let share = 1.0 / total;
    //: repeat i {{ quads }}
    let r{i} = transpose(mat4x4<f32>(o{i}[0] * share, o{i}[1] * share, o{i}[2] * share, o{i}[3] * share));
    if (t.x < TOKENS && ta.inside) { y[(ta.voxel * HEADS + head) * QUADS + {i}u] = r{i}[0]; }
    if (t.y < TOKENS && tb.inside) { y[(tb.voxel * HEADS + head) * QUADS + {i}u] = r{i}[1]; }
    if (t.z < TOKENS && tc.inside) { y[(tc.voxel * HEADS + head) * QUADS + {i}u] = r{i}[2]; }
    if (t.w < TOKENS && td.inside) { y[(td.voxel * HEADS + head) * QUADS + {i}u] = r{i}[3]; }
    //: end
}

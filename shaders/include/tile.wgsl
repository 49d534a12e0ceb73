// The part of a product or convolution that one invocation computes: 8 rows, or voxels along z, times 3 columns, or
// output channels. Neighbouring invocations hold neighbouring columns, so weights are read as consecutive words and
// inputs are shared by all of them. The shader declares `OUT`.

const LANES = {{ lanes }}u;
/// Tiles above each other in a workgroup.
const GROUP_TILES = {{ group_tiles }}u;

/// 8 rows of columns a, b and c.
struct Tile { a0: vec4<f32>, a1: vec4<f32>, b0: vec4<f32>, b1: vec4<f32>, c0: vec4<f32>, c1: vec4<f32> }

/// Number of the tile's rows.
fn tile_number(group: vec3<u32>, local: vec3<u32>) -> u32 {
    return (group.x + group.z * {{ groups_x }}u) * GROUP_TILES + local.y;
}

/// The first column; the others are `LANES` and `2·LANES` further.
fn first_column(group: vec3<u32>, local: vec3<u32>) -> u32 {
    return group.y * LANES * 3u + local.x;
}

/// Columns whose weights are read: those beyond the last are computed on the last one's and not stored.
fn columns(first: u32) -> vec3<u32> {
    return min(vec3<u32>(first, first + LANES, first + 2u * LANES), vec3<u32>(OUT - 1u));
}

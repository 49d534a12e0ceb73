// Where the tiles of a convolution lie, and how they are stored. The shader declares `y`.

const DIMS = vec3<u32>({{ dim_x }}u, {{ dim_y }}u, {{ dim_z }}u);
const OUT = {{ out }}u;
const TILES_Z = (DIMS.z + 7u) / 8u;
const TILES = {{ batch }}u * DIMS.x * DIMS.y * TILES_Z;

/// The first voxel of a tile.
struct Place { batch: u32, x: u32, y: u32, z: u32 }

fn place(tile: u32) -> Place {
    let row = tile / TILES_Z;
    let line = row / DIMS.y;
    return Place(line / DIMS.x, line % DIMS.x, row % DIMS.y, (tile % TILES_Z) * 8u);
}

/// Stores as many of 8 voxels, one after another from `first`, as are left on their line, in channel `n`.
fn store(first: Place, n: u32, lower: vec4<f32>, upper: vec4<f32>) {
    if (n >= OUT) { return; }
    let left = DIMS.z - first.z;
    let at = (((first.batch * DIMS.x + first.x) * DIMS.y + first.y) * DIMS.z + first.z) * OUT + n;
    y[at] = lower.x;
    if (left > 1u) { y[at + OUT] = lower.y; }
    if (left > 2u) { y[at + 2u * OUT] = lower.z; }
    if (left > 3u) { y[at + 3u * OUT] = lower.w; }
    if (left > 4u) { y[at + 4u * OUT] = upper.x; }
    if (left > 5u) { y[at + 5u * OUT] = upper.y; }
    if (left > 6u) { y[at + 6u * OUT] = upper.z; }
    if (left > 7u) { y[at + 7u * OUT] = upper.w; }
}

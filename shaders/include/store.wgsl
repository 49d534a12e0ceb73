// Output of a convolution. The shader declares `y`.

const OUT = {{ out }}u;

/// Stores as many of 8 voxels, one after another from `voxel`, as are left on their line, in channel `n`.
fn store(voxel: u32, left: u32, n: u32, lower: vec4<f32>, upper: vec4<f32>) {
    if (n >= OUT) { return; }
    let at = voxel * OUT + n;
    y[at] = lower.x;
    if (left > 1u) { y[at + OUT] = lower.y; }
    if (left > 2u) { y[at + 2u * OUT] = lower.z; }
    if (left > 3u) { y[at + 3u * OUT] = lower.w; }
    if (left > 4u) { y[at + 4u * OUT] = upper.x; }
    if (left > 5u) { y[at + 5u * OUT] = upper.y; }
    if (left > 6u) { y[at + 6u * OUT] = upper.z; }
    if (left > 7u) { y[at + 7u * OUT] = upper.w; }
}

//! Rearrangements of voxels: no arithmetic on values except [`resize2`].

use burn::tensor::Tensor;

/// `[b, x, y, z, c]` to `[b, x/p, y/p, z/p, c·p³]`; output channel `c·p³ + (dx·p + dy)·p + dz`.
pub fn space_to_depth(x: Tensor<5>, p: usize) -> Tensor<5> {
    let [b, dx, dy, dz, c] = x.dims();
    x.reshape([b, dx / p, p, dy / p, p, dz / p, p, c]).permute([0, 1, 3, 5, 7, 2, 4, 6]).reshape([
        b,
        dx / p,
        dy / p,
        dz / p,
        c * p * p * p,
    ])
}

/// Inverse of [`space_to_depth`].
pub fn depth_to_space(x: Tensor<5>, p: usize) -> Tensor<5> {
    let [b, dx, dy, dz, c] = x.dims();
    let out = c / (p * p * p);
    x.reshape([b, dx, dy, dz, out, p, p, p]).permute([0, 1, 5, 2, 6, 3, 7, 4]).reshape([
        b,
        dx * p,
        dy * p,
        dz * p,
        out,
    ])
}

/// The left-right mirror: x reversed.
pub fn flip_x(x: Tensor<5>) -> Tensor<5> {
    x.flip([1])
}

/// Trilinear enlargement by 2 along x, y, z with half-voxel centres (`align_corners = false`).
pub fn resize2(mut x: Tensor<5>) -> Tensor<5> {
    for axis in 1..4 {
        x = double_axis(x, axis);
    }
    x
}

/// Along one axis: output `2i` is `¼·x[i−1] + ¾·x[i]`, output `2i+1` is `¾·x[i] + ¼·x[i+1]`, ends clamped.
fn double_axis(x: Tensor<5>, axis: usize) -> Tensor<5> {
    let mut dims = x.dims();
    let n = dims[axis];
    let part = |from: usize, to: usize| {
        let mut ranges: [std::ops::Range<usize>; 5] = dims.map(|d| 0..d);
        ranges[axis] = from..to;
        x.clone().slice(ranges)
    };
    let before = Tensor::cat(vec![part(0, 1), part(0, n - 1)], axis);
    let after = Tensor::cat(vec![part(1, n), part(n - 1, n)], axis);
    let near = x.clone() * 0.75;
    let even = near.clone() + before * 0.25;
    let odd = near + after * 0.25;
    let both: Tensor<6> = Tensor::stack(vec![even, odd], axis + 1);
    dims[axis] = 2 * n;
    both.reshape(dims)
}

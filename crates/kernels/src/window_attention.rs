//! Multi-head attention, global and in shifted 3-D windows.
//!
//! Liu et al., "Swin Transformer", ICCV 2021, in the 3-D form of MONAI's `SwinTransformer`.

use burn::tensor::activation::softmax;
use burn::tensor::module::linear;
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::LayerWeight;
use crate::operations::operations;

/// Added to scores of token pairs from different shift regions (MONAI's and ASA's value, not −∞).
pub const MASKED: f32 = -100.0;
/// Elements of the score tensor that may exist at once: 64 MiB in 32-bit floats.
const MAX_SCORES: usize = 1 << 24;

/// Where and how one block attends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowAttention {
    /// Window sides in the configuration; the relative position table has `(2·side − 1)³` rows.
    pub configured: [usize; 3],
    /// Cyclic shift along x, y, z of this block, 0 for the first block of a pair.
    pub shift: [usize; 3],
    /// Attention heads.
    pub heads: usize,
}

impl WindowAttention {
    /// Window and shift on a grid: an axis not longer than its window is one window, unshifted.
    pub fn clipped(&self, grid: [usize; 3]) -> ([usize; 3], [usize; 3]) {
        let window = std::array::from_fn(|a| self.configured[a].min(grid[a]));
        let shift = std::array::from_fn(|a| if grid[a] <= self.configured[a] { 0 } else { self.shift[a] });
        (window, shift)
    }

    /// Row of the relative position table for each pair `(i, j)` of `tokens` window tokens, row-major.
    ///
    /// A clipped window takes the top-left block of the full window's index, as the published code does:
    /// token `t` counts as raster position `t` of the *configured* window.
    fn table_rows(&self, tokens: usize) -> Vec<i32> {
        let [wx, wy, wz] = self.configured;
        let coordinate = |t: usize| [t / (wy * wz), (t / wz) % wy, t % wz];
        let stride = [(2 * wy - 1) * (2 * wz - 1), 2 * wz - 1, 1];
        let mut rows = Vec::with_capacity(tokens * tokens);
        for i in 0..tokens {
            let a = coordinate(i);
            for j in 0..tokens {
                let b = coordinate(j);
                let row: usize = (0..3).map(|d| (a[d] + [wx, wy, wz][d] - 1 - b[d]) * stride[d]).sum();
                rows.push(row as i32);
            }
        }
        rows
    }

    /// Relative position bias `[1, heads, tokens, tokens]` from the table `[rows, heads]`.
    pub(crate) fn bias(&self, table: Tensor<2>, tokens: usize, device: &Device) -> Tensor<4> {
        let rows = TensorData::new(self.table_rows(tokens), [tokens * tokens]);
        let rows = Tensor::<1, Int>::from_data(rows, device);
        table.select(0, rows).reshape([tokens, tokens, self.heads]).permute([2, 0, 1]).unsqueeze::<4>()
    }
}

/// Number of the shift region that each axis position falls into.
fn region_ids(length: usize, window: usize, shift: usize) -> Vec<usize> {
    (0..length)
        .map(|p| match shift {
            0 => 0,
            _ if p < length - window => 0,
            _ if p < length - shift => 1,
            _ => 2,
        })
        .collect()
}

/// Region numbers of every window token, `[windows, tokens]` row-major.
pub(crate) fn window_regions(padded: [usize; 3], window: [usize; 3], shift: [usize; 3]) -> Vec<f32> {
    let ids: [Vec<usize>; 3] = std::array::from_fn(|a| region_ids(padded[a], window[a], shift[a]));
    let count: [usize; 3] = std::array::from_fn(|a| padded[a] / window[a]);
    let mut out = Vec::with_capacity(padded.iter().product());
    let cells = |n: [usize; 3]| {
        (0..n[0]).flat_map(move |x| (0..n[1]).flat_map(move |y| (0..n[2]).map(move |z| [x, y, z])))
    };
    for w in cells(count) {
        for t in cells(window) {
            let id = |a: usize| ids[a][w[a] * window[a] + t[a]];
            out.push((id(0) * 9 + id(1) * 3 + id(2)) as f32);
        }
    }
    out
}

/// Softmax attention over `[batch, heads, tokens, width]` with an additive `bias`.
pub(crate) fn attention(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, bias: Option<Tensor<4>>) -> Tensor<4> {
    let [_, _, _, width] = q.dims();
    let scores = (q * (width as f32).powf(-0.5)).matmul(k.swap_dims(2, 3));
    let scores = match bias {
        Some(bias) => scores + bias,
        None => scores,
    };
    softmax(scores, 3).matmul(v)
}

/// `[batch, x, y, z, c]` to `[batch · windows, tokens, c]`, windows and tokens row-major.
fn partition(x: Tensor<5>, window: [usize; 3]) -> Tensor<3> {
    let [b, dx, dy, dz, c] = x.dims();
    let [wx, wy, wz] = window;
    x.reshape([b, dx / wx, wx, dy / wy, wy, dz / wz, wz, c]).permute([0, 1, 3, 5, 2, 4, 6, 7]).reshape([
        b * (dx / wx) * (dy / wy) * (dz / wz),
        wx * wy * wz,
        c,
    ])
}

/// Inverse of [`partition`] onto the padded grid.
fn unpartition(x: Tensor<3>, batch: usize, padded: [usize; 3], window: [usize; 3]) -> Tensor<5> {
    let [_, _, c] = x.dims();
    let [wx, wy, wz] = window;
    let [nx, ny, nz] = std::array::from_fn(|a| padded[a] / window[a]);
    x.reshape([batch, nx, ny, nz, wx, wy, wz, c])
        .permute([0, 1, 4, 2, 5, 3, 6, 7])
        .reshape([batch, padded[0], padded[1], padded[2], c])
}

/// Zero-pads the ends of x, y, z up to `to`.
pub(crate) fn pad_ends(mut x: Tensor<5>, to: [usize; 3]) -> Tensor<5> {
    for axis in 0..3 {
        let mut dims = x.dims();
        let missing = to[axis] - dims[axis + 1];
        if missing > 0 {
            dims[axis + 1] = missing;
            let zeros = Tensor::zeros(dims, &x.device());
            x = Tensor::cat(vec![x, zeros], axis + 1);
        }
    }
    x
}

/// `[windows, tokens, 3c]` to three `[windows, heads, tokens, c / heads]`.
fn split_heads(qkv: Tensor<3>, heads: usize) -> [Tensor<4>; 3] {
    let [windows, tokens, triple] = qkv.dims();
    let width = triple / 3 / heads;
    let qkv = qkv.reshape([windows, tokens, 3, heads, width]).permute([2, 0, 3, 1, 4]);
    std::array::from_fn(|i| qkv.clone().narrow(0, i, 1).reshape([windows, heads, tokens, width]))
}

/// Shifted-window multi-head self-attention before its output projection, `[b, x, y, z, c]` to the same.
///
/// `x` is already layer-normalised. As in the reference, padding comes after that norm and padded tokens
/// take part in the softmax (their query, key and value are the qkv bias). `qkv_weight` is `[c, 3c]` with
/// columns query, key, value, each head-major; `table` is `[(2w−1)³, heads]`.
pub fn window_attention(
    x: Tensor<5>,
    qkv_weight: impl Into<LayerWeight<2>>,
    qkv_bias: Tensor<1>,
    table: Tensor<2>,
    spec: &WindowAttention,
) -> Tensor<5> {
    operations(&x).window_attention(x, qkv_weight.into(), qkv_bias, table, spec)
}

pub(crate) fn composed(
    x: Tensor<5>,
    qkv_weight: LayerWeight<2>,
    qkv_bias: Tensor<1>,
    table: Tensor<2>,
    spec: &WindowAttention,
) -> Tensor<5> {
    let device = x.device();
    let [batch, dx, dy, dz, channels] = x.dims();
    let (window, shift) = spec.clipped([dx, dy, dz]);
    let padded: [usize; 3] = std::array::from_fn(|a| [dx, dy, dz][a].div_ceil(window[a]) * window[a]);
    let shifted = shift.iter().any(|s| *s > 0);
    let tokens: usize = window.iter().product();

    let mut x = pad_ends(qkv_weight.seen(x), padded);
    let qkv_weight = qkv_weight.expanded();
    if shifted {
        x = x.roll(&shift.map(|s| -(s as i64)), &[1, 2, 3]);
    }
    let windows = partition(x, window);
    let total = windows.dims()[0];
    let bias = spec.bias(table, tokens, &device);
    let regions = shifted.then(|| {
        let ids = TensorData::new(window_regions(padded, window, shift), [total / batch, tokens]);
        Tensor::<2>::from_data(ids, &device).repeat_dim(0, batch)
    });

    let step = (MAX_SCORES / (spec.heads * tokens * tokens)).max(1);
    let mut out = Vec::with_capacity(total.div_ceil(step));
    for start in (0..total).step_by(step) {
        let count = step.min(total - start);
        let chunk = windows.clone().narrow(0, start, count);
        let [q, k, v] = split_heads(linear(chunk, qkv_weight.clone(), Some(qkv_bias.clone())), spec.heads);
        let bias = match &regions {
            Some(regions) => bias.clone() + region_mask(regions.clone().narrow(0, start, count)),
            None => bias.clone(),
        };
        let y = attention(q, k, v, Some(bias));
        out.push(y.swap_dims(1, 2).reshape([count, tokens, channels]));
    }
    let mut y = unpartition(Tensor::cat(out, 0), batch, padded, window);
    if shifted {
        y = y.roll(&shift.map(|s| s as i64), &[1, 2, 3]);
    }
    y.slice([0..batch, 0..dx, 0..dy, 0..dz, 0..channels])
}

/// Additive mask `[windows, 1, tokens, tokens]` from region numbers `[windows, tokens]`.
fn region_mask(regions: Tensor<2>) -> Tensor<4> {
    let [windows, tokens] = regions.dims();
    let rows = regions.clone().reshape([windows, tokens, 1]).expand([windows, tokens, tokens]);
    let columns = regions.reshape([windows, 1, tokens]).expand([windows, tokens, tokens]);
    let mask = rows.not_equal(columns).float() * MASKED;
    mask.reshape([windows, 1, tokens, tokens])
}

//! Window attention, one window after the other: scores of a query exist for one window and head at a time.

use burn::tensor::module::linear;
use burn::tensor::{Tensor, TensorData};
use pulp::{Arch, Simd, WithSimd};

use super::exp::exp;
use super::{Lanes, planes, values};
use crate::window_attention::{MASKED, window_regions};
use crate::{LayerWeight, WindowAttention};

/// Vectors of keys that are scored together.
const VECTORS: usize = 4;
/// Channels of the values that are summed together.
const CHANNELS: usize = 4;
/// The bias of keys that fill the last vectors up.
const NONE: f32 = -1e30;

/// [`crate::window_attention()`] of floats.
pub(super) fn run(
    x: Tensor<5>,
    qkv_weight: LayerWeight<2>,
    qkv_bias: Tensor<1>,
    table: Tensor<2>,
    spec: &WindowAttention,
) -> Tensor<5> {
    let (device, [batch, dx, dy, dz, channels]) = (x.device(), x.dims());
    let arch = Arch::new();
    let grid = Grid::new(spec, [dx, dy, dz]);
    let tokens = grid.window.iter().product::<usize>();
    let stride = tokens.next_multiple_of(VECTORS * arch.dispatch(Lanes));
    let bias = spec.bias(table, tokens, &device).into_data();
    let bias: Vec<f32> = values(&bias).chunks_exact(tokens).flat_map(|row| filled(row, stride)).collect();
    let padding = qkv_bias.clone().into_data();
    let qkv = linear(qkv_weight.seen(x), qkv_weight.expanded(), Some(qkv_bias)).into_data();
    let regions = window_regions(grid.padded(), grid.window, grid.shift);
    let attention = Attention {
        qkv: values(&qkv),
        padding: values(&padding),
        bias: &bias,
        regions: &regions,
        grid: &grid,
        heads: spec.heads,
        stride,
    };
    let mut windowed = vec![0.0; batch * grid.windows() * tokens * channels];
    planes::each(&mut windowed, tokens * channels, |number, out| {
        arch.dispatch(Window { attention: &attention, number, out });
    });
    let mut y = vec![0.0; batch * dx * dy * dz * channels];
    for (number, rows) in windowed.chunks_exact(tokens * channels).enumerate() {
        for (place, row) in grid.places(number).zip(rows.chunks_exact(channels)) {
            if let Some(place) = place {
                y[place * channels..][..channels].copy_from_slice(row);
            }
        }
    }
    Tensor::from_data(TensorData::new(y, [batch, dx, dy, dz, channels]), &device)
}

fn filled(row: &[f32], stride: usize) -> impl Iterator<Item = f32> {
    row.iter().copied().chain(std::iter::repeat_n(NONE, stride - row.len()))
}

/// How windows lie on the voxels.
struct Grid {
    sides: [usize; 3],
    window: [usize; 3],
    shift: [usize; 3],
    /// Windows along each axis.
    count: [usize; 3],
}

impl Grid {
    fn new(spec: &WindowAttention, sides: [usize; 3]) -> Self {
        let (window, shift) = spec.clipped(sides);
        Self { sides, window, shift, count: std::array::from_fn(|a| sides[a].div_ceil(window[a])) }
    }

    fn padded(&self) -> [usize; 3] {
        std::array::from_fn(|a| self.count[a] * self.window[a])
    }

    /// Windows of one item.
    fn windows(&self) -> usize {
        self.count.iter().product()
    }

    /// The voxel of each token of window `number` of all items; nothing for padding.
    fn places(&self, number: usize) -> impl Iterator<Item = Option<usize>> {
        let Self { sides, window, shift, .. } = *self;
        let padded = self.padded();
        let (item, number) = (number / self.windows(), number % self.windows());
        let own = cell(number, self.count);
        (0..window.iter().product()).map(move |token| {
            let within = cell(token, window);
            let at: [usize; 3] =
                std::array::from_fn(|a| (own[a] * window[a] + within[a] + shift[a]) % padded[a]);
            let inside = (0..3).all(|a| at[a] < sides[a]);
            inside.then(|| ((item * sides[0] + at[0]) * sides[1] + at[1]) * sides[2] + at[2])
        })
    }
}

/// The cell of a row-major box.
fn cell(number: usize, [_, ny, nz]: [usize; 3]) -> [usize; 3] {
    [number / (ny * nz), number / nz % ny, number % nz]
}

struct Attention<'a> {
    /// `[voxel, query key value · heads · width]`
    qkv: &'a [f32],
    /// The same of a token outside.
    padding: &'a [f32],
    /// `[head, query, stride]`
    bias: &'a [f32],
    /// `[window of an item, token]`
    regions: &'a [f32],
    grid: &'a Grid,
    heads: usize,
    /// Keys with those that fill the last vectors up.
    stride: usize,
}

/// One window, `[token, channel]`.
struct Window<'a> {
    attention: &'a Attention<'a>,
    /// Among the windows of all items.
    number: usize,
    out: &'a mut [f32],
}

impl WithSimd for Window<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Attention { qkv, padding, bias, regions, grid, heads, stride } = *self.attention;
        let triple = padding.len();
        let (channels, width) = (triple / 3, triple / 3 / heads);
        let token = |place: Option<usize>| place.map_or(padding, |place| &qkv[place * triple..][..triple]);
        let rows: Vec<&[f32]> = grid.places(self.number).map(token).collect();
        let tokens = rows.len();
        let regions = &regions[self.number % grid.windows() * tokens..][..tokens];
        let mixed = regions.iter().any(|r| *r != regions[0]);
        let mut keys = vec![0.0; width * stride];
        let mut turned = vec![0.0; width.next_multiple_of(CHANNELS) * stride];
        let mut scores = vec![0.0; stride];
        let factor = (width as f32).powf(-0.5);
        for head in 0..heads {
            for (j, row) in rows.iter().enumerate() {
                for d in 0..width {
                    keys[d * stride + j] = factor * row[channels + head * width + d];
                    turned[d * stride + j] = row[2 * channels + head * width + d];
                }
            }
            for (query, row) in rows.iter().enumerate() {
                let bias = &bias[(head * tokens + query) * stride..][..stride];
                score(simd, &row[head * width..][..width], &keys, bias, &mut scores);
                if mixed {
                    mask(&mut scores, regions, regions[query]);
                }
                let total = exponentials(simd, &mut scores);
                let out = &mut self.out[query * channels + head * width..][..width];
                average(simd, &scores, total, &turned, out);
            }
        }
    }
}

/// `bias` plus the products of `query`, `[width]`, with all `keys`, `[width, stride]`.
#[inline(always)]
fn score<S: Simd>(simd: S, query: &[f32], keys: &[f32], bias: &[f32], scores: &mut [f32]) {
    let stride = scores.len();
    let (scores, _) = S::as_mut_simd_f32s(scores);
    let (bias, _) = S::as_simd_f32s(bias);
    let (keys, _) = S::as_simd_f32s(keys);
    let row = stride / S::F32_LANES;
    let parts = scores.as_chunks_mut::<VECTORS>().0.iter_mut().zip(bias.as_chunks::<VECTORS>().0);
    for (part, (scores, bias)) in parts.enumerate() {
        let mut sums = *bias;
        for (q, keys) in query.iter().zip(keys.chunks_exact(row)) {
            let q = simd.splat_f32s(*q);
            let keys = &keys[part * VECTORS..][..VECTORS];
            for (sum, key) in sums.iter_mut().zip(keys) {
                *sum = simd.mul_add_e_f32s(q, *key, *sum);
            }
        }
        *scores = sums;
    }
}

#[inline(always)]
fn mask(scores: &mut [f32], regions: &[f32], own: f32) {
    for (score, region) in scores.iter_mut().zip(regions) {
        *score += if *region == own { 0.0 } else { MASKED };
    }
}

/// Exponentials of the scores without their largest, and their sum.
#[inline(always)]
fn exponentials<S: Simd>(simd: S, scores: &mut [f32]) -> f32 {
    let (vectors, _) = S::as_simd_f32s(scores);
    let largest = vectors.iter().fold(simd.splat_f32s(f32::MIN), |a, b| simd.max_f32s(a, *b));
    let largest = simd.reduce_max_f32s(largest);
    for score in scores.iter_mut() {
        *score = exp(*score - largest);
    }
    let (vectors, _) = S::as_simd_f32s(scores);
    simd.reduce_sum_f32s(vectors.iter().fold(simd.splat_f32s(0.0), |a, b| simd.add_f32s(a, *b)))
}

/// `values`, `[channel, stride]`, weighted by `scores` over their `total`.
#[inline(always)]
fn average<S: Simd>(simd: S, scores: &[f32], total: f32, values: &[f32], out: &mut [f32]) {
    let (scores, values) = (S::as_simd_f32s(scores).0, S::as_simd_f32s(values).0);
    let row = scores.len();
    for (out, values) in out.chunks_mut(CHANNELS).zip(values.chunks_exact(CHANNELS * row)) {
        let values: [&[S::f32s]; CHANNELS] = std::array::from_fn(|c| &values[c * row..][..row]);
        let mut sums = [simd.splat_f32s(0.0); CHANNELS];
        for (key, score) in scores.iter().enumerate() {
            for (sum, values) in sums.iter_mut().zip(values) {
                *sum = simd.mul_add_e_f32s(*score, values[key], *sum);
            }
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = simd.reduce_sum_f32s(sum) / total;
        }
    }
}

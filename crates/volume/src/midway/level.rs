//! World-aligned isotropic copies of a scan, coarse enough to search on.

use super::NotAligned;
use crate::{Affine, Grid, Volume, resample};

/// Edge length of the finest level's voxels in millimetres.
const FINEST: f64 = 3.0;
/// More voxels than a head needs at that step: larger fields of view get a coarser one.
const MOST_VOXELS: f64 = 6e6;

/// Values on an isotropic grid along the world axes; NaN outside the field of view.
#[derive(Clone)]
pub(super) struct Level {
    pub(super) dims: [usize; 3],
    /// World position of voxel (0, 0, 0).
    pub(super) origin: [f64; 3],
    pub(super) step: f64,
    pub(super) values: Vec<f32>,
}

impl Level {
    /// The finest level of `image`.
    pub(super) fn finest(image: &Volume) -> Result<Self, NotAligned> {
        let shrunk = shrink(image);
        let (low, high) = world_box(&shrunk.grid);
        let size: [f64; 3] = std::array::from_fn(|a| high[a] - low[a]);
        let longest = size.into_iter().fold(0.0, f64::max);
        let step = FINEST.max((size.iter().product::<f64>() / MOST_VOXELS).cbrt()).max(longest / 1e3);
        let dims = size.map(|s| (s / step).round().max(1.0) as usize);
        let origin = std::array::from_fn(|a| low[a] + 0.5 * (size[a] - (dims[a] - 1) as f64 * step));
        let linear = [[step, 0.0, 0.0], [0.0, step, 0.0], [0.0, 0.0, step]];
        let grid = Grid { dims, affine: Affine { linear, translation: origin } };
        let values = resample(&shrunk, &grid, f32::NAN).map_err(|e| NotAligned::Grid(e.to_string()))?.voxels;
        Ok(Self { dims, origin, step, values })
    }

    /// The level of twice the step: means of 2×2×2 voxels, NaN where most of them lie outside.
    pub(super) fn halved(&self) -> Self {
        let grid = Grid { dims: self.dims, affine: Affine::IDENTITY };
        let small = block_means(&self.values, &grid, [2; 3], 4);
        let origin = self.origin.map(|o| o + 0.5 * self.step);
        Self { dims: small.grid.dims, origin, step: 2.0 * self.step, values: small.voxels }
    }

    /// World position of the middle of the field of view.
    pub(super) fn centre(&self) -> [f64; 3] {
        std::array::from_fn(|a| self.origin[a] + 0.5 * self.step * (self.dims[a] - 1) as f64)
    }

    /// World position of the voxel at `offset`.
    pub(super) fn position(&self, offset: usize) -> [f64; 3] {
        let [ni, nj, _] = self.dims;
        let index = [offset % ni, offset / ni % nj, offset / (ni * nj)];
        std::array::from_fn(|a| self.origin[a] + self.step * index[a] as f64)
    }
}

/// `image` with whole voxels averaged along the axes that are at most half the finest step.
fn shrink(image: &Volume) -> Volume {
    let spacing = image.grid.spacing();
    let factors = std::array::from_fn(|a| {
        let most = image.grid.dims[a].max(1);
        ((FINEST * 1.001 / spacing[a]) as usize).clamp(1, most)
    });
    block_means(&image.voxels, &image.grid, factors, 1)
}

/// Means over blocks of `factors` voxels (a rest at the far end is dropped); NaN where fewer than `least`
/// voxels of a block are finite.
fn block_means(values: &[f32], grid: &Grid, factors: [usize; 3], least: u32) -> Volume {
    let dims: [usize; 3] = std::array::from_fn(|a| (grid.dims[a] / factors[a]).max(1));
    let used: [usize; 3] = std::array::from_fn(|a| (dims[a] * factors[a]).min(grid.dims[a]));
    let mut sums = vec![(0.0_f32, 0_u32); dims.iter().product()];
    for k in 0..used[2] {
        for j in 0..used[1] {
            let row = &values[grid.offset([0, j, k])..][..used[0]];
            let out = dims[0] * (j / factors[1] + dims[1] * (k / factors[2]));
            for (block, sum) in row.chunks(factors[0]).zip(&mut sums[out..]) {
                for &value in block.iter().filter(|value| value.is_finite()) {
                    *sum = (sum.0 + value, sum.1 + 1);
                }
            }
        }
    }
    let mean = |(sum, count): (f32, u32)| if count >= least { sum / count as f32 } else { f32::NAN };
    let voxels = sums.into_iter().map(mean).collect();
    let first = factors.map(|f| 0.5 * (f as f64 - 1.0));
    let linear = grid.affine.linear.map(|row| std::array::from_fn(|c| row[c] * factors[c] as f64));
    let affine = Affine { linear, translation: grid.affine.apply(first) };
    Volume { grid: Grid { dims, affine }, voxels }
}

/// The world box round the outer faces of `grid`.
fn world_box(grid: &Grid) -> ([f64; 3], [f64; 3]) {
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for corner in 0..8 {
        let index =
            std::array::from_fn(|a| if corner >> a & 1 == 0 { -0.5 } else { grid.dims[a] as f64 - 0.5 });
        let point = grid.affine.apply(index);
        for a in 0..3 {
            low[a] = low[a].min(point[a]);
            high[a] = high[a].max(point[a]);
        }
    }
    (low, high)
}

//! A quantity that varies slowly over a volume, kept on a coarse grid.

use crate::smooth::gaussian;

/// Share of a cell's voxels as which the mean of all members counts, so that places without members have a value.
const PRIOR: f32 = 0.02;

/// A smooth field over a volume in tensor order (`[X, Y, Z]`, Z fastest).
#[derive(Debug, Clone, PartialEq)]
pub struct CoarseField {
    values: Vec<f32>,
    /// Cells along X, Y, Z.
    cells: [usize; 3],
    /// Voxels along X, Y, Z of the volume.
    dims: [usize; 3],
    /// Voxels along one side of a cell.
    step: usize,
}

impl CoarseField {
    /// The mean of `values` at the voxels `members`, weighted by a Gaussian of `sigma` voxels.
    pub fn local_mean(values: &[f32], members: &[usize], dims: [usize; 3], sigma: f64) -> Self {
        let step = (sigma / 2.0).floor().max(1.0) as usize;
        let mut field = Self { values: Vec::new(), cells: dims.map(|n| n.div_ceil(step)), dims, step };
        let count = field.cells.iter().product();
        let (mut sums, mut counts) = (vec![0.0; count], vec![0.0; count]);
        for &voxel in members {
            let cell = field.cell(voxel);
            sums[cell] += values[voxel];
            counts[cell] += 1.0;
        }
        let all = sums.iter().sum::<f32>() / members.len().max(1) as f32;
        let [x, y, z] = field.cells;
        for sum in [&mut sums, &mut counts] {
            gaussian(sum, [z, y, x], [sigma / step as f64; 3]);
        }
        let prior = PRIOR * step.pow(3) as f32;
        field.values = sums.iter().zip(&counts).map(|(s, n)| (s + prior * all) / (n + prior)).collect();
        field
    }

    /// The field along Z at row number `row` (`x · Y + y`), linear between the middles of cells.
    pub fn row(&self, row: usize, out: &mut [f32]) {
        let [_, y, _] = self.dims;
        let [_, ny, nz] = self.cells;
        let [(x0, x1, fx), (y0, y1, fy)] = [self.between(0, row / y), self.between(1, row % y)];
        let corners = [(x0, y0), (x0, y1), (x1, y0), (x1, y1)];
        let [a, b, c, d] = corners.map(|(x, y)| &self.values[(x * ny + y) * nz..][..nz]);
        let cells: Vec<f32> = (0..nz).map(|z| mix(mix(a[z], b[z], fy), mix(c[z], d[z], fy), fx)).collect();
        for (z, value) in out.iter_mut().enumerate() {
            let (z0, z1, fz) = self.between(2, z);
            *value = mix(cells[z0], cells[z1], fz);
        }
    }

    /// The cells before and after voxel `at` along an axis, and the share of the second.
    fn between(&self, axis: usize, at: usize) -> (usize, usize, f32) {
        let last = self.cells[axis] - 1;
        let p = ((at as f32 + 0.5) / self.step as f32 - 0.5).clamp(0.0, last as f32);
        let low = p as usize;
        (low, (low + 1).min(last), p - low as f32)
    }

    fn place(&self, voxel: usize) -> [usize; 3] {
        let [_, y, z] = self.dims;
        [voxel / (y * z), voxel / z % y, voxel % z]
    }

    fn cell(&self, voxel: usize) -> usize {
        let [x, y, z] = self.place(voxel).map(|p| p / self.step);
        (x * self.cells[1] + y) * self.cells[2] + z
    }
}

fn mix(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIMS: [usize; 3] = [40, 30, 20];

    fn at(field: &CoarseField, voxel: usize) -> f32 {
        let mut row = [0.0; DIMS[2]];
        field.row(voxel / DIMS[2], &mut row);
        row[voxel % DIMS[2]]
    }

    fn ramp(voxel: usize) -> f32 {
        0.01 * (voxel / 600) as f32
    }

    #[test]
    fn a_slow_ramp_is_followed_and_others_do_not_count() {
        let members: Vec<usize> = (0..24_000).filter(|i| i % 3 == 0).collect();
        let values: Vec<f32> = (0..24_000).map(|i| if i % 3 == 0 { ramp(i) } else { 77.0 }).collect();
        let field = CoarseField::local_mean(&values, &members, DIMS, 4.0);
        for voxel in (8 * 600..32 * 600).step_by(101) {
            let found = at(&field, voxel);
            assert!((found - ramp(voxel)).abs() < 0.02, "{found} {}", ramp(voxel));
        }
    }

    #[test]
    fn far_from_members_it_is_their_mean() {
        let members: Vec<usize> = (0..600).collect();
        let field = CoarseField::local_mean(&vec![5.0; 24_000], &members, DIMS, 2.0);
        assert!((0..24_000).step_by(57).all(|i| (at(&field, i) - 5.0).abs() < 1e-4));
    }
}

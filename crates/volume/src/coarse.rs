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

    /// The field at voxel number `voxel`, linear between the middles of cells.
    pub fn at(&self, voxel: usize) -> f32 {
        let place = self.place(voxel);
        let spot: [(usize, usize, f32); 3] = std::array::from_fn(|a| {
            let p = ((place[a] as f32 + 0.5) / self.step as f32 - 0.5).clamp(0.0, (self.cells[a] - 1) as f32);
            let low = p as usize;
            (low, (low + 1).min(self.cells[a] - 1), p - low as f32)
        });
        let [(x0, x1, fx), (y0, y1, fy), (z0, z1, fz)] = spot;
        let [_, ny, nz] = self.cells;
        let mix = |a: f32, b: f32, share: f32| a + (b - a) * share;
        let along_z = |x: usize, y: usize| {
            let row = (x * ny + y) * nz;
            mix(self.values[row + z0], self.values[row + z1], fz)
        };
        let along_y = |x: usize| mix(along_z(x, y0), along_z(x, y1), fy);
        mix(along_y(x0), along_y(x1), fx)
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

#[cfg(test)]
mod tests {
    use super::*;

    const DIMS: [usize; 3] = [40, 30, 20];

    fn ramp(voxel: usize) -> f32 {
        0.01 * (voxel / 600) as f32
    }

    #[test]
    fn a_slow_ramp_is_followed_and_others_do_not_count() {
        let members: Vec<usize> = (0..24_000).filter(|i| i % 3 == 0).collect();
        let values: Vec<f32> = (0..24_000).map(|i| if i % 3 == 0 { ramp(i) } else { 77.0 }).collect();
        let field = CoarseField::local_mean(&values, &members, DIMS, 4.0);
        for voxel in (8 * 600..32 * 600).step_by(101) {
            assert!((field.at(voxel) - ramp(voxel)).abs() < 0.02, "{} {}", field.at(voxel), ramp(voxel));
        }
    }

    #[test]
    fn far_from_members_it_is_their_mean() {
        let members: Vec<usize> = (0..600).collect();
        let field = CoarseField::local_mean(&vec![5.0; 24_000], &members, DIMS, 2.0);
        assert!((0..24_000).step_by(57).all(|i| (field.at(i) - 5.0).abs() < 1e-4));
    }
}

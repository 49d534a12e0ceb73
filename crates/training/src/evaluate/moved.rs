//! The same scan shown otherwise: what a model finds must follow.

use saswin_volume::{Affine, Grid, GridError, Volume, resample};
use serde::Deserialize;

use crate::synth::Rng;

/// How a scan, and what is true of it, is changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Moved {
    /// Left and right are exchanged.
    pub flipped: bool,
    /// Turned about the axes right, front and up through the middle of the scan, one after the other, degrees.
    pub turned_degrees: [f64; 3],
    /// Shifted to the right, the front and up, mm.
    pub shifted_mm: [f64; 3],
    /// Standard deviation of noise that is added where the scan is not at its lowest value, in its units.
    pub noise: f32,
}

impl Moved {
    /// `scan` as it is moved, on its own grid; what was outside of it has its lowest value.
    ///
    /// # Errors
    /// If the affine of the scan has no inverse.
    pub fn scan(&self, scan: &Volume<f32>) -> Result<Volume<f32>, GridError> {
        let (lowest, mut rng) = (scan.lowest(), Rng::new(0));
        let mut moved = self.placed(scan, lowest)?;
        if self.noise > 0.0 {
            moved.voxels.iter_mut().filter(|v| **v > lowest).for_each(|v| *v += self.noise * rng.normal());
        }
        Ok(moved)
    }

    /// The voxels of `mask`, which lies on `grid`, of which half or more is covered by it once it is moved.
    ///
    /// # Errors
    /// If the affine of the grid has no inverse.
    pub fn mask(&self, mask: &[bool], grid: &Grid) -> Result<Vec<bool>, GridError> {
        let shares = mask.iter().map(|m| f32::from(u8::from(*m))).collect();
        let moved = self.placed(&Volume::new(*grid, shares)?, 0.0)?;
        Ok(moved.voxels.iter().map(|share| *share >= 0.5).collect())
    }

    fn placed(&self, volume: &Volume<f32>, outside: f32) -> Result<Volume<f32>, GridError> {
        let Grid { dims, affine } = volume.grid;
        if (Self { noise: 0.0, ..*self }) == Self::default() {
            return Ok(volume.clone());
        }
        let middle = affine.apply(dims.map(|n| (n as f64 - 1.0) / 2.0));
        let from = Grid { dims, affine: self.origin_of(middle).compose(&affine) };
        Volume::new(volume.grid, resample(volume, &from, outside)?.voxels)
    }

    /// Where in the scan a place of the moved one comes from, mm.
    fn origin_of(&self, middle: [f64; 3]) -> Affine {
        let shifted: [f64; 3] = std::array::from_fn(|a| middle[a] + self.shifted_mm[a]);
        let mut linear = Affine::IDENTITY;
        for (axis, degrees) in self.turned_degrees.iter().enumerate() {
            // Back again.
            linear = linear.compose(&turn(axis, -degrees));
        }
        if self.flipped {
            linear.linear[0].iter_mut().for_each(|v| *v = -*v);
        }
        let back = linear.apply(shifted);
        Affine { translation: std::array::from_fn(|a| middle[a] - back[a]), ..linear }
    }
}

/// Rotation about an axis through the origin, counter-clockwise seen from its end.
fn turn(axis: usize, degrees: f64) -> Affine {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (a, b) = ((axis + 1) % 3, (axis + 2) % 3);
    let mut turned = Affine::IDENTITY;
    turned.linear[a][a] = cos;
    turned.linear[b][b] = cos;
    turned.linear[a][b] = -sin;
    turned.linear[b][a] = sin;
    turned
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIMS: [usize; 3] = [9, 9, 9];

    /// Where the one bright voxel at `[6, 4, 4]`, 2 mm to the right of the middle, is afterwards.
    fn goes_to(moved: Moved) -> [usize; 3] {
        let mut scan = Volume::filled(Grid { dims: DIMS, affine: Affine::IDENTITY }, 1.0);
        let bright = scan.grid.offset([6, 4, 4]);
        scan.voxels[bright] = 9.0;
        let mut mask = vec![false; scan.voxels.len()];
        mask[bright] = true;
        let (after, mask) = (moved.scan(&scan).unwrap(), moved.mask(&mask, &scan.grid).unwrap());
        let found = (0..mask.len()).find(|i| mask[*i]).unwrap();
        assert!(after.voxels[found] > 8.9 && mask.iter().filter(|m| **m).count() == 1);
        [found % 9, found / 9 % 9, found / 81]
    }

    #[test]
    fn scan_and_mask_go_the_same_way() {
        assert_eq!(goes_to(Moved::default()), [6, 4, 4]);
        assert_eq!(goes_to(Moved { flipped: true, ..Moved::default() }), [2, 4, 4]);
        assert_eq!(goes_to(Moved { shifted_mm: [1.0, -2.0, 0.0], ..Moved::default() }), [7, 2, 4]);
        // To the front, seen from above counter-clockwise.
        assert_eq!(goes_to(Moved { turned_degrees: [0.0, 0.0, 90.0], ..Moved::default() }), [4, 6, 4]);
        let both = Moved { flipped: true, turned_degrees: [0.0, 0.0, 90.0], ..Moved::default() };
        assert_eq!(goes_to(both), [4, 2, 4], "first exchanged, then turned");
    }

    #[test]
    fn noise_spares_what_is_empty() {
        let mut scan = Volume::filled(Grid { dims: DIMS, affine: Affine::IDENTITY }, 0.0);
        scan.voxels[40..300].fill(50.0);
        let noisy = Moved { noise: 2.0, ..Moved::default() }.scan(&scan).unwrap();
        assert!(noisy.voxels[..40].iter().all(|v| *v == 0.0));
        let spread = noisy.voxels[40..300].iter().map(|v| (v - 50.0).powi(2)).sum::<f32>() / 260.0;
        assert!((spread.sqrt() - 2.0).abs() < 0.3, "{spread}");
    }
}

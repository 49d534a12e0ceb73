//! Gaps in the skull.

use saswin_volume::Volume;

use super::inside::{Inside, cross, dot, mean_in_plane, minus, norm, unit};
use crate::synth::BROKEN_MM;

/// Denser than this, together with its neighbours, is bone, HU.
const BONE: f32 = 150.0;
/// What fills a gap, HU.
const FILLED: f32 = 30.0;
/// Blur of the scanner across a gap, mm.
const FADE: f64 = 0.8;
/// How far a gap winds, and over which length, mm.
const WINDING: [f64; 2] = [1.0, 22.0];
/// Places per voxel and axis: slices are thick.
const PARTS: [i32; 3] = [3, 3, 7];

/// A sheet that winds a little, through one place of the skull.
pub(super) struct Plate {
    hit: [f64; 3],
    across: [f64; 3],
    along: [f64; 3],
}

impl Plate {
    pub fn new(hit: [f64; 3], towards: [f64; 3], turn_degrees: f64) -> Self {
        let out = unit(towards);
        let level = unit(cross(out, [0.0, 0.0, 1.0]));
        let (sin, cos) = turn_degrees.to_radians().sin_cos();
        let up = cross(level, out);
        let across = unit(std::array::from_fn(|a| cos * level[a] + sin * up[a]));
        Self { hit, across, along: cross(out, across) }
    }

    /// Empties bone within `wide_mm` across the plate and `reach_mm` around its middle; true for bone that counts as
    /// broken.
    pub fn cut(&self, scan: &mut Volume<f32>, inside: &Inside, wide_mm: f64, reach_mm: f64) -> Vec<bool> {
        let grid = scan.grid;
        let smooth = mean_in_plane(&scan.voxels, grid.dims);
        let mut truth = vec![false; scan.voxels.len()];
        let bone = |v: &usize| !inside.mask[*v] && scan.voxels[*v].min(smooth[*v]) > BONE;
        let bone: Vec<usize> = (0..truth.len()).filter(bone).collect();
        for voxel in bone {
            let at = grid.indices(voxel).map(|v| v as f64);
            if norm(minus(grid.affine.apply(at), self.hit)) > reach_mm {
                continue;
            }
            let share = mean_over_parts(|part| {
                let place = grid.affine.apply(std::array::from_fn(|a| at[a] + part[a]));
                (0.5 + (wide_mm / 2.0 - self.off(place).abs()) / FADE).clamp(0.0, 1.0)
            });
            scan.voxels[voxel] += share as f32 * (FILLED - scan.voxels[voxel]).min(0.0);
            truth[voxel] = self.off(grid.affine.apply(at)).abs() <= f64::from(BROKEN_MM);
        }
        truth
    }

    /// Millimetres to one side of the plate.
    fn off(&self, place: [f64; 3]) -> f64 {
        let v = minus(place, self.hit);
        dot(v, self.across) + WINDING[0] * (dot(v, self.along) * std::f64::consts::TAU / WINDING[1]).sin()
    }
}

/// Mean over places of a voxel, each from −0.5 to 0.5 along its axes.
fn mean_over_parts(value: impl Fn([f64; 3]) -> f64) -> f64 {
    let [nx, ny, nz] = PARTS;
    let place = |i: i32, n: i32| (f64::from(i) + 0.5) / f64::from(n) - 0.5;
    let mut sum = 0.0;
    for (i, j, k) in (0..nx).flat_map(|i| (0..ny).flat_map(move |j| (0..nz).map(move |k| (i, j, k)))) {
        sum += value([place(i, nx), place(j, ny), place(k, nz)]);
    }
    sum / f64::from(nx * ny * nz)
}

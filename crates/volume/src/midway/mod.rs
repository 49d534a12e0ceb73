//! Midway registration: the plane of left-right symmetry of a head.
//!
//! A head and its mirror image are related by a rigid map `T`. Applying half of `T` (its rigid square root)
//! brings the mid-sagittal plane onto the plane x = 0. `T` is found as the reflection that maps the scan
//! best onto itself: two angles and a shift determine the plane; rotation within it (pitch) and shifts
//! along it are not determined by symmetry and stay as they are in the scanner.
//!
//! The comparison is the correlation of locally normalised contrast (free of intensity scale and bias
//! field, each voxel's say bounded), searched exhaustively at 12 mm and refined at 6 and 3 mm.

mod cost;
mod level;
mod prepare;
mod search;

use cost::{Mirror, Pose};
use level::Level;
use prepare::Head;
use search::{RANGE, leaders, refine};

use crate::{Affine, Volume};

/// A plane in scanner RAS millimetres.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Plane {
    /// A point on the plane: the one nearest to the centre of the head.
    pub point: [f64; 3],
    /// Unit normal, towards the patient's right.
    pub normal: [f64; 3],
}

impl Plane {
    /// How far a place in scanner RAS millimetres lies off the plane, mm, positive on the patient's right.
    pub fn distance(&self, at: [f64; 3]) -> f64 {
        (0..3).map(|a| self.normal[a] * (at[a] - self.point[a])).sum()
    }
}

/// A head's plane of symmetry and the way into the space where it is x = 0.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Midway {
    /// Rigid map from aligned RAS mm (the plane at x = 0) to scanner RAS mm. The head's centre keeps its y
    /// and z but for the turn's second order.
    pub aligned_to_world: Affine,
    /// Rotation of the head about z (superior), degrees, positive from right to anterior.
    pub yaw_deg: f64,
    /// Rotation of the head about y (anterior), degrees, positive from right to inferior.
    pub roll_deg: f64,
    /// Distance of the plane from the centre of the field of view along the normal, in millimetres, positive to the
    /// right.
    pub off_centre_mm: f64,
    /// 1 − the correlation of locally normalised contrast with its mirror image over the head at 3 mm:
    /// 0 is a perfect mirror image, 1 is none. Heads lie at 0.05 to 0.25, other objects above 0.45.
    pub residual: f64,
    /// The plane in scanner RAS mm.
    pub plane: Plane,
}

/// Why no plane of symmetry is given. The scan can be used as it lies in the scanner.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotAligned {
    /// The scan does not cover enough of a head.
    #[error(
        "not aligned: the field of view of {:.0}×{:.0}×{:.0} mm is too small to hold both halves of a head",
        .size_mm[0], .size_mm[1], .size_mm[2]
    )]
    FieldOfView {
        /// Extent in millimetres along world x, y, z.
        size_mm: [f64; 3],
    },
    /// No head-sized bright object.
    #[error("not aligned: no head found (largest bright object {volume_ml:.0} mL)")]
    NoForeground {
        /// Volume of the largest bright object in millilitres.
        volume_ml: f64,
    },
    /// The best plane is not good enough.
    #[error("not aligned: the scan is not symmetric enough (residual {residual:.2}, limit {limit:.2})")]
    Asymmetric {
        /// Residual of the best plane.
        residual: f64,
        /// The most that is accepted.
        limit: f64,
    },
    /// The best plane lies at the border of the search.
    #[error(
        "not aligned: the plane runs out of the searched range (yaw {yaw_deg:.0}°, roll {roll_deg:.0}°); \
         is the scan's orientation right?"
    )]
    SearchBorder {
        /// Yaw of the best plane.
        yaw_deg: f64,
        /// Roll of the best plane.
        roll_deg: f64,
    },
    /// The volume's geometry is unusable.
    #[error("not aligned: {0}")]
    Grid(String),
}

/// The most residual of an accepted plane.
const RESIDUAL_LIMIT: f64 = 0.4;
/// Least extent along world x, y, z in millimetres.
const LEAST_EXTENT: [f64; 3] = [100.0, 100.0, 40.0];

/// Finds the plane of left-right symmetry of the head in `scan` (MR or CT, any grid and intensity scale).
///
/// # Errors
/// A reason to keep the scan as it lies, rather than a wrong plane.
pub fn midway(scan: &Volume) -> Result<Midway, NotAligned> {
    if scan.grid.is_empty() || scan.voxels.len() != scan.grid.len() {
        return Err(NotAligned::FieldOfView { size_mm: [0.0; 3] });
    }
    let mut fine = Level::finest(scan)?;
    let extent: [f64; 3] = std::array::from_fn(|a| fine.dims[a] as f64 * fine.step);
    if (0..3).any(|a| extent[a] < LEAST_EXTENT[a]) {
        return Err(NotAligned::FieldOfView { size_mm: extent });
    }
    prepare::clip(&mut fine)?;
    let mut middle = fine.halved();
    let head = prepare::head(&middle)?;
    let mut coarse = middle.halved();
    for level in [&mut fine, &mut middle, &mut coarse] {
        prepare::normalise_locally(level);
    }
    let (correlation, pose) = best_plane(&coarse, &middle, &fine, &head);
    accept(1.0 - correlation, &pose)?;
    Ok(report(&pose, 1.0 - correlation, head.centre, fine.centre()))
}

fn best_plane(coarse: &Level, middle: &Level, fine: &Level, head: &Head) -> (f64, Pose) {
    let mirror = |level, most| Mirror::new(level, &head.near(level), head.centre, most);
    let (at_12mm, at_6mm, at_3mm) = (mirror(coarse, 3_000), mirror(middle, 10_000), mirror(fine, 80_000));
    let candidates = leaders(&at_12mm, 5).into_iter().map(|pose| {
        let (_, pose) = refine(&at_12mm, pose, 3.0, 0.5);
        refine(&at_6mm, pose, 1.5, 0.2)
    });
    let none = (-1.0, Pose { yaw: 0.0, roll: 0.0, shift: 0.0 });
    let (_, pose) = candidates.fold(none, |best, next| if next.0 > best.0 { next } else { best });
    refine(&at_3mm, pose, 0.7, 0.02)
}

/// Refuses a plane that is not good enough or that the search may have been kept from leaving.
fn accept(residual: f64, pose: &Pose) -> Result<(), NotAligned> {
    if residual > RESIDUAL_LIMIT {
        return Err(NotAligned::Asymmetric { residual, limit: RESIDUAL_LIMIT });
    }
    let values = [pose.yaw, pose.roll, pose.shift];
    if (0..3).any(|a| values[a].abs() >= RANGE[a]) {
        return Err(NotAligned::SearchBorder { yaw_deg: pose.yaw, roll_deg: pose.roll });
    }
    Ok(())
}

fn report(pose: &Pose, residual: f64, head: [f64; 3], field_centre: [f64; 3]) -> Midway {
    let normal = pose.normal();
    let point = std::array::from_fn(|a| head[a] + pose.shift * normal[a]);
    let to_plane = |p: [f64; 3]| (0..3).map(|a| normal[a] * (point[a] - p[a])).sum::<f64>();
    Midway {
        aligned_to_world: half_transform(normal, pose.shift, head),
        yaw_deg: pose.yaw,
        roll_deg: pose.roll,
        off_centre_mm: to_plane(field_centre),
        residual,
        plane: Plane { point, normal },
    }
}

/// The rigid square root of the map from a head to its mirror image.
///
/// With `c` the head's centre and `s` its distance to the plane along the normal `n`, the head's mirror
/// image in x = cₓ is carried onto the head by `T(c + q) = c + Q·q + 2·s·n`, `Q = (I − 2·n·nᵀ)·diag(−1, 1, 1)`,
/// a turn about x̂ × n by twice the angle from x̂ to n. Its root turns by that angle, `R`, and moves by
/// `(I + R)⁻¹·2·s·n = s·(x̂ + n) / (1 + nₓ)`. The plane x = cₓ is then relabelled x = 0.
fn half_transform(normal: [f64; 3], shift: f64, centre: [f64; 3]) -> Affine {
    let [nx, ny, nz] = normal;
    // Rodrigues' formula for the smallest turn from x̂ to n.
    let f = 1.0 / (1.0 + nx);
    let linear =
        [[nx, -ny, -nz], [ny, 1.0 - f * ny * ny, -f * ny * nz], [nz, -f * ny * nz, 1.0 - f * nz * nz]];
    let turn = Affine { linear, translation: [0.0; 3] };
    let turned = turn.apply([0.0, centre[1], centre[2]]);
    let moved = [shift, shift * ny * f, shift * nz * f];
    Affine { linear, translation: std::array::from_fn(|a| centre[a] + moved[a] - turned[a]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_half_transform_is_half_way_to_the_mirror_image() {
        let pose = Pose { yaw: 17.0, roll: -12.0, shift: 8.0 };
        let centre = [-3.0, 15.0, -40.0];
        let normal = pose.normal();
        let half = half_transform(normal, pose.shift, centre);
        // Undo the relabelling of x = cₓ as x = 0.
        let root = |p: [f64; 3]| half.apply([p[0] - centre[0], p[1], p[2]]);
        for p in [[0.0, 0.0, 0.0], [30.0, -20.0, 10.0], [-5.0, 70.0, -60.0]] {
            let flipped = [2.0 * centre[0] - p[0], p[1], p[2]];
            let height: f64 = (0..3).map(|a| normal[a] * (flipped[a] - centre[a])).sum::<f64>() - pose.shift;
            let reflected: [f64; 3] = std::array::from_fn(|a| flipped[a] - 2.0 * height * normal[a]);
            let twice = root(root(p));
            assert!((0..3).all(|a| (twice[a] - reflected[a]).abs() < 1e-9), "{twice:?} {reflected:?}");
        }
    }

    #[test]
    fn the_aligned_midline_lies_on_the_plane() {
        let pose = Pose { yaw: -20.0, roll: 9.0, shift: -11.0 };
        let found = report(&pose, 0.1, [4.0, -7.0, 33.0], [10.0, 0.0, 0.0]);
        assert!((found.aligned_to_world.determinant() - 1.0).abs() < 1e-12);
        for midline in [[0.0, 0.0, 0.0], [0.0, 80.0, 5.0], [0.0, -20.0, 90.0]] {
            let world = found.aligned_to_world.apply(midline);
            let height: f64 = (0..3).map(|a| found.plane.normal[a] * (world[a] - found.plane.point[a])).sum();
            assert!(height.abs() < 1e-9);
        }
    }
}

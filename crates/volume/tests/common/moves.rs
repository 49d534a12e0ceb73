//! Known rigid moves of a head, and the distance between planes.

use saswin_volume::{Affine, Grid, Plane, Volume, resample};

/// Angles in degrees about the head's z, y and x; shift in millimetres along world x, y, z.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    pub yaw: f64,
    pub roll: f64,
    pub pitch: f64,
    pub shift: [f64; 3],
}

impl Move {
    /// The rigid map that turns a head round `centre` and shifts it.
    pub fn about(&self, centre: [f64; 3]) -> Affine {
        let turn = |axis: usize, degrees: f64| {
            let (sin, cos) = degrees.to_radians().sin_cos();
            let (a, b) = ((axis + 1) % 3, (axis + 2) % 3);
            let mut linear = Affine::IDENTITY.linear;
            (linear[a][a], linear[b][b], linear[a][b], linear[b][a]) = (cos, cos, -sin, sin);
            Affine { linear, translation: [0.0; 3] }
        };
        let rotation = turn(2, self.yaw).compose(&turn(1, self.roll)).compose(&turn(0, self.pitch));
        let turned = rotation.apply(centre);
        let translation = std::array::from_fn(|a| centre[a] + self.shift[a] - turned[a]);
        Affine { linear: rotation.linear, translation }
    }
}

/// `scan` with its content moved by `rigid`, sampled on `grid`; air is the scan's least value.
pub fn moved_scan(scan: &Volume, rigid: &Affine, grid: &Grid) -> Volume {
    let oblique = Grid { dims: scan.grid.dims, affine: rigid.compose(&scan.grid.affine) };
    let air = scan.voxels.iter().copied().fold(f32::INFINITY, f32::min);
    resample(&Volume::new(oblique, scan.voxels.clone()).unwrap(), grid, air).unwrap()
}

/// `plane` moved by `rigid`.
pub fn moved_plane(plane: &Plane, rigid: &Affine) -> Plane {
    let turn = Affine { linear: rigid.linear, translation: [0.0; 3] };
    Plane { point: rigid.apply(plane.point), normal: turn.apply(plane.normal) }
}

/// Angle between two planes in degrees, and their distance in millimetres at the point of the second.
pub fn distance(found: &Plane, truth: &Plane) -> (f64, f64) {
    let dot = |u: [f64; 3], v: [f64; 3]| (0..3).map(|a| u[a] * v[a]).sum::<f64>();
    let gap = std::array::from_fn(|a| found.point[a] - truth.point[a]);
    let cosine = dot(found.normal, truth.normal).clamp(-1.0, 1.0);
    (cosine.acos().to_degrees(), dot(found.normal, gap).abs())
}

/// Degrees and millimetres that a plane may be off.
pub const BAR: (f64, f64) = (1.0, 1.0);

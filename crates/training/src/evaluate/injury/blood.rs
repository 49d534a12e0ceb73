//! Balls and layers of blood.

use saswin_volume::Volume;

use super::inside::{Inside, minus, norm};

/// Radius of a layer on the skull, mm.
const REACH: f64 = 45.0;
/// Width over which blood fades into what is around it, mm.
const FADE: f64 = 1.0;

/// Blood in one head.
pub(super) enum Shape {
    Ball { centre: [f64; 3], radius: f64 },
    Layer { top: [f64; 3], thick: f64 },
}

impl Shape {
    /// Makes what lies inside of the skull and of the shape blood of `hu`, as grainy as what was there.
    pub fn fill(&self, scan: &mut Volume<f32>, inside: &Inside, hu: f32) -> Vec<bool> {
        let mut truth = vec![false; scan.voxels.len()];
        let before = scan.voxels.clone();
        for voxel in (0..truth.len()).filter(|v| inside.mask[*v]) {
            let depth = self.depth(scan.grid.place(voxel), inside);
            let share = (0.5 + depth / FADE).clamp(0.0, 1.0) as f32;
            if share > 0.0 {
                let grain = before[voxel] - inside.mean_around(&before, voxel);
                scan.voxels[voxel] += share * (hu + grain - before[voxel]);
                truth[voxel] = share >= 0.5;
            }
        }
        truth
    }

    /// Millimetres from its surface inwards.
    fn depth(&self, place: [f64; 3], inside: &Inside) -> f64 {
        match *self {
            Self::Ball { centre, radius } => radius - norm(minus(place, centre)),
            Self::Layer { top, thick } => {
                let thick = thick * (1.0 - (norm(minus(place, top)) / REACH).powi(4));
                if thick <= 0.0 { -FADE } else { thick - inside.depth(place, thick) }
            }
        }
    }
}

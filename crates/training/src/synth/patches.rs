//! Windows out of a whole sample.

use super::region::flip_x;
use super::{Region, Rng, Sample};

/// A window of a sample, its mirror counterpart and its target, each in tensor order.
#[derive(Debug, Clone)]
pub struct Patch {
    /// First voxel of the window.
    pub start: [usize; 3],
    /// Intensities.
    pub image: Vec<f32>,
    /// Intensities of the same window of the volume with its `x` axis reversed.
    pub mirror: Vec<f32>,
    /// Target classes.
    pub target: Vec<u8>,
}

/// `n` windows of `size` voxels (at most the sample's) at random places.
pub fn patches(sample: &Sample, size: [usize; 3], n: usize, rng: &mut Rng) -> Vec<Patch> {
    let whole = Region { start: [0; 3], size: sample.dims };
    (0..n)
        .map(|_| {
            let start: [usize; 3] = std::array::from_fn(|a| rng.below(sample.dims[a] - size[a] + 1));
            let region = Region { start: start.map(|v| v as i32), size };
            let mirror = whole.cut(&sample.image, &region.mirrored());
            Patch {
                start,
                image: whole.cut(&sample.image, &region),
                mirror: flip_x(&mirror, size),
                target: whole.cut(&sample.target, &region),
            }
        })
        .collect()
}

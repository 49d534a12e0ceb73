//! A lesion of known side and volume.

use super::field::Field;
use super::shape::ellipsoid;
use super::{Tissue, for_each_voxel};
use crate::Volume;

/// A side of the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The patient's left, −x.
    Left,
    /// The patient's right, +x.
    Right,
}

/// A lesion in the territory of a middle cerebral artery.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lesion {
    /// Which hemisphere it is in.
    pub side: Side,
    /// Its volume in millilitres: exact to one voxel, less only where the hemisphere is too small for it.
    pub volume_ml: f64,
}

impl Lesion {
    /// Turns the cerebral tissue nearest to the lesion's ragged centre into lesion until the volume is met.
    pub(super) fn paint(&self, labels: &mut Volume<u8>, seed: u32) {
        const TISSUES: [u8; 3] = [Tissue::Cortex as u8, Tissue::WhiteMatter as u8, Tissue::DeepGrey as u8];
        let sign = if self.side == Side::Right { 1.0 } else { -1.0 };
        let ragged = Field::new(seed ^ 0x1656_67b1);
        let mut candidates: Vec<(f64, usize)> = Vec::new();
        for_each_voxel(&labels.grid, |offset, p| {
            if sign * p[0] > 2.0 && TISSUES.contains(&labels.voxels[offset]) {
                let distance = ellipsoid([sign * p[0], p[1], p[2]], [40.0, -8.0, 14.0], [18.0, 26.0, 20.0]);
                candidates.push((distance + 5.0 * ragged.at(p.map(|v| v / 14.0)), offset));
            }
        });
        candidates.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let count = (self.volume_ml * 1e3 / labels.grid.voxel_volume()).round() as usize;
        for &(_, offset) in candidates.iter().take(count) {
            labels.voxels[offset] = Tissue::Lesion as u8;
        }
    }
}

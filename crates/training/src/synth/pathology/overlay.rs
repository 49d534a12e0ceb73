//! Something laid over the painted scan: a lesion, blood, a crack.

use crate::synth::Region;
use crate::synth::classes::Tissue;

/// What an overlay is, as written to the findings of a sample.
pub mod finding {
    /// Nothing to report.
    pub const NONE: u8 = 0;
    /// Stroke, plaque, or tumour with its oedema.
    pub const LESION: u8 = 1;
    /// Blood inside the skull.
    pub const BLEED: u8 = 2;
    /// Bone at a cleft of the skull.
    pub const FRACTURE: u8 = 3;
}

/// A set of tissues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tissues(u32);

impl Tissues {
    pub const fn of(list: &[Tissue]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < list.len() {
            bits |= 1 << list[i] as u32;
            i += 1;
        }
        Self(bits)
    }

    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn has(self, tissue: Tissue) -> bool {
        self.0 >> tissue as u32 & 1 == 1
    }
}

/// White matter.
pub(crate) const WHITE: Tissues =
    Tissues::of(&[Tissue::White, Tissue::WhiteLesion, Tissue::CerebellarWhite, Tissue::BrainStem]);
/// Grey matter.
pub(crate) const GREY: Tissues = Tissues::of(&[
    Tissue::Cortex,
    Tissue::CerebellarCortex,
    Tissue::Thalamus,
    Tissue::Caudate,
    Tissue::Putamen,
    Tissue::Pallidum,
    Tissue::Accumbens,
    Tissue::Amygdala,
    Tissue::Hippocampus,
    Tissue::VentralDiencephalon,
    Tissue::Chiasm,
]);
/// Brain tissue.
pub(crate) const BRAIN: Tissues = WHITE.and(GREY);
/// Ventricles with their plexus.
pub(crate) const VENTRICLES: Tissues = Tissues::of(&[Tissue::Ventricle, Tissue::Choroid]);
/// Fluid around the brain and the vessels in it.
pub(crate) const CISTERNS: Tissues = Tissues::of(&[Tissue::Fluid, Tissue::Artery, Tissue::Vein]);
/// Everything inside the skull.
pub(crate) const INSIDE: Tissues = BRAIN.and(VENTRICLES).and(CISTERNS);
/// Bone.
pub(crate) const BONE: Tissues = Tissues::of(&[Tissue::CorticalBone, Tissue::Marrow, Tissue::Diploe]);
/// Scalp.
pub(crate) const SCALP: Tissues = Tissues::of(&[Tissue::SoftTissue, Tissue::Fat, Tissue::Skin]);

/// A change of the picture in a part of the canvas. At full occupancy a value `v` becomes
/// `keep · v + add + rough · smooth field + grain · noise`.
#[derive(Debug, Clone)]
pub(crate) struct Overlay {
    pub region: Region,
    /// 0 (absent) to 255 (full), in the region's order.
    pub occupancy: Vec<u8>,
    /// Tissues it may replace.
    pub tissues: Tissues,
    pub look: OverlayLook,
    /// What it counts as where it covers at least half.
    pub finding: u8,
    /// Whether an unbroken skull has it not.
    pub cleft: bool,
}

/// How an overlay changes values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct OverlayLook {
    pub keep: f32,
    pub add: f32,
    pub rough: f32,
}

impl OverlayLook {
    /// Replaces the share `1 − keep` of the tissue by `value`.
    pub fn towards(value: f32, keep: f32, rough: f32) -> Self {
        Self { keep, add: value * (1.0 - keep), rough }
    }

    /// Adds `delta` to the tissue.
    pub fn plus(delta: f32, rough: f32) -> Self {
        Self { keep: 1.0, add: delta, rough }
    }
}

impl Overlay {
    /// Evaluates `share` (0 to 1) at every voxel of `region`.
    pub fn drawn(
        region: Region,
        tissues: Tissues,
        look: OverlayLook,
        finding: u8,
        share: impl Fn([f32; 3]) -> f32,
    ) -> Self {
        let mut occupancy = Vec::with_capacity(region.len());
        for x in 0..region.size[0] {
            for y in 0..region.size[1] {
                for z in 0..region.size[2] {
                    let cell = [x, y, z];
                    let place = std::array::from_fn(|a| (region.start[a] + cell[a] as i32) as f32);
                    occupancy.push((share(place).clamp(0.0, 1.0) * 255.0) as u8);
                }
            }
        }
        Self { region, occupancy, tissues, look, finding, cleft: false }
    }

    /// Offset of the row at `(x, y)` and the first `z` of it.
    pub fn row(&self, x: i32, y: i32) -> Option<(usize, i32)> {
        let [sx, sy, sz] = self.region.start;
        let (dx, dy) = (usize::try_from(x - sx).ok()?, usize::try_from(y - sy).ok()?);
        let inside = dx < self.region.size[0] && dy < self.region.size[1];
        inside.then(|| ((dx * self.region.size[1] + dy) * self.region.size[2], sz))
    }
}

/// The voxels within `reach` of `centre`, not further than a little outside the canvas.
pub(crate) fn around(centre: [f32; 3], reach: [f32; 3]) -> Region {
    let canvas = crate::synth::Canvas::region().grown([12; 3]);
    let mut region = Region { start: [0; 3], size: [0; 3] };
    for a in 0..3 {
        let end = canvas.start[a] + canvas.size[a] as i32;
        let low = ((centre[a] - reach[a]).floor() as i32).clamp(canvas.start[a], end);
        let high = ((centre[a] + reach[a]).ceil() as i32 + 1).clamp(low, end);
        region.start[a] = low;
        region.size[a] = (high - low) as usize;
    }
    region
}

//! Rules that a manifest may set for findings once the network has marked them.

use serde::{Deserialize, Serialize};

use super::defaults::is_zero;

/// Small pieces of a label that do not lie among the tissues where it occurs are background.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surroundings {
    /// The label.
    pub label: u8,
    /// Classes, reported or not, that it lies among.
    pub among: Vec<u8>,
    /// Share of the voxels around a piece that belong to them, at least.
    pub share: f64,
    /// How far around, mm from the piece's voxels.
    pub reach_mm: f64,
    /// Pieces of so many millilitres or more may lie anywhere.
    pub below_ml: f64,
}

/// The borders of a label's pieces lie where the scan is halfway between a piece's inside and what lies around it; what
/// is smaller than a ball 3 mm wide then is background. Dark labels take in the compared classes alone: fluid is as dark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HalfContrast {
    /// The label, brighter than its surroundings or, if it says so, darker.
    pub label: u8,
    /// Classes, reported or not, that it is compared with.
    pub among: Vec<u8>,
    /// How far a border moves at most, mm.
    pub reach_mm: f64,
    /// How far around a piece they are looked at, mm; more than the reach.
    pub around_mm: f64,
    /// How many times as bright (or dark) as they are a piece must be inside, or it is background; 0 for any. For scans
    /// in which no signal is 0, as MR.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub least_ratio: f32,
}

/// Small pieces of other labels, and of this, that lie apart from the rest of these and stand out from what is around
/// them are of this label: a spot in white matter that looks like cortex is no cortex.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Islands {
    /// The label, brighter than its surroundings or, if it says so, darker.
    pub label: u8,
    /// Classes, reported or not, that it is taken for.
    pub of: Vec<u8>,
    /// Classes, reported or not, that it lies among.
    pub among: Vec<u8>,
    /// Share of the voxels around a piece that belong to them, at least.
    pub share: f64,
    /// How far around, mm from the piece's voxels.
    pub reach_mm: f64,
    /// How many times as bright (or dark) as they are a piece must be inside. For scans in which no signal is 0, as MR.
    pub least_ratio: f32,
    /// Pieces of so many millilitres or more are no islands.
    pub below_ml: f64,
}

/// A label's score counts by how much it exceeds what the network says of the same place on the other side: what it
/// takes for a finding on both sides is mostly a healthy structure that it does not know. Only where the mid-sagittal
/// plane was found; what lies within the reach of it is its own mirror image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneSided {
    /// The label.
    pub label: u8,
    /// How far from a voxel's mirror image, along each axis, the other side is looked at, mm: no head is quite symmetric.
    pub reach_mm: f64,
    /// By how much the score is lowered at most: what the network is sure of stays on both sides.
    pub at_most: f32,
}

/// Small pieces of a label, each of which is another one's mirror image, are background: what healthy heads have on both sides, as
/// calcified basal ganglia. Only where the mid-sagittal plane was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Twins {
    /// The label.
    pub label: u8,
    /// How far from a voxel's mirror image the other piece may lie, mm: no head is quite symmetric.
    pub reach_mm: f64,
    /// Share of a piece's voxels whose mirror image is of another one, from which on it is background.
    pub share: f64,
    /// Pieces of so many millilitres or more stay, and those that are only their mirror image.
    pub below_ml: f64,
}

/// Small pieces of a label whose mirror image is as bright (or dark) as they are, are background: healthy heads have it on both
/// sides. Only where the mid-sagittal plane was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BothSides {
    /// The label, brighter than its surroundings or, if it says so, darker.
    pub label: u8,
    /// Classes, reported or not, that it is compared with: a voxel is alike if it is nearer to the piece's inside.
    pub among: Vec<u8>,
    /// How far around a piece they are looked at, mm.
    pub around_mm: f64,
    /// How far from a voxel's mirror image one that is alike may lie, mm: no head is quite symmetric.
    pub reach_mm: f64,
    /// Share of a piece's voxels whose mirror image is alike, from which on it is background.
    pub share: f64,
    /// Pieces of so many millilitres or more stay.
    pub below_ml: f64,
}

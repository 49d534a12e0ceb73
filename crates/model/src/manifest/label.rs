//! Classes of the segmentation, and what is made of several.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::defaults::is_zero;

/// Side of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The patient's left.
    Left,
    /// The patient's right.
    Right,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Left => "left",
            Self::Right => "right",
        })
    }
}

/// One class of the segmentation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// Voxel value in the label map and channel of the logits; 0 is background and not listed.
    pub value: u8,
    /// Plain name without side.
    pub name: String,
    /// Side, for paired structures.
    #[serde(default)]
    pub side: Option<Side>,
    /// Display colour, red green blue.
    pub color: [u8; 3],
    /// By how much its logit must exceed those of other labels. It corrects for a finding that is much more frequent
    /// in training than in life.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub margin: f32,
    /// Voxels of the scan that are brighter are none of it, in the scan's units: clotted blood has no more than 100 HU, bone has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f32>,
    /// Whether it is darker than what lies around it, as most lesions are on T1.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dark: bool,
    /// Pieces in which its logit nowhere exceeds the others by this much more than the margin are dropped. Only for
    /// labels that exclude each other.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub certain: f32,
}

impl Label {
    /// Name with its side.
    pub fn full_name(&self) -> String {
        match self.side {
            Some(side) => format!("{side} {}", self.name),
            None => self.name.clone(),
        }
    }
}

/// A named union of labels whose volume is reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// Plain name.
    pub name: String,
    /// Values of its labels, one or more, each of which is reported.
    pub labels: Vec<u8>,
    /// Whether it is what is left of a head without its skull: the brain mask is this region, holes filled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub brain_mask: bool,
}

/// Labels on both sides of the midline, where they are part of the segmentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Midline {
    /// Values of the left half of the cerebrum, without its ventricle.
    pub left: Vec<u8>,
    /// Values of the right half.
    pub right: Vec<u8>,
    /// Values of the left and the right lateral ventricle.
    pub ventricles: [u8; 2],
}

impl Midline {
    /// All values.
    pub(crate) fn values(&self) -> impl Iterator<Item = u8> + '_ {
        self.left.iter().chain(&self.right).chain(&self.ventricles).copied()
    }
}

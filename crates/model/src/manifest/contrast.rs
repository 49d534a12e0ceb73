//! How bright tissues are in the scans that a model learnt from, and what its findings are seen in.

use serde::{Deserialize, Serialize};

/// What tells scans of one contrast from others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearntContrast {
    /// Plain name, as `FLAIR`.
    pub name: String,
    /// Classes of the segmentation from the darkest in such scans to the brightest.
    pub dark_to_bright: Vec<Shade>,
    /// Others were learnt from, too, and it is only known best: they are run with a warning instead of refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_best: bool,
}

/// How bright a class is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shade {
    /// Class of the segmentation, reported or not.
    pub class: u8,
    /// By how much it is brighter than the one before, at least, as a share of the brightest of them. Below 0 for
    /// classes that lie close together.
    #[serde(default)]
    pub by: f32,
}

/// Display window in voxel values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DisplayWindow {
    /// Middle grey.
    pub center: f64,
    /// Black to white.
    pub width: f64,
}

impl DisplayWindow {
    /// Whether anything can be seen in it.
    pub(super) fn is_visible(&self) -> bool {
        self.center.is_finite() && self.width.is_finite() && self.width > 0.0
    }
}

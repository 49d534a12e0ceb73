//! From a scan to the input of a network.

use serde::{Deserialize, Serialize};

use super::defaults::{is_one, one};

/// Which scans a model takes, and how they become its input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preprocessing {
    /// Isotropic working spacing in millimetres.
    pub spacing_mm: f64,
    /// How intensities are scaled.
    pub window: Window,
    /// What each input channel is.
    pub channels: Vec<InputChannel>,
    /// Sliding window sides in voxels (x, y, z), multiples of 32: one of 178×208×178 is padded to 192×224×192 in any case.
    pub roi: [usize; 3],
    /// Fraction by which neighbouring windows overlap.
    pub overlap: f64,
}

/// Intensity scaling.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Window {
    /// Percentiles of the voxels above the background map to 0 and 1, clipped at 0 and at `ceiling`.
    Percentiles {
        /// Lower percentile, 0 to 100.
        low: f64,
        /// Upper percentile, 0 to 100.
        high: f64,
        /// Largest value that stays as it is: lesions on FLAIR are brighter than the 99.5th percentile of a brain.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        ceiling: f64,
    },
    /// Fixed bounds in the scan's own units, Hounsfield's for CT, map to 0 and 1, clipped.
    Hounsfield {
        /// Maps to 0.
        low: f64,
        /// Maps to 1.
        high: f64,
    },
    /// Mean and standard deviation of the voxels that are not 0 become 0 and 1; zeros stay, and nothing is clipped.
    ZScore,
}

/// What an input channel holds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum InputChannel {
    /// The scan, scaled by [`Preprocessing::window`].
    Scan,
    /// The scan, scaled by its own bounds in Hounsfield units.
    Hounsfield {
        /// Maps to 0.
        low: f64,
        /// Maps to 1.
        high: f64,
    },
    /// The scan, scaled by its own bounds in Hounsfield units, minus the same of its mirror image: −1 to 1.
    Difference {
        /// Maps to 0 before subtraction.
        low: f64,
        /// Maps to 1 before subtraction.
        high: f64,
    },
    /// Signed distance from the mid-sagittal plane in units of `scale_mm`, positive to the patient's right.
    Lateral {
        /// Millimetres per unit.
        scale_mm: f64,
    },
}

//! What is read off the class head, or off the segmentation in its place.

use serde::{Deserialize, Serialize};

use super::defaults::one;
use super::{ShiftEvidence, VolumeEvidence};

/// One output of the class head read as a probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassOutput {
    /// Index into the class logits, not read with [`volume`](Self::volume) or [`shift`](Self::shift); and into what is
    /// known of a synthetic scan, in training and evaluation.
    pub index: usize,
    /// Plain name.
    pub name: String,
    /// Probability from which it is reported as present.
    pub threshold: f64,
    /// Divides the logit before the sigmoid (calibration).
    #[serde(default = "one")]
    pub temperature: f64,
    /// The outputs exclude each other: softmax over all of them instead of a sigmoid.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub softmax: bool,
    /// Read the probability off the volume that was segmented, instead of the class output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<VolumeEvidence>,
    /// Read the probability off the midline shift that was measured on the segmentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<ShiftEvidence>,
}

/// One output of the class head read as a measure, `value = scale · logit`, or the midline shift.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Index into the class logits, not read with [`midline`](Self::midline); and into what is known of a synthetic
    /// scan, in training and evaluation.
    pub index: usize,
    /// Plain name.
    pub name: String,
    /// Unit of the value.
    pub unit: String,
    /// Units of the value in one of the logit, or of what is known of a synthetic scan. Not applied to a midline shift
    /// that was measured, which is in mm.
    #[serde(default = "one")]
    pub scale: f64,
    /// It is the midline shift in mm that was measured on the segmentation, positive to the right, and not of the
    /// class head.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub midline: bool,
}

/// How the class logits of several windows become one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WindowPool {
    /// Their mean.
    #[default]
    Mean,
    /// The highest of each output: what one window shows, the scan has.
    Max,
}

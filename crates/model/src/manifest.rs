//! The manifest: everything the pipeline must know of a model. Code never asks for a model by name.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Architecture, ArchitectureError};

mod check;
mod file;
mod rules;

pub use file::FileEntry;
pub use rules::{BothSides, HalfContrast, Islands, OneSided, Surroundings, Twins};

/// Which scans a model takes, and how they become its input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preprocessing {
    /// Isotropic working spacing in millimetres.
    pub spacing_mm: f64,
    /// How intensities are scaled.
    pub window: Window,
    /// What each input channel is.
    pub channels: Vec<InputChannel>,
    /// Sliding window sides in voxels (x, y, z), multiples of 32 for a decoder.
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

/// A probability that follows the midline shift: `logit = gain · (|shift| − half_mm)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ShiftEvidence {
    /// Shift at which the probability is one half, mm.
    pub half_mm: f64,
    /// Logits per mm.
    pub gain: f64,
}

impl ShiftEvidence {
    /// Logit of a shift to either side in mm.
    pub fn logit(&self, mm: f64) -> f64 {
        self.gain * (mm.abs() - self.half_mm)
    }
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

/// A probability that follows a volume: `logit = gain · ln((v + 0.01 mL) / (half_ml + 0.01 mL))`, and how certain the
/// network is of it. Pieces that are dropped for being uncertain count as certainty, not as volume, but for
/// [`by_piece`](Self::by_piece), where they do not count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VolumeEvidence {
    /// Value of the label.
    pub label: u8,
    /// Volume at which the probability is one half, mL.
    pub half_ml: f64,
    /// How fast the logit grows with the logarithm of the volume.
    pub gain: f64,
    /// What certainty adds to the logit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<CertaintyEvidence>,
    /// Whether only the piece with the highest logit counts, its volume and certainty, of those that are reported: specks all over
    /// the head are no large finding.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_piece: bool,
}

/// Adds `gain · (c − half)` to a logit. The certainty `c` of a label is the most by which the score of a voxel that is
/// marked exceeds those of all other labels and the label's margin; 0 where nothing is marked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CertaintyEvidence {
    /// Certainty that adds nothing.
    pub half: f64,
    /// Logits per unit of the scores.
    pub gain: f64,
}

impl VolumeEvidence {
    /// Keeps the logarithm finite where nothing was segmented, mL.
    const LEAST_ML: f64 = 0.01;

    /// Whether more of it makes it no less likely.
    pub(crate) fn grows(&self) -> bool {
        self.gain > 0.0 && self.certainty.is_none_or(|c| c.gain >= 0.0)
    }

    /// Logit of a volume in mL that was marked with `certainty`.
    pub fn logit(&self, ml: f64, certainty: f64) -> f64 {
        let by_volume = self.gain * ((ml + Self::LEAST_ML) / (self.half_ml + Self::LEAST_ML)).ln();
        by_volume + self.certainty.map_or(0.0, |c| c.gain * (certainty - c.half))
    }
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

// Serde passes references.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_one(ceiling: &f64) -> bool {
    *ceiling == 1.0
}

// Serde passes references.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(margin: &f32) -> bool {
    *margin == 0.0
}

const fn one() -> f64 {
    1.0
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
    fn is_visible(&self) -> bool {
        self.center.is_finite() && self.width.is_finite() && self.width > 0.0
    }
}

/// A model: architecture, use, files and provenance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format version, 1.
    pub format: u32,
    /// Folder name.
    pub name: String,
    /// Plain title.
    pub title: String,
    /// `mr` or `ct`.
    pub modality: String,
    /// Shapes.
    pub architecture: Architecture,
    /// From scan to input.
    pub preprocessing: Preprocessing,
    /// Segmentation classes.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// Output channels are masks of their own (sigmoid): label `v` is channel `v − 1` above 0, and later labels
    /// lie over earlier ones. Otherwise the highest channel is the label, and channel 0 is background.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overlapping: bool,
    /// Unions of classes, reported or not, that are one connected piece in any body: what lies outside of their
    /// largest piece is background. Applied in order; not for overlapping labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<Vec<u8>>,
    /// Where small pieces of a label may lie; not for overlapping labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub surroundings: Vec<Surroundings>,
    /// Labels whose borders are set by the scan's own intensities; not for overlapping labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub half_contrast: Vec<HalfContrast>,
    /// Labels that the network takes for others where they lie apart from these; not for overlapping labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub islands: Vec<Islands>,
    /// Labels that are none where the scan is the same on the other side; not for overlapping labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub both_sides: Vec<BothSides>,
    /// Labels that count by how much more one side has of them; not for overlapping labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_sided: Vec<OneSided>,
    /// Labels that are none where they are marked alike on the other side; not for overlapping labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub twins: Vec<Twins>,
    /// Labels by tissue, for those that the scan's own intensities help to tell apart; the scan is the first input
    /// channel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tissues: Vec<Vec<u8>>,
    /// The contrast that the network learnt from, if it is one alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contrast: Option<LearntContrast>,
    /// What its findings are seen best in, if not in the window that suits the modality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<DisplayWindow>,
    /// Unions of labels to report.
    #[serde(default)]
    pub regions: Vec<Region>,
    /// Where the midline is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub midline: Option<Midline>,
    /// Probabilities to report.
    #[serde(default)]
    pub classes: Vec<ClassOutput>,
    /// What a scan's class logits are when several windows were run; measures are always the mean.
    #[serde(default)]
    pub windows: WindowPool,
    /// Measures to report.
    #[serde(default)]
    pub measures: Vec<Measure>,
    /// Weight files, the default first.
    pub files: Vec<FileEntry>,
    /// False for random weights, which are for parity and speed and never shown as a finding.
    pub trained: bool,
    /// What the weights are and are not, shown beside every result.
    pub note: String,
    /// Licence of the weights.
    pub license: String,
    /// Where the weights come from.
    pub provenance: String,
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not the expected JSON.
    #[error("the manifest is not valid: {0}")]
    Json(#[from] serde_json::Error),
    /// The architecture makes no network.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    /// Fields contradict each other.
    #[error("the manifest of `{name}` contradicts itself: {reason}")]
    Inconsistent {
        /// Model name.
        name: String,
        /// What does not fit.
        reason: String,
    },
    /// Bytes are not those that the manifest names.
    #[error(
        "`{file}` has SHA-256 {got}, the manifest says {expected}: the download is damaged or was changed"
    )]
    Hash {
        /// File name.
        file: String,
        /// Expected digest.
        expected: String,
        /// Digest of the bytes.
        got: String,
    },
}

impl Manifest {
    /// Parses and checks a manifest.
    ///
    /// # Errors
    /// If it is not valid JSON or contradicts itself.
    pub fn from_json(json: &str) -> Result<Self, ManifestError> {
        let manifest: Self = serde_json::from_str(json)?;
        manifest.validate()?;
        Ok(manifest)
    }

    /// The region that is left of a head without its skull, if the model tells it.
    pub fn brain(&self) -> Option<&Region> {
        self.regions.iter().find(|region| region.brain_mask)
    }

    /// Checks that all parts agree.
    ///
    /// # Errors
    /// Names the first contradiction.
    pub fn validate(&self) -> Result<(), ManifestError> {
        self.architecture.validate()?;
        let fail = |reason: String| Err(ManifestError::Inconsistent { name: self.name.clone(), reason });
        let channels = self.preprocessing.channels.len();
        let built = self.architecture.in_channels();
        if channels != built {
            return fail(format!("{channels} input channels described, {built} built"));
        }
        if self.format != 1 {
            return fail(format!("format {} is not 1", self.format));
        }
        if !["mr", "ct"].contains(&self.modality.as_str()) {
            return fail(format!("modality `{}` is neither mr nor ct", self.modality));
        }
        if !self.preprocessing.is_computable() {
            return fail(
                "a window or channel scales by nothing, or by percentiles outside 0 to 100".to_owned(),
            );
        }
        if self.display.is_some_and(|shown| !shown.is_visible()) {
            return fail("the display window is not a number, or of no width".to_owned());
        }
        let roi = self.preprocessing.roi;
        if roi.iter().any(|side| *side == 0 || *side > 512 || side % 32 != 0) {
            return fail(format!("window {roi:?} is not made of multiples of 32 up to 512"));
        }
        if !(0.0..0.95).contains(&self.preprocessing.overlap) {
            return fail(format!("overlap {} is not in 0 to 0.95", self.preprocessing.overlap));
        }
        if !(0.3..=8.0).contains(&self.preprocessing.spacing_mm) {
            return fail(format!("spacing {} mm is not in 0.3 to 8", self.preprocessing.spacing_mm));
        }
        self.check_outputs()?;
        if self.files.is_empty() {
            return fail("no weight file".to_owned());
        }
        if let Some(file) = self.files.iter().find(|f| !check::is_plain(&f.name)) {
            return fail(format!("weight file `{}` is not a plain file name", file.name));
        }
        Ok(())
    }

    /// Checks bytes against the digest of `file`.
    ///
    /// # Errors
    /// If they differ.
    pub fn verify(file: &FileEntry, bytes: &[u8]) -> Result<(), ManifestError> {
        let got = sha256_hex(bytes);
        if got == file.sha256 {
            return Ok(());
        }
        Err(ManifestError::Hash { file: file.name.clone(), expected: file.sha256.clone(), got })
    }
}

/// Lower-case hexadecimal SHA-256 of `bytes`.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certain_drop_may_weigh_more_than_an_uncertain_puddle() {
        let plain = VolumeEvidence { label: 1, half_ml: 2.0, gain: 1.0, certainty: None, by_piece: false };
        assert!(plain.logit(0.8, 9.0) < 0.0 && plain.logit(4.0, 3.0) > 0.0);
        assert_eq!(plain.logit(2.0, 0.0), 0.0);
        let weighed = VolumeEvidence { certainty: Some(CertaintyEvidence { half: 6.0, gain: 1.0 }), ..plain };
        assert!(weighed.logit(0.8, 9.0) > 0.0 && weighed.logit(4.0, 3.0) < 0.0);
        assert!(weighed.grows() && plain.grows());
        let falling =
            VolumeEvidence { certainty: Some(CertaintyEvidence { half: 6.0, gain: -1.0 }), ..plain };
        assert!(!falling.grows());
    }
}

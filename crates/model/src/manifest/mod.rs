//! The manifest: everything the pipeline must know of a model. Code never asks for a model by name.

mod check;
mod contrast;
mod defaults;
mod error;
mod evidence;
mod file;
mod input;
mod label;
mod output;
mod rules;

pub use contrast::{DisplayWindow, LearntContrast, Shade};
pub use error::ManifestError;
pub use evidence::{CertaintyEvidence, ShiftEvidence, VolumeEvidence};
pub use file::FileEntry;
pub use input::{InputChannel, Preprocessing, Window};
pub use label::{Label, Midline, Region, Side};
pub use output::{ClassOutput, Measure, WindowPool};
pub use rules::{BothSides, HalfContrast, Islands, OneSided, Surroundings, Twins};

use serde::{Deserialize, Serialize};

use crate::Architecture;

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

/// Whether a window may have this side, in voxels: a decoder's skips meet what was halved five times.
pub fn is_window_side(side: usize) -> bool {
    (32..=512).contains(&side) && side.is_multiple_of(32)
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

    /// The label of this value.
    pub fn label(&self, value: u8) -> Option<&Label> {
        self.labels.iter().find(|l| l.value == value)
    }

    /// Whether a class is read off the label of this value.
    pub fn is_finding(&self, value: u8) -> bool {
        self.classes.iter().filter_map(|c| c.volume.as_ref()).any(|v| v.label == value)
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
                "a window or channel scales by nothing, by percentiles outside 0 to 100 or by a ceiling below 1".to_owned(),
            );
        }
        if self.display.is_some_and(|shown| !shown.is_visible()) {
            return fail("the display window is not a number, or of no width".to_owned());
        }
        let roi = self.preprocessing.roi;
        if !roi.into_iter().all(is_window_side) {
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

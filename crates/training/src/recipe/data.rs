//! Where samples come from, and what is taught about them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::synth::SynthConfig;

/// Where samples come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataRecipe {
    /// Folder of label maps inside the data folder (`SASWIN_DATA`, or `../shared/data`).
    pub maps: PathBuf,
    /// First and last label map to train on, counted from 1 in order of name.
    pub training: [usize; 2],
    /// First and last label map to validate on.
    pub validation: [usize; 2],
    /// Window sides in voxels (x, y, z), multiples of 32.
    pub crop: [usize; 3],
    /// Other windows towards the end, if any.
    #[serde(default)]
    pub finish: Option<Finish>,
    /// Windows per step.
    pub batch: usize,
    /// Threads that draw samples ahead.
    pub threads: usize,
    /// How samples look.
    #[serde(default)]
    pub synthesis: SynthConfig,
    /// How samples that test the model look, if not the same: what is learnt from may change, what it is measured on
    /// not.
    #[serde(default)]
    pub test: Option<SynthConfig>,
    /// What is taught about them.
    #[serde(default)]
    pub target: Target,
    /// Blood that a voxel shows brighter than this, HU, is not taught: it is bone as well, and no rule would call it blood.
    #[serde(default)]
    pub blood_at_most: Option<f32>,
    /// Cut all training windows from this many whole heads, drawn once, instead of a new head for each window.
    #[serde(default)]
    pub heads: Option<usize>,
}

impl DataRecipe {
    /// Window sides when this fraction of the budget is used.
    pub fn crop_at(&self, used: f64) -> [usize; 3] {
        match self.finish {
            Some(finish) if used >= 1.0 - finish.share => finish.crop,
            _ => self.crop,
        }
    }
}

/// What a network is taught about a head.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Tissues and structures, left and right apart.
    #[default]
    Anatomy,
    /// Strokes, plaques, tumours as one class, beside the tissues; one class output.
    Lesions,
    /// Blood, clefts of the skull, halves of the brain and its ventricles; four class outputs.
    Emergencies,
    /// Clefts of the skull, and its inside; one class output.
    Fractures,
}

/// The end of a run on windows of another size, mostly those that the model will be run on: many steps on small
/// windows come first, since they are cheap.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finish {
    /// Fraction of the budget.
    pub share: f64,
    /// Window sides in voxels (x, y, z), multiples of 32.
    pub crop: [usize; 3],
}

/// The folder of training data: `SASWIN_DATA`, or `../shared/data` beside the repository.
pub fn data_folder() -> PathBuf {
    std::env::var_os("SASWIN_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from)
}

//! What a training run is made of, read from `models/recipes/*.toml`.

use std::path::{Path, PathBuf};

use saswin_model::{
    Architecture, BothSides, ClassOutput, DisplayWindow, FileEntry, HalfContrast, InputChannel, Islands,
    Label, LearntContrast, Manifest, Measure, Midline, OneSided, Preprocessing, Region, Surroundings, Twins,
    Window, WindowPool,
};
use serde::{Deserialize, Serialize};

use crate::synth::SynthConfig;

/// A training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Name of the model and of its folder.
    pub name: String,
    /// Seed of weights and samples.
    pub seed: u64,
    /// Weight file whose tensors of equal name and shape are the start.
    #[serde(default)]
    pub init_from: Option<PathBuf>,
    /// Layers whose names begin like this start afresh nevertheless; needs `optimiser.encoder_rate`.
    #[serde(default)]
    pub init_fresh: Vec<String>,
    /// What is trained on.
    pub data: DataRecipe,
    /// How long.
    pub budget: Budget,
    /// How steps are made.
    pub optimiser: OptimiserRecipe,
    /// How the segmentation is scored.
    pub segmentation: Segmentation,
    /// How much each class counts in the Dice of [`Segmentation::Classes`]; all alike if empty.
    #[serde(default)]
    pub dice_weights: Vec<f32>,
    /// How much a voxel of each class counts in the cross-entropy of [`Segmentation::Classes`]; all alike if empty.
    #[serde(default)]
    pub entropy_weights: Vec<f32>,
    /// How often to look at held-out samples.
    pub validation: Validation,
    /// The network.
    pub architecture: Architecture,
    /// The parts of the manifest that training does not change.
    pub manifest: ManifestRecipe,
}

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

impl DataRecipe {
    /// Window sides when this fraction of the budget is used.
    pub fn crop_at(&self, used: f64) -> [usize; 3] {
        match self.finish {
            Some(finish) if used >= 1.0 - finish.share => finish.crop,
            _ => self.crop,
        }
    }
}

/// When training ends: the learning rate reaches its end exactly then.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// After this many minutes of training, over all resumptions.
    Minutes(f64),
    /// After this many steps; such a run repeats exactly.
    Steps(u64),
}

/// AdamW with linear warm-up and cosine decay.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimiserRecipe {
    /// Highest learning rate.
    pub rate: f64,
    /// Highest learning rate of SA-Swin's encoder and SACA, whose updates are then made as `torch/steady.py` says; it
    /// follows the same schedule.
    #[serde(default)]
    pub encoder_rate: Option<f64>,
    /// Learning rate at the end, as a fraction of the highest.
    pub rate_end: f64,
    /// Fraction of the budget spent warming up.
    pub warm_up: f64,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// Largest L2 norm of all gradients together.
    pub clip: f32,
    /// Decay per step of the moving average of weights, which is what ships.
    pub average: f64,
}

/// How the segmentation's logits are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segmentation {
    /// Mutually exclusive classes: cross-entropy and Dice.
    Classes,
    /// One mask: binary cross-entropy and Dice.
    Mask,
    /// No segmentation is trained.
    None,
}

/// Held-out samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validation {
    /// Minutes between looks.
    pub minutes: f64,
    /// Windows per look, the same ones each time.
    pub crops: usize,
    /// Minutes between checkpoints.
    pub checkpoint_minutes: f64,
}

/// The parts of [`Manifest`] that a recipe states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestRecipe {
    /// Plain title.
    pub title: String,
    /// `mr` or `ct`.
    pub modality: String,
    /// From scan to input.
    pub preprocessing: Preprocessing,
    /// Segmentation classes.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// See [`Manifest::pieces`].
    #[serde(default)]
    pub pieces: Vec<Vec<u8>>,
    /// See [`Manifest::surroundings`].
    #[serde(default)]
    pub surroundings: Vec<Surroundings>,
    /// See [`Manifest::half_contrast`].
    #[serde(default)]
    pub half_contrast: Vec<HalfContrast>,
    /// See [`Manifest::islands`].
    #[serde(default)]
    pub islands: Vec<Islands>,
    /// See [`Manifest::both_sides`].
    #[serde(default)]
    pub both_sides: Vec<BothSides>,
    /// See [`Manifest::one_sided`].
    #[serde(default)]
    pub one_sided: Vec<OneSided>,
    /// See [`Manifest::twins`].
    #[serde(default)]
    pub twins: Vec<Twins>,
    /// See [`Manifest::tissues`].
    #[serde(default)]
    pub tissues: Vec<Vec<u8>>,
    /// See [`Manifest::contrast`].
    #[serde(default)]
    pub contrast: Option<LearntContrast>,
    /// See [`Manifest::display`].
    #[serde(default)]
    pub display: Option<DisplayWindow>,
    /// Unions of classes to report.
    #[serde(default)]
    pub regions: Vec<Region>,
    /// Where the midline is measured.
    #[serde(default)]
    pub midline: Option<Midline>,
    /// Probabilities to report.
    #[serde(default)]
    pub classes: Vec<ClassOutput>,
    /// How windows' class logits become one.
    #[serde(default)]
    pub windows: WindowPool,
    /// Measures to report.
    #[serde(default)]
    pub measures: Vec<Measure>,
    /// What the weights are and are not.
    pub note: String,
    /// Licence of the weights.
    pub license: String,
    /// Where the weights come from.
    pub provenance: String,
}

/// Why a recipe cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// The file cannot be read.
    #[error("recipe {path}: {source}")]
    Io {
        /// File.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// The file is not a recipe.
    #[error("recipe {path}: {source}")]
    Toml {
        /// File.
        path: PathBuf,
        /// Cause, with line and column.
        source: Box<toml::de::Error>,
    },
    /// A value makes no run.
    #[error("recipe field `{field}`: {requirement}")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// What it must be.
        requirement: &'static str,
    },
    /// The network or the manifest contradicts itself.
    #[error(transparent)]
    Manifest(#[from] saswin_model::ManifestError),
}

impl Recipe {
    /// Reads and checks a recipe.
    ///
    /// # Errors
    /// If it cannot be read or makes no run.
    pub fn read(path: &Path) -> Result<Self, RecipeError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| RecipeError::Io { path: path.into(), source })?;
        let recipe: Self = toml::from_str(&text)
            .map_err(|source| RecipeError::Toml { path: path.into(), source: Box::new(source) })?;
        recipe.validate()?;
        Ok(recipe)
    }

    fn validate(&self) -> Result<(), RecipeError> {
        let need = |ok: bool, field, requirement| {
            if ok { Ok(()) } else { Err(RecipeError::Field { field, requirement }) }
        };
        let data = &self.data;
        let range = |[first, last]: [usize; 2]| first >= 1 && first <= last;
        need(range(data.training), "data.training", "must be first and last map, counted from 1")?;
        need(range(data.validation), "data.validation", "must be first and last map, counted from 1")?;
        let [[_, last], [first, end]] = [data.training, data.validation];
        need(
            last < first || end < data.training[0],
            "data.validation",
            "must be other maps than `data.training`",
        )?;
        need((1..=64).contains(&data.batch), "data.batch", "must be 1 to 64")?;
        need((1..=64).contains(&data.threads), "data.threads", "must be 1 to 64")?;
        let sides = |crop: [usize; 3]| crop.iter().all(|s| (32..=192).contains(s) && s % 32 == 0);
        need(sides(data.crop), "data.crop", "must be multiples of 32 up to 192")?;
        if let Some(finish) = data.finish {
            need(sides(finish.crop), "data.finish.crop", "must be multiples of 32 up to 192")?;
            need((0.0..=1.0).contains(&finish.share), "data.finish.share", "must be 0 to 1")?;
        }
        let spacing = self.manifest.preprocessing.spacing_mm;
        need([1.0, 1.5, 2.0].contains(&spacing), "manifest.preprocessing.spacing_mm", "must be 1, 1.5 or 2")?;
        need(
            spacing == 1.0 || data.heads.is_some(),
            "data.heads",
            "must be given for windows of more than 1 mm",
        )?;
        need(data.heads != Some(0), "data.heads", "must be 1 or more")?;
        let decoder = self.architecture.out_channels() > 0;
        let segmentation = self.segmentation != Segmentation::None;
        need(decoder == segmentation, "segmentation", "must be `none` exactly without a decoder")?;
        let mask = self.segmentation != Segmentation::Mask || self.architecture.out_channels() == 1;
        need(mask, "segmentation", "`mask` needs one output channel")?;
        let labels = self.segmentation != Segmentation::Classes
            || self.architecture.out_channels() == data.target.label_count();
        need(labels, "architecture.out_channels", "must be the number of labels of `data.target`")?;
        let outputs = self.architecture.class_outputs() <= data.target.output_count();
        need(outputs, "architecture.class_head", "has more outputs than `data.target` has a truth for")?;
        for (name, weights) in
            [("dice_weights", &self.dice_weights), ("entropy_weights", &self.entropy_weights)]
        {
            let fit = weights.len() == self.architecture.out_channels() && weights.iter().all(|w| *w > 0.0);
            let weighed = weights.is_empty() || self.segmentation == Segmentation::Classes && fit;
            need(weighed, name, "needs `classes`, and one positive number for each output channel")?;
        }
        let window = self.manifest.preprocessing.window;
        let scaled = "must give values from 0 to 1, as synthetic scans have them";
        need(window != Window::ZScore, "manifest.preprocessing.window", scaled)?;
        if let Window::Percentiles { ceiling, .. } = window {
            let same = data.synthesis.ceiling == ceiling as f32;
            need(same, "data.synthesis.ceiling", "must be that of the window in the manifest")?;
        }
        let rate = self.optimiser.rate;
        need(rate > 0.0 && rate < 1.0, "optimiser.rate", "must be between 0 and 1")?;
        let own = self.optimiser.encoder_rate;
        need(own.is_none_or(|r| r > 0.0 && r < 1.0), "optimiser.encoder_rate", "must be between 0 and 1")?;
        let swin = matches!(self.architecture, Architecture::Swin(_));
        need(own.is_none() || swin, "optimiser.encoder_rate", "is for SA-Swin and Swin UNETR alone")?;
        need(self.init_fresh.is_empty() || own.is_some(), "init_fresh", "needs `optimiser.encoder_rate`")?;
        need((0.0..1.0).contains(&self.optimiser.average), "optimiser.average", "must be 0 up to 1")?;
        need(self.optimiser.clip > 0.0, "optimiser.clip", "must be positive")?;
        self.manifest(vec![placeholder()]).validate()?;
        Ok(())
    }

    /// The manifest of the trained model with these weight files.
    pub fn manifest(&self, files: Vec<FileEntry>) -> Manifest {
        let m = self.manifest.clone();
        Manifest {
            format: 1,
            name: self.name.clone(),
            title: m.title,
            modality: m.modality,
            architecture: self.architecture.clone(),
            preprocessing: m.preprocessing,
            labels: m.labels,
            overlapping: self.segmentation == Segmentation::Mask,
            regions: m.regions,
            midline: m.midline,
            classes: m.classes,
            measures: m.measures,
            pieces: m.pieces,
            surroundings: m.surroundings,
            half_contrast: m.half_contrast,
            islands: m.islands,
            both_sides: m.both_sides,
            one_sided: m.one_sided,
            twins: m.twins,
            tissues: m.tissues,
            contrast: m.contrast,
            display: m.display,
            windows: m.windows,
            files,
            trained: true,
            note: m.note,
            license: m.license,
            provenance: m.provenance,
        }
    }

    /// What each input channel is.
    pub fn channels(&self) -> &[InputChannel] {
        &self.manifest.preprocessing.channels
    }
}

/// Stands for files while a manifest is checked before there are any.
fn placeholder() -> FileEntry {
    FileEntry::of_floats("weights".to_owned(), &[])
}

/// The folder of training data: `SASWIN_DATA`, or `../shared/data` beside the repository.
pub fn data_folder() -> PathBuf {
    std::env::var_os("SASWIN_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_learns_z_scores_from_scans_of_0_to_1() {
        let mut recipe: Recipe =
            toml::from_str(include_str!("../../../models/recipes/head-mr.toml")).unwrap();
        recipe.validate().unwrap();
        recipe.manifest.preprocessing.window = Window::ZScore;
        let error = recipe.validate().unwrap_err();
        assert!(error.to_string().contains("manifest.preprocessing.window"), "{error}");
    }
}

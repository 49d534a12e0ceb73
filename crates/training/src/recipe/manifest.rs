//! The manifest of the model that a recipe trains.

use saswin_model::{
    BothSides, ClassOutput, DisplayWindow, FileEntry, HalfContrast, Islands, Label, LearntContrast, Manifest,
    Measure, Midline, OneSided, Preprocessing, Region, Surroundings, Twins, WindowPool,
};
use serde::{Deserialize, Serialize};

use super::{Recipe, Segmentation};

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

impl Recipe {
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
}

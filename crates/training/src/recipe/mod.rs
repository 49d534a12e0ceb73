//! What a training run is made of, read from `models/recipes/*.toml`.

mod check;
mod data;
mod error;
mod manifest;
mod training;

pub use data::{DataRecipe, Finish, Target, data_folder};
pub use error::RecipeError;
pub use manifest::ManifestRecipe;
pub use training::{Budget, OptimiserRecipe, Segmentation, Validation};

use std::path::{Path, PathBuf};

use saswin_model::{Architecture, InputChannel};
use serde::{Deserialize, Serialize};

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

    /// What each input channel is.
    pub fn channels(&self) -> &[InputChannel] {
        &self.manifest.preprocessing.channels
    }
}

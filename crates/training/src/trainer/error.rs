//! What can go wrong in a run.

use std::path::{Path, PathBuf};

use saswin_model::weights::{LoadError, PackError};
use saswin_model::{ArchitectureError, ManifestError};

use crate::recipe::RecipeError;
use crate::synth::HeadMapError;

/// Why a run cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The recipe makes no run.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The label maps cannot be used.
    #[error(transparent)]
    Maps(#[from] HeadMapError),
    /// There is nothing to train on.
    #[error("training data: {0}")]
    Data(String),
    /// The architecture makes no network.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    /// Weights do not fit.
    #[error(transparent)]
    Weights(#[from] LoadError),
    /// Weights cannot be packed or unpacked.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The manifest contradicts itself.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// State or metrics cannot be written or read as JSON.
    #[error("state of the run: {0}")]
    Json(#[from] serde_json::Error),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// File.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// A checkpoint cannot be used.
    #[error("checkpoint {path}: {reason}")]
    Checkpoint {
        /// File.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A run would overwrite another.
    #[error("{path} holds a run already: resume it, or name another folder")]
    Occupied {
        /// Folder.
        path: PathBuf,
    },
    /// Whoever watches it ended it.
    #[error("training was stopped: {0}; go on from its last checkpoint by resuming it")]
    Stopped(String),
    /// Training no longer gives finite numbers.
    #[error("the loss is no finite number since many steps (step {step}): lower `optimiser.rate`")]
    Diverged {
        /// Step of the last try.
        step: u64,
    },
}

impl TrainError {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.into(), source }
    }
}

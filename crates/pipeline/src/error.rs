//! What can go wrong after a scan was read.

use saswin_model::weights::{LoadError, PackError};
use saswin_model::{ArchitectureError, ManifestError, MemoryError};
use saswin_volume::GridError;
use saswin_volume::windows::WindowError;

use crate::DeviceTrouble;

/// Why a run gave no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The user stopped it.
    #[error("the run was cancelled")]
    Cancelled,
    /// The scan is not one that the model is made for; [`Options::ignore_warnings`](crate::Options) overrides it.
    #[error("this scan is not suitable for the model: {}", .reasons.join("; "))]
    Unsuitable {
        /// One sentence per reason.
        reasons: Vec<String>,
    },
    /// There is nothing to compute on, which no option overrides.
    #[error("there is no head in this scan: {reason}")]
    NoHead {
        /// What was found instead.
        reason: String,
    },
    /// The geometry is unusable.
    #[error(transparent)]
    Geometry(#[from] GridError),
    /// The model's manifest is broken or its files are not the ones it names.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The architecture makes no network.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    /// The weight file is broken.
    #[error(transparent)]
    Weights(#[from] PackError),
    /// The weights belong to another network.
    #[error(transparent)]
    Fit(#[from] LoadError),
    /// The network does not fit into the device's buffers.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The network's scores on the working grid do not fit into memory.
    #[error(transparent)]
    Scores(WindowError),
    /// The device could not be had, or failed.
    #[error("{trouble} ({place})")]
    Device {
        /// What it did.
        trouble: DeviceTrouble,
        /// Window, or the step before any.
        place: String,
    },
    /// No network is measured on a cube of this side.
    #[error("a cube of {0} voxels a side cannot be measured")]
    Side(usize),
    /// The network's output is not a result.
    #[error("the network's output {what} in {place}: the adapter or its driver computes wrongly")]
    Output {
        /// `is not a finite number` or `is zero everywhere`.
        what: &'static str,
        /// Window.
        place: String,
    },
    /// Scores do not fit the grids. A defect of this program.
    #[error("internal sizes disagree: {0}")]
    Internal(String),
}

impl From<WindowError> for RunError {
    fn from(e: WindowError) -> Self {
        match e {
            WindowError::TooLarge { .. } => Self::Scores(e),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<DeviceTrouble> for RunError {
    fn from(trouble: DeviceTrouble) -> Self {
        Self::Device { trouble, place: "opening the device".to_owned() }
    }
}

impl RunError {
    /// Stable machine-readable name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Unsuitable { .. } => "unsuitable",
            Self::NoHead { .. } => "no_head",
            Self::Geometry(_) => "geometry",
            Self::Manifest(ManifestError::Hash { .. }) => "integrity",
            Self::Manifest(_) | Self::Architecture(_) | Self::Weights(_) | Self::Fit(_) => "model",
            Self::Device { trouble, .. } => trouble.kind(),
            Self::Memory(_) | Self::Scores(_) => "memory",
            Self::Side(_) => "side",
            Self::Output { .. } => "wrong_output",
            Self::Internal(_) => "internal",
        }
    }

    /// What the user can do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Cancelled => "Start it again when you like.",
            Self::Unsuitable { .. } => {
                "Choose another series or model, or run anyway; the report will say so."
            }
            Self::NoHead { .. } => "Check the voxel size, or choose another series.",
            Self::Geometry(_) => "Export the scan again with valid orientation fields.",
            Self::Manifest(ManifestError::Hash { .. }) => "Reload the page to download the model again.",
            Self::Manifest(_) | Self::Architecture(_) | Self::Weights(_) | Self::Fit(_) => {
                "Choose another model."
            }
            Self::Device { trouble, .. } => trouble.remedy(),
            Self::Memory(_) => {
                "Choose a smaller model, import yours with smaller windows, or run on the CPU with ?backend=cpu."
            }
            Self::Scores(_) => "Choose a model of wider voxels or fewer classes.",
            Self::Side(_) => "Choose a side that is a multiple of 32, from 32 to 512.",
            Self::Output { .. } => "Update the graphics driver, or use ?backend=cpu.",
            Self::Internal(_) => "Please report this with the diagnostics.",
        }
    }
}

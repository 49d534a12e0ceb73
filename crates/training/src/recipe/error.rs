//! Why a recipe cannot be used.

use std::path::PathBuf;

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

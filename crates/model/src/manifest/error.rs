//! Why a manifest cannot be used.

use crate::ArchitectureError;

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

//! What the page lets its user choose from.

use saswin_volume::Modality;
use serde::Serialize;
use serde_bytes::ByteBuf;

/// A model as the picker shows it.
#[derive(Debug, Clone, Serialize)]
pub struct ModelOffer {
    /// Folder name.
    pub name: String,
    /// Plain title.
    pub title: String,
    /// `mr` or `ct`.
    pub modality: String,
    /// Digest of the weight file.
    pub sha256: String,
    /// Download size.
    pub bytes: u64,
    /// What the weights are and are not.
    pub note: String,
    /// False for random weights.
    pub trained: bool,
    /// Whether the weights are already in this browser.
    pub cached: bool,
    /// Whether it was imported and lives in this worker only.
    pub imported: bool,
}

/// A series as the picker shows it.
#[derive(Debug, Serialize)]
pub struct SeriesInfo {
    /// Number to select it by.
    pub index: usize,
    /// CT or MR.
    pub modality: Modality,
    /// Plain description.
    pub description: String,
    /// Voxel counts.
    pub dims: [usize; 3],
    /// Millimetres.
    pub spacing: [f64; 3],
    /// Files it came from.
    pub files: usize,
    /// Volumes of a 4-D series.
    pub frames: usize,
    /// The one to take if the user has no wish.
    pub preferred: bool,
    /// What could not be read.
    pub problems: Vec<String>,
    /// Middle slice.
    pub thumbnail: Option<Thumbnail>,
}

/// A grey picture.
#[derive(Debug, Serialize)]
pub struct Thumbnail {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// One byte per pixel.
    pub gray: ByteBuf,
}

//! SA-Swin and its relatives as burn modules, and everything about their weights.
//!
//! - [`nets`]: the networks. Sources: Ma et al., "SA-Swin", MICCAI 2024; Hatamizadeh et al., "Swin UNETR",
//!   2022, in the numerics of MONAI; Huang et al., "ASA", MICCAI 2022.
//! - [`Architecture`]: the configuration that decides shapes; [`Manifest`]: an architecture plus
//!   preprocessing, labels, thresholds and files.
//! - [`Cost`]: how much arithmetic a forward pass is.
//! - [`MemoryPlan`]: what a forward pass takes on a GPU; [`Room`]: how it keeps within a small one.
//! - [`weights`]: PyTorch and safetensors in, our packed safetensors in and out.

mod architecture;
mod cost;
pub mod fidelity;
pub mod import;
mod manifest;
mod memory;
pub mod nets;
mod room;
pub mod weights;

pub use architecture::{
    Architecture, ArchitectureError, AsaConfig, ClassHead, DecoderKind, Merge, Pool, Position, SwinConfig,
};
pub use cost::Cost;
pub use manifest::{
    BothSides, CertaintyEvidence, ClassOutput, DisplayWindow, FileEntry, HalfContrast, InputChannel, Islands,
    Label, LearntContrast, Manifest, ManifestError, Measure, Midline, OneSided, Preprocessing, Region, Shade,
    ShiftEvidence, Side, Surroundings, Twins, VolumeEvidence, Window, WindowPool, is_window_side, sha256_hex,
};
pub use memory::{MemoryError, MemoryPlan};
pub use room::Room;

//! Weights: named tensors in PyTorch's layout, however they are stored.
//!
//! [`WeightMap`] is the one form in between: importers produce it, packed files hold it, networks are filled
//! from it and give it back.

mod encode;
mod import;
mod integers;
mod layout;
mod names;
mod network;
mod packed;
mod pytorch;
mod shapes;

pub use encode::{is_matrix, stored_bytes};
pub use import::{Checkpoint, ImportError, read_checkpoint};
pub use integers::pack_integers;
pub(crate) use integers::{Integers, held};
pub use layout::lay_out;
pub(crate) use names::Family;
pub(crate) use network::fill_part;
pub use network::{LoadError, Mismatch, collect, fill};
pub(crate) use packed::check_finite;
pub use packed::{PackError, Precision, pack, unpack};
pub(crate) use shapes::shapes_part;
pub use shapes::{ids, shapes};

use std::collections::BTreeMap;

/// One parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Weight {
    /// Shape in PyTorch's order (`[out, in, …]`).
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<f32>,
}

/// Parameters by their key in a PyTorch `state_dict`.
pub type WeightMap = BTreeMap<String, Weight>;

//! Any network, as a manifest describes it.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::{Asa, MaskedPatches, Output, SaSwin, Trace};
use crate::{Architecture, ArchitectureError, Room};

/// A network of any family.
// There is one at a time, so its size does not matter.
#[expect(clippy::large_enum_variant)]
#[derive(Module, Debug)]
pub enum Network {
    /// SA-Swin or Swin UNETR.
    Swin(SaSwin),
    /// ASA.
    Asa(Asa),
}

impl Network {
    /// Randomly initialised network.
    ///
    /// # Errors
    /// If the configuration makes no network.
    pub fn new(config: &Architecture, device: &Device) -> Result<Self, ArchitectureError> {
        match config {
            Architecture::Swin(config) => SaSwin::new(config, device).map(Self::Swin),
            Architecture::Asa(config) => Asa::new(config, device).map(Self::Asa),
        }
    }

    /// The network in tensors that `room` holds. ASA's encoder, whose tensors are small, divides nothing.
    #[must_use]
    pub fn with_room(self, room: Room) -> Self {
        match self {
            Self::Swin(network) => Self::Swin(network.with_room(room)),
            Self::Asa(network) => Self::Asa(network.with_room(room)),
        }
    }

    /// Runs scan `x` and its mirrored counterpart `x_flip`, both `[b, c, x, y, z]`; see [`SaSwin::forward`].
    ///
    /// ASA takes no mirror, and its axes are those of its published code, z, y, x: it is turned on the way in
    /// and back on the way out, but the stages in `trace` are not.
    pub fn forward(&self, x: Tensor<5>, x_flip: Option<Tensor<5>>, trace: &mut Trace) -> Output {
        match self {
            Self::Swin(network) => network.forward(x, x_flip, trace),
            Self::Asa(network) => {
                let reversed = |t: Tensor<5>| t.permute([0, 1, 4, 3, 2]);
                let segmentation = network.forward(reversed(x), trace).map(reversed);
                Output { segmentation, classes: None, pretraining: None }
            }
        }
    }

    /// Reconstructs masked patches of `[b, c, x, y, z]` if this is an ASA in pretraining; see [`Asa::reconstruct`].
    /// Patches are numbered with x fastest, z slowest.
    pub fn reconstruct(&self, x: Tensor<5>, masked: &[Vec<usize>]) -> Option<MaskedPatches> {
        match self {
            Self::Swin(_) => None,
            Self::Asa(network) => network.reconstruct(x.permute([0, 1, 4, 3, 2]), masked),
        }
    }
}

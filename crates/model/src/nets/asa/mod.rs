//! ASA: symmetric position encodings and windowed attention over the sequence of tokens.
//!
//! Source: Huang et al., "Attentive Symmetric Autoencoder for Brain MRI Segmentation", MICCAI 2022, in the
//! numerics of its published code.

mod decoder;
mod position;
mod reconstruct;
mod vit;

pub(crate) use position::encoding;
pub(crate) use vit::shift_mask;

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use self::decoder::Decoder;
use self::reconstruct::{Reconstruction, Split, gather};
use self::vit::{PATCH, Vit, patches};
use super::{Trace, to_channels_first};
use crate::{ArchitectureError, AsaConfig};

/// ASA's encoder, with its segmentation decoder or its pretraining decoder if configured.
#[derive(Module, Debug)]
pub struct Asa {
    vit: Vit,
    decoder: Option<Decoder>,
    reconstruction: Option<Reconstruction>,
}

/// What ASA's pretraining compares: masked patches as they are and as they were reconstructed, `[b, m, 512·c]`
/// each, channel fastest.
#[derive(Debug)]
pub struct MaskedPatches {
    /// From the visible patches alone.
    pub reconstructed: Tensor<3>,
    /// Out of the image.
    pub original: Tensor<3>,
}

impl Asa {
    /// Randomly initialised network.
    ///
    /// # Errors
    /// If the configuration makes no network.
    pub fn new(config: &AsaConfig, device: &Device) -> Result<Self, ArchitectureError> {
        config.validate()?;
        Ok(Self {
            vit: Vit::new(config, device),
            decoder: config.feature_size.map(|f| Decoder::new(config, f, device)),
            reconstruction: config.pretraining.then(|| Reconstruction::new(config, device)),
        })
    }

    /// Segmentation logits `[b, k, h, w, s]` of `[b, c, h, w, s]` if there is a decoder.
    ///
    /// Axes as in the published code: s runs from left to right. Sides are multiples of 8, with a decoder of 32.
    pub fn forward(&self, x: Tensor<5>, trace: &mut Trace) -> Option<Tensor<5>> {
        let (blocks, tokens) = self.vit.forward(x.clone(), trace);
        let decoder = self.decoder.as_ref()?;
        Some(to_channels_first(decoder.forward(x, &blocks, tokens, trace)))
    }

    /// Reconstructs the patches `masked` of `[b, c, h, w, s]`, for each sample in rising order and as many in each,
    /// if the network is one for pretraining. Patches are numbered row-major in (h, w, s).
    pub fn reconstruct(&self, x: Tensor<5>, masked: &[Vec<usize>]) -> Option<MaskedPatches> {
        let reconstruction = self.reconstruction.as_ref()?;
        let [_, _, h, w, s] = x.dims();
        let grid = [h, w, s].map(|side| side / PATCH);
        let tokens = Split::new(masked, grid.iter().product());
        let visible = gather(self.vit.embed(x.clone(), grid), &tokens.visible);
        let encoded = self.vit.encode(visible);
        Some(MaskedPatches {
            reconstructed: reconstruction.forward(encoded, &tokens, grid),
            original: gather(patches(x), masked),
        })
    }
}

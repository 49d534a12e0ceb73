//! ASA: symmetric position encodings and windowed attention over the sequence of tokens.
//!
//! Source: Huang et al., "Attentive Symmetric Autoencoder for Brain MRI Segmentation", MICCAI 2022, in the
//! numerics of its published code.

mod decoder;
mod position;
mod reconstruct;
mod vit;

pub(crate) use position::encoding;
pub(crate) use vit::{PATCH, shift_mask};

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use self::decoder::Decoder;
use self::reconstruct::{Reconstruction, Split, gather};
use self::vit::{Vit, patches};
use super::{Trace, to_channels_first};
use crate::{ArchitectureError, AsaConfig, Room};

/// ASA's encoder, with its segmentation decoder or its pretraining decoder if configured.
#[derive(Module, Debug)]
pub struct Asa {
    vit: Vit,
    decoder: Option<Decoder>,
    reconstruction: Option<Reconstruction>,
    #[module(skip)]
    room: Room,
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
            room: Room::ANY,
        })
    }

    /// The network whose decoder divides maps that `room` does not hold.
    #[must_use]
    pub(crate) fn with_room(self, room: Room) -> Self {
        Self { room, ..self }
    }

    /// Segmentation logits `[b, k, h, w, s]` of `[b, c, h, w, s]` if there is a decoder.
    ///
    /// Axes as in the published code: s runs from left to right. Sides are multiples of 8, with a decoder of 32.
    pub fn forward(&self, x: Tensor<5>, trace: &mut Trace) -> Option<Tensor<5>> {
        let (blocks, tokens) = self.vit.forward(x.clone(), trace);
        let decoder = self.decoder.as_ref()?;
        Some(to_channels_first(decoder.forward(x, &blocks, tokens, self.room, trace)))
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

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};
    use saswin_kernels::check::relative_l2;

    use crate::fidelity::{named_tensor, named_weights};
    use crate::nets::{Network, Trace};
    use crate::weights::fill;
    use crate::{AsaConfig, Position, Room};

    fn network() -> Network {
        let mut config = AsaConfig::encoder(1, Position::Symmetric1d);
        (config.hidden_size, config.heads, config.layers, config.window) = (24, 2, 9, 4);
        (config.feature_size, config.out_channels) = (Some(6), 2);
        let mut network = Network::new(&config.into(), &Device::flex()).unwrap();
        let weights = named_weights(&network);
        fill(&mut network, weights).unwrap();
        network
    }

    fn logits(network: &Network) -> Vec<f32> {
        let x = named_tensor("input:x", &[1, 1, 32, 32, 32]);
        let x = Tensor::<5>::from_data(TensorData::new(x.values, x.shape), &Device::flex());
        let output = network.forward(x, None, &mut Trace::off());
        output.segmentation.unwrap().into_data().try_to_vec().unwrap()
    }

    #[test]
    fn the_window_that_wraps_is_masked_however_many_there_are() {
        let masked = |windows, repeats| -> Vec<usize> {
            let mask = super::shift_mask(windows, 4, repeats);
            (0..windows).filter(|w| mask[w * 16..][..16].iter().any(|v| *v != 0.0)).collect()
        };
        assert_eq!(masked(8, 4), [1, 3, 5, 7]);
        assert_eq!(masked(54, 4), [53]);
        assert_eq!(masked(2, 4), [1]);
    }

    #[test]
    fn a_divided_decoder_computes_the_same() {
        let whole = network();
        let expected = logits(&whole);
        for bytes in [600 << 10, 64 << 10] {
            let error = relative_l2(&expected, &logits(&whole.clone().with_room(Room::new(Some(bytes)))));
            assert!(error < 1e-5, "{bytes} {error}");
        }
    }
}

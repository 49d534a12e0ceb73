//! ASA's pretraining network: a masked autoencoder on the same encoder.

use burn::module::{Initializer, Module, Param};
use burn::nn::{LayerNorm, Linear};
use burn::tensor::{Device, Int, Tensor, TensorData};
use saswin_kernels::NORM_EPS;

use super::super::{layer_norm, linear};
use super::position::encoding;
use super::vit::{Block, PATCH};
use crate::{AsaConfig, Position};

/// Blocks of the decoder; none is shifted.
const BLOCKS: usize = 8;

/// From visible tokens to the voxels of masked patches.
#[derive(Module, Debug)]
pub(super) struct Reconstruction {
    encoder_to_decoder: Linear,
    mask_token: Param<Tensor<3>>,
    blocks: Vec<Block>,
    norm: LayerNorm,
    head: Linear,
    #[module(skip)]
    position: Position,
}

impl Reconstruction {
    pub(super) fn new(config: &AsaConfig, device: &Device) -> Self {
        let width = config.hidden_size;
        let token = Initializer::Normal { mean: 0.0, std: 0.02 };
        Self {
            encoder_to_decoder: linear(width, width, false, device),
            mask_token: token.init([1, 1, width], device),
            blocks: (0..BLOCKS).map(|_| Block::new(config, false, device)).collect(),
            norm: layer_norm(width, NORM_EPS, device),
            head: linear(width, config.in_channels * PATCH.pow(3), true, device),
            // The published decoder folds at the middle of the grid, also where its encoder does not.
            position: match config.position {
                Position::Symmetric1dPretraining => Position::Symmetric1d,
                other => other,
            },
        }
    }

    /// Encoded visible tokens `[b, v, width]` to patches `[b, m, 512·c]`. As published, masked tokens come after
    /// the visible ones, so that windows do not follow the order of the image.
    pub(super) fn forward(&self, encoded: Tensor<3>, tokens: &Split, grid: [usize; 3]) -> Tensor<3> {
        let device = encoded.device();
        let [b, visible, width] = encoded.dims();
        let n = grid.iter().product();
        let encoding = TensorData::new(encoding(self.position, grid, width), [1, n, width]);
        let encoding = Tensor::<3>::from_data(encoding, &device).expand([b, n, width]);
        let seen = self.encoder_to_decoder.forward(encoded) + gather(encoding.clone(), &tokens.visible);
        let hidden = self.mask_token.val() + gather(encoding, &tokens.masked);
        let x = Tensor::cat(vec![seen, hidden], 1);
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        self.head.forward(self.norm.forward(x.narrow(1, visible, n - visible)))
    }
}

/// Token numbers of each sample, in rising order: what the encoder sees and what it does not.
pub(super) struct Split {
    pub(super) visible: Vec<Vec<usize>>,
    pub(super) masked: Vec<Vec<usize>>,
}

impl Split {
    /// From the masked tokens of each sample, of `n`; as many in each.
    pub(super) fn new(masked: &[Vec<usize>], n: usize) -> Self {
        let others = |masked: &Vec<usize>| (0..n).filter(|t| masked.binary_search(t).is_err()).collect();
        Self { visible: masked.iter().map(others).collect(), masked: masked.to_vec() }
    }
}

/// Rows `[b, m, width]` of `x` `[b, n, width]`, the same number from each sample.
pub(super) fn gather(x: Tensor<3>, rows: &[Vec<usize>]) -> Tensor<3> {
    let [b, n, width] = x.dims();
    let flat: Vec<i32> =
        rows.iter().enumerate().flat_map(|(i, rows)| rows.iter().map(move |r| (i * n + r) as i32)).collect();
    let count = flat.len();
    let index = Tensor::<1, Int>::from_data(TensorData::new(flat, [count]), &x.device());
    x.reshape([b * n, width]).select(0, index).reshape([b, count / b, width])
}

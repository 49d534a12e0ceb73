//! ASA's encoder: a transformer over 8³ patches that attends in windows of consecutive tokens.

use burn::module::{Initializer, Module, Param};
use burn::nn::{LayerNorm, Linear};
use burn::tensor::activation::{gelu, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};
use saswin_kernels::{MASKED, NORM_EPS};

use super::super::{Trace, layer_norm, linear};
use super::position::encoding;
use crate::{AsaConfig, Position};

/// Side of a patch in voxels.
pub(crate) const PATCH: usize = 8;

#[derive(Module, Debug)]
struct Attention {
    qkv: Linear,
    out_proj: Linear,
    relative_position_bias_table: Param<Tensor<2>>,
    #[module(skip)]
    heads: usize,
    #[module(skip)]
    window: usize,
}

impl Attention {
    fn new(config: &AsaConfig, device: &Device) -> Self {
        let width = config.hidden_size;
        let table = Initializer::Normal { mean: 0.0, std: 0.02 };
        Self {
            qkv: linear(width, 3 * width, false, device),
            out_proj: linear(width, width, true, device),
            relative_position_bias_table: table.init([2 * config.window - 1, config.heads], device),
            heads: config.heads,
            window: config.window,
        }
    }

    /// `[1, 1, heads, window, window]`.
    fn bias(&self, device: &Device) -> Tensor<5> {
        let n = self.window;
        let rows: Vec<i32> = (0..n * n).map(|p| (p / n + n - 1 - p % n) as i32).collect();
        let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [n * n]), device);
        let table = self.relative_position_bias_table.val().select(0, rows);
        table.reshape([n, n, self.heads]).permute([2, 0, 1]).unsqueeze()
    }

    /// `[b, windows · window, width]` to the same. As published, scores go through softmax twice: once alone,
    /// and again with bias and mask added.
    fn forward(&self, x: Tensor<3>, mask: Option<Tensor<5>>) -> Tensor<3> {
        let [b, tokens, width] = x.dims();
        let (windows, each) = (tokens / self.window, width / self.heads);
        let device = x.device();
        let qkv = self.qkv.forward(x).reshape([b, windows, self.window, 3, self.heads, each]);
        let qkv = qkv.permute([3, 0, 1, 4, 2, 5]);
        let [q, k, v]: [Tensor<5>; 3] = std::array::from_fn(|i| {
            qkv.clone().narrow(0, i, 1).reshape([b, windows, self.heads, self.window, each])
        });
        let scores = softmax((q * (each as f32).powf(-0.5)).matmul(k.swap_dims(3, 4)), 4);
        let scores = scores + self.bias(&device);
        let scores = match mask {
            Some(mask) => scores + mask,
            None => scores,
        };
        let mixed = softmax(scores, 4).matmul(v).swap_dims(2, 3).reshape([b, tokens, width]);
        self.out_proj.forward(mixed)
    }
}

#[derive(Module, Debug)]
struct Mlp {
    linear1: Linear,
    linear2: Linear,
}

/// A pre-norm block over tokens `[b, n, width]`.
#[derive(Module, Debug)]
pub(super) struct Block {
    norm1: LayerNorm,
    attn: Attention,
    norm2: LayerNorm,
    mlp: Mlp,
    #[module(skip)]
    shift: usize,
    #[module(skip)]
    mask_repeats: usize,
}

impl Block {
    pub(super) fn new(config: &AsaConfig, shifted: bool, device: &Device) -> Self {
        let width = config.hidden_size;
        Self {
            norm1: layer_norm(width, NORM_EPS, device),
            attn: Attention::new(config, device),
            norm2: layer_norm(width, NORM_EPS, device),
            mlp: Mlp {
                linear1: linear(width, 4 * width, true, device),
                linear2: linear(4 * width, width, true, device),
            },
            shift: if shifted { config.window / 2 } else { 0 },
            mask_repeats: config.mask_repeats,
        }
    }

    pub(super) fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let x = x.clone() + self.attend(self.norm1.forward(x));
        let y = gelu(self.mlp.linear1.forward(self.norm2.forward(x.clone())));
        x + self.mlp.linear2.forward(y)
    }

    /// Zero tokens that fill up the last window come after the norm and take part.
    fn attend(&self, x: Tensor<3>) -> Tensor<3> {
        let [b, n, width] = x.dims();
        let device = x.device();
        let padded = n.next_multiple_of(self.attn.window);
        let x = match padded - n {
            0 => x,
            missing => Tensor::cat(vec![x, Tensor::zeros([b, missing, width], &device)], 1),
        };
        let mask = (self.shift > 0).then(|| {
            let windows = padded / self.attn.window;
            let values = shift_mask(windows, self.attn.window, self.mask_repeats);
            let shape = [1, windows, 1, self.attn.window, self.attn.window];
            Tensor::from_data(TensorData::new(values, shape), &device)
        });
        let y = self.attn.forward(rolled(x, self.shift), mask);
        rolled(y, padded - self.shift).narrow(1, 0, n)
    }
}

/// Tokens moved `by` places to the front, the first ones to the end.
fn rolled(x: Tensor<3>, by: usize) -> Tensor<3> {
    let n = x.dims()[1];
    match by % n {
        0 => x,
        by => Tensor::cat(vec![x.clone().narrow(1, by, n - by), x.narrow(1, 0, by)], 1),
    }
}

/// `[windows, window, window]`: in the last window of each of `repeats` equal parts, −100 between the tokens
/// that the roll brought to the end and the others. Windows that do not part so have the last of all alone, which is the
/// one that the roll filled from both ends.
pub(crate) fn shift_mask(windows: usize, window: usize, repeats: usize) -> Vec<f32> {
    let part = if windows.is_multiple_of(repeats) { windows / repeats } else { windows };
    let late = |t: usize| t >= window - window / 2;
    let mut mask = Vec::with_capacity(windows * window * window);
    for w in 0..windows {
        let wraps = (w + 1).is_multiple_of(part);
        for i in 0..window {
            mask.extend((0..window).map(|j| if wraps && late(i) != late(j) { MASKED } else { 0.0 }));
        }
    }
    mask
}

#[derive(Module, Debug)]
struct PatchEmbedding {
    patch_embeddings: Linear,
    #[module(skip)]
    position: Position,
}

/// Tokens of an image: patches, position encoding, blocks, final norm.
#[derive(Module, Debug)]
pub(super) struct Vit {
    patch_embedding: PatchEmbedding,
    blocks: Vec<Block>,
    norm: LayerNorm,
}

impl Vit {
    pub(super) fn new(config: &AsaConfig, device: &Device) -> Self {
        let width = config.hidden_size;
        let voxels = config.in_channels * PATCH.pow(3);
        Self {
            patch_embedding: PatchEmbedding {
                patch_embeddings: linear(voxels, width, true, device),
                position: config.position,
            },
            blocks: (0..config.layers).map(|i| Block::new(config, i % 2 == 1, device)).collect(),
            norm: layer_norm(width, NORM_EPS, device),
        }
    }

    /// `[b, c, h, w, s]` to the output of every block and the normalised last one, each `[b, h/8, w/8, s/8, width]`.
    pub(super) fn forward(&self, x: Tensor<5>, trace: &mut Trace) -> (Vec<Tensor<5>>, Tensor<5>) {
        let [b, _, h, w, s] = x.dims();
        let grid = [h / PATCH, w / PATCH, s / PATCH];
        let width = self.norm.gamma.dims()[0];
        let volume = |t: Tensor<3>| t.reshape([b, grid[0], grid[1], grid[2], width]);
        let mut tokens = self.embed(x, grid);
        trace.keep("embedding", &volume(tokens.clone()));
        let mut outputs = Vec::with_capacity(self.blocks.len());
        for (index, block) in self.blocks.iter().enumerate() {
            tokens = block.forward(tokens);
            let output = volume(tokens.clone());
            trace.keep(&format!("block{index}"), &output);
            outputs.push(output);
        }
        let normed = volume(self.norm.forward(tokens));
        trace.keep("norm", &normed);
        (outputs, normed)
    }

    /// Tokens `[b, n, width]` through all blocks and the final norm.
    pub(super) fn encode(&self, tokens: Tensor<3>) -> Tensor<3> {
        self.norm.forward(self.blocks.iter().fold(tokens, |x, block| block.forward(x)))
    }

    /// Patches embedded, position added: `[b, tokens, width]`, tokens row-major in (h, w, s).
    pub(super) fn embed(&self, x: Tensor<5>, grid: [usize; 3]) -> Tensor<3> {
        let device = x.device();
        let PatchEmbedding { patch_embeddings, position } = &self.patch_embedding;
        let tokens = patch_embeddings.forward(patches(x));
        let [_, n, width] = tokens.dims();
        let encoding = TensorData::new(encoding(*position, grid, width), [1, n, width]);
        tokens + Tensor::from_data(encoding, &device)
    }
}

/// `[b, c, h, w, s]` cut into patches `[b, tokens, 512·c]`, channel fastest within a patch. What is left at the
/// ends of axes that are not multiples of 8 is cut off.
pub(super) fn patches(x: Tensor<5>) -> Tensor<3> {
    let [b, c, h, w, s] = x.dims();
    let [gh, gw, gs] = [h / PATCH, w / PATCH, s / PATCH];
    x.slice([0..b, 0..c, 0..gh * PATCH, 0..gw * PATCH, 0..gs * PATCH])
        .reshape([b, c, gh, PATCH, gw, PATCH, gs, PATCH])
        .permute([0, 2, 4, 6, 3, 5, 7, 1])
        .reshape([b, gh * gw * gs, c * PATCH.pow(3)])
}

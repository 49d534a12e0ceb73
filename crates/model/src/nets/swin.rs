//! The 3-D Swin encoder.

use burn::module::{Initializer, Module, Param};
use burn::nn::conv::Conv3d;
use burn::nn::{LayerNorm, Linear};
use burn::tensor::{Device, Tensor};
use saswin_kernels::{
    MergeMode, NORM_EPS, WindowAttention, layer_norm_plain, patch_embed, patch_merge, window_attention,
};

use super::block::ResBlock;
use super::watch::note;
use super::{Trace, affine, apply, apply_add, apply_gelu, conv, layer_norm, linear, normalise};
use crate::weights::held;
use crate::{Room, SwinConfig};

#[derive(Module, Debug)]
struct PatchEmbed {
    proj: Conv3d,
}

#[derive(Module, Debug)]
struct Attention {
    relative_position_bias_table: Param<Tensor<2>>,
    qkv: Linear,
    proj: Linear,
}

#[derive(Module, Debug)]
struct Mlp {
    linear1: Linear,
    linear2: Linear,
}

#[derive(Module, Debug)]
struct Block {
    norm1: LayerNorm,
    attn: Attention,
    norm2: LayerNorm,
    mlp: Mlp,
    #[module(skip)]
    spec: WindowAttention,
}

impl Block {
    fn new(width: usize, spec: WindowAttention, device: &Device) -> Self {
        let rows: usize = spec.configured.iter().map(|w| 2 * w - 1).product();
        let table = Initializer::Normal { mean: 0.0, std: 0.02 }.init([rows, spec.heads], device);
        Self {
            norm1: layer_norm(width, NORM_EPS, device),
            attn: Attention {
                relative_position_bias_table: table,
                qkv: linear(width, 3 * width, true, device),
                proj: linear(width, width, true, device),
            },
            norm2: layer_norm(width, NORM_EPS, device),
            mlp: Mlp {
                linear1: linear(width, 4 * width, true, device),
                linear2: linear(4 * width, width, true, device),
            },
            spec,
        }
    }

    fn forward(&self, x: Tensor<5>) -> Tensor<5> {
        let qkv = &self.attn.qkv;
        let bias = match &qkv.bias {
            Some(bias) => bias.val(),
            None => Tensor::zeros([qkv.weight.dims()[1]], &x.device()),
        };
        let table = self.attn.relative_position_bias_table.val();
        let y = normalise(&self.norm1, x.clone(), NORM_EPS);
        note(qkv, &y);
        let y = window_attention(y, held(&qkv.weight), bias, table, &self.spec);
        let x = apply_add(&self.attn.proj, y, x);
        let y = apply_gelu(&self.mlp.linear1, normalise(&self.norm2, x.clone(), NORM_EPS));
        apply_add(&self.mlp.linear2, y, x)
    }
}

#[derive(Module, Debug)]
struct PatchMerging {
    reduction: Linear,
    norm: LayerNorm,
    #[module(skip)]
    mode: MergeMode,
}

#[derive(Module, Debug)]
struct Stage {
    blocks: Vec<Block>,
    downsample: PatchMerging,
}

impl Stage {
    fn new(config: &SwinConfig, stage: usize, device: &Device) -> Self {
        let width = config.feature_size << stage;
        let block = |index: usize| {
            let shift = if index.is_multiple_of(2) { [0; 3] } else { config.window.map(|w| w / 2) };
            let spec = WindowAttention { configured: config.window, shift, heads: config.heads[stage] };
            Block::new(width, spec, device)
        };
        Self {
            blocks: (0..config.depths[stage]).map(block).collect(),
            downsample: PatchMerging {
                reduction: linear(8 * width, 2 * width, false, device),
                norm: layer_norm(8 * width, NORM_EPS, device),
                mode: config.merge.into(),
            },
        }
    }

    fn forward(&self, x: Tensor<5>) -> Tensor<5> {
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        let PatchMerging { reduction, norm, mode } = &self.downsample;
        let (gamma, beta) = affine(norm);
        apply(reduction, patch_merge(x, *mode, gamma, beta, NORM_EPS))
    }
}

#[derive(Module, Debug)]
struct StageConv {
    layer: ResBlock,
}

/// MONAI's `SwinTransformer`: five feature maps at 1/2 to 1/32 of the input (for patch 2).
///
/// Each returned map is layer-normalised without affine; the raw map feeds the next stage.
#[derive(Module, Debug)]
pub struct SwinTransformer {
    patch_embed: PatchEmbed,
    layers1: Vec<Stage>,
    layers2: Vec<Stage>,
    layers3: Vec<Stage>,
    layers4: Vec<Stage>,
    layers1c: Vec<StageConv>,
    layers2c: Vec<StageConv>,
    layers3c: Vec<StageConv>,
    layers4c: Vec<StageConv>,
}

impl SwinTransformer {
    /// Randomly initialised encoder.
    pub fn new(config: &SwinConfig, device: &Device) -> Self {
        let stage = |i| vec![Stage::new(config, i, device)];
        let before = |i: usize| {
            let width = config.feature_size << i;
            let blocks = usize::from(config.use_v2);
            (0..blocks).map(|_| StageConv { layer: ResBlock::new(width, width, device) }).collect()
        };
        Self {
            patch_embed: PatchEmbed {
                proj: conv(config.in_channels, config.feature_size, config.patch, true, device),
            },
            layers1: stage(0),
            layers2: stage(1),
            layers3: stage(2),
            layers4: stage(3),
            layers1c: before(0),
            layers2c: before(1),
            layers3c: before(2),
            layers4c: before(3),
        }
    }

    /// Elements of the largest tensor of [`forward`](Self::forward): the hidden layer of the first blocks.
    pub(super) fn largest(&self, [b, x, y, z, _]: [usize; 5]) -> u64 {
        let [width, _, patch, ..] = self.patch_embed.proj.weight.dims();
        let places = [x, y, z].iter().map(|side| side.div_ceil(patch) as u64).product::<u64>();
        4 * (width * b) as u64 * places
    }

    /// `[b, x, y, z, in]` to the five feature maps x0 to x4, channels last.
    pub fn forward(&self, image: Tensor<5>, trace: &mut Trace) -> [Tensor<5>; 5] {
        let mut normed = |name: &str, x: &Tensor<5>| {
            let out = layer_norm_plain(x.clone());
            trace.keep(name, &out);
            out
        };
        let proj = &self.patch_embed.proj;
        let x = patch_embed(image, proj.weight.val(), proj.bias.as_ref().map(|b| b.val()));
        let x0 = normed("x0", &x);
        let x = stage(&self.layers1c, &self.layers1, x);
        let x1 = normed("x1", &x);
        let x = stage(&self.layers2c, &self.layers2, x);
        let x2 = normed("x2", &x);
        let x = stage(&self.layers3c, &self.layers3, x);
        let x3 = normed("x3", &x);
        let x4 = normed("x4", &stage(&self.layers4c, &self.layers4, x));
        [x0, x1, x2, x3, x4]
    }
}

/// A stage and the convolutions before it, if there are any. Its input is let go as soon as it was read.
fn stage(convs: &[StageConv], layers: &[Stage], x: Tensor<5>) -> Tensor<5> {
    let x = convs.iter().fold(x, |x, c| c.layer.forward(x.into(), Room::ANY).join());
    layers.iter().fold(x, |x, stage| stage.forward(x))
}

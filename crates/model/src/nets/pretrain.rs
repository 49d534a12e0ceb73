//! The heads that SA-Swin is pretrained with (its `SymmetryEnhancedHead`).

use burn::module::Module;
use burn::nn::Linear;
use burn::nn::conv::Conv3d;
use burn::tensor::{Device, Tensor};
use saswin_kernels::{conv3x3x3, instance_norm, pointwise, resize2};

use super::sa_swin::tokens;
use super::{conv, linear, to_channels_first};
use crate::SwinConfig;

/// Width of the contrastive and symmetry embeddings.
const EMBEDDING: usize = 512;

/// Outputs of the pretraining heads for a batch `b`.
#[derive(Debug)]
pub struct PretrainOutput {
    /// Logits of the four rotations, `[b, 4]`.
    pub rotation: Tensor<2>,
    /// Contrastive embedding, `[b, 512]`.
    pub contrastive: Tensor<2>,
    /// Symmetry (SAH) embeddings of scan and mirror, `[b, 512]` each, from before SACA.
    pub symmetry: [Tensor<2>; 2],
    /// Inpainted image `[b, c, x, y, z]`.
    pub reconstruction: Tensor<5>,
}

/// Rotation head on token 0, contrastive and symmetry heads on token 1, inpainting decoder on all.
#[derive(Module, Debug)]
pub(super) struct PretrainHeads {
    rotation_head: Linear,
    contrastive_head: Linear,
    aaw_head: Linear,
    conv: Vec<Conv3d>,
}

impl PretrainHeads {
    pub(super) fn new(config: &SwinConfig, device: &Device) -> Self {
        let w = config.bottleneck();
        let widths = [w, w / 2, w / 4, w / 8, w / 16, w / 16];
        let mut convs: Vec<Conv3d> = widths.windows(2).map(|p| conv(p[0], p[1], 3, true, device)).collect();
        convs.push(conv(w / 16, config.in_channels, 1, true, device));
        Self {
            rotation_head: linear(w, 4, true, device),
            contrastive_head: linear(w, EMBEDDING, true, device),
            aaw_head: linear(w, EMBEDDING, true, device),
            conv: convs,
        }
    }

    pub(super) fn forward(&self, fused: Tensor<5>, scan: Tensor<5>, mirror: Tensor<5>) -> PretrainOutput {
        let token = |x: &Tensor<5>, index: usize| {
            let t = tokens(x.clone());
            let [b, n, width] = t.dims();
            let index = index.min(n - 1);
            t.slice([0..b, index..index + 1]).reshape([b, width])
        };
        PretrainOutput {
            rotation: self.rotation_head.forward(token(&fused, 0)),
            contrastive: self.contrastive_head.forward(token(&fused, 1)),
            symmetry: [&scan, &mirror].map(|x| self.aaw_head.forward(token(x, 1))),
            reconstruction: to_channels_first(self.inpaint(fused)),
        }
    }

    fn inpaint(&self, x: Tensor<5>) -> Tensor<5> {
        let bias = |c: &Conv3d| c.bias.as_ref().map(|b| b.val());
        let last = self.conv.len() - 1;
        let mut x = x;
        for layer in &self.conv[..last] {
            // A bias before an affine-free instance norm cancels, but is kept: it is in the checkpoints.
            let y = conv3x3x3(x, None, layer.weight.val());
            let y = match bias(layer) {
                Some(b) => y + b.reshape([1, 1, 1, 1, -1]),
                None => y,
            };
            x = resize2(instance_norm(y, None, true));
        }
        let end = &self.conv[last];
        pointwise(x, None, end.weight.val(), bias(end))
    }
}

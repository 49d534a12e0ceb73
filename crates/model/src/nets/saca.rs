//! Symmetry-Aware Cross-Attention: where the scan meets its mirror.

use burn::module::Module;
use burn::nn::{LayerNorm, Linear};
use burn::tensor::{Device, Tensor};
use saswin_kernels::cross_attention;

use super::{apply, apply_add, apply_gelu, layer_norm, linear, normalise};

/// Epsilon of the block's norms; too small for 16-bit floats, so its statistics must stay in `f32`.
const EPS: f64 = 1e-12;
const HEADS: usize = 12;

#[derive(Module, Debug)]
struct Residual {
    dense: Linear,
    layer_norm: LayerNorm,
}

impl Residual {
    fn forward(&self, x: Tensor<5>, residual: Tensor<5>) -> Tensor<5> {
        normalise(&self.layer_norm, apply_add(&self.dense, x, residual), EPS)
    }
}

#[derive(Module, Debug)]
struct MultiHead {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Residual,
}

impl MultiHead {
    fn new(width: usize, device: &Device) -> Self {
        Self {
            query: linear(width, width, true, device),
            key: linear(width, width, true, device),
            value: linear(width, width, true, device),
            output: Residual {
                dense: linear(width, width, true, device),
                layer_norm: layer_norm(width, EPS, device),
            },
        }
    }

    /// Tokens `[b, n, 1, 1, width]`.
    fn forward(&self, x: Tensor<5>, context: Tensor<5>) -> Tensor<5> {
        let q = apply(&self.query, x.clone());
        let k = apply(&self.key, context.clone());
        let v = apply(&self.value, context);
        self.output.forward(cross_attention(q, k, v, HEADS), x)
    }
}

#[derive(Module, Debug)]
struct Intermediate {
    dense: Linear,
}

/// One post-norm decoder layer over bottleneck tokens: self-attention on the scan, cross-attention with
/// queries from the scan and keys and values from its mirror, MLP. No mask (Ma et al., MICCAI 2024, fig. 2b).
#[derive(Module, Debug)]
pub struct Saca {
    attention: MultiHead,
    crossattention: MultiHead,
    intermediate: Intermediate,
    output: Residual,
}

impl Saca {
    /// Randomly initialised block for tokens of `width` channels.
    pub fn new(width: usize, device: &Device) -> Self {
        Self {
            attention: MultiHead::new(width, device),
            crossattention: MultiHead::new(width, device),
            intermediate: Intermediate { dense: linear(width, 4 * width, true, device) },
            output: Residual {
                dense: linear(4 * width, width, true, device),
                layer_norm: layer_norm(width, EPS, device),
            },
        }
    }

    /// Tokens `[b, n, width]` of the scan and of its mirror to tokens of the same shape.
    pub fn forward(&self, scan: Tensor<3>, mirror: Tensor<3>) -> Tensor<3> {
        let [.., output] = self.stages(scan, mirror);
        output
    }

    /// Outputs of self-attention, cross-attention and MLP.
    pub(crate) fn stages(&self, scan: Tensor<3>, mirror: Tensor<3>) -> [Tensor<3>; 3] {
        let shape @ [b, n, width] = scan.dims();
        let [scan, mirror] = [scan, mirror].map(|t| t.reshape([b, n, 1, 1, width]));
        let a = self.attention.forward(scan.clone(), scan);
        let c = self.crossattention.forward(a.clone(), mirror);
        let hidden = apply_gelu(&self.intermediate.dense, c.clone());
        let output = self.output.forward(hidden, c.clone());
        [a, c, output].map(|t| t.reshape(shape))
    }
}

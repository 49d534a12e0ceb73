//! Matrix products over channels: linear layers, 1×1×1 and non-overlapping convolutions, and their transposes.

use burn::tensor::activation::gelu;
use burn::tensor::{Tensor, module};

use crate::LayerWeight;
use crate::operations::operations;
use crate::shuffle::{depth_to_space, space_to_depth};
use crate::window_attention::pad_ends;

/// A matrix product of the channels of each voxel with a weight, and what follows it, in this order.
#[derive(Debug, Clone)]
pub(crate) struct Product {
    /// `[b, x, y, z, c]`
    pub x: Tensor<5>,
    /// More channels, behind those of `x`.
    pub skip: Option<Tensor<5>>,
    /// `[in, out]`
    pub weight: LayerWeight<2>,
    pub bias: Option<Tensor<1>>,
    pub gelu: bool,
    pub residual: Option<Tensor<5>>,
    /// Columns `8·channel + 4·dx + 2·dy + dz` become the voxels of a grid of twice the sides.
    pub to_space: bool,
}

impl Product {
    fn new(x: Tensor<5>, weight: impl Into<LayerWeight<2>>, bias: Option<Tensor<1>>) -> Self {
        let weight = weight.into();
        Self { x, skip: None, weight, bias, gelu: false, residual: None, to_space: false }
    }

    fn run(self) -> Tensor<5> {
        operations(&self.x).linear(self)
    }

    pub(crate) fn composed(self) -> Tensor<5> {
        let weight = self.weight;
        let x = match weight.seen_beside(self.x, self.skip) {
            (x, Some(skip)) => Tensor::cat(vec![x, skip], 4),
            (x, None) => x,
        };
        let mut y = module::linear(x, weight.expanded(), self.bias);
        if self.gelu {
            y = gelu(y);
        }
        if let Some(residual) = self.residual {
            y = y + residual;
        }
        if self.to_space { depth_to_space(y, 2) } else { y }
    }
}

/// `x·weight + bias` over channels; `weight` is `[in, out]`.
pub fn linear(x: Tensor<5>, weight: impl Into<LayerWeight<2>>, bias: Option<Tensor<1>>) -> Tensor<5> {
    Product::new(x, weight, bias).run()
}

/// [`linear`], then GELU.
pub fn linear_gelu(x: Tensor<5>, weight: impl Into<LayerWeight<2>>, bias: Option<Tensor<1>>) -> Tensor<5> {
    Product { gelu: true, ..Product::new(x, weight, bias) }.run()
}

/// [`linear`], then the sum with `residual`.
pub fn linear_add(
    x: Tensor<5>,
    weight: impl Into<LayerWeight<2>>,
    bias: Option<Tensor<1>>,
    residual: Tensor<5>,
) -> Tensor<5> {
    Product { residual: Some(residual), ..Product::new(x, weight, bias) }.run()
}

/// `[out, in, 1, 1, 1]` to `[in, out]`.
fn as_matrix(weight: LayerWeight<5>) -> LayerWeight<2> {
    match weight {
        LayerWeight::Floats(weight) => {
            let [out, input, ..] = weight.dims();
            weight.permute([2, 3, 4, 1, 0]).reshape([input, out]).into()
        }
        LayerWeight::Packed(packed) => LayerWeight::Packed(packed),
    }
}

/// The same convolution kernel `[out, in, k, k, k]` with its elements in memory in the order that the shaders
/// read, `[k, k, k, in, out]`. Other tensors, and kernels that are not on a GPU, are returned as they are.
pub fn lay_out_kernel<const D: usize>(weight: Tensor<D>) -> Tensor<D> {
    #[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
    if D == 5 && matches!(weight.dims()[2], 1 | 3) {
        return crate::gpu::reorder(weight, [2, 3, 4, 1, 0], [4, 3, 0, 1, 2]);
    }
    weight
}

/// 1×1×1 convolution; `weight` is `[out, in, 1, 1, 1]`. `skip` as in [`conv3x3x3`](crate::conv3x3x3).
pub fn pointwise(
    x: Tensor<5>,
    skip: Option<Tensor<5>>,
    weight: impl Into<LayerWeight<5>>,
    bias: Option<Tensor<1>>,
) -> Tensor<5> {
    Product { skip, ..Product::new(x, as_matrix(weight.into()), bias) }.run()
}

/// [`pointwise`], then [`depth_to_space`] by 2.
pub fn pointwise_to_space(
    x: Tensor<5>,
    weight: impl Into<LayerWeight<5>>,
    bias: Option<Tensor<1>>,
) -> Tensor<5> {
    Product { to_space: true, ..Product::new(x, as_matrix(weight.into()), bias) }.run()
}

/// Non-overlapping convolution whose stride equals its kernel (patch embedding).
///
/// `weight` is `[out, in, p, p, p]`; x, y, z are zero-padded at their ends to multiples of `p`.
pub fn patch_embed(x: Tensor<5>, weight: Tensor<5>, bias: Option<Tensor<1>>) -> Tensor<5> {
    let [out, input, p, _, _] = weight.dims();
    let [_, dx, dy, dz, _] = x.dims();
    let x = pad_ends(x, [dx, dy, dz].map(|d| d.div_ceil(p) * p));
    let weight = weight.reshape([out, input * p * p * p]).transpose();
    Product::new(space_to_depth(x, p), weight, bias).run()
}

/// Transposed 2×2×2 convolution, stride 2, no bias; `weight` is `[in, out, 2, 2, 2]`. `skip` as in
/// [`conv3x3x3`](crate::conv3x3x3).
pub fn upsample2(x: Tensor<5>, skip: Option<Tensor<5>>, weight: impl Into<LayerWeight<5>>) -> Tensor<5> {
    let weight: LayerWeight<2> = match weight.into() {
        LayerWeight::Floats(weight) => {
            let [input, out, ..] = weight.dims();
            weight.reshape([input, out * 8]).into()
        }
        LayerWeight::Packed(packed) => LayerWeight::Packed(packed),
    };
    Product { skip, to_space: true, ..Product::new(x, weight, None) }.run()
}

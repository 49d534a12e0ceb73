//! Convolutions of the decoder, channels-last.

use burn::tensor::Tensor;
use burn::tensor::module::{conv3d, linear};
use burn::tensor::ops::ConvOptions;

use crate::shuffle::depth_to_space;

fn to_channels_first(x: Tensor<5>) -> Tensor<5> {
    x.permute([0, 4, 1, 2, 3])
}

fn to_channels_last(x: Tensor<5>) -> Tensor<5> {
    x.permute([0, 2, 3, 4, 1])
}

/// 3×3×3 convolution, stride 1, zero padding 1, no bias; `weight` is `[out, in, 3, 3, 3]`.
///
/// With `skip`, the input is the concatenation of `x` and `skip` along channels, in that order.
pub fn conv3x3x3(x: Tensor<5>, skip: Option<Tensor<5>>, weight: Tensor<5>) -> Tensor<5> {
    let x = match skip {
        Some(skip) => Tensor::cat(vec![x, skip], 4),
        None => x,
    };
    let options = ConvOptions::new([1; 3], [1; 3], [1; 3], 1);
    to_channels_last(conv3d(to_channels_first(x), weight, None, options))
}

/// 1×1×1 convolution; `weight` is `[out, in, 1, 1, 1]`. `skip` as in [`conv3x3x3`].
pub fn pointwise(
    x: Tensor<5>,
    skip: Option<Tensor<5>>,
    weight: Tensor<5>,
    bias: Option<Tensor<1>>,
) -> Tensor<5> {
    let x = match skip {
        Some(skip) => Tensor::cat(vec![x, skip], 4),
        None => x,
    };
    let [out, input, ..] = weight.dims();
    linear(x, weight.reshape([out, input]).transpose(), bias)
}

/// Non-overlapping convolution whose stride equals its kernel (patch embedding).
///
/// `weight` is `[out, in, p, p, p]`; x, y, z are zero-padded at their ends to multiples of `p`.
pub fn patch_embed(x: Tensor<5>, weight: Tensor<5>, bias: Option<Tensor<1>>) -> Tensor<5> {
    let [out, input, p, _, _] = weight.dims();
    let [_, dx, dy, dz, _] = x.dims();
    let x = crate::attention::pad_ends(x, [dx, dy, dz].map(|d| d.div_ceil(p) * p));
    let cells = crate::shuffle::space_to_depth(x, p);
    linear(cells, weight.reshape([out, input * p * p * p]).transpose(), bias)
}

/// Transposed 2×2×2 convolution, stride 2, no bias; `weight` is `[in, out, 2, 2, 2]`.
pub fn upsample2(x: Tensor<5>, weight: Tensor<5>) -> Tensor<5> {
    let [input, out, ..] = weight.dims();
    depth_to_space(linear(x, weight.reshape([input, out * 8]), None), 2)
}

//! 3×3×3 convolution, channels last.

use burn::tensor::Tensor;
use burn::tensor::module::conv3d;
use burn::tensor::ops::ConvOptions;

use crate::LayerWeight;
use crate::operations::operations;

/// 3×3×3 convolution, stride 1, zero padding 1, no bias; `weight` is `[out, in, 3, 3, 3]`.
///
/// With `skip`, the input is the concatenation of `x` and `skip` along channels, in that order.
pub fn conv3x3x3(x: Tensor<5>, skip: Option<Tensor<5>>, weight: impl Into<LayerWeight<5>>) -> Tensor<5> {
    operations(&x).conv3x3x3(x, skip, weight.into())
}

pub(crate) fn composed(x: Tensor<5>, skip: Option<Tensor<5>>, weight: LayerWeight<5>) -> Tensor<5> {
    let x = match weight.seen_beside(x, skip) {
        (x, Some(skip)) => Tensor::cat(vec![x, skip], 4),
        (x, None) => x,
    };
    let weight = weight.expanded();
    let options = ConvOptions::new([1; 3], [1; 3], [1; 3], 1);
    conv3d(x.permute([0, 4, 1, 2, 3]), weight, None, options).permute([0, 2, 3, 4, 1])
}

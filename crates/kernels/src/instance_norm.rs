//! Instance normalisation without learned parameters.

use burn::tensor::Tensor;
use burn::tensor::activation::leaky_relu;

use crate::operations::operations;
use crate::{LEAKY_SLOPE, NORM_EPS};

/// Instance normalisation over x, y, z per sample and channel (biased variance, no affine),
/// plus `residual` if given, then a leaky rectifier if `activate`.
pub fn instance_norm(x: Tensor<5>, residual: Option<Tensor<5>>, activate: bool) -> Tensor<5> {
    operations(&x).instance_norm(x, residual, activate)
}

pub(crate) fn composed(x: Tensor<5>, residual: Option<Tensor<5>>, activate: bool) -> Tensor<5> {
    let centred = x.clone() - spatial_mean(x);
    let variance = spatial_mean(centred.clone().square());
    let y = centred / (variance + NORM_EPS).sqrt();
    let y = match residual {
        Some(residual) => y + residual,
        None => y,
    };
    if activate { leaky_relu(y, LEAKY_SLOPE) } else { y }
}

/// Mean over x, y, z, `[b, 1, 1, 1, c]`. Axis by axis, which keeps 32-bit sums of millions of voxels exact enough.
fn spatial_mean(x: Tensor<5>) -> Tensor<5> {
    x.mean_dim(3).mean_dim(2).mean_dim(1)
}

//! Layer normalisation over channels.

use burn::tensor::{Tensor, module};

use crate::NORM_EPS;
use crate::operations::operations;

/// Layer normalisation over channels with learned `gamma` and `beta`, `[c]` each.
pub fn layer_norm(x: Tensor<5>, gamma: Tensor<1>, beta: Tensor<1>, epsilon: f64) -> Tensor<5> {
    operations(&x).layer_norm(x, Some((gamma, beta)), epsilon)
}

/// Layer normalisation over channels, no weight and no bias.
pub fn layer_norm_plain(x: Tensor<5>) -> Tensor<5> {
    operations(&x).layer_norm(x, None, NORM_EPS)
}

pub(crate) fn composed(x: Tensor<5>, affine: Option<(Tensor<1>, Tensor<1>)>, epsilon: f64) -> Tensor<5> {
    if let Some((gamma, beta)) = affine {
        return module::layer_norm(x, gamma, Some(beta), epsilon);
    }
    let (variance, mean) = x.clone().var_mean_bias(4);
    (x - mean) / (variance + epsilon).sqrt()
}

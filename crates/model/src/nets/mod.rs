//! The networks. Public tensors are `[batch, channels, x, y, z]`, x from the patient's left to right;
//! inside, channels are last.
//!
//! Field names follow the keys of the published checkpoints, so that a parameter's path is its key.

pub(crate) mod asa;
mod block;
mod decoder;
mod map;
mod network;
mod pretrain;
mod sa_swin;
mod saca;
mod swin;
mod trace;
mod watch;

pub use asa::{Asa, MaskedPatches};
pub use network::Network;
pub use sa_swin::{Output, SaSwin};
pub use saca::Saca;
pub use swin::SwinTransformer;
pub use trace::Trace;
pub use watch::{MeanInput, watch_inputs};

use burn::nn::conv::{Conv3d, Conv3dConfig};
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use self::watch::note;
use crate::weights::held;

/// `[b, c, x, y, z]` to `[b, x, y, z, c]`.
pub fn to_channels_last(x: Tensor<5>) -> Tensor<5> {
    x.permute([0, 2, 3, 4, 1])
}

/// `[b, x, y, z, c]` to `[b, c, x, y, z]`.
pub fn to_channels_first(x: Tensor<5>) -> Tensor<5> {
    x.permute([0, 4, 1, 2, 3])
}

fn linear(input: usize, output: usize, bias: bool, device: &Device) -> Linear {
    LinearConfig::new(input, output).with_bias(bias).init(device)
}

/// A linear layer on the channels of every voxel.
fn apply(layer: &Linear, x: Tensor<5>) -> Tensor<5> {
    note(layer, &x);
    saswin_kernels::linear(x, held(&layer.weight), bias(layer))
}

/// [`apply`], then GELU.
fn apply_gelu(layer: &Linear, x: Tensor<5>) -> Tensor<5> {
    note(layer, &x);
    saswin_kernels::linear_gelu(x, held(&layer.weight), bias(layer))
}

/// [`apply`], then the sum with `residual`.
fn apply_add(layer: &Linear, x: Tensor<5>, residual: Tensor<5>) -> Tensor<5> {
    note(layer, &x);
    saswin_kernels::linear_add(x, held(&layer.weight), bias(layer), residual)
}

fn bias(layer: &Linear) -> Option<Tensor<1>> {
    layer.bias.as_ref().map(|b| b.val())
}

/// Weight and bias of a layer norm.
fn affine(norm: &LayerNorm) -> (Tensor<1>, Tensor<1>) {
    let gamma = norm.gamma.val();
    let beta = norm.beta.as_ref().map_or_else(|| gamma.zeros_like(), |b| b.val());
    (gamma, beta)
}

/// Layer norm over the channels of every voxel.
fn normalise(norm: &LayerNorm, x: Tensor<5>, epsilon: f64) -> Tensor<5> {
    let (gamma, beta) = affine(norm);
    saswin_kernels::layer_norm(x, gamma, beta, epsilon)
}

fn layer_norm(width: usize, epsilon: f64, device: &Device) -> LayerNorm {
    LayerNormConfig::new(width).with_epsilon(epsilon).init(device)
}

fn conv(input: usize, output: usize, kernel: usize, bias: bool, device: &Device) -> Conv3d {
    Conv3dConfig::new([input, output], [kernel; 3]).with_bias(bias).init(device)
}

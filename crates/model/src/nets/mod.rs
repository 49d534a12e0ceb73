//! The networks. Public tensors are `[batch, channels, x, y, z]`, x from the patient's left to right;
//! inside, channels are last.
//!
//! Field names follow the keys of the published checkpoints, so that a parameter's path is its key.

pub(crate) mod asa;
mod block;
mod decoder;
mod network;
mod pretrain;
mod sa_swin;
mod saca;
mod swin;
mod trace;

pub use asa::{Asa, MaskedPatches};
pub use network::Network;
pub use sa_swin::{Output, SaSwin};
pub use saca::Saca;
pub use swin::SwinTransformer;
pub use trace::Trace;

use burn::nn::conv::{Conv3d, Conv3dConfig};
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

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

fn layer_norm(width: usize, epsilon: f64, device: &Device) -> LayerNorm {
    LayerNormConfig::new(width).with_epsilon(epsilon).init(device)
}

fn conv(input: usize, output: usize, kernel: usize, bias: bool, device: &Device) -> Conv3d {
    Conv3dConfig::new([input, output], [kernel; 3]).with_bias(bias).init(device)
}

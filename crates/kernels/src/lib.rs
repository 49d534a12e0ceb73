//! The hot operations of volumetric transformers and their convolutional decoders.
//!
//! Tensors are channels-last, `[batch, x, y, z, channels]` ("tokens × channels"), end to end, so that
//! attention and convolution never transpose between each other. Weights keep the shapes of PyTorch
//! (`[out, in, kx, ky, kz]` for convolutions) except linear weights, which are `[in, out]`.
//!
//! A weight may be held as integers ([`LayerWeight`]).
//!
//! Each operation is defined by a composition of burn operations, which computes it under automatic differentiation.
//! On a GPU, the shader of the same name in `shaders/` computes it, on the CPU a loop of `cpu` where there is one.

mod ceiling;
pub mod check;
mod conv3x3x3;
mod cpu;
mod cross_attention;
#[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
mod gpu;
mod instance_norm;
mod layer_norm;
mod linear;
mod operations;
mod packed;
#[cfg(any(feature = "wgpu", target_arch = "wasm32", test))]
// A build without a GPU only tests that the shaders are valid.
#[cfg_attr(not(any(feature = "wgpu", target_arch = "wasm32")), allow(dead_code, unused_imports))]
mod passes;
mod patch_merge;
mod profile;
mod shuffle;
mod window_attention;

pub use ceiling::{gemm, stream};
pub use conv3x3x3::conv3x3x3;
#[cfg(target_arch = "wasm32")]
pub use cpu::use_relaxed_simd;
pub use cross_attention::cross_attention;
pub use instance_norm::instance_norm;
pub use layer_norm::{layer_norm, layer_norm_plain};
pub use linear::{
    lay_out_kernel, linear, linear_add, linear_gelu, patch_embed, pointwise, pointwise_to_space, upsample2,
};
pub use operations::{Route, route};
pub use packed::{Arithmetic, Bits, LayerWeight, Packed};
pub use patch_merge::{MergeMode, merge_slots, pad_even, patch_merge};
pub use profile::{PassTime, Timing, held_bytes, profile};
pub use shuffle::{depth_to_space, flip_x, resize2, space_to_depth};
pub use window_attention::{MASKED, WindowAttention, window_attention};

/// Epsilon of layer and instance normalisation in Swin UNETR (PyTorch's default).
pub const NORM_EPS: f64 = 1e-5;
/// Negative slope of the leaky rectifiers in the decoder.
pub const LEAKY_SLOPE: f64 = 0.01;

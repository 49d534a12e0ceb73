//! The hot operations of volumetric transformers and their convolutional decoders.
//!
//! Tensors are channels-last, `[batch, x, y, z, channels]` ("tokens × channels"), end to end, so that
//! attention and convolution never transpose between each other. Weights keep the shapes of PyTorch
//! (`[out, in, kx, ky, kz]` for convolutions) except linear weights, which are `[in, out]`.
//!
//! The functions here are compositions of burn operations: the definition of each operation, used on the
//! CPU backend and by automatic differentiation.

mod attention;
mod conv;
mod merge;
mod norm;
mod shuffle;

pub use attention::{WindowAttention, attention, window_attention};
pub use conv::{conv3x3x3, patch_embed, pointwise, upsample2};
pub use merge::{MergeMode, merge_slots, pad_even};
pub use norm::{instance_norm, layer_norm_plain};
pub use shuffle::{depth_to_space, flip_x, resize2, space_to_depth};

/// Epsilon of layer and instance normalisation in Swin UNETR (PyTorch's default).
pub const NORM_EPS: f64 = 1e-5;
/// Negative slope of the leaky rectifiers in the decoder.
pub const LEAKY_SLOPE: f64 = 0.01;

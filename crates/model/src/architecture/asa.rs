//! Configuration of ASA.

use serde::{Deserialize, Serialize};

use super::{ArchitectureError, check};

/// Fixed position encoding of the tokens. It is not in checkpoints, so it must be stated.
///
/// Axes are those of the published code, `(h, w, s)` with s from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Position {
    /// Number of the token.
    #[serde(rename = "plain_1d")]
    Plain1d,
    /// The published default: mirrored columns of a row share the encoding.
    #[serde(rename = "symmetric_1d")]
    Symmetric1d,
    /// As the published pretraining encoder has it: mirrored within rows of 8 times the length.
    #[serde(rename = "symmetric_1d_pretraining")]
    Symmetric1dPretraining,
    /// Coordinates h, w, s apart.
    #[serde(rename = "plain_3d")]
    Plain3d,
    /// The same with s mirrored.
    #[serde(rename = "symmetric_3d")]
    Symmetric3d,
    /// As in the published pretraining code, which mirrors w instead.
    #[serde(rename = "symmetric_3d_pretraining")]
    Symmetric3dPretraining,
    /// `H²h + Ww + s`, laid out with h fastest.
    #[serde(rename = "hws_1d")]
    Hws1d,
    /// The same with s mirrored.
    #[serde(rename = "hws_symmetric_1d")]
    HwsSymmetric1d,
}

/// Configuration of ASA (Huang et al., MICCAI 2022).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "family", rename = "asa")]
pub struct AsaConfig {
    /// Channels of the input.
    pub in_channels: usize,
    /// Width of the tokens, a multiple of 12.
    #[serde(default = "hidden_size")]
    pub hidden_size: usize,
    /// Attention heads.
    #[serde(default = "heads")]
    pub heads: usize,
    /// Blocks of the encoder; every second one is shifted.
    #[serde(default = "layers")]
    pub layers: usize,
    /// Consecutive tokens that attend to each other.
    #[serde(default = "window")]
    pub window: usize,
    /// How often the shift mask is tiled over the windows: 1, or 4 in published fine-tuned checkpoints, where
    /// every fourth part of the sequence ends in a window with the wrap-around mask.
    #[serde(default = "one")]
    pub mask_repeats: usize,
    /// Position encoding.
    pub position: Position,
    /// Width of the segmentation decoder at full resolution, if there is one.
    #[serde(default)]
    pub feature_size: Option<usize>,
    /// Segmentation output channels.
    #[serde(default)]
    pub out_channels: usize,
    /// The decoder that ASA is pretrained with, a masked autoencoder.
    #[serde(default)]
    pub pretraining: bool,
}

const fn hidden_size() -> usize {
    384
}
const fn heads() -> usize {
    12
}
const fn layers() -> usize {
    12
}
const fn window() -> usize {
    32
}
const fn one() -> usize {
    1
}

/// Blocks that a segmentation decoder needs: it reads the outputs of the third, fifth, seventh and ninth.
const DECODED_LAYERS: usize = 9;

impl AsaConfig {
    /// The published encoder and nothing after it.
    pub fn encoder(in_channels: usize, position: Position) -> Self {
        Self {
            in_channels,
            hidden_size: hidden_size(),
            heads: heads(),
            layers: layers(),
            window: window(),
            mask_repeats: one(),
            position,
            feature_size: None,
            out_channels: 0,
            pretraining: false,
        }
    }

    /// Checks every number before anything is allocated from it.
    ///
    /// # Errors
    /// Names the first field outside its range.
    pub fn validate(&self) -> Result<(), ArchitectureError> {
        let width = self.hidden_size;
        check((1..=16).contains(&self.in_channels), "in_channels", self.in_channels, "must be 1 to 16")?;
        check(
            (12..=1536).contains(&width) && width.is_multiple_of(12),
            "hidden_size",
            width,
            "must be a multiple of 12 up to 1536",
        )?;
        let divides = self.heads > 0 && width.is_multiple_of(self.heads);
        check(divides, "heads", self.heads, "must divide the width")?;
        check((1..=48).contains(&self.layers), "layers", self.layers, "must be 1 to 48")?;
        check((1..=512).contains(&self.window), "window", self.window, "must be 1 to 512")?;
        check((1..=64).contains(&self.mask_repeats), "mask_repeats", self.mask_repeats, "must be 1 to 64")?;
        check(
            self.feature_size.is_some() == (self.out_channels > 0) && self.out_channels <= 256,
            "out_channels",
            self.out_channels,
            "must be 1 to 256 with a decoder and 0 without",
        )?;
        if let Some(width) = self.feature_size {
            check((1..=96).contains(&width), "feature_size", width, "must be 1 to 96")?;
            let deep = self.layers >= DECODED_LAYERS;
            check(deep, "layers", self.layers, "must be at least 9 with a decoder")?;
        }
        Ok(())
    }
}

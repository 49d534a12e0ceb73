//! Configuration of SA-Swin and Swin UNETR.

use saswin_kernels::MergeMode;
use serde::{Deserialize, Serialize};

use super::{ArchitectureError, check};

/// Patch merging variant; must be stated, since weights cannot be told apart by shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Merge {
    /// MONAI 0.9 to 1.4, SA-Swin, all published Swin UNETR weights.
    Legacy,
    /// MONAI ≥ 1.5.
    Fixed,
    /// MONAI `mergingv2`.
    V2,
}

impl From<Merge> for MergeMode {
    fn from(merge: Merge) -> Self {
        match merge {
            Merge::Legacy => Self::Legacy,
            Merge::Fixed => Self::Fixed,
            Merge::V2 => Self::V2,
        }
    }
}

/// Which decoder follows the encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecoderKind {
    /// Swin UNETR's, with convolutions at full resolution.
    Full,
    /// Ends at half resolution; the last layer predicts the eight voxels of each cell and sees the image
    /// through a space-to-depth skip. About a tenth of the arithmetic of `full`.
    Subvoxel {
        /// Channels of the last block.
        width: usize,
    },
}

/// Which bottleneck tokens a class head reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pool {
    /// Token 0 only, as the published SA-Swin classifier does.
    Token0,
    /// The mean over all tokens.
    Mean,
}

/// A linear head on the bottleneck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassHead {
    /// Number of outputs.
    pub outputs: usize,
    /// What it reads.
    pub pool: Pool,
}

/// Configuration of a Swin network: SA-Swin when `symmetry` is on, Swin UNETR otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwinConfig {
    /// Channels of the input.
    pub in_channels: usize,
    /// Width of the first stage (MONAI `feature_size`), a multiple of 3; heads must divide each stage's width.
    pub feature_size: usize,
    /// Blocks per stage.
    #[serde(default = "depths")]
    pub depths: [usize; 4],
    /// Attention heads per stage.
    #[serde(default = "heads")]
    pub heads: [usize; 4],
    /// Attention window sides in tokens.
    #[serde(default = "window")]
    pub window: [usize; 3],
    /// Side of the embedded patches in voxels.
    #[serde(default = "patch")]
    pub patch: usize,
    /// Patch merging variant.
    pub merge: Merge,
    /// Residual convolution block before each stage (MONAI `use_v2`).
    #[serde(default)]
    pub use_v2: bool,
    /// Mirror stream and symmetry-aware cross-attention.
    pub symmetry: bool,
    /// Segmentation decoder, if any.
    #[serde(default)]
    pub decoder: Option<DecoderKind>,
    /// Segmentation output channels.
    #[serde(default)]
    pub out_channels: usize,
    /// Class head, if any.
    #[serde(default)]
    pub class_head: Option<ClassHead>,
    /// The heads of SA-Swin's pretraining.
    #[serde(default)]
    pub pretraining: bool,
}

const fn depths() -> [usize; 4] {
    [2; 4]
}
const fn heads() -> [usize; 4] {
    [3, 6, 12, 24]
}
const fn window() -> [usize; 3] {
    [7; 3]
}
const fn patch() -> usize {
    2
}

impl SwinConfig {
    /// A Swin encoder with the published defaults and nothing after it.
    pub fn encoder(in_channels: usize, feature_size: usize, merge: Merge) -> Self {
        Self {
            in_channels,
            feature_size,
            depths: depths(),
            heads: heads(),
            window: window(),
            patch: patch(),
            merge,
            use_v2: false,
            symmetry: false,
            decoder: None,
            out_channels: 0,
            class_head: None,
            pretraining: false,
        }
    }

    /// Channels at the 1/32 bottleneck.
    pub fn bottleneck(&self) -> usize {
        self.feature_size * 16
    }

    /// Checks every number before anything is allocated from it.
    ///
    /// # Errors
    /// Names the first field outside its range.
    pub fn validate(&self) -> Result<(), ArchitectureError> {
        check((1..=16).contains(&self.in_channels), "in_channels", self.in_channels, "must be 1 to 16")?;
        check(
            (3..=96).contains(&self.feature_size) && self.feature_size.is_multiple_of(3),
            "feature_size",
            self.feature_size,
            "must be a multiple of 3 up to 96",
        )?;
        check(matches!(self.patch, 2 | 4), "patch", self.patch, "must be 2 or 4")?;
        for stage in 0..4 {
            let width = self.feature_size << stage;
            check((1..=24).contains(&self.depths[stage]), "depths", self.depths[stage], "must be 1 to 24")?;
            let heads = self.heads[stage];
            check(heads > 0 && width.is_multiple_of(heads), "heads", heads, "must divide the stage's width")?;
        }
        for side in self.window {
            check((1..=16).contains(&side), "window", side, "must be 1 to 16")?;
        }
        let has_decoder = self.decoder.is_some();
        check(
            has_decoder == (self.out_channels > 0) && self.out_channels <= 256,
            "out_channels",
            self.out_channels,
            "must be 1 to 256 with a decoder and 0 without",
        )?;
        check(!has_decoder || self.patch == 2, "patch", self.patch, "must be 2 with a decoder")?;
        if let Some(DecoderKind::Subvoxel { width }) = self.decoder {
            check((1..=512).contains(&width), "decoder.width", width, "must be 1 to 512")?;
        }
        if let Some(head) = self.class_head {
            check(
                (1..=1024).contains(&head.outputs),
                "class_head.outputs",
                head.outputs,
                "must be 1 to 1024",
            )?;
        }
        Ok(())
    }
}

//! Patch merging: eight sub-lattices stacked on channels, normalised.

use burn::tensor::Tensor;

use crate::layer_norm;
use crate::operations::operations;
use crate::window_attention::pad_ends;

/// Which sub-lattice goes into which channel slot. Shapes cannot tell the modes apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeMode {
    /// MONAI 0.9 to 1.4 and every published Swin UNETR weight: 010 and 001 twice, 110 and 011 never.
    Legacy,
    /// MONAI ≥ 1.5: each sub-lattice once.
    Fixed,
    /// MONAI's `mergingv2`: row-major order.
    V2,
}

impl MergeMode {
    /// Offsets (x, y, z) of slots 0 to 7.
    pub const fn offsets(self) -> [[usize; 3]; 8] {
        match self {
            Self::Legacy => {
                [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 0], [0, 0, 1], [1, 1, 1]]
            }
            Self::Fixed => {
                [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 1]]
            }
            Self::V2 => {
                [[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1], [1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1]]
            }
        }
    }
}

/// Zero-pads odd axes at their end.
pub fn pad_even(x: Tensor<5>) -> Tensor<5> {
    let [_, dx, dy, dz, _] = x.dims();
    pad_ends(x, [dx, dy, dz].map(|d| d.div_ceil(2) * 2))
}

/// [`merge_slots`], then layer normalisation with `gamma` and `beta`, `[8c]` each.
pub fn patch_merge(
    x: Tensor<5>,
    mode: MergeMode,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> Tensor<5> {
    operations(&x).patch_merge(x, mode, gamma, beta, epsilon)
}

pub(crate) fn composed(
    x: Tensor<5>,
    mode: MergeMode,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> Tensor<5> {
    layer_norm::composed(merge_slots(x, mode), Some((gamma, beta)), epsilon)
}

/// `[b, x, y, z, c]` to `[b, ⌈x/2⌉, ⌈y/2⌉, ⌈z/2⌉, 8c]` in the slot order of `mode`.
pub fn merge_slots(x: Tensor<5>, mode: MergeMode) -> Tensor<5> {
    let x = pad_even(x);
    let [b, dx, dy, dz, c] = x.dims();
    let cells = x.reshape([b, dx / 2, 2, dy / 2, 2, dz / 2, 2, c]).permute([0, 1, 3, 5, 2, 4, 6, 7]);
    let slots = mode.offsets().map(|[ox, oy, oz]| {
        cells
            .clone()
            .slice([0..b, 0..dx / 2, 0..dy / 2, 0..dz / 2, ox..ox + 1, oy..oy + 1, oz..oz + 1, 0..c])
            .reshape([b, dx / 2, dy / 2, dz / 2, c])
    });
    Tensor::cat(slots.to_vec(), 4)
}

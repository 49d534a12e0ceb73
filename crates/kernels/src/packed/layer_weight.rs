//! A weight of a layer, whichever way it is held.

use std::ops::Range;

use burn::tensor::Tensor;

use super::{Packed, TINY};

/// A weight as an operation takes it.
// Moved a few hundred times in a forward pass, so that its size does not matter.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone)]
pub enum LayerWeight<const D: usize> {
    /// As it is.
    Floats(Tensor<D>),
    /// In place of a tensor of rank `D`.
    Packed(Packed),
}

impl<const D: usize> From<Tensor<D>> for LayerWeight<D> {
    fn from(weight: Tensor<D>) -> Self {
        Self::Floats(weight)
    }
}

impl<const D: usize> LayerWeight<D> {
    /// [`seen`](Self::seen) of an input and more channels behind it.
    pub(crate) fn seen_beside(
        &self,
        x: Tensor<5>,
        skip: Option<Tensor<5>>,
    ) -> (Tensor<5>, Option<Tensor<5>>) {
        let (x, skip) = match self {
            Self::Packed(packed) if packed.integers().is_some() => packed.apart(x, skip),
            _ => (x, skip),
        };
        (self.seen(x), skip.map(|skip| self.seen(skip)))
    }

    /// What the arithmetic on this weight makes of an input: itself, or itself rounded to bytes.
    ///
    /// With [`expanded`](LayerWeight::<2>::expanded) this defines integer arithmetic: sums of integers are
    /// exact, so that multiplying the integers or the numbers they stand for differs in rounding alone.
    pub(crate) fn seen<const N: usize>(&self, x: Tensor<N>) -> Tensor<N> {
        match self {
            Self::Packed(packed) if packed.integers().is_some() => rounded(x),
            _ => x,
        }
    }
}

impl LayerWeight<2> {
    /// Number of columns.
    #[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
    pub(crate) fn out(&self) -> usize {
        match self {
            Self::Floats(weight) => weight.dims()[1],
            Self::Packed(packed) => packed.shape[2],
        }
    }

    /// `[in, out]`
    pub(crate) fn expanded(self) -> Tensor<2> {
        match self {
            Self::Floats(weight) => weight,
            Self::Packed(packed) => {
                let [taps, input, out] = packed.shape;
                packed.expanded().reshape([taps * input, out])
            }
        }
    }
}

impl LayerWeight<5> {
    /// `[out, in, 3, 3, 3]`
    pub(crate) fn expanded(self) -> Tensor<5> {
        match self {
            Self::Floats(weight) => weight,
            Self::Packed(packed) => {
                let [taps, input, out] = packed.shape;
                let side = if taps == 27 { 3 } else { 1 };
                packed.expanded().reshape([side, side, side, input, out]).permute([4, 3, 0, 1, 2])
            }
        }
    }

    /// The weight of [`conv3x3x3`](crate::conv3x3x3) or [`pointwise`](crate::pointwise) from the channels `input`
    /// to the channels `out`. Integers that cannot be divided there become floats.
    #[must_use]
    pub fn part(self, input: Range<usize>, out: Range<usize>) -> Self {
        match self {
            Self::Floats(weight) => Self::Floats(cut(weight, out, input)),
            Self::Packed(packed) => match packed.part(input.clone(), out.clone()) {
                Some(part) => Self::Packed(part),
                None => Self::Floats(cut(Self::Packed(packed).expanded(), out, input)),
            },
        }
    }

    /// The same of the weight of [`upsample2`](crate::upsample2).
    #[must_use]
    pub fn part_transposed(self, input: Range<usize>, out: Range<usize>) -> Self {
        match self {
            Self::Floats(weight) => Self::Floats(cut(weight, input, out)),
            Self::Packed(packed) => match packed.part(input.clone(), 8 * out.start..8 * out.end) {
                Some(part) => Self::Packed(part),
                None => {
                    let [_, inputs, columns] = packed.shape;
                    let weight = packed.expanded().reshape([inputs, columns / 8, 2, 2, 2]);
                    Self::Floats(cut(weight, input, out))
                }
            },
        }
    }
}

/// Ranges of the first two axes.
fn cut(weight: Tensor<5>, first: Range<usize>, second: Range<usize>) -> Tensor<5> {
    let [a, b, ..] = weight.dims();
    if first.len() == a && second.len() == b { weight } else { weight.slice([first, second]) }
}

/// Rows of the last axis rounded to bytes with one scale per row, as `shaders/quantise.wgsl` does.
fn rounded<const N: usize>(x: Tensor<N>) -> Tensor<N> {
    let largest = x.clone().abs().max_dim(N - 1);
    let factor = largest.full_like(127.0) / largest.clone().clamp_min(TINY);
    (x * factor).round() * (largest / 127.0)
}

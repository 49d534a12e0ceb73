//! Weights held as integers, and arithmetic on them.

use std::ops::Range;

use burn::tensor::{Int, IntDType, Tensor};

/// A magnitude that counts as zero, so that nothing is divided by it.
const TINY: f32 = 1e-30;

/// How a packed weight is multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// Inputs are rounded to bytes with one scale per voxel, products are summed as integers. Weights of four
    /// bits are multiplied as [`Arithmetic::Floats`].
    Integers {
        /// Whether WGSL has `dot4I8Packed`; otherwise it is emulated.
        native: bool,
    },
    /// Weights become floats where they are used, inputs stay floats.
    Floats,
    /// The same, but convolutions multiply both as 16-bit floats, and sum a few products in as many bits.
    Halves,
}

/// Size of a packed weight's integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bits {
    /// One scale per output channel.
    Eight,
    /// One scale per [`Bits::GROUP`] inputs of an output channel.
    Four,
}

impl Bits {
    /// Inputs of an output channel that share one scale of [`Bits::Four`].
    pub const GROUP: usize = 32;

    fn count(self) -> usize {
        match self {
            Self::Eight => 8,
            Self::Four => 4,
        }
    }

    /// Codes in a word.
    pub(crate) fn per_word(self) -> usize {
        32 / self.count()
    }

    /// The largest magnitude of an integer.
    pub const fn largest(self) -> f32 {
        match self {
            Self::Eight => 127.0,
            Self::Four => 7.0,
        }
    }
}

/// A weight `[taps, in, out]` of symmetric integers and their scales. Weight files round in the same groups, so
/// that packing what was read from one gives back its integers.
#[derive(Debug, Clone)]
pub struct Packed {
    /// `[taps, ⌈in / per⌉, out]`, each word holding `per` neighbouring inputs, the first lowest, zeros at the end.
    pub(crate) words: Tensor<3, Int>,
    /// `[groups, out]`; the group of an element is `(in · taps + tap) / group`.
    pub(crate) scales: Tensor<2>,
    /// `[taps, in, out]`
    pub(crate) shape: [usize; 3],
    pub(crate) group: usize,
    pub(crate) bits: Bits,
    pub(crate) arithmetic: Arithmetic,
}

impl Packed {
    /// Packs the weight of [`linear`](crate::linear), `[in, out]`.
    pub fn matrix(weight: Tensor<2>, bits: Bits, arithmetic: Arithmetic) -> Self {
        let [input, out] = weight.dims();
        Self::new(weight.reshape([1, input, out]), 1, bits, arithmetic)
    }

    /// Packs the weight of [`conv3x3x3`](crate::conv3x3x3) or [`pointwise`](crate::pointwise), `[out, in, k, k, k]`.
    pub fn kernel(weight: Tensor<5>, bits: Bits, arithmetic: Arithmetic) -> Self {
        let [out, input, a, b, c] = weight.dims();
        Self::new(weight.permute([2, 3, 4, 1, 0]).reshape([a * b * c, input, out]), 1, bits, arithmetic)
    }

    /// Packs the weight of [`upsample2`](crate::upsample2), `[in, out, 2, 2, 2]`.
    pub fn transposed(weight: Tensor<5>, bits: Bits, arithmetic: Arithmetic) -> Self {
        let [input, out, ..] = weight.dims();
        Self::new(weight.reshape([1, input, 8 * out]), 8, bits, arithmetic)
    }

    /// Packs `[taps, in, out]`, where `shared` neighbouring columns are one output channel.
    fn new(weight: Tensor<3>, shared: usize, bits: Bits, arithmetic: Arithmetic) -> Self {
        let shape @ [taps, input, out] = weight.dims();
        let rows = taps * input;
        let group = match bits {
            Bits::Eight => rows,
            Bits::Four => Bits::GROUP / shared,
        };
        let groups = rows.div_ceil(group);
        let flat = weight.permute([1, 0, 2]).reshape([rows, out]);
        let padded = pad(flat, 0, groups * group).reshape([groups, group, out / shared, shared]);
        let scales = padded.clone().abs().max_dim(1).max_dim(3) / bits.largest();
        let codes = padded / scales.clone().clamp_min(TINY);
        let codes = codes.round().reshape([groups * group, out]).narrow(0, 0, rows);
        let codes = codes.reshape([input, taps, out]).permute([1, 0, 2]);
        let scales = scales.expand([groups, 1, out / shared, shared]).reshape([groups, out]);
        Self { words: into_words(codes, bits), scales, shape, group, bits, arithmetic }
    }

    /// Two inputs side by side as they are rounded: each with scales of its own, or together where a word of the weight has
    /// inputs of both.
    pub(crate) fn apart(&self, x: Tensor<5>, skip: Option<Tensor<5>>) -> (Tensor<5>, Option<Tensor<5>>) {
        match skip {
            Some(skip) if !x.dims()[4].is_multiple_of(self.bits.per_word()) => {
                (Tensor::cat(vec![x, skip], 4), None)
            }
            skip => (x, skip),
        }
    }

    /// Whether products of this weight are sums of integers, and how.
    pub(crate) fn integers(&self) -> Option<bool> {
        match (self.bits, self.arithmetic) {
            (Bits::Eight, Arithmetic::Integers { native }) => Some(native),
            _ => None,
        }
    }

    /// The rows `input` and columns `out`, or nothing if a word or a scale would have to be divided.
    fn part(&self, input: Range<usize>, out: Range<usize>) -> Option<Self> {
        let [taps, inputs, columns] = self.shape;
        if input.len() == inputs && out.len() == columns {
            return Some(self.clone());
        }
        let per = self.bits.per_word();
        let divides = input.len() == inputs || (self.bits == Bits::Eight && input.start.is_multiple_of(per));
        let words =
            || self.words.clone().slice([0..taps, input.start / per..input.end.div_ceil(per), out.clone()]);
        let scales = || self.scales.clone().slice([0..self.scales.dims()[0], out.clone()]);
        let shape = [taps, input.len(), out.len()];
        divides.then(|| Self { words: words(), scales: scales(), shape, ..self.clone() })
    }

    /// The weight as floats, `[taps, in, out]`.
    fn expanded(self) -> Tensor<3> {
        let [taps, input, out] = self.shape;
        let codes = from_words(self.words, self.bits).narrow(1, 0, input).float();
        let rows = taps * input;
        let [groups, _] = self.scales.dims();
        let scales = self.scales.reshape([groups, 1, out]).expand([groups, self.group, out]);
        let scales = scales.reshape([groups * self.group, out]).narrow(0, 0, rows);
        codes * scales.reshape([input, taps, out]).permute([1, 0, 2])
    }
}

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

/// Zeros behind `axis` up to `length`.
fn pad<const D: usize>(x: Tensor<D>, axis: usize, length: usize) -> Tensor<D> {
    let mut dims = x.dims();
    if dims[axis] == length {
        return x;
    }
    dims[axis] = length - dims[axis];
    let zeros = Tensor::zeros(dims, &x.device());
    Tensor::cat(vec![x, zeros], axis)
}

/// Whole numbers `[taps, in, out]` to words.
fn into_words(codes: Tensor<3>, bits: Bits) -> Tensor<3, Int> {
    let [taps, input, out] = codes.dims();
    let per = bits.per_word();
    let words = input.div_ceil(per);
    let codes = pad(codes, 1, words * per).cast(IntDType::I32).reshape([taps, words, per, out]);
    let mask = (1_i32 << bits.count()) - 1;
    let shifted = |i: usize| {
        let code = codes.clone().narrow(2, i, 1).bitwise_and_scalar(mask);
        code.bitwise_left_shift_scalar((i * bits.count()) as i32)
    };
    let word = (1..per).fold(shifted(0), |word, i| word.bitwise_or(shifted(i)));
    word.reshape([taps, words, out])
}

/// The inverse of [`into_words`], with the zeros at the end.
fn from_words(words: Tensor<3, Int>, bits: Bits) -> Tensor<3, Int> {
    let [taps, count, out] = words.dims();
    let (size, per) = (bits.count(), bits.per_word());
    let words = words.reshape([taps, count, 1, out]);
    let code = |i: usize| {
        let top = words.clone().bitwise_left_shift_scalar((32 - size * (i + 1)) as i32);
        top.bitwise_right_shift_scalar((32 - size) as i32)
    };
    Tensor::cat((0..per).map(code).collect(), 2).reshape([taps, count * per, out])
}

#[cfg(test)]
#[path = "packed_tests.rs"]
mod tests;

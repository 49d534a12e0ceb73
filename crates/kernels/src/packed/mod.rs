//! Weights held as integers, and arithmetic on them.

mod arithmetic;
mod layer_weight;
#[cfg(test)]
mod tests;
mod words;

pub use arithmetic::{Arithmetic, Bits};
pub use layer_weight::LayerWeight;

use std::ops::Range;

use burn::tensor::{Int, Tensor};

use words::{from_words, into_words, pad};

/// A magnitude that counts as zero, so that nothing is divided by it.
const TINY: f32 = 1e-30;

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

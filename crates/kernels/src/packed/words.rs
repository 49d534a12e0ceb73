//! Integers side by side in 32-bit words.

use burn::tensor::{Int, IntDType, Tensor};

use super::Bits;

/// Whole numbers `[taps, in, out]` to words.
pub(super) fn into_words(codes: Tensor<3>, bits: Bits) -> Tensor<3, Int> {
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
pub(super) fn from_words(words: Tensor<3, Int>, bits: Bits) -> Tensor<3, Int> {
    let [taps, count, out] = words.dims();
    let (size, per) = (bits.count(), bits.per_word());
    let words = words.reshape([taps, count, 1, out]);
    let code = |i: usize| {
        let top = words.clone().bitwise_left_shift_scalar((32 - size * (i + 1)) as i32);
        top.bitwise_right_shift_scalar((32 - size) as i32)
    };
    Tensor::cat((0..per).map(code).collect(), 2).reshape([taps, count * per, out])
}

/// Zeros behind `axis` up to `length`.
pub(super) fn pad<const D: usize>(x: Tensor<D>, axis: usize, length: usize) -> Tensor<D> {
    let mut dims = x.dims();
    if dims[axis] == length {
        return x;
    }
    dims[axis] = length - dims[axis];
    let zeros = Tensor::zeros(dims, &x.device());
    Tensor::cat(vec![x, zeros], axis)
}

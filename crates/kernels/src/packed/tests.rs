use burn::tensor::{Device, TensorData};
use proptest::prelude::*;

use super::*;
use crate::check::noise;
use crate::{conv3x3x3, linear};

const INTEGERS: Arithmetic = Arithmetic::Integers { native: false };

fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_to_vec().unwrap()
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |m, v| m.max(v.abs()))
}

/// Largest difference, to be seen beside the largest product: sums may cancel.
fn worst(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).fold(0.0, |m, (a, b)| m.max((a - b).abs()))
}

/// Codes of each run of `length` values, as `code` makes them of a value and the run's largest, and its scale.
fn bytes(values: &[f32], length: usize, code: fn(f32, f32) -> f32) -> (Vec<i32>, Vec<f32>) {
    let rows = values.chunks(length).map(|row| {
        let largest = largest(row);
        let codes: Vec<i32> = row.iter().map(|v| code(*v, largest).round_ties_even() as i32).collect();
        (codes, largest / 127.0)
    });
    let (codes, scales): (Vec<_>, Vec<_>) = rows.unzip();
    (codes.concat(), scales)
}

// Inputs are multiplied and weights divided, which at the middle between two codes may choose differently.
fn of_input(value: f32, largest: f32) -> f32 {
    value * (127.0 / largest.max(TINY))
}

fn of_weight(value: f32, largest: f32) -> f32 {
    value / (largest / 127.0).max(TINY)
}

/// Convolution of one sample `[x, y, z, c]` by loops over integers; `weight` is `[out, in, 3, 3, 3]`.
fn convolution(x: &[f32], [dx, dy, dz, c]: [usize; 4], weight: &[f32], out: usize) -> Vec<f32> {
    let (codes, scales) = bytes(x, c, of_input);
    let (kernel, kernel_scales) = bytes(weight, c * 27, of_weight);
    let inside = |p: usize, tap: usize, length: usize| (p + tap).checked_sub(1).filter(|q| *q < length);
    let mut y = Vec::new();
    for at in 0..dx * dy * dz * out {
        let (n, voxel) = (at % out, at / out);
        let mut sum = 0.0;
        for tap in 0..27 {
            let place = inside(voxel / (dy * dz), tap / 9, dx)
                .zip(inside(voxel / dz % dy, tap / 3 % 3, dy))
                .zip(inside(voxel % dz, tap % 3, dz));
            let Some(((px, py), pz)) = place else { continue };
            let from = (px * dy + py) * dz + pz;
            let dot: i32 = (0..c).map(|i| codes[from * c + i] * kernel[(n * c + i) * 27 + tap]).sum();
            sum += dot as f32 * scales[from];
        }
        y.push(sum * kernel_scales[n]);
    }
    y
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_convolution_is_that_of_the_integers(
        dx in 1_usize..5, dy in 1_usize..4, dz in 1_usize..7, c in 1_usize..10, out in 1_usize..6, seed in 1_u64..99,
    ) {
        let device = Device::flex();
        let x = noise([1, dx, dy, dz, c], seed, &device);
        let weight = noise([out, c, 3, 3, 3], seed + 100, &device);
        let (inputs, weights) = (values(x.clone()), values(weight.clone()));
        let expected = convolution(&inputs, [dx, dy, dz, c], &weights, out);
        let packed = Packed::kernel(weight, Bits::Eight, INTEGERS);
        let found = values(conv3x3x3(x, None, LayerWeight::Packed(packed)));
        prop_assert!(worst(&expected, &found) < 1e-4 * largest(&inputs) * largest(&weights));
    }

    /// The inputs differ in size, so that a scale for both is another than one for each.
    #[test]
    fn inputs_that_share_a_word_share_a_scale(c in 1_usize..4, more in 1_usize..6, out in 1_usize..6, seed in 1_u64..99) {
        let device = Device::flex();
        let x = noise([1, 3, 2, 5, c], seed, &device);
        let skip = noise([1, 3, 2, 5, more], seed + 50, &device) * 9.0;
        let weight = noise([out, c + more, 3, 3, 3], seed + 100, &device);
        let inputs = values(Tensor::cat(vec![x.clone(), skip.clone()], 4));
        let weights = values(weight.clone());
        let expected = convolution(&inputs, [3, 2, 5, c + more], &weights, out);
        let packed = Packed::kernel(weight, Bits::Eight, INTEGERS);
        let found = values(conv3x3x3(x, Some(skip), LayerWeight::Packed(packed)));
        prop_assert!(worst(&expected, &found) < 1e-4 * largest(&inputs) * largest(&weights));
    }

    #[test]
    fn a_product_is_that_of_the_integers(rows in 1_usize..9, c in 1_usize..40, out in 1_usize..9, seed in 1_u64..99) {
        let device = Device::flex();
        let x = noise([1, rows, 1, 1, c], seed, &device);
        let weight = noise([c, out], seed + 100, &device);
        let (inputs, weights) = (values(x.clone()), values(weight.clone().transpose()));
        let (codes, scales) = bytes(&inputs, c, of_input);
        let (columns, column_scales) = bytes(&weights, c, of_weight);
        let expected: Vec<f32> = (0..rows * out).map(|at| {
            let (row, n) = (at / out, at % out);
            let dot: i32 = (0..c).map(|i| codes[row * c + i] * columns[n * c + i]).sum();
            dot as f32 * scales[row] * column_scales[n]
        }).collect();
        let packed = Packed::matrix(weight, Bits::Eight, INTEGERS);
        let found = values(linear(x, LayerWeight::Packed(packed), None));
        prop_assert!(worst(&expected, &found) < 1e-4 * largest(&inputs) * largest(&weights));
    }

    #[test]
    fn words_give_back_their_codes(taps in 1_usize..4, input in 1_usize..20, out in 1_usize..5, four in any::<bool>()) {
        let bits = if four { Bits::Four } else { Bits::Eight };
        let codes: Vec<f32> = (0..taps * input * out)
            .map(|i| (i as f32 * 37.0) % (2.0 * bits.largest() + 1.0) - bits.largest())
            .collect();
        let tensor = Tensor::<3>::from_data(TensorData::new(codes.clone(), [taps, input, out]), &Device::flex());
        let words = into_words(tensor, bits);
        prop_assert_eq!(words.dims(), [taps, input.div_ceil(bits.per_word()), out]);
        let back = from_words(words, bits).narrow(1, 0, input).float();
        prop_assert_eq!(values(back), codes);
    }
}

#[test]
fn a_weight_of_nothing_stays_nothing() {
    for bits in [Bits::Eight, Bits::Four] {
        let packed = Packed::matrix(Tensor::zeros([5, 3], &Device::flex()), bits, INTEGERS);
        assert_eq!(values(packed.expanded()), [0.0; 15]);
    }
}

#[test]
fn scales_belong_to_their_groups() {
    let device = Device::flex();
    for (bits, error) in [(Bits::Eight, 0.5 / 127.0), (Bits::Four, 0.5 / 7.0)] {
        let weight = noise([40, 2, 2, 2, 2], 5, &device);
        let packed = Packed::transposed(weight.clone(), bits, Arithmetic::Floats);
        let (weight, packed) = (values(weight), values(packed.expanded()));
        for (a, b) in weight.iter().zip(&packed) {
            assert!((a - b).abs() <= 1.001 * error * largest(&weight), "{bits:?} {a} {b}");
        }
    }
}

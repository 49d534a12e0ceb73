//! GELU by a rational approximation of the error function.

use burn::tensor::{Tensor, TensorData};
use pulp::Arch;

use super::exp::exp;
use super::planes;

/// Values of a part that one core takes.
const PART: usize = 1 << 14;
/// Abramowitz and Stegun 7.1.26, highest power first; the error is below 1.5e-7.
const SERIES: [f32; 5] = [1.061_405_4, -1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6];

/// GELU of every value.
pub(super) fn run(x: Tensor<5>) -> Tensor<5> {
    let (device, shape) = (x.device(), x.dims());
    let mut values = x.into_data().try_into_vec::<f32>().unwrap_or_default();
    let arch = Arch::new();
    planes::each(&mut values, PART, |_, part| arch.dispatch(|| part.iter_mut().for_each(|v| *v = gelu(*v))));
    Tensor::from_data(TensorData::new(values, shape), &device)
}

#[inline(always)]
fn gelu(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let beyond = SERIES.iter().fold(0.0, |sum, c| (sum + c) * t) * exp(-z * z);
    // The share of a normal distribution below x.
    let below = 0.5 * beyond;
    x * if x < 0.0 { below } else { 1.0 - below }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_definition() {
        for (x, expected) in [(0.0, 0.0), (1.0, 0.841_345), (-1.0, -0.158_655), (3.0, 2.995_95)] {
            assert!((gelu(x) - expected).abs() < 1e-6, "{x}: {}", gelu(x));
        }
        assert_eq!(gelu(100.0), 100.0);
        assert!(gelu(-100.0).abs() < 1e-30);
    }
}

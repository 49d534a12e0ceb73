//! Agreement of a device with the definitions of the operations.
//!
//! [`agreement`] runs every operation over odd shapes, chosen and drawn, with outputs poisoned beforehand, and compares with its
//! definition on the CPU. It is a library function so that a browser can run it on its own compiler.

mod cases;
mod drawn;

use burn::tensor::{Device, Tensor, TensorData};

use crate::{Arithmetic, Route, route};

/// Largest relative L2 error that 32-bit arithmetic in another order explains.
pub const TOLERANCE: f64 = 1e-5;
/// The same where inputs are rounded to bytes: a device may round a value half-way between two the other way. Also
/// what 16-bit products explain.
pub const ROUNDING_TOLERANCE: f64 = 1e-3;

/// How far one operation on one shape is from its definition.
#[derive(Debug, Clone)]
pub struct Agreement {
    /// The operation.
    pub pass: &'static str,
    /// Shape and options.
    pub case: String,
    /// `‖device − definition‖₂ / ‖definition‖₂`; not finite if an element was never written.
    pub relative_l2: f64,
    /// [`TOLERANCE`] or [`ROUNDING_TOLERANCE`].
    pub tolerance: f64,
}

impl Agreement {
    /// Whether the error is within the tolerance.
    pub fn holds(&self) -> bool {
        self.relative_l2 <= self.tolerance
    }
}

/// Why no comparison could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pass} {case}: the result could not be read from the device: {reason}")]
pub struct CheckError {
    /// The operation.
    pub pass: &'static str,
    /// Shape and options.
    pub case: String,
    /// The device's words.
    pub reason: String,
}

/// A named operation on inputs that it makes on the device it is given.
pub(crate) struct Case {
    pass: &'static str,
    name: String,
    /// Whether inputs or products are rounded.
    rounds: bool,
    run: Box<dyn Fn(&Device) -> Tensor<5>>,
}

impl Case {
    fn new(pass: &'static str, name: String, run: impl Fn(&Device) -> Tensor<5> + 'static) -> Self {
        Self { pass, name, rounds: false, run: Box::new(run) }
    }
}

/// Compares `device` with the definitions on the CPU, operation by operation; `ways` are those that its WGSL has of
/// multiplying packed weights.
///
/// # Errors
/// If a result cannot be read back.
pub async fn agreement(device: &Device, ways: &[Arithmetic]) -> Result<Vec<Agreement>, CheckError> {
    compare(device, cases::all(ways)).await
}

async fn compare(device: &Device, cases: Vec<Case>) -> Result<Vec<Agreement>, CheckError> {
    let mut all = Vec::new();
    for case in cases {
        let expected = read(&case, route(Route::Composed, || (case.run)(&Device::flex()))).await?;
        let found = read(&case, route(Route::Poisoned, || (case.run)(device))).await?;
        let relative_l2 = relative_l2(&expected, &found);
        let tolerance = if case.rounds { ROUNDING_TOLERANCE } else { TOLERANCE };
        all.push(Agreement { pass: case.pass, case: case.name, relative_l2, tolerance });
    }
    Ok(all)
}

async fn read(case: &Case, x: Tensor<5>) -> Result<Vec<f32>, CheckError> {
    let failed = |reason: String| CheckError { pass: case.pass, case: case.name.clone(), reason };
    let data = x.into_data_async().await.map_err(|e| failed(e.to_string()))?;
    data.try_to_vec::<f32>().map_err(|e| failed(format!("{e:?}")))
}

/// `‖found − expected‖₂ / ‖expected‖₂`, infinite if the lengths differ.
pub fn relative_l2(expected: &[f32], found: &[f32]) -> f64 {
    if expected.len() != found.len() {
        return f64::INFINITY;
    }
    let (mut difference, mut norm) = (0.0_f64, 0.0_f64);
    for (e, f) in expected.iter().zip(found) {
        difference += (f64::from(*e) - f64::from(*f)).powi(2);
        norm += f64::from(*e).powi(2);
    }
    (difference / norm).sqrt()
}

/// The number at place `i` of splitmix64.
fn mix(i: u64) -> u64 {
    let mut z = i.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Values in `[-1, 1)` that depend on nothing but `seed` and position.
pub(crate) fn noise<const D: usize>(shape: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    let values = (0..shape.iter().product::<usize>() as u64)
        .map(|i| (mix((seed << 32).wrapping_add(i)) >> 40) as f32 / (1 << 23) as f32 - 1.0);
    Tensor::from_data(TensorData::new(values.collect::<Vec<f32>>(), shape), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_agrees_with_the_definitions() {
        let ways = [Arithmetic::Integers { native: true }, Arithmetic::Halves];
        for a in pollster::block_on(agreement(&Device::flex(), &ways)).unwrap() {
            assert!(a.relative_l2 <= TOLERANCE, "{} {}: {}", a.pass, a.case, a.relative_l2);
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
        #[test]
        fn the_cpu_agrees_on_shapes_that_are_drawn(seed in 0_u64..1 << 32) {
            for a in pollster::block_on(compare(&Device::flex(), drawn::drawn(seed))).unwrap() {
                proptest::prop_assert!(a.relative_l2 <= TOLERANCE, "{} {}: {}", a.pass, a.case, a.relative_l2);
            }
        }
    }

    #[test]
    fn an_unwritten_element_is_no_agreement() {
        let agrees = |a: &[f32], b: &[f32]| relative_l2(a, b) <= TOLERANCE;
        assert!(!agrees(&[1.0, 2.0], &[1.0, f32::NAN]));
        assert!(!agrees(&[1.0, 2.0], &[1.0]));
        assert!(relative_l2(&[3.0, 4.0], &[3.0, 4.5]) == 0.1);
    }
}

//! What a device can do, and how it computes for that reason.

use saswin_kernels::Arithmetic;
use saswin_model::weights::Precision;
use serde::{Deserialize, Serialize};

/// The largest binding that every WebGPU device has, bytes. A device with no more is short of memory.
const DEFAULT_BINDING: u64 = 128 << 20;

/// Class of a device: what the choice of shaders depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeviceTier {
    /// Whether it is a GPU, emulated or not.
    pub gpu: bool,
    /// Bytes that fit into one tensor; nothing if only the machine's memory bounds it.
    pub max_buffer: Option<u64>,
    /// Whether shaders may use 16-bit floats.
    pub f16: bool,
    /// Whether WGSL has `dot4I8Packed` there (the language feature `packed_4x8_integer_dot_product`).
    pub dot: bool,
}

impl DeviceTier {
    /// How to multiply weights stored at `precision`; nothing if they are expanded to 32-bit floats when a model
    /// is loaded. `software` says that a CPU emulates the GPU: it computes in floats, whose results do not depend on
    /// which emulation it is.
    ///
    /// Rounding inputs to integers costs no call and at most 0.0025 of a mean Dice on whole scans (`docs/performance.md`).
    /// No GPU was at hand to tell whether integers or 16-bit floats are faster; integers are what a browser has run.
    pub fn arithmetic(&self, precision: Precision, software: bool) -> Option<Arithmetic> {
        let short = self.max_buffer.is_some_and(|bytes| bytes <= DEFAULT_BINDING);
        match precision {
            Precision::F32 | Precision::F16 => None,
            _ if !self.gpu || software => None,
            Precision::Q8 if self.dot => Some(Arithmetic::Integers { native: true }),
            Precision::Q8 | Precision::Q4 if self.f16 => Some(Arithmetic::Halves),
            Precision::Q8 | Precision::Q4 => short.then_some(Arithmetic::Floats),
        }
    }

    /// All ways of multiplying packed weights here.
    pub fn ways(&self) -> Vec<Arithmetic> {
        let dot = self.dot.then_some(Arithmetic::Integers { native: true });
        let halves = self.f16.then_some(Arithmetic::Halves);
        let always = [Arithmetic::Integers { native: false }, Arithmetic::Floats];
        dot.into_iter().chain(always).chain(halves).collect()
    }
}

/// Whether `way` is one of multiplying weights stored at `precision`.
pub(crate) fn multiplies(way: Arithmetic, precision: Precision) -> bool {
    match precision {
        Precision::F32 | Precision::F16 => false,
        Precision::Q8 => true,
        Precision::Q4 => !matches!(way, Arithmetic::Integers { .. }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_for_a_gpu_that_multiplies_them() {
        let tier = DeviceTier { gpu: true, max_buffer: Some(1 << 30), dot: true, ..DeviceTier::default() };
        let integers = Some(Arithmetic::Integers { native: true });
        assert_eq!(tier.arithmetic(Precision::Q8, false), integers);
        assert_eq!(tier.arithmetic(Precision::Q8, true), None);
        assert_eq!(tier.arithmetic(Precision::F32, false), None);
        assert_eq!(DeviceTier { dot: false, ..tier }.arithmetic(Precision::Q8, false), None);
        assert_eq!(DeviceTier::default().arithmetic(Precision::Q8, false), None);
    }

    #[test]
    fn halves_are_for_a_gpu_that_has_them_and_no_integers() {
        let tier = DeviceTier { gpu: true, dot: true, f16: true, ..DeviceTier::default() };
        assert_eq!(tier.arithmetic(Precision::Q8, false), Some(Arithmetic::Integers { native: true }));
        assert_eq!(tier.arithmetic(Precision::Q4, false), Some(Arithmetic::Halves));
        assert_eq!(tier.arithmetic(Precision::Q4, true), None);
        assert_eq!(tier.arithmetic(Precision::F16, false), None);
        assert!(!DeviceTier { f16: false, ..tier }.ways().contains(&Arithmetic::Halves));
    }

    #[test]
    fn a_device_short_of_memory_keeps_small_weights() {
        let tier = DeviceTier { gpu: true, max_buffer: Some(DEFAULT_BINDING), ..DeviceTier::default() };
        assert_eq!(tier.arithmetic(Precision::Q4, false), Some(Arithmetic::Floats));
        assert_eq!(DeviceTier { max_buffer: None, ..tier }.arithmetic(Precision::Q4, false), None);
    }
}

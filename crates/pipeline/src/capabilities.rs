//! What a device can do.

use saswin_kernels::Arithmetic;
use saswin_model::weights::Precision;
use serde::{Deserialize, Serialize};

/// The largest binding that every WebGPU device has, bytes.
const DEFAULT_BINDING: u64 = 128 << 20;

/// What a device says of itself, as far as the choice of shaders depends on it. No shader uses subgroups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// Whether it is a GPU, emulated or not.
    pub gpu: bool,
    /// Whether it is a GPU that a CPU emulates.
    pub software: bool,
    /// Bytes that fit into one tensor; nothing if only the machine's memory bounds it.
    pub max_buffer: Option<u64>,
    /// Whether shaders may use 16-bit floats.
    pub f16: bool,
    /// Whether WGSL has `dot4I8Packed` there (the language feature `packed_4x8_integer_dot_product`).
    pub dot: bool,
    /// Whether the device writes down when passes begin and end.
    pub timestamps: bool,
}

impl Capabilities {
    /// Whether it has no more memory than every WebGPU device.
    pub(crate) fn is_small(&self) -> bool {
        self.max_buffer.is_some_and(|bytes| bytes <= DEFAULT_BINDING)
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
    fn what_a_device_lacks_is_no_way_of_it() {
        let all = Capabilities { gpu: true, f16: true, dot: true, ..Capabilities::default() };
        assert_eq!(all.ways().len(), 4);
        assert!(!Capabilities { f16: false, ..all }.ways().contains(&Arithmetic::Halves));
        let native = Arithmetic::Integers { native: true };
        assert!(!Capabilities { dot: false, ..all }.ways().contains(&native));
    }
}

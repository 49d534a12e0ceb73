//! Classes of devices, and how each computes.

use saswin_kernels::Arithmetic;
use saswin_model::weights::Precision;
use serde::{Deserialize, Serialize};

use crate::Capabilities;

/// Class of a device: how it multiplies weights that are stored as integers. Measurements are in `docs/performance.md`;
/// no GPU was at hand to tell whether integers or 16-bit floats are faster, and integers are what a browser has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceTier {
    /// No GPU: weights become 32-bit floats when a model is loaded, for which the CPU has loops (0.52 of the time of
    /// burn's operations).
    #[default]
    Cpu,
    /// A GPU that a CPU emulates: 32-bit floats, too, whose results do not depend on which emulation it is. Integers
    /// take 1.4 times as long on SwiftShader, 0.74 times on llvmpipe.
    Software,
    /// A GPU with memory enough for weights in 32-bit floats, and with nothing faster.
    Plain,
    /// [`Plain`](Self::Plain) with `dot4I8Packed`: bytes are multiplied as integers. Rounding inputs costs no call and
    /// at most 0.0025 of a mean Dice on whole scans.
    PlainDot,
    /// A GPU with no more memory than every WebGPU device: weights stay small and become floats where they are used
    /// (1.22 of the time on llvmpipe).
    Small,
    /// [`Small`](Self::Small) with `dot4I8Packed`: bytes as [`PlainDot`](Self::PlainDot), four bits as `Small`.
    SmallDot,
    /// A GPU with 16-bit floats, whatever its memory: convolutions multiply them (0.04 of the error of bytes on
    /// llvmpipe).
    Halves,
    /// [`Halves`](Self::Halves) with `dot4I8Packed`: bytes as [`PlainDot`](Self::PlainDot), four bits as `Halves`.
    HalvesDot,
}

impl DeviceTier {
    /// The class of a device that can do this.
    pub fn of(can: &Capabilities) -> Self {
        match (can.dot, can.f16, can.is_small()) {
            _ if !can.gpu => Self::Cpu,
            _ if can.software => Self::Software,
            (false, true, _) => Self::Halves,
            (true, true, _) => Self::HalvesDot,
            (false, false, true) => Self::Small,
            (true, false, true) => Self::SmallDot,
            (false, false, false) => Self::Plain,
            (true, false, false) => Self::PlainDot,
        }
    }

    /// How to multiply weights stored at `precision`; nothing if they are expanded to 32-bit floats when a model is
    /// loaded.
    pub fn arithmetic(self, precision: Precision) -> Option<Arithmetic> {
        let [integers, halves, floats] =
            [Arithmetic::Integers { native: true }, Arithmetic::Halves, Arithmetic::Floats].map(Some);
        let (q8, q4) = match self {
            Self::Cpu | Self::Software | Self::Plain => (None, None),
            Self::PlainDot => (integers, None),
            Self::Small => (floats, floats),
            Self::SmallDot => (integers, floats),
            Self::Halves => (halves, halves),
            Self::HalvesDot => (integers, halves),
        };
        match precision {
            Precision::F32 | Precision::F16 => None,
            Precision::Q8 => q8,
            Precision::Q4 => q4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTEGERS: Option<Arithmetic> = Some(Arithmetic::Integers { native: true });
    const HALVES: Option<Arithmetic> = Some(Arithmetic::Halves);
    const FLOATS: Option<Arithmetic> = Some(Arithmetic::Floats);

    /// What a GPU can do by `dot4I8Packed`, 16-bit floats and whether it is short of memory; its class; `q8` and `q4`.
    type Row = ([bool; 3], DeviceTier, [Option<Arithmetic>; 2]);
    const GPUS: [Row; 8] = [
        ([false, false, false], DeviceTier::Plain, [None, None]),
        ([true, false, false], DeviceTier::PlainDot, [INTEGERS, None]),
        ([false, false, true], DeviceTier::Small, [FLOATS, FLOATS]),
        ([true, false, true], DeviceTier::SmallDot, [INTEGERS, FLOATS]),
        ([false, true, false], DeviceTier::Halves, [HALVES, HALVES]),
        ([false, true, true], DeviceTier::Halves, [HALVES, HALVES]),
        ([true, true, false], DeviceTier::HalvesDot, [INTEGERS, HALVES]),
        ([true, true, true], DeviceTier::HalvesDot, [INTEGERS, HALVES]),
    ];

    fn gpu([dot, f16, small]: [bool; 3]) -> Capabilities {
        let max_buffer = if small { 128 << 20 } else { (128 << 20) + 1 };
        Capabilities { gpu: true, software: false, max_buffer: Some(max_buffer), f16, dot, timestamps: true }
    }

    #[test]
    fn a_class_follows_from_capabilities_and_arithmetic_from_the_class() {
        for (can, tier, arithmetic) in GPUS {
            assert_eq!(DeviceTier::of(&gpu(can)), tier, "{can:?}");
            assert_eq!([Precision::Q8, Precision::Q4].map(|p| tier.arithmetic(p)), arithmetic, "{tier:?}");
            assert_eq!([Precision::F32, Precision::F16].map(|p| tier.arithmetic(p)), [None; 2]);
        }
        assert_eq!(
            DeviceTier::of(&Capabilities { max_buffer: None, ..gpu([true; 3]) }),
            DeviceTier::HalvesDot
        );
        assert_eq!(DeviceTier::of(&Capabilities { max_buffer: None, ..gpu([false; 3]) }), DeviceTier::Plain);
    }

    #[test]
    fn a_cpu_computes_in_floats_even_where_it_emulates_a_gpu() {
        for (can, ..) in GPUS {
            let software = Capabilities { software: true, ..gpu(can) };
            assert_eq!(DeviceTier::of(&software), DeviceTier::Software);
            assert_eq!(DeviceTier::of(&Capabilities { gpu: false, ..gpu(can) }), DeviceTier::Cpu);
        }
        for tier in [DeviceTier::Cpu, DeviceTier::Software] {
            assert_eq!([Precision::Q8, Precision::Q4].map(|p| tier.arithmetic(p)), [None; 2]);
        }
    }
}

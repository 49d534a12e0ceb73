//! Ways of computing a network.

use saswin_kernels::Arithmetic;
use saswin_model::Architecture;
use saswin_model::weights::Precision;

use super::{BenchOptions, Subject};
use crate::Engine;

/// A way of computing a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Our shaders in 32-bit floats.
    Shaders,
    /// Our shaders on packed integers.
    Packed(Arithmetic),
    /// Burn's operations.
    Plain,
}

impl Way {
    /// `shaders` for ours in 32-bit floats, `int8` for ours on bytes, `int8-emulated` for the same without
    /// `dot4I8Packed`, `packed` for ours that make floats of integers where they use them, `halves` for the same with
    /// convolutions in 16-bit floats, `plain` for burn's own operations.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Shaders => "shaders",
            Self::Packed(Arithmetic::Integers { native: true }) => "int8",
            Self::Packed(Arithmetic::Integers { native: false }) => "int8-emulated",
            Self::Packed(Arithmetic::Floats) => "packed",
            Self::Packed(Arithmetic::Halves) => "halves",
            Self::Plain => "plain",
        }
    }

    /// Those of `options` that there are for the weights of `subject` on `engine`.
    pub(super) fn all(options: &BenchOptions, subject: &Subject, engine: &Engine) -> Vec<Self> {
        let mut ways = vec![Self::Shaders];
        let integers = options.integers && matches!(subject.architecture, Architecture::Swin(_));
        let fits = |way: &Arithmetic| match (subject.precision, way) {
            (Precision::Q8, _) => true,
            (Precision::Q4, way) => !matches!(way, Arithmetic::Integers { .. }),
            _ => false,
        };
        if integers {
            ways.extend(engine.adapter.tier.ways().into_iter().filter(fits).map(Self::Packed));
        }
        ways.extend(options.plain.then_some(Self::Plain));
        ways
    }
}

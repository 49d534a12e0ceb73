//! Ways of computing a network.

use saswin_kernels::Arithmetic;
use saswin_model::Architecture;
use saswin_model::weights::Precision;
use serde::Serialize;

use super::{BenchOptions, Subject};
use crate::capabilities::multiplies;
use crate::{Capabilities, Engine};

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
        let fits = |way: &Arithmetic| multiplies(*way, subject.entry.precision);
        if integers {
            ways.extend(engine.adapter.capabilities().ways().into_iter().filter(fits).map(Self::Packed));
        }
        ways.extend(options.plain.then_some(Self::Plain));
        ways
    }
}

/// A way that a device has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Unavailable {
    /// See [`Way::name`].
    pub route: &'static str,
    /// What it would need.
    pub reason: &'static str,
}

impl Unavailable {
    /// Those that `options` would have on another device than one that can do this.
    pub(super) fn of(options: &BenchOptions, can: Capabilities) -> Vec<Self> {
        let stored = |precision| options.integers && options.precisions.contains(&precision);
        let q8 = stored(Precision::Q8);
        let all = [
            (q8 && !can.dot, Arithmetic::Integers { native: true }, "the device has no dot4I8Packed"),
            ((q8 || stored(Precision::Q4)) && !can.f16, Arithmetic::Halves, "the device has no shader-f16"),
        ];
        let missing = all.into_iter().filter(|(missing, ..)| *missing);
        missing.map(|(_, how, reason)| Self { route: Way::Packed(how).name(), reason }).collect()
    }
}

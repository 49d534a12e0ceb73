//! Time of each kind of pass.

use saswin_kernels::Timing;
use serde::Serialize;

/// Where the time of a run goes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Profile {
    /// `timestamps` of the device around each pass, or `synchronised`: the device was waited for around each.
    pub timing: &'static str,
    /// Longest first. What burn's own operations take is not among them.
    pub passes: Vec<PassTime>,
}

/// All passes of one shader.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PassTime {
    /// Name of the shader.
    pub pass: &'static str,
    /// How often it ran.
    pub calls: usize,
    /// Milliseconds of all of them.
    pub ms: f64,
}

impl Profile {
    pub(super) fn new(timing: Timing, passes: &[saswin_kernels::PassTime]) -> Self {
        let timing = match timing {
            Timing::Timestamps => "timestamps",
            Timing::Synchronised => "synchronised",
        };
        let passes = passes.iter().map(|p| PassTime { pass: p.pass, calls: p.calls, ms: p.milliseconds });
        Self { timing, passes: passes.collect() }
    }
}

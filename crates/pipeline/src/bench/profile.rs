//! The passes of a run.

use saswin_kernels::Timing;
use serde::Serialize;

/// Where the time of a run goes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Profile {
    /// `timestamps` of the device around each pass, `synchronised` where the device was waited for around each, or
    /// `untimed`.
    pub timing: &'static str,
    /// Longest first. Burn's own operations are not among them.
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
    pub ms: Option<f64>,
    /// Bytes that they must move at least: each of their inputs and outputs once.
    pub bytes: u64,
    /// Billions of them a second.
    pub gbps: Option<f64>,
}

impl Profile {
    pub(super) fn new(timing: Timing, passes: &[saswin_kernels::PassTime]) -> Self {
        let timing = match timing {
            Timing::Timestamps => "timestamps",
            Timing::Synchronised => "synchronised",
            Timing::Untimed => "untimed",
        };
        Self { timing, passes: passes.iter().map(PassTime::new).collect() }
    }

    /// Billions of bytes that all passes must move at least.
    pub(super) fn gigabytes(&self) -> f64 {
        self.passes.iter().map(|p| p.bytes as f64).sum::<f64>() / 1e9
    }
}

impl PassTime {
    fn new(p: &saswin_kernels::PassTime) -> Self {
        let &saswin_kernels::PassTime { pass, calls, bytes, milliseconds: ms } = p;
        // Timestamps of a browser are rounded, to zero too.
        let gbps = ms.filter(|ms| *ms > 0.0).map(|ms| bytes as f64 / ms / 1e6);
        Self { pass, calls, ms, bytes, gbps }
    }
}

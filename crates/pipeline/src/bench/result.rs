//! What was measured.

use serde::Serialize;

use super::{BenchOptions, Ceiling, Entry, Profile, Unavailable};
use crate::{Adapter, Engine, RunError};

/// Name and version of the suite. It counts changes of how a subject is measured: results of different versions are
/// not comparable.
pub const SUITE: &str = "saswin-bench 2";

/// One network by one way of computing it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measurement {
    /// Network, feature size and stored weights.
    #[serde(flatten)]
    pub entry: Entry,
    /// See [`Way::name`](super::way::Way::name).
    pub route: &'static str,
    /// Milliseconds of the first run, with all pipelines compiled.
    pub cold_ms: f64,
    /// Median of the timed runs, from input on the device to output on the host.
    pub median_ms: f64,
    /// Fastest run.
    pub min_ms: f64,
    /// Slowest run.
    pub max_ms: f64,
    /// Billions of multiplications and additions of a run, by the architecture; nothing if they are not counted.
    pub gflop: Option<f64>,
    /// Billions of them a second in the median run.
    pub gflops: Option<f64>,
    /// The same as a share of [`Ceiling::gflops`].
    pub share: Option<f64>,
    /// Billions of bytes a second that the passes must move at least, in the median run; nothing where no shader of ours
    /// ran, or none was looked at.
    pub gbps: Option<f64>,
    /// The same as a share of [`Ceiling::gbps`].
    pub bandwidth_share: Option<f64>,
    /// Bytes of all tensors at the worst moment, as planned for 32-bit weights and our shaders.
    pub planned_bytes: u64,
    /// Bytes of the largest tensor, as planned.
    pub planned_largest_bytes: u64,
    /// Bytes that the device's allocator held afterwards, for all ways that took turns; nothing on the CPU.
    pub held_bytes: Option<u64>,
    /// The passes; nothing where no shader of ours ran.
    pub profile: Option<Profile>,
    /// Relative L2 error of the output against the CPU backend in 32-bit floats.
    pub relative_l2: Option<f64>,
    /// Share of voxels (of a class head: 1 or 0) whose largest logit is that of the CPU backend.
    pub same_argmax: Option<f64>,
}

/// A subject without measurements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// Network, feature size and stored weights.
    #[serde(flatten)]
    pub entry: Entry,
    /// See [`RunError::kind`].
    pub kind: &'static str,
    /// Why.
    pub message: String,
}

/// Results of a suite.
#[derive(Debug, Clone, Serialize)]
pub struct Bench {
    /// [`SUITE`].
    pub suite: &'static str,
    /// Version of this program.
    pub version: &'static str,
    /// What computed.
    pub adapter: Adapter,
    /// What was asked for.
    pub options: BenchOptions,
    /// What the device reaches at best.
    pub ceiling: Option<Ceiling>,
    /// `random`, computed from the parameters' names, or the name of the model that they are of.
    pub weights: String,
    /// Measurements in order.
    pub measurements: Vec<Measurement>,
    /// Subjects that could not be measured.
    pub failures: Vec<Failed>,
    /// Ways that belong to what was asked for and that this device has not.
    pub unavailable: Vec<Unavailable>,
}

impl Bench {
    /// Of random weights, nothing measured yet.
    pub fn empty(engine: &Engine, options: BenchOptions) -> Self {
        Self::new(engine, options, "random", None)
    }

    pub(super) fn new(
        engine: &Engine,
        options: BenchOptions,
        weights: &str,
        ceiling: Option<Ceiling>,
    ) -> Self {
        Self {
            suite: SUITE,
            version: env!("CARGO_PKG_VERSION"),
            adapter: engine.adapter.clone(),
            unavailable: Unavailable::of(&options, engine.adapter.capabilities()),
            options,
            ceiling,
            weights: weights.to_owned(),
            measurements: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// One more subject; what could not be measured does not take the others with it.
    pub(super) fn add(&mut self, entry: Entry, measured: Result<Vec<Measurement>, RunError>) {
        match measured {
            Ok(measurements) => self.measurements.extend(measurements),
            Err(e) => self.failures.push(Failed { entry, kind: e.kind(), message: e.to_string() }),
        }
    }
}

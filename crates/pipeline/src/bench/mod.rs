//! Speed and agreement of the networks on a device, by a fixed suite (`docs/benchmark.md` is its method).

mod ceiling;
mod logits;
mod profile;
mod ready;
mod subject;
#[cfg(test)]
mod tests;
mod way;

pub use ceiling::Ceiling;
pub use profile::{PassTime, Profile};
pub use subject::BenchModel;

use burn::tensor::Device;
use saswin_kernels::check::relative_l2;
use saswin_kernels::held_bytes;
use saswin_model::Room;
use saswin_model::weights::Precision;
use serde::{Deserialize, Serialize};

use crate::{Adapter, Engine, Monitor, RunError, Step};
use logits::Logits;
use ready::Ready;
use subject::Subject;
use way::Way;

/// Name and version of the suite; results of different versions are not comparable.
pub const SUITE: &str = "saswin-bench 2";

/// Networks of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// The published encoder over scan and mirror, with SACA; its outputs are the feature maps.
    Encoder,
    /// Encoder over scan and mirror with SACA and a class head, as published.
    Classifier,
    /// SACA-UNETR with the full decoder, as published.
    Segmenter,
    /// The configuration of the models that we ship; feature size 12 only.
    Shipped,
    /// A model with its own weights; see [`bench_model`].
    #[serde(skip_deserializing)]
    Model,
}

/// What to measure. Everything is run in the order of the lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BenchOptions {
    /// Networks.
    pub networks: Vec<Network>,
    /// Feature sizes.
    pub features: Vec<usize>,
    /// Precisions of the stored weights.
    pub precisions: Vec<Precision>,
    /// Side of the cubic input in voxels, a multiple of 32.
    pub side: usize,
    /// Timed runs after the cold one.
    pub runs: usize,
    /// Whether to compare outputs with the CPU backend.
    pub agreement: bool,
    /// Whether to measure plain burn operations beside our shaders.
    pub plain: bool,
    /// Whether to measure integer arithmetic beside 32-bit floats, for weights stored as integers.
    pub integers: bool,
    /// Whether to measure what the device reaches at best.
    pub ceiling: bool,
    /// Whether to time passes one by one, in another run.
    pub profile: bool,
}

impl Default for BenchOptions {
    fn default() -> Self {
        Self {
            networks: vec![Network::Shipped, Network::Classifier, Network::Segmenter],
            features: vec![12, 24, 48],
            precisions: vec![Precision::F32, Precision::Q8, Precision::Q4],
            side: 96,
            runs: 5,
            agreement: true,
            plain: true,
            integers: true,
            ceiling: true,
            profile: true,
        }
    }
}

/// One network by one way of computing it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measurement {
    /// Network.
    pub network: Network,
    /// Feature size.
    pub feature: usize,
    /// Precision of the stored weights.
    pub precision: Precision,
    /// See [`Way::name`].
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
    /// Bytes of all tensors at the worst moment, as planned for 32-bit weights and our shaders.
    pub planned_bytes: Option<u64>,
    /// Bytes of the largest tensor, as planned.
    pub planned_largest_bytes: Option<u64>,
    /// Bytes that the device's allocator held afterwards, for all ways that took turns; nothing on the CPU.
    pub held_bytes: Option<u64>,
    /// Time of each kind of pass; nothing where it cannot be measured.
    pub profile: Option<Profile>,
    /// Relative L2 error of the output against the CPU backend in 32-bit floats.
    pub relative_l2: Option<f64>,
    /// Share of voxels (or samples, for a class head) whose largest logit is that of the CPU backend.
    pub same_argmax: Option<f64>,
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
}

/// Runs the suite on `engine`.
///
/// # Errors
/// If a network cannot be built, the device fails, or the monitor stops it.
pub async fn bench(
    engine: &Engine,
    options: BenchOptions,
    monitor: &mut impl Monitor,
) -> Result<Bench, RunError> {
    let mut subjects = Vec::new();
    for network in &options.networks {
        for feature in options.features.iter().filter(|f| *network != Network::Shipped || **f == 12) {
            subjects.extend(options.precisions.iter().map(|precision| (*network, *feature, *precision)));
        }
    }
    let total = subjects.len();
    let ceiling = ceiling(engine, &options).await?;
    let mut measurements = Vec::new();
    for (done, (network, feature, precision)) in subjects.into_iter().enumerate() {
        let text = format!("{network:?}, feature size {feature}, {precision:?}");
        monitor.step(Step { stage: "bench", done, total, text });
        if !monitor.proceed().await {
            return Err(RunError::Cancelled);
        }
        let subject = Subject::random(network, feature, precision, options.side)?;
        measurements.extend(measure(engine, &options, ceiling, &subject).await?);
    }
    Ok(results(engine, options, "random", ceiling, measurements))
}

/// Runs a model's own weights on `engine`.
///
/// # Errors
/// If its network cannot be built, or the device fails.
pub async fn bench_model(
    engine: &Engine,
    options: BenchOptions,
    model: &BenchModel<'_>,
) -> Result<Bench, RunError> {
    let subject = Subject::of_model(model, options.side)?;
    let ceiling = ceiling(engine, &options).await?;
    let measurements = measure(engine, &options, ceiling, &subject).await?;
    Ok(results(engine, options, &model.manifest.name, ceiling, measurements))
}

async fn ceiling(engine: &Engine, options: &BenchOptions) -> Result<Option<Ceiling>, RunError> {
    if options.ceiling { Ceiling::measure(engine).await.map(Some) } else { Ok(None) }
}

fn results(
    engine: &Engine,
    options: BenchOptions,
    weights: &str,
    ceiling: Option<Ceiling>,
    measurements: Vec<Measurement>,
) -> Bench {
    Bench {
        suite: SUITE,
        version: env!("CARGO_PKG_VERSION"),
        adapter: engine.adapter.clone(),
        options,
        ceiling,
        weights: weights.to_owned(),
        measurements,
    }
}

/// All ways of computing one network, taking turns so that a busy machine burdens them alike.
async fn measure(
    engine: &Engine,
    options: &BenchOptions,
    ceiling: Option<Ceiling>,
    subject: &Subject,
) -> Result<Vec<Measurement>, RunError> {
    let memory = subject.memory(engine.room());
    if let Some(plan) = &memory {
        engine.accommodates(plan)?;
    }
    engine.device.memory_cleanup();
    let expected = match options.agreement {
        true => Some(Ready::new(subject, Way::Plain, &Device::flex(), Room::ANY)?.run(engine).await?.0),
        false => None,
    };
    let ready = |way| Ready::new(subject, way, &engine.device, engine.room());
    let ready: Vec<Ready> =
        Way::all(options, subject, engine).into_iter().map(ready).collect::<Result<_, _>>()?;
    let mut runs = Vec::new();
    for ready in &ready {
        let (logits, cold_ms) = ready.run(engine).await?;
        runs.push(Runs { logits, cold_ms, times: Vec::new() });
    }
    for _ in 0..options.runs {
        for (ready, runs) in ready.iter().zip(&mut runs) {
            runs.times.push(ready.run(engine).await?.1);
        }
    }
    let held_bytes = held_bytes(&engine.device);
    let gflop = subject.gflop();
    let mut all = Vec::new();
    for (ready, mut runs) in ready.iter().zip(runs) {
        runs.times.sort_by(f64::total_cmp);
        let median_ms = runs.median();
        let gflops = gflop.map(|gflop| gflop / median_ms * 1000.0);
        let against = expected.as_ref();
        all.push(Measurement {
            network: subject.network,
            feature: subject.feature,
            precision: subject.precision,
            route: ready.way.name(),
            cold_ms: runs.cold_ms,
            median_ms,
            min_ms: runs.at(0),
            max_ms: runs.at(runs.times.len().saturating_sub(1)),
            gflop,
            gflops,
            share: gflops.zip(ceiling).map(|(gflops, ceiling)| gflops / ceiling.gflops),
            planned_bytes: memory.as_ref().map(|plan| plan.peak),
            planned_largest_bytes: memory.as_ref().map(|plan| plan.largest),
            held_bytes,
            profile: if options.profile { ready.profile(engine).await? } else { None },
            relative_l2: against.map(|expected| relative_l2(&expected.values, &runs.logits.values)),
            same_argmax: against.filter(|e| e.classes > 1).map(|expected| runs.logits.same_argmax(expected)),
        });
    }
    Ok(all)
}

/// What one way of computing took and made.
struct Runs {
    logits: Logits,
    cold_ms: f64,
    /// Milliseconds of the timed runs.
    times: Vec<f64>,
}

impl Runs {
    /// Of an even number of runs, the mean of the two in the middle.
    fn median(&self) -> f64 {
        let count = self.times.len();
        f64::midpoint(self.at(count.saturating_sub(1) / 2), self.at(count / 2))
    }

    fn at(&self, index: usize) -> f64 {
        self.times.get(index).copied().unwrap_or(self.cold_ms)
    }
}

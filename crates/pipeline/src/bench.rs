//! Speed and agreement of the networks on a device, by a fixed suite (`docs/benchmark.md` is its method).

use burn::tensor::{Device, Tensor, TensorData};
use saswin_kernels::check::relative_l2;
use saswin_kernels::{Arithmetic, Route, route};
use saswin_model::fidelity::{named_tensor, named_weights};
use saswin_model::nets::{self, Trace};
use saswin_model::weights::{self, Precision};
use saswin_model::{Architecture, ClassHead, DecoderKind, Manifest, Merge, Pool, SwinConfig};
use serde::{Deserialize, Serialize};
use web_time::Instant;

use crate::infer::read;
use crate::{Adapter, Engine, Monitor, Prepared, RunError, Step, phantom_scan, prepare};

/// Name and version of the suite; results of different versions are not comparable.
pub const SUITE: &str = "saswin-bench 1";

/// What errors name as their place.
const PLACE: &str = "the benchmark";

/// Networks of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
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
    /// `random`, computed from the parameters' names, or the name of the model that they are of.
    pub weights: String,
    /// Measurements in order.
    pub measurements: Vec<Measurement>,
}

fn architecture(network: Network, feature: usize) -> Architecture {
    let mut a = SwinConfig::encoder(1, feature, Merge::Legacy);
    a.symmetry = true;
    match network {
        Network::Classifier => a.class_head = Some(ClassHead { outputs: 2, pool: Pool::Token0 }),
        Network::Segmenter => {
            a.decoder = Some(DecoderKind::Full);
            a.out_channels = 2;
        }
        Network::Shipped | Network::Model => {
            a.in_channels = 2;
            a.window = [4; 3];
            a.heads = [1, 2, 4, 8];
            a.merge = Merge::Fixed;
            a.decoder = Some(DecoderKind::Subvoxel { width: 24 });
            a.out_channels = 13;
        }
    }
    a.into()
}

/// A way of computing a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Our shaders in 32-bit floats.
    Shaders,
    /// Our shaders on integers.
    Packed(Arithmetic),
    /// Burn's operations.
    Plain,
}

impl Way {
    /// `shaders` for ours in 32-bit floats, `int8` for ours on bytes, `int8-emulated` for the same without
    /// `dot4I8Packed`, `packed` for ours that make floats of integers where they use them, `plain` for burn's own
    /// operations.
    fn name(self) -> &'static str {
        match self {
            Self::Shaders => "shaders",
            Self::Packed(Arithmetic::Integers { native: true }) => "int8",
            Self::Packed(Arithmetic::Integers { native: false }) => "int8-emulated",
            Self::Packed(Arithmetic::Floats) => "packed",
            Self::Plain => "plain",
        }
    }

    /// Those of `options` that there are for the weights of `subject` on `engine`.
    fn all(options: &BenchOptions, subject: &Subject, engine: &Engine) -> Vec<Self> {
        let mut ways = vec![Self::Shaders];
        let integers = options.integers && matches!(subject.architecture, Architecture::Swin(_));
        if integers && subject.precision == Precision::Q8 {
            ways.extend(
                engine.adapter.tier.dot.then_some(Self::Packed(Arithmetic::Integers { native: true })),
            );
            ways.push(Self::Packed(Arithmetic::Integers { native: false }));
        }
        if integers && matches!(subject.precision, Precision::Q8 | Precision::Q4) {
            ways.push(Self::Packed(Arithmetic::Floats));
        }
        ways.extend(options.plain.then_some(Self::Plain));
        ways
    }
}

/// A model whose own weights are measured, on a window of the phantom.
#[derive(Debug)]
pub struct BenchModel<'a> {
    /// What it is.
    pub manifest: &'a Manifest,
    /// Its first weight file.
    pub bytes: &'a [u8],
}

/// Weights and the inputs of one forward pass, in host memory.
struct Subject {
    network: Network,
    feature: usize,
    precision: Precision,
    architecture: Architecture,
    packed: Vec<u8>,
    /// Scan and mirror, `[1, c, side, side, side]`.
    inputs: [TensorData; 2],
}

impl Subject {
    /// Weights from the parameters' names.
    fn random(network: Network, feature: usize, precision: Precision, side: usize) -> Result<Self, RunError> {
        let architecture = architecture(network, feature);
        let named = named_weights(&nets::Network::new(&architecture, &Device::flex())?);
        let inputs = ["input:x", "input:x_flip"].map(|name| {
            let tensor = named_tensor(name, &[1, architecture.in_channels(), side, side, side]);
            TensorData::new(tensor.values, tensor.shape)
        });
        let packed = weights::pack(&named, precision, |_| false)?;
        Ok(Self { network, feature, precision, architecture, packed, inputs })
    }

    /// The window in the middle of the phantom, as the model is given it.
    fn of_model(model: &BenchModel<'_>, side: usize) -> Result<Self, RunError> {
        let BenchModel { manifest, bytes } = model;
        let scan = phantom_scan();
        let prepared = prepare(&scan.volume, scan.modality, &manifest.preprocessing)?;
        let feature = match &manifest.architecture {
            Architecture::Swin(config) => config.feature_size,
            Architecture::Asa(_) => 0,
        };
        Ok(Self {
            network: Network::Model,
            feature,
            precision: manifest.files.first().map_or(Precision::F32, |file| file.precision),
            architecture: manifest.architecture.clone(),
            packed: bytes.to_vec(),
            inputs: [false, true].map(|mirrored| middle(&prepared, side, mirrored)),
        })
    }

    fn on(&self, way: Way, device: &Device) -> Result<nets::Network, RunError> {
        let mut network = nets::Network::new(&self.architecture, device)?;
        weights::fill(&mut network, weights::unpack(&self.packed)?)?;
        Ok(match way {
            Way::Plain => network,
            Way::Shaders => weights::lay_out(network),
            Way::Packed(how) => weights::pack_integers(weights::lay_out(network), self.precision, how),
        })
    }
}

/// The window of `side` voxels in the middle of a prepared volume or of its left-right flip, with its last voxels
/// repeated where the volume is shorter.
fn middle(prepared: &Prepared, side: usize, mirrored: bool) -> TensorData {
    let dims = prepared.grid.dims;
    let from = dims.map(|n| n.saturating_sub(side) / 2);
    let mut values = Vec::with_capacity(prepared.channels * side.pow(3));
    for channel in prepared.input.chunks_exact(prepared.grid.len()) {
        for at in 0..side.pow(3) {
            let [x, y, z] = [at / (side * side), at / side % side, at % side];
            let [x, y, z] = std::array::from_fn(|axis| (from[axis] + [x, y, z][axis]).min(dims[axis] - 1));
            let x = if mirrored { dims[0] - 1 - x } else { x };
            values.push(channel[(x * dims[1] + y) * dims[2] + z]);
        }
    }
    TensorData::new(values, [1, prepared.channels, side, side, side])
}

/// A network on a device, with its inputs.
struct Ready {
    way: Way,
    network: nets::Network,
    inputs: [Tensor<5>; 2],
}

impl Ready {
    fn new(subject: &Subject, way: Way, device: &Device) -> Result<Self, RunError> {
        let inputs = subject.inputs.clone().map(|data| Tensor::from_data(data, device));
        Ok(Self { way, network: subject.on(way, device)?, inputs })
    }

    /// Output on the host, and milliseconds.
    async fn run(&self, engine: &Engine) -> Result<(Logits, f64), RunError> {
        let [x, x_flip] = self.inputs.clone();
        let start = Instant::now();
        let way = if self.way == Way::Plain { Route::Composed } else { Route::Shaders };
        let output = route(way, || self.network.forward(x, Some(x_flip), &mut Trace::off()));
        let logits = match (output.segmentation, output.classes) {
            (Some(logits), _) => {
                Logits { classes: logits.dims()[1], values: read(logits, engine, PLACE).await? }
            }
            (None, Some(logits)) => {
                Logits { classes: logits.dims()[1], values: read(logits, engine, PLACE).await? }
            }
            (None, None) => Logits { classes: 1, values: Vec::new() },
        };
        Ok((logits, start.elapsed().as_secs_f64() * 1000.0))
    }
}

/// Output of one sample, class by class.
struct Logits {
    classes: usize,
    values: Vec<f32>,
}

impl Logits {
    /// The class of the largest logit, position by position.
    fn argmax(&self) -> Vec<usize> {
        let count = self.values.len() / self.classes;
        let best = |at: usize| {
            let logit = |class: &usize| self.values[class * count + at];
            (0..self.classes).max_by(|a, b| logit(a).total_cmp(&logit(b))).unwrap_or_default()
        };
        (0..count).map(best).collect()
    }

    /// Share of positions whose class is that of `other`.
    fn same_argmax(&self, other: &Self) -> f64 {
        let (own, other) = (self.argmax(), other.argmax());
        let same = own.iter().zip(&other).filter(|(a, b)| a == b).count();
        same as f64 / own.len().max(1) as f64
    }
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
    let mut measurements = Vec::new();
    for (done, (network, feature, precision)) in subjects.into_iter().enumerate() {
        let text = format!("{network:?}, feature size {feature}, {precision:?}");
        monitor.step(Step { stage: "bench", done, total, text });
        if !monitor.proceed().await {
            return Err(RunError::Cancelled);
        }
        let subject = Subject::random(network, feature, precision, options.side)?;
        measurements.extend(measure(engine, &options, &subject).await?);
    }
    Ok(results(engine, options, "random", measurements))
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
    let measurements = measure(engine, &options, &subject).await?;
    Ok(results(engine, options, &model.manifest.name, measurements))
}

fn results(engine: &Engine, options: BenchOptions, weights: &str, measurements: Vec<Measurement>) -> Bench {
    Bench {
        suite: SUITE,
        version: env!("CARGO_PKG_VERSION"),
        adapter: engine.adapter.clone(),
        options,
        weights: weights.to_owned(),
        measurements,
    }
}

/// All ways of computing one network, taking turns so that a busy machine burdens them alike.
async fn measure(
    engine: &Engine,
    options: &BenchOptions,
    subject: &Subject,
) -> Result<Vec<Measurement>, RunError> {
    let expected = match options.agreement {
        true => Some(Ready::new(subject, Way::Shaders, &Device::flex())?.run(engine).await?.0),
        false => None,
    };
    let ways = Way::all(options, subject, engine);
    let ready: Vec<Ready> =
        ways.into_iter().map(|way| Ready::new(subject, way, &engine.device)).collect::<Result<_, _>>()?;
    let mut cold = Vec::new();
    for ready in &ready {
        cold.push(ready.run(engine).await?);
    }
    let mut times = vec![Vec::new(); ready.len()];
    for _ in 0..options.runs {
        for (ready, times) in ready.iter().zip(&mut times) {
            times.push(ready.run(engine).await?.1);
        }
    }
    let all = ready.iter().zip(cold).zip(times).map(|((ready, (logits, cold_ms)), mut times)| {
        times.sort_by(f64::total_cmp);
        let at = |index: usize| times.get(index).copied().unwrap_or(cold_ms);
        Measurement {
            network: subject.network,
            feature: subject.feature,
            precision: subject.precision,
            route: ready.way.name(),
            cold_ms,
            median_ms: at(times.len() / 2),
            min_ms: at(0),
            max_ms: at(times.len().saturating_sub(1)),
            relative_l2: expected.as_ref().map(|expected| relative_l2(&expected.values, &logits.values)),
            same_argmax: expected.as_ref().map(|expected| logits.same_argmax(expected)),
        }
    });
    Ok(all.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Silent;

    #[test]
    fn the_suite_runs_and_the_cpu_agrees_with_itself() {
        let options = BenchOptions {
            networks: vec![Network::Shipped, Network::Classifier],
            features: vec![12, 24],
            precisions: vec![Precision::Q8],
            side: 32,
            runs: 1,
            ..BenchOptions::default()
        };
        let bench = pollster::block_on(bench(&Engine::cpu(None), options, &mut Silent)).unwrap();
        let ways = ["shaders", "int8-emulated", "packed", "plain"];
        let found: Vec<_> = bench.measurements.iter().map(|m| (m.network, m.feature, m.route)).collect();
        let wanted: Vec<_> = [(Network::Shipped, 12), (Network::Classifier, 12), (Network::Classifier, 24)]
            .into_iter()
            .flat_map(|(network, feature)| ways.map(|way| (network, feature, way)))
            .collect();
        assert_eq!(found, wanted);
        for m in &bench.measurements {
            // Packing gives back the stored integers; only what is rounded to bytes differs.
            let bound = match m.route {
                "int8-emulated" => 0.1,
                "packed" => 1e-5,
                _ => 0.0,
            };
            assert!(m.relative_l2.unwrap() <= bound, "{m:?}");
            assert!(m.same_argmax.unwrap() > 0.95, "{m:?}");
            assert!(m.min_ms > 0.0 && m.min_ms <= m.median_ms && m.median_ms <= m.max_ms);
        }
    }
}

//! Speed and agreement of the networks on a device, by a fixed suite (`docs/benchmark.md` is its method).

use burn::tensor::{Device, Tensor, TensorData};
use saswin_kernels::check::relative_l2;
use saswin_kernels::{Route, route};
use saswin_model::fidelity::{named_tensor, named_weights};
use saswin_model::nets::{self, Trace};
use saswin_model::weights::{self, Precision};
use saswin_model::{Architecture, ClassHead, DecoderKind, Merge, Pool, SwinConfig};
use serde::{Deserialize, Serialize};
use web_time::Instant;

use crate::infer::read;
use crate::{Adapter, Engine, Monitor, RunError, Step};

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
    /// Precision of the stored weights; arithmetic is in 32-bit floats.
    pub precision: Precision,
    /// `shaders` for ours, `plain` for burn's own operations.
    pub route: &'static str,
    /// Milliseconds of the first run, with all pipelines compiled.
    pub cold_ms: f64,
    /// Median of the timed runs, from input on the device to output on the host.
    pub median_ms: f64,
    /// Fastest run.
    pub min_ms: f64,
    /// Slowest run.
    pub max_ms: f64,
    /// Relative L2 error of the output against the CPU backend.
    pub relative_l2: Option<f64>,
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
    /// Always `random`: weights are computed from the parameters' names.
    pub weights: &'static str,
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
        Network::Shipped => {
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

/// A network with weights from names and the two inputs of one forward pass.
struct Subject {
    /// For burn's operations.
    network: nets::Network,
    /// The same, its weights in the order of our shaders.
    laid_out: nets::Network,
    inputs: [Tensor<5>; 2],
}

impl Subject {
    fn new(a: &Architecture, precision: Precision, side: usize, device: &Device) -> Result<Self, RunError> {
        let mut network = nets::Network::new(a, device)?;
        let packed = weights::pack(&named_weights(&network), precision, |_| false)?;
        weights::fill(&mut network, weights::unpack(&packed)?)?;
        let inputs = ["input:x", "input:x_flip"].map(|name| {
            let tensor = named_tensor(name, &[1, a.in_channels(), side, side, side]);
            Tensor::from_data(TensorData::new(tensor.values, tensor.shape), device)
        });
        let laid_out = weights::lay_out(network.clone());
        Ok(Self { network, laid_out, inputs })
    }

    /// Output on the host, and milliseconds.
    async fn run(&self, way: Route, engine: &Engine) -> Result<(Vec<f32>, f64), RunError> {
        let [x, x_flip] = self.inputs.clone();
        let start = Instant::now();
        let network = if way == Route::Composed { &self.network } else { &self.laid_out };
        let output = route(way, || network.forward(x, Some(x_flip), &mut Trace::off()));
        let values = match (output.segmentation, output.classes) {
            (Some(logits), _) => read(logits, engine, PLACE).await?,
            (None, Some(logits)) => read(logits, engine, PLACE).await?,
            (None, None) => Vec::new(),
        };
        Ok((values, start.elapsed().as_secs_f64() * 1000.0))
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
        measurements.extend(measure(engine, &options, network, feature, precision).await?);
    }
    Ok(Bench {
        suite: SUITE,
        version: env!("CARGO_PKG_VERSION"),
        adapter: engine.adapter.clone(),
        options,
        weights: "random",
        measurements,
    })
}

/// Both ways of computing one network, taking turns so that a busy machine burdens them alike.
async fn measure(
    engine: &Engine,
    options: &BenchOptions,
    network: Network,
    feature: usize,
    precision: Precision,
) -> Result<Vec<Measurement>, RunError> {
    let a = architecture(network, feature);
    let expected = match options.agreement {
        true => {
            let cpu = Subject::new(&a, precision, options.side, &Device::flex())?;
            Some(cpu.run(Route::Shaders, engine).await?.0)
        }
        false => None,
    };
    let subject = Subject::new(&a, precision, options.side, &engine.device)?;
    let mut ways = vec![("shaders", Route::Shaders)];
    if options.plain {
        ways.push(("plain", Route::Composed));
    }
    let mut cold = Vec::new();
    for (_, way) in &ways {
        cold.push(subject.run(*way, engine).await?);
    }
    let mut times = vec![Vec::new(); ways.len()];
    for _ in 0..options.runs {
        for ((_, way), times) in ways.iter().zip(&mut times) {
            times.push(subject.run(*way, engine).await?.1);
        }
    }
    let all = ways.iter().zip(cold).zip(times).map(|(((name, _), (values, cold_ms)), mut times)| {
        times.sort_by(f64::total_cmp);
        let at = |index: usize| times.get(index).copied().unwrap_or(cold_ms);
        Measurement {
            network,
            feature,
            precision,
            route: name,
            cold_ms,
            median_ms: at(times.len() / 2),
            min_ms: at(0),
            max_ms: at(times.len().saturating_sub(1)),
            relative_l2: expected.as_ref().map(|expected| relative_l2(expected, &values)),
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
        let found: Vec<_> = bench.measurements.iter().map(|m| (m.network, m.feature, m.route)).collect();
        let both = |network, feature| [(network, feature, "shaders"), (network, feature, "plain")];
        let wanted =
            [both(Network::Shipped, 12), both(Network::Classifier, 12), both(Network::Classifier, 24)];
        assert_eq!(found, wanted.concat());
        for m in &bench.measurements {
            assert_eq!(m.relative_l2, Some(0.0));
            assert!(m.min_ms > 0.0 && m.min_ms <= m.median_ms && m.median_ms <= m.max_ms);
        }
    }
}

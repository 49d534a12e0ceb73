//! `saswin-cli bench`: the suite of docs/benchmark.md.

use std::fs;
use std::path::PathBuf;

use saswin_model::Manifest;
use saswin_model::weights::Precision;
use saswin_pipeline::{BenchModel, BenchOptions, Network, bench, bench_model};

use crate::CliResult;
use crate::engine::{self, BackendArg};
use crate::run::Terminal;

/// Measure the speed of networks on a device.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to compute.
    #[arg(long, value_enum, default_value = "wgpu")]
    backend: BackendArg,
    /// Networks, comma-separated: shipped, classifier, segmenter. All by default.
    #[arg(long, value_delimiter = ',', value_parser = network)]
    networks: Vec<Network>,
    /// Feature sizes, comma-separated.
    #[arg(long, value_delimiter = ',', default_values_t = [12, 24, 48])]
    features: Vec<usize>,
    /// Side of the input in voxels, a multiple of 32.
    #[arg(long, default_value_t = 96)]
    side: usize,
    /// Timed runs after the cold one.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Only 32-bit weights.
    #[arg(long)]
    f32_only: bool,
    /// Do not compare outputs with the CPU.
    #[arg(long)]
    no_agreement: bool,
    /// Do not measure plain burn operations.
    #[arg(long)]
    no_plain: bool,
    /// Do not measure integer arithmetic.
    #[arg(long)]
    no_integers: bool,
    /// Measure the weights of this model folder on the phantom, instead of random weights.
    #[arg(long, conflicts_with_all = ["networks", "features", "f32_only"])]
    model: Option<PathBuf>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

fn network(name: &str) -> Result<Network, String> {
    match name {
        "shipped" => Ok(Network::Shipped),
        "classifier" => Ok(Network::Classifier),
        "segmenter" => Ok(Network::Segmenter),
        other => Err(format!("`{other}` is not shipped, classifier or segmenter")),
    }
}

/// Prints the measurements.
///
/// # Errors
/// If the device fails or an option makes no network.
pub fn run(args: Args) -> CliResult {
    let engine = engine::open(args.backend, None)?;
    let all = BenchOptions::default();
    let options = BenchOptions {
        networks: if args.networks.is_empty() { all.networks } else { args.networks },
        features: args.features,
        precisions: if args.f32_only { vec![Precision::F32] } else { all.precisions },
        side: args.side,
        runs: args.runs,
        agreement: !args.no_agreement,
        plain: !args.no_plain,
        integers: !args.no_integers,
    };
    let bench = match &args.model {
        Some(folder) => {
            let manifest = Manifest::from_json(&fs::read_to_string(folder.join("manifest.json"))?)?;
            let file = manifest.files.first().ok_or("the manifest names no weight file")?;
            let bytes = fs::read(folder.join(&file.name))?;
            let model = BenchModel { manifest: &manifest, bytes: &bytes };
            pollster::block_on(bench_model(&engine, options, &model))?
        }
        None => pollster::block_on(bench(&engine, options, &mut Terminal))?,
    };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&bench)?);
        return Ok(());
    }
    println!("{} on {}{}\n", bench.suite, bench.adapter.name, software(bench.adapter.software));
    let tier = bench.adapter.tier;
    let dot = if tier.dot { "has dot4I8Packed" } else { "has no dot4I8Packed" };
    println!("{dot}, f16: {}, subgroups: {}; {} weights\n", tier.f16, tier.subgroups, bench.weights);
    println!(
        "| network | feature | weights | route | cold ms | median ms | min | max | error | same argmax |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for m in &bench.measurements {
        let error = m.relative_l2.map_or_else(|| "-".to_owned(), |e| format!("{e:.1e}"));
        let same = m.same_argmax.map_or_else(|| "-".to_owned(), |s| format!("{:.2} %", 100.0 * s));
        println!(
            "| {:?} | {} | {:?} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {error} | {same} |",
            m.network, m.feature, m.precision, m.route, m.cold_ms, m.median_ms, m.min_ms, m.max_ms
        );
    }
    Ok(())
}

fn software(is: bool) -> &'static str {
    if is { " (a software adapter: these are not times of a GPU)" } else { "" }
}

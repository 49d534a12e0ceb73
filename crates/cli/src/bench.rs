//! `saswin-cli bench`: the suite of docs/benchmark.md.

use std::path::PathBuf;

use fs_err as fs;
use saswin_model::weights::Precision;
use saswin_pipeline::{
    Bench, BenchModel, BenchOptions, Entry, Failed, Measurement, Network, Unavailable, bench, bench_model,
};

use crate::CliResult;
use crate::engine::{self, BackendArg};
use crate::run::Terminal;
use crate::run::read_manifest;

/// Measure the speed of networks on a device.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to compute.
    #[arg(long, value_enum, default_value = "wgpu")]
    backend: BackendArg,
    /// Networks, comma-separated: shipped, classifier, segmenter; encoder. The first three by default.
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
    /// Do not measure what the device reaches at best.
    #[arg(long)]
    no_ceiling: bool,
    /// Do not time passes one by one.
    #[arg(long)]
    no_profile: bool,
    /// Take from the GPU only what every WebGPU device has, and no more than this many MiB in one tensor.
    #[arg(long)]
    max_buffer_mb: Option<u64>,
    /// Measure the weights of this model folder on the phantom, instead of random weights.
    #[arg(long, conflicts_with_all = ["networks", "features", "f32_only"])]
    model: Option<PathBuf>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

fn network(name: &str) -> Result<Network, String> {
    match name {
        "encoder" => Ok(Network::Encoder),
        "shipped" => Ok(Network::Shipped),
        "classifier" => Ok(Network::Classifier),
        "segmenter" => Ok(Network::Segmenter),
        other => Err(format!("`{other}` is not encoder, shipped, classifier or segmenter")),
    }
}

/// Prints the measurements.
///
/// # Errors
/// If the device fails, a subject could not be measured, or an option makes no network.
pub fn run(args: Args) -> CliResult {
    let engine = engine::open(args.backend, args.max_buffer_mb)?;
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
        ceiling: !args.no_ceiling,
        profile: !args.no_profile,
    };
    let bench = match &args.model {
        Some(folder) => {
            let manifest = read_manifest(&folder.join("manifest.json"))?;
            let file = manifest.files.first().ok_or("the manifest names no weight file")?;
            let bytes = fs::read(folder.join(&file.name))?;
            let model = BenchModel { manifest: &manifest, bytes: &bytes };
            pollster::block_on(bench_model(&engine, options, &model))?
        }
        None => pollster::block_on(bench(&engine, options, None, &mut Terminal))?,
    };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&bench)?);
    } else {
        print(&bench);
    }
    match bench.failures.len() {
        0 => Ok(()),
        failed => Err(format!("{failed} subjects could not be measured").into()),
    }
}

fn print(bench: &Bench) {
    let can = bench.adapter.capabilities();
    println!("{} on {}{}\n", bench.suite, bench.adapter.name, software(can.software));
    let dot = if can.dot { "has dot4I8Packed" } else { "has no dot4I8Packed" };
    println!("{dot}, f16: {}; {} weights\n", can.f16, bench.weights);
    if let Some(ceiling) = bench.ceiling {
        println!("at best {:.0} GFLOP/s and {:.1} GB/s\n", ceiling.gflops, ceiling.gbps);
    }
    println!(
        "| network | feature | weights | route | cold ms | median ms | min | max | GFLOP/s | share | GB/s | share | \
         planned MB | held MB | error | same argmax |"
    );
    println!("{}|", "|---".repeat(16));
    bench.measurements.iter().for_each(row);
    for Failed { entry: e, message, .. } in &bench.failures {
        println!("\n{:?} {} {:?} was not measured: {message}", e.network, e.feature, e.precision);
    }
    for Unavailable { route, reason } in &bench.unavailable {
        println!("\nnot available: {route}, {reason}");
    }
    bench.measurements.iter().for_each(passes);
}

fn row(m: &Measurement) {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let megabytes = |bytes: Option<u64>| or_dash(bytes.map(|b| format!("{:.0}", b as f64 / 1e6)));
    let rate = |rate: Option<f64>| or_dash(rate.map(|r| format!("{r:.1}")));
    let percent = |share: Option<f64>| or_dash(share.map(|s| format!("{:.2} %", 100.0 * s)));
    println!(
        "| {:?} | {} | {:?} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {} | {} | {} | {} | {} | {} | {} | {} |",
        m.entry.network,
        m.entry.feature,
        m.entry.precision,
        m.route,
        m.cold_ms,
        m.median_ms,
        m.min_ms,
        m.max_ms,
        rate(m.gflops),
        percent(m.share),
        rate(m.gbps),
        percent(m.bandwidth_share),
        megabytes(Some(m.planned_bytes)),
        megabytes(m.held_bytes),
        or_dash(m.relative_l2.map(|e| format!("{e:.1e}"))),
        percent(m.same_argmax),
    );
}

/// Time and GB/s of each pass, on lines of their own.
fn passes(m: &Measurement) {
    let Some(profile) = &m.profile else { return };
    let Entry { network, feature, precision } = m.entry;
    println!("\n{network:?} {feature} {precision:?} {}, by {}:", m.route, profile.timing);
    for pass in &profile.passes {
        let number = |n: Option<f64>| n.map_or_else(|| "-".to_owned(), |n| format!("{n:.1}"));
        let (ms, gbps) = (number(pass.ms), number(pass.gbps));
        println!("{ms:>10} ms {gbps:>8} GB/s {:>4} × {}", pass.calls, pass.pass);
    }
}

fn software(is: bool) -> &'static str {
    if is { " (a software adapter: these are not times of a GPU)" } else { "" }
}

//! `saswin-cli sensitivity`: what rounding each matrix of a checkpoint does to the network's logits.

use std::path::{Path, PathBuf};

use saswin_model::Manifest;
use saswin_model::weights::Precision;
use saswin_pipeline::{
    Engine, Sensitivity, TensorError, WindowInput, phantom_windows, scan_windows, sensitivity,
};

use crate::CliResult;
use crate::checkpoint::{Checkpoint, named};
use crate::run::Terminal;
use crate::scan::load_scan;

/// Measure which weights a network bears least to have rounded, always on the CPU.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    checkpoint: Checkpoint,
    /// What weights are rounded to: `q8`, `q4` or `f16`.
    #[arg(long, value_parser = named::<Precision>, default_value = "q8")]
    precision: Precision,
    /// NIfTI or DICOM file, zip, or a folder of any of these, whose windows the network is run on, evenly spread.
    /// Windows in the middle of phantoms by default, each of another seed.
    #[arg(long)]
    scan: Option<PathBuf>,
    /// Number of windows.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    windows: u32,
    /// Side of the windows in voxels, a multiple of 32, instead of the model's.
    #[arg(long)]
    side: Option<usize>,
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// If the checkpoint or the scan cannot be read, or do not fit the network.
pub fn run(args: &Args) -> CliResult {
    let name = args.checkpoint.checkpoint.file_stem().unwrap_or_default().to_string_lossy();
    let mut import = args.checkpoint.read(&name)?;
    if let Some(side) = args.side {
        import.manifest.preprocessing.roi = [side; 3];
    }
    import.manifest.validate()?;
    let (windows, inputs) = windows(args, &import.manifest)?;
    let engine = Engine::cpu(None);
    let inputs = (windows.as_slice(), inputs);
    let report = pollster::block_on(sensitivity(import, args.precision, inputs, &engine, &mut Terminal))?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
    }
    Ok(())
}

/// What the network is run on, and that in words.
fn windows(
    args: &Args,
    manifest: &Manifest,
) -> Result<(Vec<WindowInput>, String), Box<dyn std::error::Error>> {
    let how = &manifest.preprocessing;
    let windows = match &args.scan {
        Some(path) => {
            let scan = load_scan(path)?;
            scan_windows(&scan, manifest, args.windows as usize)?
        }
        None => phantom_windows(how, &manifest.modality, args.windows)?,
    };
    let of = args.scan.as_deref().map_or("phantoms".into(), Path::to_string_lossy);
    let words = format!("{} windows of {:?} voxels of {of}", windows.len(), how.roi);
    Ok((windows, words))
}

fn print(report: &Sensitivity) {
    println!("Relative L2 error of the logits on {}, weights as {:?}.\n", report.inputs, report.precision);
    println!("| rounded alone | weights | error | KB more as f16 |\n|---|---|---|---|");
    report.tensors.iter().for_each(row);
    println!(
        "\n| kept as f16 of all {} | KB more than {:.0} | error |",
        report.tensors.len(),
        kb(report.bytes)
    );
    println!("|---|---|---|");
    for kept in &report.kept {
        println!("| {} worst | {:.1} | {:.2e} |", kept.tensors, kb(kept.more_bytes), kept.error);
    }
}

fn row(tensor: &TensorError) {
    let TensorError { key, weights, error, more_bytes } = tensor;
    println!("| {key} | {weights} | {error:.2e} | {:.1} |", kb(*more_bytes));
}

fn kb(bytes: usize) -> f64 {
    bytes as f64 / 1e3
}

//! `saswin-cli convert`: checkpoints in, model folders out.

use std::path::PathBuf;

use burn::tensor::Device;
use fs_err as fs;
use saswin_model::FileEntry;
use saswin_model::nets::Network;
use saswin_model::weights::{self, Precision, WeightMap, is_matrix};
use saswin_pipeline::Sensitivity;

use crate::CliResult;
use crate::checkpoint::{Checkpoint, named};

/// Import a checkpoint.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    checkpoint: Checkpoint,
    /// How to store matrices: `f32`, `f16`, `q8` or `q4`.
    #[arg(long, value_parser = named::<Precision>, default_value = "q8")]
    precision: Precision,
    /// Store matrices with this in their key as 16-bit floats instead of integers; may be given more than once.
    #[arg(long, value_name = "PART")]
    keep: Vec<String>,
    /// Store this many of the worst matrices of `--sensitivity` as 16-bit floats, too.
    #[arg(long, value_name = "N", requires = "sensitivity")]
    keep_worst: Option<usize>,
    /// What `saswin-cli sensitivity --json` wrote of this checkpoint at this precision.
    #[arg(long, value_name = "FILE", requires = "keep_worst")]
    sensitivity: Option<PathBuf>,
    /// Folder to write.
    #[arg(long)]
    out: PathBuf,
}

/// Keys of the matrices that stay floats; `sha256` is the checkpoint's.
fn kept(args: &Args, weights: &WeightMap, sha256: &str) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let worst = worst(args, sha256)?;
    if args.keep.is_empty() && worst.is_empty() {
        return Ok(worst);
    }
    if !matches!(args.precision, Precision::Q8 | Precision::Q4) {
        return Err("only integers can be kept from: --keep and --keep-worst are for q8 and q4".into());
    }
    let matrices: Vec<&String> =
        weights.iter().filter(|(key, weight)| is_matrix(key, &weight.shape)).map(|(key, _)| key).collect();
    if let Some(part) = args.keep.iter().find(|part| !matrices.iter().any(|key| key.contains(*part))) {
        return Err(format!(
            "--keep {part}: no matrix has that in its key; `saswin-cli sensitivity` lists them"
        )
        .into());
    }
    let is_kept = |key: &&String| worst.contains(*key) || args.keep.iter().any(|part| key.contains(part));
    Ok(matrices.into_iter().filter(is_kept).cloned().collect())
}

/// Keys of the worst matrices of the report, as many as were asked for.
fn worst(args: &Args, sha256: &str) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let (Some(path), Some(count)) = (&args.sensitivity, args.keep_worst) else { return Ok(Vec::new()) };
    let wrong = |reason: &str| format!("{}: {reason}", path.display());
    let report: Sensitivity = serde_json::from_slice(&fs::read(path)?).map_err(|e| wrong(&e.to_string()))?;
    if report.sha256 != sha256 || report.precision != args.precision {
        let reason =
            "was measured on another checkpoint or precision; run `saswin-cli sensitivity` on this one";
        return Err(wrong(reason).into());
    }
    Ok(report.worst(count))
}

/// Runs the command.
///
/// # Errors
/// If the checkpoint cannot be read or does not fit the architecture: every tensor is named.
pub fn run(args: &Args) -> CliResult {
    let name = args.out.file_name().unwrap_or_default().to_string_lossy();
    let import = args.checkpoint.read(&name)?;
    let mut manifest = import.manifest;
    let sha256 = manifest.files.first().map(|file| file.sha256.clone()).unwrap_or_default();
    let mut network = Network::new(&manifest.architecture, &Device::flex())?;
    if let Err(error) = weights::fill(&mut network, import.weights) {
        for line in error.lines() {
            eprintln!("{line}");
        }
        return Err(error.into());
    }
    // From the network, not the file: only tensors that it uses are stored.
    let weights = weights::collect(&network)?;
    let name = format!("weights.{:?}.safetensors", args.precision).to_lowercase();
    let kept = kept(args, &weights, &sha256)?;
    let (entry, bytes) = FileEntry::pack(name, &weights, args.precision, kept)?;
    for key in &entry.kept {
        eprintln!("kept as 16-bit floats: {key}");
    }
    let path = args.out.join(&entry.name);
    manifest.files = vec![entry];
    manifest.validate()?;
    fs::create_dir_all(&args.out)?;
    fs::write(path, &bytes)?;
    fs::write(args.out.join("manifest.json"), serde_json::to_string_pretty(&manifest)?)?;
    eprintln!("wrote {} ({:.1} MB)", args.out.display(), bytes.len() as f64 / 1e6);
    Ok(())
}

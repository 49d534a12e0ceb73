//! `saswin-cli convert`: checkpoints in, model folders out.

use std::path::PathBuf;

use burn::tensor::Device;
use fs_err as fs;
use saswin_model::FileEntry;
use saswin_model::nets::Network;
use saswin_model::weights::{self, Precision};

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
    /// Folder to write.
    #[arg(long)]
    out: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// If the checkpoint cannot be read or does not fit the architecture: every tensor is named.
pub fn run(args: &Args) -> CliResult {
    let name = args.out.file_name().unwrap_or_default().to_string_lossy();
    let import = args.checkpoint.read(&name)?;
    let mut manifest = import.manifest;
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
    let (entry, bytes) = FileEntry::pack(name, &weights, args.precision, Vec::new())?;
    let path = args.out.join(&entry.name);
    manifest.files = vec![entry];
    manifest.validate()?;
    fs::create_dir_all(&args.out)?;
    fs::write(path, &bytes)?;
    fs::write(args.out.join("manifest.json"), serde_json::to_string_pretty(&manifest)?)?;
    eprintln!("wrote {} ({:.1} MB)", args.out.display(), bytes.len() as f64 / 1e6);
    Ok(())
}

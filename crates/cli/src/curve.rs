//! `curve`: how a training went, as a picture.

use std::path::PathBuf;

use saswin_training::metrics::{curve, joined, parse};

use crate::CliResult;

#[derive(clap::Args)]
pub struct Args {
    /// Metrics of a run, as `train` and torch/train.py write them; several are parts of one training, in this order.
    #[arg(required = true)]
    metrics: Vec<PathBuf>,
    /// SVG to write.
    #[arg(long)]
    out: PathBuf,
}

/// Draws training loss and validation Dice over minutes.
///
/// # Errors
/// If a file cannot be read or holds no record, or the picture cannot be written.
pub fn run(args: &Args) -> CliResult {
    let mut parts = Vec::with_capacity(args.metrics.len());
    for path in &args.metrics {
        let records = parse(&fs_err::read_to_string(path)?);
        if records.is_empty() {
            let what = "holds no record of a training: `metrics.jsonl` of a run is wanted";
            return Err(format!("{} {what}", path.display()).into());
        }
        parts.push(records);
    }
    Ok(fs_err::write(&args.out, curve(&joined(parts)))?)
}

//! `saswin-cli convert`: checkpoints in, model folders out.

use std::path::PathBuf;

use burn::tensor::Device;
use fs_err as fs;
use saswin_model::import::{Declaration, Published, import};
use saswin_model::nets::Network;
use saswin_model::weights::{self, Precision, WeightMap};
use saswin_model::{FileEntry, Manifest, Merge, Position, sha256_hex};
use saswin_training::recipe::Recipe;
use serde::de::DeserializeOwned;
use serde::de::value::{Error as ValueError, StrDeserializer};

use crate::CliResult;
use crate::run::read_manifest;

/// Import a checkpoint.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// `.pt`, `.pth` or `.safetensors`.
    checkpoint: PathBuf,
    /// Network of the checkpoint: `saca-classifier`, `saca-unetr`, `swin-unetr` or `asa`.
    #[arg(long, value_parser = named::<Published>, required_unless_present_any = ["manifest", "recipe"])]
    arch: Option<Published>,
    /// Patch merging of the code that trained it: `legacy` for MONAI up to 1.4, `fixed` from 1.5 on, or `v2`.
    /// Weights cannot be told apart by shape, so it must be said.
    #[arg(long, value_parser = named::<Merge>)]
    merge: Option<Merge>,
    /// Position encoding of ASA, which is not in its checkpoints: `symmetric_1d` as published, `symmetric_3d`,
    /// `plain_1d`, `plain_3d`, `hws_1d`, `hws_symmetric_1d`, or one with `_pretraining` at its end.
    #[arg(long, value_parser = named::<Position>)]
    position: Option<Position>,
    /// Take everything but the files from this manifest instead.
    #[arg(long)]
    manifest: Option<PathBuf>,
    /// Take everything but the files from this training recipe instead.
    #[arg(long, conflicts_with = "manifest")]
    recipe: Option<PathBuf>,
    /// How to store matrices: `f32`, `f16`, `q8` or `q4`.
    #[arg(long, value_parser = named::<Precision>, default_value = "q8")]
    precision: Precision,
    /// Folder to write.
    #[arg(long)]
    out: PathBuf,
    /// Network window for whole volumes, voxels.
    #[arg(long, default_value_t = 96)]
    roi: usize,
    /// Isotropic voxels that the network was trained on, millimetres.
    #[arg(long, default_value_t = 1.0)]
    spacing: f64,
    /// Modality the network reads: `mr` or `ct`.
    #[arg(long, default_value = "mr")]
    modality: String,
    /// The segmentation's channels are masks that may overlap (sigmoid), not classes (softmax).
    #[arg(long)]
    overlapping: bool,
    /// Names of the classes or masks, separated by commas; `left …` and `right …` are sides.
    #[arg(long, value_delimiter = ',')]
    labels: Vec<String>,
    /// Licence of the weights.
    #[arg(long, default_value = "unknown")]
    license: String,
}

/// A value by the name that manifests give it.
fn named<T: DeserializeOwned>(name: &str) -> Result<T, String> {
    T::deserialize(StrDeserializer::<ValueError>::new(name)).map_err(|e| e.to_string())
}

fn described(args: &Args, bytes: &[u8]) -> Result<(Manifest, WeightMap), Box<dyn std::error::Error>> {
    let named = |e: &dyn std::fmt::Display| format!("{}: {e}", args.checkpoint.display());
    let given = match (&args.manifest, &args.recipe) {
        (Some(path), _) => Some(read_manifest(path)?),
        (None, Some(path)) => Some(Recipe::read(path)?.manifest(Vec::new())),
        (None, None) => None,
    };
    let (manifest, weights, notes) = match (given, args.arch) {
        (Some(manifest), _) => {
            let checkpoint = weights::read_checkpoint(bytes).map_err(|e| named(&e))?;
            (manifest, checkpoint.weights, checkpoint.notes)
        }
        (None, Some(network)) => {
            let said = Declaration {
                name: args.out.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                network,
                merge: args.merge,
                position: args.position,
                modality: args.modality.clone(),
                spacing_mm: args.spacing,
                roi: args.roi,
                overlapping: args.overlapping,
                labels: args.labels.clone(),
            };
            let file = args.checkpoint.file_name().unwrap_or_default().to_string_lossy();
            let import = import(&file, bytes, &said).map_err(|e| named(&e))?;
            let manifest = Manifest { license: args.license.clone(), ..import.manifest };
            (manifest, import.weights, import.notes)
        }
        (None, None) => return Err("--arch is needed without --manifest and --recipe".into()),
    };
    for note in notes {
        eprintln!("{note}");
    }
    Ok((manifest, weights))
}

/// Runs the command.
///
/// # Errors
/// If the checkpoint cannot be read or does not fit the architecture: every tensor is named.
pub fn run(args: &Args) -> CliResult {
    let bytes = fs::read(&args.checkpoint)?;
    let (mut manifest, map) = described(args, &bytes)?;
    let mut network = Network::new(&manifest.architecture, &Device::flex())?;
    if let Err(error) = weights::fill(&mut network, map) {
        for line in error.lines() {
            eprintln!("{line}");
        }
        return Err(error.into());
    }
    // From the network, not the file: only tensors that it uses are stored.
    let bytes = weights::pack(&weights::collect(&network)?, args.precision, |_| false)?;
    let name = format!("weights.{:?}.safetensors", args.precision).to_lowercase();
    manifest.files = vec![FileEntry {
        name: name.clone(),
        sha256: sha256_hex(&bytes),
        bytes: bytes.len() as u64,
        precision: args.precision,
    }];
    manifest.validate()?;
    fs::create_dir_all(&args.out)?;
    fs::write(args.out.join(name), &bytes)?;
    fs::write(args.out.join("manifest.json"), serde_json::to_string_pretty(&manifest)?)?;
    eprintln!("wrote {} ({:.1} MB)", args.out.display(), bytes.len() as f64 / 1e6);
    Ok(())
}

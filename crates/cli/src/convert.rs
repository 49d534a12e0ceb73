//! `saswin-cli convert`: checkpoints in, model folders out.

use std::fs;
use std::path::PathBuf;

use burn::tensor::Device;
use saswin_model::nets::SaSwin;
use saswin_model::weights::{self, Precision};
use saswin_model::{
    Architecture, ClassHead, DecoderKind, FileEntry, InputChannel, Manifest, Merge, Pool, Preprocessing,
    Window, sha256_hex,
};
use saswin_training::recipe::Recipe;

use crate::CliResult;

/// Networks that a checkpoint can be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Arch {
    /// SA-Swin's classifier (`SACAClassifierHead`).
    SacaClassifier,
    /// SA-Swin's segmentation network (`SwinSACAUNETR`).
    SacaUnetr,
    /// MONAI's `SwinUNETR`.
    SwinUnetr,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum MergeArg {
    Legacy,
    Fixed,
    V2,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum PrecisionArg {
    F32,
    F16,
    Q8,
    Q4,
}

/// Import a checkpoint.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// `.pt`, `.pth` or `.safetensors`.
    checkpoint: PathBuf,
    /// Network of the checkpoint. Not needed with `--manifest` or `--recipe`.
    #[arg(long, value_enum, required_unless_present_any = ["manifest", "recipe"])]
    arch: Option<Arch>,
    /// Patch merging of the code that trained it: `legacy` for MONAI up to 1.4, `fixed` from 1.5 on. Weights
    /// cannot be told apart by shape, so it must be said.
    #[arg(long, value_enum, required_unless_present_any = ["manifest", "recipe"])]
    merge: Option<MergeArg>,
    /// Take everything but the files from this manifest instead.
    #[arg(long)]
    manifest: Option<PathBuf>,
    /// Take everything but the files from this training recipe instead.
    #[arg(long, conflicts_with = "manifest")]
    recipe: Option<PathBuf>,
    /// How to store matrices.
    #[arg(long, value_enum, default_value = "q8")]
    precision: PrecisionArg,
    /// Folder to write.
    #[arg(long)]
    out: PathBuf,
    /// Network window for whole volumes, voxels.
    #[arg(long, default_value_t = 96)]
    roi: usize,
    /// Modality the network reads: `mr` or `ct`.
    #[arg(long, default_value = "mr")]
    modality: String,
    /// Licence of the weights.
    #[arg(long, default_value = "unknown")]
    license: String,
}

/// Reads the sizes of the network off the weights.
fn architecture(arch: Arch, merge: MergeArg, map: &weights::WeightMap) -> Result<Architecture, String> {
    let shape = |key: &str| {
        map.get(key)
            .map(|w| w.shape.clone())
            .ok_or_else(|| format!("tensor `{key}` is missing: not a Swin network"))
    };
    let embed = shape("swinViT.patch_embed.proj.weight")?;
    let &[feature_size, in_channels, patch, ..] = embed.as_slice() else {
        return Err(format!("`swinViT.patch_embed.proj.weight` has shape {embed:?}, five axes are needed"));
    };
    let merge = match merge {
        MergeArg::Legacy => Merge::Legacy,
        MergeArg::Fixed => Merge::Fixed,
        MergeArg::V2 => Merge::V2,
    };
    let mut a = Architecture::encoder(in_channels, feature_size, merge);
    a.patch = patch;
    a.use_v2 = map.keys().any(|key| key.starts_with("swinViT.layers1c."));
    for stage in 0..4 {
        let block = |b: usize| format!("swinViT.layers{}.0.blocks.{b}.", stage + 1);
        a.depths[stage] = (0..).take_while(|b| map.keys().any(|key| key.starts_with(&block(*b)))).count();
        let table = shape(&format!("{}attn.relative_position_bias_table", block(0)))?;
        a.heads[stage] = table.get(1).copied().unwrap_or(0);
    }
    a.symmetry = arch != Arch::SwinUnetr;
    if arch == Arch::SacaClassifier {
        let outputs = shape("classification_head.weight")?[0];
        a.class_head = Some(ClassHead { outputs, pool: Pool::Token0 });
    } else {
        a.decoder = Some(DecoderKind::Full);
        a.out_channels = shape("out.conv.conv.weight")?[0];
    }
    Ok(a)
}

fn manifest(args: &Args, map: &weights::WeightMap) -> Result<Manifest, Box<dyn std::error::Error>> {
    if let Some(path) = &args.manifest {
        return Ok(Manifest::from_json(&fs::read_to_string(path)?)?);
    }
    if let Some(path) = &args.recipe {
        return Ok(Recipe::read(path)?.manifest(Vec::new()));
    }
    let (Some(arch), Some(merge)) = (args.arch, args.merge) else {
        return Err("--arch and --merge are needed without --manifest and --recipe".into());
    };
    let architecture = architecture(arch, merge, map)?;
    let window = if args.modality == "ct" {
        Window::Hounsfield { low: -1000.0, high: 1000.0 }
    } else {
        Window::Percentiles { low: 0.5, high: 99.5 }
    };
    let name = args.out.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Manifest {
        format: 1,
        title: name.clone(),
        name,
        modality: args.modality.clone(),
        preprocessing: Preprocessing {
            spacing_mm: 1.0,
            window,
            channels: vec![InputChannel::Scan; architecture.in_channels],
            roi: [args.roi; 3],
            overlap: 0.5,
        },
        architecture,
        labels: Vec::new(),
        regions: Vec::new(),
        classes: Vec::new(),
        measures: Vec::new(),
        files: Vec::new(),
        trained: true,
        note: "imported checkpoint; not validated here".to_owned(),
        license: args.license.clone(),
        provenance: args.checkpoint.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    })
}

/// Runs the command.
///
/// # Errors
/// If the checkpoint cannot be read or does not fit the architecture: every tensor is named.
pub fn run(args: &Args) -> CliResult {
    let checkpoint = weights::read_checkpoint(&args.checkpoint)?;
    for note in &checkpoint.notes {
        eprintln!("{note}");
    }
    let mut manifest = manifest(args, &checkpoint.weights)?;
    let mut network = SaSwin::new(&manifest.architecture, &Device::flex())?;
    weights::fill(&mut network, checkpoint.weights)?;
    let precision = match args.precision {
        PrecisionArg::F32 => Precision::F32,
        PrecisionArg::F16 => Precision::F16,
        PrecisionArg::Q8 => Precision::Q8,
        PrecisionArg::Q4 => Precision::Q4,
    };
    // From the network, not the file: only tensors that it uses are stored.
    let bytes = weights::pack(&weights::collect(&network)?, precision, |_| false)?;
    let name = format!("weights.{:?}.safetensors", args.precision).to_lowercase();
    manifest.files = vec![FileEntry {
        name: name.clone(),
        sha256: sha256_hex(&bytes),
        bytes: bytes.len() as u64,
        precision,
    }];
    manifest.validate()?;
    fs::create_dir_all(&args.out)?;
    fs::write(args.out.join(name), &bytes)?;
    fs::write(args.out.join("manifest.json"), serde_json::to_string_pretty(&manifest)?)?;
    eprintln!("wrote {} ({:.1} MB)", args.out.display(), bytes.len() as f64 / 1e6);
    Ok(())
}

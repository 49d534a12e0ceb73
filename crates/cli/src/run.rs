//! `saswin-cli run`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use fs_err as fs;
use saswin_model::Manifest;
use saswin_pipeline::{Engine, LoadedModel, Monitor, Options, Step, brain_mask, masked, nifti_options};
use saswin_scan_io::{NiftiOptions, write_nifti_f32, write_nifti_u8};

use crate::CliResult;
use crate::engine::{self, BackendArg};
use crate::scan::{preferred, read_series};

/// Run a model on a scan.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// NIfTI file, DICOM file, zip, or a folder of any of these.
    scan: PathBuf,
    /// Model: a name under `--models`, or a folder with a manifest.json.
    #[arg(long, default_value = "head-mr")]
    model: String,
    /// Where models live.
    #[arg(long, default_value = "models")]
    models: PathBuf,
    /// Output folder.
    #[arg(long)]
    out: PathBuf,
    /// Where to compute.
    #[arg(long, value_enum, default_value = "auto")]
    backend: BackendArg,
    /// Treat the GPU as one whose buffers hold no more than this many MiB.
    #[arg(long)]
    max_buffer_mb: Option<u64>,
    /// Number of the series, as listed; the preferred one by default.
    #[arg(long)]
    series: Option<usize>,
    /// Number of the volume in a series of several, counted from 1.
    #[arg(long, default_value = "1")]
    volume: NonZeroUsize,
    /// Run although the suitability check refuses; the report says so.
    #[arg(long)]
    ignore_warnings: bool,
}

/// Draws progress on standard error.
pub struct Terminal;

impl Monitor for Terminal {
    fn step(&mut self, step: Step) {
        eprintln!("[{}/{}] {}", step.done + 1, step.total, step.text);
    }

    async fn proceed(&mut self) -> bool {
        true
    }
}

/// Reads a manifest; an error names its file.
pub fn read_manifest(path: &Path) -> Result<Manifest, Box<dyn std::error::Error>> {
    Ok(Manifest::from_json(&fs::read_to_string(path)?).map_err(|e| format!("{}: {e}", path.display()))?)
}

/// Reads a model folder and its default weight file.
pub fn load_model(folder: &Path, engine: &Engine) -> Result<LoadedModel, Box<dyn std::error::Error>> {
    let manifest = read_manifest(&folder.join("manifest.json"))?;
    let bytes = fs::read(folder.join(&manifest.files[0].name))?;
    Ok(LoadedModel::new(manifest, 0, &bytes, engine)?)
}

/// The folder that `name` stands for.
pub fn model_folder(models: &Path, name: &str) -> PathBuf {
    let direct = PathBuf::from(name);
    if direct.join("manifest.json").is_file() { direct } else { models.join(name) }
}

/// Runs the command.
///
/// # Errors
/// Prints the same typed errors as the page.
pub fn run(args: &Args) -> CliResult {
    let series = read_series(&args.scan)?;
    for (index, s) in series.iter().enumerate() {
        let mark = if s.preferred { "*" } else { " " };
        let volumes = if s.frames > 1 { format!(", {} volumes", s.frames) } else { String::new() };
        eprintln!("{mark} series {index}: {:?} {} {:?}{volumes}", s.modality, s.description, s.dims);
    }
    let index = args.series.unwrap_or_else(|| preferred(&series));
    let chosen = series.get(index).ok_or_else(|| format!("there is no series {index}"))?;
    let scan = chosen.load(args.volume.get() - 1)?;

    let engine = engine::open(args.backend, args.max_buffer_mb)?;
    let model = load_model(&model_folder(&args.models, &args.model), &engine)?;
    let options = Options { ignore_warnings: args.ignore_warnings };
    // Before minutes are spent on what could not be written.
    fs::create_dir_all(&args.out)?;
    let findings = pollster::block_on(saswin_pipeline::run(&scan, &model, &engine, options, &mut Terminal))?;

    let how = NiftiOptions { gzip: true, forms: scan.forms, ..nifti_options(&model.manifest) };
    let nifti = write_nifti_u8(&findings.segmentation, &how)?;
    fs::write(args.out.join("segmentation.nii.gz"), nifti)?;
    if let Some(brain) = model.manifest.brain() {
        let mask = brain_mask(brain, &findings.segmentation);
        let how = NiftiOptions { gzip: true, forms: scan.forms, ..NiftiOptions::default() };
        fs::write(args.out.join("brain_mask.nii.gz"), write_nifti_u8(&mask, &how)?)?;
        fs::write(args.out.join("brain.nii.gz"), write_nifti_f32(&masked(&scan.volume, &mask), &how)?)?;
    }
    fs::write(args.out.join("report.json"), serde_json::to_string_pretty(&findings.report)?)?;
    fs::write(args.out.join("report.csv"), findings.report.to_csv())?;
    eprintln!("wrote {}", args.out.display());
    Ok(())
}

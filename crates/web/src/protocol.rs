//! The messages between page and worker. Every request has an `id`; every reply carries it back.

use saswin_kernels::check::Agreement;
use saswin_model::fidelity::StageError;
use saswin_model::import::{Declaration, DeclarationError};
use saswin_pipeline::{Adapter, Bench, BenchOptions, Ceiling, Entry, PlaneInfo, Report, RunError, ScanInfo};
use saswin_scan_io::ScanError;
use saswin_volume::Modality;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// What the page can ask.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// Opens the device; first message.
    Init {
        /// `auto`, `webgpu` or `cpu`.
        #[serde(default)]
        backend: BackendChoice,
        /// Largest tensor in MiB, to rehearse weak devices.
        #[serde(default)]
        max_buffer_mb: Option<u64>,
        /// Most helpers of a run on the CPU; as many as the machine bears by default.
        #[serde(default)]
        helpers: Option<u32>,
    },
    /// Reads files.
    Open {
        /// Names and bytes.
        files: Vec<FileBytes>,
    },
    /// Reads a sample from the page's own origin.
    OpenUrl {
        /// Address.
        url: String,
        /// Name to show.
        name: String,
    },
    /// Makes the generated sample.
    Phantom,
    /// Makes a model of a checkpoint; it stays in this worker.
    Import {
        /// The checkpoint: one file.
        files: Vec<FileBytes>,
        /// What its tensors do not tell.
        said: Box<Declaration>,
    },
    /// Lets go of the imported model.
    Forget,
    /// Loads one series.
    Select {
        /// Index into the series.
        index: usize,
        /// Volume of a 4-D series.
        #[serde(default)]
        volume: usize,
        /// The page's number for the scan, by which later requests mean it and no other.
        scan: u32,
    },
    /// The selected scan once more, to draw it anew.
    Show {
        /// Its number.
        scan: u32,
    },
    /// Runs a model on the selected scan.
    Run {
        /// Model name.
        model: String,
        /// Run although the suitability check refuses.
        #[serde(default)]
        ignore_warnings: bool,
    },
    /// Makes a helper of the worker: the first thing it is asked.
    Assist {
        /// Manifest of the model, JSON.
        manifest: String,
        /// Its default weight file.
        weights: ByteBuf,
    },
    /// Runs the model on one window: what a worker asks of its helpers.
    Window {
        /// Sides in voxels.
        roi: [usize; 3],
        /// Channels of the scan, `[channels, x, y, z]`, 32-bit floats.
        scan: ByteBuf,
        /// The same window of the scan's left-right flip.
        mirror: ByteBuf,
    },
    /// Compiles the programs of a model's network ahead of a run; needs no weights and fetches none.
    Warm {
        /// Model name.
        model: String,
    },
    /// Fetches a model's weights ahead of a run and keeps them, verified, in the browser.
    Keep {
        /// Model name.
        model: String,
    },
    /// Mirrors the selected scan.
    Mirror {
        /// Its number.
        scan: u32,
        /// Through which plane: that of a report.
        plane: PlaneInfo,
    },
    /// Strips the skull off the selected scan.
    Strip {
        /// Its number.
        scan: u32,
        /// The model that made the labels.
        model: String,
        /// The labels, NIfTI in the scan's grid: one file.
        files: Vec<FileBytes>,
    },
    /// Stops a run.
    Cancel {
        /// Number of its request, which may still wait for its turn.
        run: f64,
    },
    /// Compares every operation that has a shader with its definition on the CPU.
    Selftest,
    /// Compares a network with a fixture of the reference (`tests/golden`).
    Fidelity {
        /// Its bytes.
        fixture: ByteBuf,
    },
    /// Names the subjects of the benchmark, so that the page can ask for one after the other.
    Suite {
        /// What to measure; the whole suite by default.
        #[serde(default)]
        options: BenchOptions,
    },
    /// Runs the benchmark.
    Bench {
        /// What to measure; the whole suite by default.
        #[serde(default)]
        options: BenchOptions,
        /// What the device reaches at best, if that was measured before.
        #[serde(default)]
        ceiling: Option<Ceiling>,
    },
}

/// Choice of the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendChoice {
    /// WebGPU if it works and is faster than the CPU.
    #[default]
    Auto,
    /// WebGPU or nothing.
    Webgpu,
    /// CPU.
    Cpu,
}

/// A file as the page hands it over.
#[derive(Debug, Deserialize)]
pub struct FileBytes {
    /// Name, with folders.
    pub name: String,
    /// Contents.
    pub bytes: ByteBuf,
}

/// What the worker answers, without the number.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Reply {
    /// The device is open.
    Ready {
        /// What computes.
        adapter: Adapter,
        /// Program version.
        version: &'static str,
        /// Models on offer.
        models: Vec<ModelOffer>,
    },
    /// A checkpoint has become a model.
    Imported {
        /// As the picker shows it.
        model: ModelOffer,
        /// The network and its sizes.
        summary: String,
        /// Keys that were renamed or left out.
        notes: Vec<String>,
    },
    /// There is no imported model any more.
    Forgotten,
    /// Series found.
    Series {
        /// In the order of their indices.
        series: Vec<SeriesInfo>,
    },
    /// A scan is loaded.
    Scan {
        /// What it is.
        info: ScanInfo,
        /// The scan as NIfTI, for the viewer.
        nifti: ByteBuf,
    },
    /// A step of a run.
    Progress {
        /// Stage.
        stage: String,
        /// Parts finished.
        done: usize,
        /// Parts in all.
        total: usize,
        /// Plain words.
        text: String,
    },
    /// A run's result.
    Result {
        /// Numbers and words.
        report: Box<Report>,
        /// Labels on the scan's grid, NIfTI.
        segmentation: ByteBuf,
        /// What its first bytes are to be saved as: with the orientations of the file that was opened, of which the
        /// viewer may not have the one that the scan is shown in.
        header: Option<ByteBuf>,
        /// The report as CSV.
        csv: String,
        /// Whether the weights are kept in the browser now.
        kept: bool,
        /// Whether [`Request::Strip`] has an answer.
        strips: bool,
    },
    /// The selected scan, mirrored.
    Mirrored {
        /// On its own grid, NIfTI.
        nifti: ByteBuf,
    },
    /// The head of the last run without its skull.
    Stripped {
        /// 1 inside, NIfTI.
        mask: ByteBuf,
        /// The scan inside of the mask, NIfTI.
        brain: ByteBuf,
    },
    /// The helper has its model.
    Assisting,
    /// What the network says of one window.
    Window {
        /// Logits, 32-bit floats; empty without a decoder.
        logits: ByteBuf,
        /// Class logits; empty without a class head.
        classes: Vec<f32>,
    },
    /// The run was stopped.
    Cancelled,
    /// The weights are in the browser.
    Kept,
    /// Nothing is left to compile ahead.
    Warm,
    /// The self-test's result.
    Selftest {
        /// What computed.
        adapter: Adapter,
        /// Largest relative L2 error that passes.
        tolerance: f64,
        /// One entry per operation and shape.
        checks: Vec<Check>,
    },
    /// How far each stage is from the reference.
    Fidelity {
        /// What computed.
        adapter: Adapter,
        /// Stages in order of name.
        stages: Vec<Stage>,
    },
    /// The benchmark's subjects.
    Suite {
        /// In the order in which they are measured.
        entries: Vec<Entry>,
        /// Where their results go.
        bench: Box<Bench>,
    },
    /// The benchmark's result.
    Bench {
        /// Measurements.
        bench: Box<Bench>,
    },
    /// It did not work; the last result stays.
    Error {
        /// Why.
        error: Failure,
    },
}

/// One comparison of the self-test.
#[derive(Debug, Serialize)]
pub struct Check {
    /// The operation.
    pub pass: &'static str,
    /// Shape and options.
    pub case: String,
    /// Relative L2 error; `null` if it is not a finite number.
    pub relative_l2: Option<f64>,
    /// Whether it is within the tolerance.
    pub passed: bool,
}

impl From<Agreement> for Check {
    fn from(a: Agreement) -> Self {
        Self {
            pass: a.pass,
            passed: a.holds(),
            relative_l2: Some(a.relative_l2).filter(|e| e.is_finite()),
            case: a.case,
        }
    }
}

/// One stage of a network beside the reference.
#[derive(Debug, Serialize)]
pub struct Stage {
    /// Name.
    pub stage: String,
    /// Relative L2 error; `null` if it is not a finite number.
    pub relative_l2: Option<f64>,
}

impl From<StageError> for Stage {
    fn from(s: StageError) -> Self {
        Self { stage: s.stage, relative_l2: Some(s.relative_l2).filter(|e| e.is_finite()) }
    }
}

/// A model as the picker shows it.
#[derive(Debug, Clone, Serialize)]
pub struct ModelOffer {
    /// Folder name.
    pub name: String,
    /// Plain title.
    pub title: String,
    /// `mr` or `ct`.
    pub modality: String,
    /// Digest of the weight file.
    pub sha256: String,
    /// Download size.
    pub bytes: u64,
    /// What the weights are and are not.
    pub note: String,
    /// False for random weights.
    pub trained: bool,
    /// Whether the weights are already in this browser.
    pub cached: bool,
    /// Whether it was imported and lives in this worker only.
    pub imported: bool,
}

/// A series as the picker shows it.
#[derive(Debug, Serialize)]
pub struct SeriesInfo {
    /// Number to select it by.
    pub index: usize,
    /// CT or MR.
    pub modality: Modality,
    /// Plain description.
    pub description: String,
    /// Voxel counts.
    pub dims: [usize; 3],
    /// Millimetres.
    pub spacing: [f64; 3],
    /// Files it came from.
    pub files: usize,
    /// Volumes of a 4-D series.
    pub frames: usize,
    /// The one to take if the user has no wish.
    pub preferred: bool,
    /// What could not be read.
    pub problems: Vec<String>,
    /// Middle slice.
    pub thumbnail: Option<Thumbnail>,
}

/// A grey picture.
#[derive(Debug, Serialize)]
pub struct Thumbnail {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// One byte per pixel.
    pub gray: ByteBuf,
}

/// An error as the page shows it.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// Stable name.
    pub kind: String,
    /// What happened.
    pub message: String,
    /// File, tag or byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What the user can do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl From<ScanError> for Failure {
    fn from(e: ScanError) -> Self {
        Self {
            kind: e.kind().to_owned(),
            message: e.message().to_owned(),
            place: e.place(),
            remedy: e.remedy().map(ToOwned::to_owned),
        }
    }
}

impl From<DeclarationError> for Failure {
    fn from(e: DeclarationError) -> Self {
        Self::new("import", e.to_string(), "Check the choices, or open another checkpoint.")
    }
}

impl From<RunError> for Failure {
    fn from(e: RunError) -> Self {
        let place = match &e {
            RunError::Fit(error) => Some(error.lines().join("\n")),
            _ => None,
        };
        Self { kind: e.kind().to_owned(), message: e.to_string(), place, remedy: Some(e.remedy().to_owned()) }
    }
}

impl Failure {
    /// An error of the page's own making.
    pub fn new(kind: &str, message: impl Into<String>, remedy: &str) -> Self {
        Self { kind: kind.to_owned(), message: message.into(), place: None, remedy: Some(remedy.to_owned()) }
    }
}

//! What the page asks.

use saswin_model::import::Declaration;
use saswin_pipeline::{BenchOptions, Ceiling, PlaneInfo};
use serde::Deserialize;
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

//! What the worker answers.

use saswin_pipeline::{Adapter, Bench, Entry, Report, ScanInfo};
use serde::Serialize;
use serde_bytes::ByteBuf;

use super::{Check, Failure, ModelOffer, SeriesInfo, Stage};

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
        /// Whether [`Request::Strip`](super::Request::Strip) has an answer.
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

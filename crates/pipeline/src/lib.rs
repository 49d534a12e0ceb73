//! The way of a scan: prepare, infer, interpret, report. The command line calls [`run`], the page its two halves, [`Reading::of`]
//! and [`Reading::findings`].

mod adapter;
mod bench;
mod both_sides;
mod capabilities;
mod certainty;
mod contrast;
mod coverage;
mod crew;
mod device;
mod error;
mod half_contrast;
mod infer;
mod interpret;
mod islands;
mod left_out;
mod levels;
mod midline;
mod mirror;
mod model;
mod monitor;
mod neighbours;
mod one_sided;
mod places;
mod prepare;
mod recover;
mod report;
mod run;
mod sample;
mod sensitivity;
mod strip;
mod suitability;
mod surroundings;
mod survey;
mod tier;
mod tissue;
mod trouble;
mod twins;
mod warm;

pub use adapter::Adapter;
pub use bench::{
    Bench, BenchModel, BenchOptions, Ceiling, Entry, Failed, Measurement, Network, PassTime, Profile, SUITE,
    Unavailable, bench, bench_model,
};
pub use capabilities::Capabilities;
pub use crew::{Answer, Crew, SharedCrew, WindowInput, WindowOutput};
pub use device::{Engine, is_software};
pub use error::RunError;
pub use infer::{Inference, Scores};
pub use mirror::mirrored;
pub use model::LoadedModel;
pub use monitor::{Monitor, Silent, Step, Wanted};
pub use prepare::{Prepared, prepare};
pub use recover::Rig;
pub use report::{
    Alignment, App, Asymmetry, DISCLAIMER, LabelVolume, MeasureValue, ModelInfo, Place, Probability, Report,
    ScanInfo, Timing,
};
pub use run::{Findings, Options, Reading, nifti_options, run, scan_info};
pub use sample::phantom_scan;
pub use saswin_volume::Plane as PlaneInfo;
pub use sensitivity::{KeptError, Sensitivity, TensorError, phantom_windows, scan_windows, sensitivity};
pub use strip::{brain_mask, masked};
pub use suitability::{Concern, Suitability, check};
pub use tier::DeviceTier;
pub use trouble::{DeviceTrouble, DeviceWatch};
pub use warm::warm;

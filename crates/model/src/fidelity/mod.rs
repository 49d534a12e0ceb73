//! Comparison of a network, stage by stage, with golden tensors of the reference implementation.
//!
//! A fixture (see `tests/golden/README.md`) holds a configuration, and for each stage the shape and a strided
//! sample of the reference output in 64-bit arithmetic. Weights and inputs are not stored: both sides compute
//! them from the tensor's name ([`named_tensor`]).

mod config;
mod named;
mod run;

pub use named::{named_tensor, named_weights};

use std::collections::BTreeMap;

use burn::tensor::Device;
use safetensors::SafeTensors;
use saswin_kernels::check::relative_l2;
use serde::Deserialize;

use self::config::Config;
use self::run::Stages;
use crate::weights::{self, WeightMap};

/// Why a comparison could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FidelityError {
    /// The fixture is broken.
    #[error("fixture: {0}")]
    Fixture(String),
    /// The network of the fixture cannot be built.
    #[error(transparent)]
    Architecture(#[from] crate::ArchitectureError),
    /// The named weights do not fill the network.
    #[error(transparent)]
    Weights(#[from] weights::LoadError),
    /// The fixture has a stage that the network does not put out.
    #[error("the network puts out no stage `{0}` to compare with the fixture's")]
    MissingStage(String),
    /// A result could not be read from the device.
    #[error("reading stage `{0}` back: {1}")]
    ReadBack(String, String),
}

/// How names of fixtures that [`compare`] can run begin; the others are for windows and importers.
pub const NETWORKS: [&str; 7] =
    ["asa_", "classifier_", "encoder_", "pretraining_", "saca_", "subvoxel_", "unetr_"];

/// Relative L2 error that a stage may have in 32-bit floats on the CPU.
pub const TOLERANCE: f64 = 1e-5;
/// The same on a graphics card.
pub const TOLERANCE_GPU: f64 = 1e-4;

/// Stages of fixtures that networks here do not put out: the inputs of SACA, the bottleneck, which is `x4` or `saca`
/// under another name, and what the subvoxel ending does before its logits.
const NOT_PUT_OUT: [&str; 6] =
    ["bottleneck", "f", "f_flip", "space_to_depth", "subvoxel_block", "subvoxel_out"];

/// How far one stage is from the reference.
#[derive(Debug, Clone)]
pub struct StageError {
    /// Name of the stage.
    pub stage: String,
    /// `‖ours − reference‖₂ / ‖reference‖₂` over the sampled elements.
    pub relative_l2: f64,
    /// The reference's own error in 32-bit arithmetic, as a yardstick.
    pub reference_f32: f64,
}

impl StageError {
    /// Whether the error is at most `bar`, which one that is no number is not.
    pub fn is_within(&self, bar: f64) -> bool {
        self.relative_l2 <= bar
    }
}

#[derive(Deserialize)]
struct Golden {
    arch: String,
    config: Config,
    inputs: BTreeMap<String, Vec<usize>>,
    parameters: BTreeMap<String, Vec<usize>>,
    stages: BTreeMap<String, StageHeader>,
}

#[derive(Deserialize)]
struct StageHeader {
    shape: Vec<usize>,
    stride: usize,
    #[serde(default)]
    float32_error: f64,
}

/// Nothing if either side has another number of values than the header says.
fn error_of(header: &StageHeader, sample: &[f32], ours: &[f32]) -> Option<f64> {
    let is_whole = ours.len() == header.shape.iter().product::<usize>();
    if header.stride == 0 || !is_whole || sample.len() != ours.len().div_ceil(header.stride) {
        return None;
    }
    let ours: Vec<f32> = ours.iter().step_by(header.stride).copied().collect();
    Some(relative_l2(sample, &ours))
}

/// Every stage of the fixture but those that are not put out.
fn stage_errors(
    stages: &BTreeMap<String, StageHeader>,
    samples: &WeightMap,
    ours: &Stages,
) -> Result<Vec<StageError>, FidelityError> {
    let mut errors = Vec::new();
    for (stage, header) in stages {
        let Some(values) = ours.get(stage) else {
            if NOT_PUT_OUT.contains(&stage.as_str()) {
                continue;
            }
            return Err(FidelityError::MissingStage(stage.clone()));
        };
        let broken = |what: String| FidelityError::Fixture(format!("stage {stage}: {what}"));
        let sample = &samples.get(stage).ok_or_else(|| broken("has no sample".to_owned()))?.values;
        let relative_l2 = error_of(header, sample, values).ok_or_else(|| {
            let (ours, stored, StageHeader { shape, stride, .. }) = (values.len(), sample.len(), header);
            broken(format!(
                "{ours} values and a sample of {stored} for {shape:?}, taken every {stride} values"
            ))
        })?;
        errors.push(StageError { stage: stage.clone(), relative_l2, reference_f32: header.float32_error });
    }
    if errors.is_empty() {
        return Err(FidelityError::Fixture("no stage to compare".to_owned()));
    }
    Ok(errors)
}

/// Runs the fixture's network on `device` and compares every stage.
///
/// # Errors
/// If the fixture is broken, the network cannot be built from it, or a stage is missing or has another shape.
pub async fn compare(fixture: &[u8], device: &Device) -> Result<Vec<StageError>, FidelityError> {
    let broken = |e: String| FidelityError::Fixture(e);
    let (_, header) = SafeTensors::read_metadata(fixture).map_err(|e| broken(e.to_string()))?;
    let json = header.metadata().as_ref().and_then(|m| m.get("golden")).cloned().unwrap_or_default();
    let golden: Golden = serde_json::from_str(&json).map_err(|e| broken(e.to_string()))?;
    let ours = run::stages(&golden, device).await?;
    let samples = weights::unpack(fixture).map_err(|e| broken(e.to_string()))?;
    stage_errors(&golden.stages, &samples, &ours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Weight;

    /// The errors of stages `found` against a fixture of the stages `named`, all of four values, every second stored.
    fn errors(named: &[&str], found: &[&str], stored: usize) -> Result<Vec<StageError>, FidelityError> {
        let header = || StageHeader { shape: vec![1, 4], stride: 2, float32_error: 0.0 };
        let sample = || Weight { shape: vec![stored], values: vec![1.0; stored] };
        let stages = named.iter().map(|name| ((*name).to_owned(), header())).collect();
        let samples = named.iter().map(|name| ((*name).to_owned(), sample())).collect();
        let ours = found.iter().map(|name| ((*name).to_owned(), vec![1.0, 7.0, 1.0, 7.0])).collect();
        stage_errors(&stages, &samples, &ours)
    }

    #[test]
    fn a_stage_is_left_out_only_if_it_is_known_not_to_be_put_out() {
        let compared = errors(&["bottleneck", "x0", "x1"], &["x0", "x1", "saca"], 2).unwrap();
        assert_eq!(compared.len(), 2);
        assert!(compared.iter().all(|stage| stage.relative_l2 == 0.0));
        let missing = errors(&["x0", "x1"], &["x0"], 2).unwrap_err();
        assert!(matches!(&missing, FidelityError::MissingStage(stage) if stage == "x1"), "{missing}");
        assert!(errors(&["bottleneck"], &["x0"], 2).is_err());
    }

    #[test]
    fn a_sample_that_is_cut_short_is_no_sample() {
        let error = errors(&["x0"], &["x0"], 1).unwrap_err().to_string();
        assert!(error.contains("4 values and a sample of 1"), "{error}");
    }

    #[test]
    fn an_error_that_is_no_number_is_within_no_bar() {
        let stage = |relative_l2| StageError { stage: String::new(), relative_l2, reference_f32: 0.0 };
        assert!(stage(TOLERANCE).is_within(TOLERANCE));
        assert!(!stage(2.0 * TOLERANCE).is_within(TOLERANCE));
        assert!(!stage(f64::NAN).is_within(f64::INFINITY));
    }
}

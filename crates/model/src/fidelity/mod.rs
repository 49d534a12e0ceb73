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
use serde::Deserialize;

use self::config::Config;
use crate::weights;

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
    /// A result could not be read from the device.
    #[error("reading stage `{0}` back: {1}")]
    ReadBack(String, String),
}

/// How names of fixtures that [`compare`] can run begin; the others are for windows and importers.
pub const NETWORKS: [&str; 7] =
    ["asa_", "classifier_", "encoder_", "pretraining_", "saca_", "subvoxel_", "unetr_"];

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

fn stage_error(header: &StageHeader, sample: &[f32], ours: &[f32]) -> Option<f64> {
    if ours.len() != header.shape.iter().product::<usize>() {
        return None;
    }
    let (mut difference, mut norm) = (0.0, 0.0);
    for (reference, value) in sample.iter().zip(ours.iter().step_by(header.stride)) {
        difference += f64::from(reference - value).powi(2);
        norm += f64::from(*reference).powi(2);
    }
    Some((difference / norm).sqrt())
}

/// Runs the fixture's network on `device` and compares every stage that both sides name.
///
/// # Errors
/// If the fixture is broken, the network cannot be built from it, or a stage has another shape.
pub async fn compare(fixture: &[u8], device: &Device) -> Result<Vec<StageError>, FidelityError> {
    let broken = |e: String| FidelityError::Fixture(e);
    let (_, header) = SafeTensors::read_metadata(fixture).map_err(|e| broken(e.to_string()))?;
    let json = header.metadata().as_ref().and_then(|m| m.get("golden")).cloned().unwrap_or_default();
    let golden: Golden = serde_json::from_str(&json).map_err(|e| broken(e.to_string()))?;
    let ours = run::stages(&golden, device).await?;
    let samples = weights::unpack(fixture).map_err(|e| broken(e.to_string()))?;
    let mut errors = Vec::new();
    for (stage, header) in &golden.stages {
        let (Some(values), Some(sample)) = (ours.get(stage), samples.get(stage)) else { continue };
        let relative_l2 = stage_error(header, &sample.values, values).ok_or_else(|| {
            broken(format!("stage {stage}: {} values for {:?}", values.len(), header.shape))
        })?;
        errors.push(StageError { stage: stage.clone(), relative_l2, reference_f32: header.float32_error });
    }
    if errors.is_empty() { Err(broken("no common stage".to_owned())) } else { Ok(errors) }
}

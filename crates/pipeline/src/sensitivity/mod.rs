//! Which weights a network bears least to have rounded: what is kept of a file of integers follows from it.

mod inputs;
mod probe;
#[cfg(test)]
mod tests;

pub use inputs::{phantom_windows, scan_windows};

use saswin_model::import::Import;
use saswin_model::weights::Precision;
use serde::{Deserialize, Serialize};

use self::probe::Probe;
use crate::{Engine, LoadedModel, Monitor, RunError, WindowInput};

/// Errors of a network's logits when its weights are rounded, each `‖rounded − exact‖₂ / ‖exact‖₂` over all inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// Digest of the checkpoint.
    pub sha256: String,
    /// What weights were rounded to.
    pub precision: Precision,
    /// What the network was run on, in words.
    pub inputs: String,
    /// Bytes of all matrices and kernels at that precision.
    pub bytes: usize,
    /// Each matrix and kernel when it alone is rounded, the worst first.
    pub tensors: Vec<TensorError>,
    /// All of them rounded but for the worst, which are 16-bit floats: first for none of them, then 1, 2, 4 and so on.
    pub kept: Vec<KeptError>,
}

/// What rounding one tensor does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TensorError {
    /// Checkpoint key.
    pub key: String,
    /// Number of weights.
    pub weights: usize,
    /// Error of the logits.
    pub error: f64,
    /// Bytes that 16-bit floats take more.
    pub more_bytes: usize,
}

/// What is left of the error when the worst tensors are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptError {
    /// Number of tensors that are 16-bit floats.
    pub tensors: usize,
    /// Bytes that they take more.
    pub more_bytes: usize,
    /// Error of the logits.
    pub error: f64,
}

impl Sensitivity {
    /// Keys of the `count` worst tensors.
    pub fn worst(&self, count: usize) -> Vec<String> {
        self.tensors.iter().take(count).map(|tensor| tensor.key.clone()).collect()
    }
}

/// Rounds the weights of `import`, which are floats, to `precision`, one tensor after another and then together, and
/// runs them on `windows`, which `inputs` tells in words.
///
/// # Errors
/// If the weights do not fit, the network gives no result or no logits at all, or the monitor stops it.
pub async fn sensitivity(
    import: Import,
    precision: Precision,
    (windows, inputs): (&[WindowInput], String),
    engine: &Engine,
    monitor: &mut impl Monitor,
) -> Result<Sensitivity, RunError> {
    let model = LoadedModel::imported(import, engine)?;
    let sha256 = model.sha256.clone();
    let mut probe = Probe::new(model, precision, windows, engine).await?;
    let tensors = probe.alone(monitor).await?;
    let kept = probe.without_worst(&tensors, monitor).await?;
    Ok(Sensitivity { sha256, precision, inputs, bytes: probe.bytes(), tensors, kept })
}

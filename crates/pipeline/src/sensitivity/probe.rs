//! One network, run with weights rounded in one way after another.

use saswin_kernels::check::relative_l2;
use saswin_model::ManifestError;
use saswin_model::weights::{self, Precision, WeightMap, is_matrix, stored_bytes};

use super::{KeptError, TensorError};
use crate::{Engine, LoadedModel, Monitor, RunError, Step, WindowInput};

/// A network, its weights, and its logits before anything is rounded.
pub(super) struct Probe<'a> {
    model: LoadedModel,
    precision: Precision,
    windows: &'a [WindowInput],
    engine: &'a Engine,
    weights: WeightMap,
    exact: Vec<f32>,
}

impl<'a> Probe<'a> {
    pub(super) async fn new(
        model: LoadedModel,
        precision: Precision,
        windows: &'a [WindowInput],
        engine: &'a Engine,
    ) -> Result<Self, RunError> {
        let weights = weights::collect(&model.network)?;
        let mut probe = Self { model, precision, windows, engine, weights, exact: Vec::new() };
        probe.exact = probe.logits().await?;
        if probe.exact.is_empty() {
            let reason = "the network puts out no logits, so there is nothing to compare".to_owned();
            let name = probe.model.manifest.name;
            return Err(ManifestError::Inconsistent { name, reason }.into());
        }
        Ok(probe)
    }

    /// Keys of matrices and kernels.
    fn matrices(&self) -> Vec<String> {
        let matrices = self.weights.iter().filter(|(key, weight)| is_matrix(key, &weight.shape));
        matrices.map(|(key, _)| key.clone()).collect()
    }

    /// Bytes of all matrices and kernels.
    pub(super) fn bytes(&self) -> usize {
        let matrices = self.weights.iter().filter(|(key, weight)| is_matrix(key, &weight.shape));
        matrices.map(|(key, weight)| stored_bytes(key, weight, self.precision)).sum()
    }

    /// Each matrix and kernel rounded alone, the worst first.
    pub(super) async fn alone(&mut self, monitor: &mut impl Monitor) -> Result<Vec<TensorError>, RunError> {
        let (matrices, precision) = (self.matrices(), self.precision);
        let mut tensors = Vec::new();
        for (done, key) in matrices.iter().enumerate() {
            tell(monitor, done, matrices.len(), key).await?;
            let error = self.error(|k| if k == key { precision } else { Precision::F32 }).await?;
            let weight = &self.weights[key];
            let (whole, rounded) = (Precision::F16, precision);
            let more_bytes =
                stored_bytes(key, weight, whole).saturating_sub(stored_bytes(key, weight, rounded));
            tensors.push(TensorError { key: key.clone(), weights: weight.values.len(), error, more_bytes });
        }
        // Equal errors stay in order of their keys.
        tensors.sort_by(|a, b| b.error.total_cmp(&a.error));
        Ok(tensors)
    }

    /// All rounded but for the first 0, 1, 2, 4 and so on of `tensors`.
    pub(super) async fn without_worst(
        &mut self,
        tensors: &[TensorError],
        monitor: &mut impl Monitor,
    ) -> Result<Vec<KeptError>, RunError> {
        let doubled = std::iter::successors(Some(1), |n| Some(2 * n));
        let counts: Vec<usize> =
            std::iter::once(0).chain(doubled).take_while(|n| *n < tensors.len()).collect();
        let precision = self.precision;
        let mut kept = Vec::new();
        for (done, count) in counts.iter().enumerate() {
            tell(monitor, done, counts.len(), &format!("all but the {count} worst")).await?;
            let worst = &tensors[..*count];
            let is_kept = |key: &str| worst.iter().any(|tensor| tensor.key == key);
            let error = self.error(|k| if is_kept(k) { Precision::F16 } else { precision }).await?;
            let more_bytes = worst.iter().map(|tensor| tensor.more_bytes).sum();
            kept.push(KeptError { tensors: *count, more_bytes, error });
        }
        Ok(kept)
    }

    /// Relative L2 error of all logits with each weight stored at the precision `of` its key.
    async fn error(&mut self, of: impl Fn(&str) -> Precision) -> Result<f64, RunError> {
        let rounded = weights::unpack(&weights::pack(&self.weights, of)?)?;
        weights::fill(&mut self.model.network, rounded)?;
        Ok(relative_l2(&self.exact, &self.logits().await?))
    }

    /// Segmentation and class logits of all windows.
    async fn logits(&self) -> Result<Vec<f32>, RunError> {
        let mut logits = Vec::new();
        for (index, window) in self.windows.iter().enumerate() {
            let place = format!("input {}", index + 1);
            let output = self.model.forward(self.engine, window.clone(), &place).await?;
            logits.extend(output.segmentation.into_iter().flatten());
            logits.extend(output.classes.into_iter().flatten());
        }
        Ok(logits)
    }
}

async fn tell(monitor: &mut impl Monitor, done: usize, total: usize, what: &str) -> Result<(), RunError> {
    monitor.step(Step { stage: "sensitivity", done, total, text: format!("Rounding {what}") });
    if monitor.proceed().await { Ok(()) } else { Err(RunError::Cancelled) }
}

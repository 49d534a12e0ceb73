//! Stage outputs on request, for comparison with other implementations.

use burn::tensor::Tensor;

use super::map::Map;
use super::to_channels_first;

/// Collects named stage outputs as `[b, c, x, y, z]`, or nothing when off.
#[derive(Debug, Default)]
pub struct Trace {
    stages: Option<Vec<(String, Tensor<5>)>>,
}

impl Trace {
    /// A trace that keeps nothing.
    pub fn off() -> Self {
        Self { stages: None }
    }

    /// A trace that keeps every stage.
    pub fn on() -> Self {
        Self { stages: Some(Vec::new()) }
    }

    /// Whether stages are kept.
    pub(super) fn is_on(&self) -> bool {
        self.stages.is_some()
    }

    /// Keeps a channels-last stage output.
    pub(super) fn keep(&mut self, name: &str, x: &Tensor<5>) {
        if let Some(stages) = &mut self.stages {
            stages.push((name.to_owned(), to_channels_first(x.clone())));
        }
    }

    /// [`keep`](Self::keep) of a map that may lie in several tensors.
    pub(super) fn keep_map(&mut self, name: &str, x: &Map) {
        if self.is_on() {
            self.keep(name, &x.clone().join());
        }
    }

    /// The stages kept, in order.
    pub fn into_stages(self) -> Vec<(String, Tensor<5>)> {
        self.stages.unwrap_or_default()
    }
}

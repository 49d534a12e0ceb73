//! What can be measured.

use saswin_model::is_window_side;
use saswin_model::weights::Precision;
use serde::{Deserialize, Serialize};

use crate::RunError;

/// Networks of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// The published encoder over scan and mirror, with SACA; its outputs are the feature maps.
    Encoder,
    /// Encoder over scan and mirror with SACA and a class head, as published.
    Classifier,
    /// SACA-UNETR with the full decoder, as published.
    Segmenter,
    /// The configuration of the models that we ship; feature size 12 only.
    Shipped,
    /// A model with its own weights; see [`bench_model`](super::bench_model).
    #[serde(skip_deserializing)]
    Model,
}

/// One subject of the suite by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Network.
    pub network: Network,
    /// Feature size.
    pub feature: usize,
    /// Precision of the stored weights.
    pub precision: Precision,
}

/// What to measure, the whole suite by default. Everything is run in the order of the lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BenchOptions {
    /// Networks.
    pub networks: Vec<Network>,
    /// Feature sizes.
    pub features: Vec<usize>,
    /// Precisions of the stored weights.
    pub precisions: Vec<Precision>,
    /// Side of the cubic input in voxels, a multiple of 32.
    pub side: usize,
    /// Timed runs after the cold one.
    pub runs: usize,
    /// Whether to compare outputs with the CPU backend.
    pub agreement: bool,
    /// Whether to measure plain burn operations beside our shaders.
    pub plain: bool,
    /// Whether to measure arithmetic on packed integers beside 32-bit floats, for weights stored as such.
    pub integers: bool,
    /// Whether to measure what the device reaches at best.
    pub ceiling: bool,
    /// Whether to look at passes one by one, in another run.
    pub profile: bool,
}

impl Default for BenchOptions {
    fn default() -> Self {
        Self {
            networks: vec![Network::Shipped, Network::Classifier, Network::Segmenter],
            features: vec![12, 24, 48],
            precisions: vec![Precision::F32, Precision::F16, Precision::Q8, Precision::Q4],
            side: 96,
            runs: 5,
            agreement: true,
            plain: true,
            integers: true,
            ceiling: true,
            profile: true,
        }
    }
}

impl BenchOptions {
    /// Whether there are networks for inputs of this size.
    ///
    /// # Errors
    /// If no window may have the side.
    pub fn check(&self) -> Result<(), RunError> {
        if is_window_side(self.side) { Ok(()) } else { Err(RunError::Side(self.side)) }
    }

    /// The subjects in order.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for network in self.networks.iter().copied() {
            for feature in self.features.iter().copied().filter(|f| network != Network::Shipped || *f == 12) {
                entries.extend(self.precisions.iter().map(|&precision| Entry {
                    network,
                    feature,
                    precision,
                }));
            }
        }
        entries
    }
}

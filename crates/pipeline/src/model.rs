//! A model ready to run.

use burn::tensor::Device;
use saswin_model::nets::SaSwin;
use saswin_model::{Manifest, MemoryPlan, weights};

use crate::{ModelInfo, RunError};

/// A manifest and the network it describes, on a device.
#[derive(Debug)]
pub struct LoadedModel {
    /// What the model is.
    pub manifest: Manifest,
    /// The network with its weights.
    pub network: SaSwin,
    /// What one forward pass takes on a GPU.
    pub memory: MemoryPlan,
    /// Digest of the weight file.
    pub sha256: String,
}

impl LoadedModel {
    /// Verifies the bytes of the manifest's weight file `file`, then builds the network from them.
    ///
    /// # Errors
    /// If the digest differs or the weights do not fit.
    pub fn new(manifest: Manifest, file: usize, bytes: &[u8], device: &Device) -> Result<Self, RunError> {
        manifest.validate()?;
        let entry =
            manifest.files.get(file).ok_or_else(|| RunError::Internal(format!("weight file {file}")))?;
        Manifest::verify(entry, bytes)?;
        let sha256 = entry.sha256.clone();
        let mut network = SaSwin::new(&manifest.architecture, device)?;
        let weights = weights::unpack(bytes)?;
        let parameters = weights.values().map(|w| w.values.len() as u64).sum();
        let memory = MemoryPlan::new(&manifest.architecture, parameters, manifest.preprocessing.roi);
        weights::fill(&mut network, weights)?;
        let network = weights::lay_out(network);
        Ok(Self { manifest, network, memory, sha256 })
    }

    /// What the report says of the model.
    pub fn info(&self) -> ModelInfo {
        ModelInfo {
            name: self.manifest.name.clone(),
            title: self.manifest.title.clone(),
            sha256: self.sha256.clone(),
            note: self.manifest.note.clone(),
            trained: self.manifest.trained,
        }
    }
}

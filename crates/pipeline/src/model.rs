//! A model ready to run.

use burn::module::Module;
use burn::tensor::Device;
use saswin_kernels::Arithmetic;
use saswin_model::fidelity::named_weights;
use saswin_model::import::Import;
use saswin_model::nets::Network;
use saswin_model::weights::{self, WeightMap};
use saswin_model::{FileEntry, Manifest, MemoryPlan};

use crate::{Engine, ModelInfo, RunError};

/// A manifest and the network it describes, on a device.
#[derive(Debug)]
pub struct LoadedModel {
    /// What the model is.
    pub manifest: Manifest,
    /// The network with its weights.
    pub network: Network,
    /// Digest of the weight file.
    pub sha256: String,
    /// How weights are multiplied; nothing for 32-bit floats.
    pub arithmetic: Option<Arithmetic>,
}

/// Stands for the weight file of a manifest that names none.
fn unnamed() -> FileEntry {
    FileEntry::of_floats(String::new(), &[])
}

impl LoadedModel {
    /// Verifies the bytes of the manifest's weight file `file`, then builds the network from them. Integers stay
    /// integers where `engine` multiplies them.
    ///
    /// # Errors
    /// If the digest differs or the weights do not fit.
    pub fn new(manifest: Manifest, file: usize, bytes: &[u8], engine: &Engine) -> Result<Self, RunError> {
        manifest.validate()?;
        let entry =
            manifest.files.get(file).ok_or_else(|| RunError::Internal(format!("weight file {file}")))?;
        Manifest::verify(entry, bytes)?;
        let entry = entry.clone();
        Self::build(manifest, weights::unpack(bytes)?, &entry, engine)
    }

    /// An imported checkpoint as a model; its digest is that of the checkpoint.
    ///
    /// # Errors
    /// If the weights do not fit.
    pub fn imported(import: Import, engine: &Engine) -> Result<Self, RunError> {
        let entry = import.manifest.files.first().cloned().unwrap_or_else(unnamed);
        Self::build(import.manifest, import.weights, &entry, engine)
    }

    /// The network with weights computed from their names, stored and multiplied as the manifest's own would be.
    ///
    /// # Errors
    /// If there is no such network.
    pub(crate) fn of_chance(manifest: Manifest, engine: &Engine) -> Result<Self, RunError> {
        let entry = manifest.files.first().cloned().unwrap_or_else(unnamed);
        let named = named_weights(&Network::new(&manifest.architecture, &Device::flex())?);
        let packed = weights::pack(&named, |key| entry.precision_of(key))?;
        let entry = FileEntry { sha256: String::new(), ..entry };
        Self::build(manifest, weights::unpack(&packed)?, &entry, engine)
    }

    fn build(
        manifest: Manifest,
        weights: WeightMap,
        file: &FileEntry,
        engine: &Engine,
    ) -> Result<Self, RunError> {
        let mut network = Network::new(&manifest.architecture, &engine.device)?;
        weights::fill(&mut network, weights)?;
        let arithmetic = match &network {
            Network::Swin(_) => engine.arithmetic(file.precision),
            Network::Asa(_) => None,
        };
        let network = match arithmetic {
            Some(arithmetic) => weights::pack_integers(network, file.precision, arithmetic, &file.kept),
            None => weights::lay_out(network),
        }
        .with_room(engine.room());
        // Laying weights out left their first copies with the allocator.
        engine.device.memory_cleanup();
        Ok(Self { manifest, network, sha256: file.sha256.clone(), arithmetic })
    }

    /// What a forward pass over a window of `roi` voxels takes on `engine`.
    pub fn memory(&self, engine: &Engine, roi: [usize; 3]) -> MemoryPlan {
        let parameters = self.network.num_params() as u64;
        MemoryPlan::of(&self.manifest.architecture, parameters, roi, engine.room())
    }

    /// What a report calls the arithmetic.
    pub fn precision(&self) -> &'static str {
        match self.arithmetic {
            Some(Arithmetic::Integers { .. }) => "int8",
            Some(Arithmetic::Halves) => "f16",
            Some(Arithmetic::Floats) | None => "f32",
        }
    }

    /// What the report says of the model.
    pub fn info(&self) -> ModelInfo {
        ModelInfo {
            name: self.manifest.name.clone(),
            title: self.manifest.title.clone(),
            sha256: self.sha256.clone(),
            note: self.manifest.note.clone(),
            trained: self.manifest.trained,
            display: self.manifest.display,
        }
    }
}

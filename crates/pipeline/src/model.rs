//! A model ready to run.

use burn::module::Module;
use burn::tensor::Device;
use saswin_kernels::Arithmetic;
use saswin_model::fidelity::named_weights;
use saswin_model::import::Import;
use saswin_model::nets::Network;
use saswin_model::weights::{self, Precision, WeightMap};
use saswin_model::{Manifest, MemoryPlan};

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
        let (sha256, precision) = (entry.sha256.clone(), entry.precision);
        Self::build(manifest, weights::unpack(bytes)?, sha256, precision, engine)
    }

    /// An imported checkpoint as a model; its digest is that of the checkpoint.
    ///
    /// # Errors
    /// If the weights do not fit.
    pub fn imported(import: Import, engine: &Engine) -> Result<Self, RunError> {
        let sha256 = import.manifest.files.first().map(|f| f.sha256.clone()).unwrap_or_default();
        Self::build(import.manifest, import.weights, sha256, Precision::F32, engine)
    }

    /// The network with weights computed from their names, stored and multiplied as the manifest's own would be.
    ///
    /// # Errors
    /// If there is no such network.
    pub(crate) fn of_chance(manifest: Manifest, engine: &Engine) -> Result<Self, RunError> {
        let precision = manifest.files.first().map_or(Precision::F32, |file| file.precision);
        let named = named_weights(&Network::new(&manifest.architecture, &Device::flex())?);
        let packed = weights::pack(&named, precision, |_| false)?;
        Self::build(manifest, weights::unpack(&packed)?, String::new(), precision, engine)
    }

    fn build(
        manifest: Manifest,
        weights: WeightMap,
        sha256: String,
        precision: Precision,
        engine: &Engine,
    ) -> Result<Self, RunError> {
        let mut network = Network::new(&manifest.architecture, &engine.device)?;
        weights::fill(&mut network, weights)?;
        let arithmetic = match &network {
            Network::Swin(_) => engine.arithmetic(precision),
            Network::Asa(_) => None,
        };
        let network = match arithmetic {
            Some(arithmetic) => weights::pack_integers(network, precision, arithmetic),
            None => weights::lay_out(network),
        }
        .with_room(engine.room());
        // Laying weights out left their first copies with the allocator.
        engine.device.memory_cleanup();
        Ok(Self { manifest, network, sha256, arithmetic })
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

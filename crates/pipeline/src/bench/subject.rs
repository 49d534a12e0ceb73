//! What is measured: a network, its weights and its inputs.

use burn::tensor::{Device, TensorData};
use saswin_model::fidelity::{named_tensor, named_weights};
use saswin_model::weights::{self, Precision};
use saswin_model::{
    Architecture, ClassHead, Cost, DecoderKind, Manifest, MemoryPlan, Merge, Pool, Room, SwinConfig, nets,
};

use super::{Entry, Network, Way};
use crate::{Prepared, RunError, phantom_scan, prepare};

fn architecture(network: Network, feature: usize) -> Architecture {
    let mut a = SwinConfig::encoder(1, feature, Merge::Legacy);
    a.symmetry = true;
    match network {
        Network::Encoder => {}
        Network::Classifier => a.class_head = Some(ClassHead { outputs: 2, pool: Pool::Token0 }),
        Network::Segmenter => {
            a.decoder = Some(DecoderKind::Full);
            a.out_channels = 2;
        }
        Network::Shipped | Network::Model => {
            a.in_channels = 2;
            a.window = [4; 3];
            a.heads = [1, 2, 4, 8];
            a.merge = Merge::Fixed;
            a.decoder = Some(DecoderKind::Subvoxel { width: 24 });
            a.out_channels = 13;
        }
    }
    a.into()
}

/// A model whose own weights are measured, on a window of the phantom.
#[derive(Debug)]
pub struct BenchModel<'a> {
    /// What it is.
    pub manifest: &'a Manifest,
    /// Its first weight file.
    pub bytes: &'a [u8],
}

/// Weights and the inputs of one forward pass, in host memory.
pub(super) struct Subject {
    pub entry: Entry,
    pub architecture: Architecture,
    pub packed: Vec<u8>,
    /// Weights that `packed` holds as floats in spite of its precision.
    pub kept: Vec<String>,
    /// Number of weights.
    pub parameters: u64,
    pub side: usize,
    /// Scan and mirror, `[1, c, side, side, side]`.
    pub inputs: [TensorData; 2],
}

impl Subject {
    /// Weights from the parameters' names.
    pub(super) fn random(entry: Entry, side: usize) -> Result<Self, RunError> {
        let architecture = architecture(entry.network, entry.feature);
        let named = named_weights(&nets::Network::new(&architecture, &Device::flex())?);
        let parameters = named.values().map(|w| w.values.len() as u64).sum();
        let inputs = ["input:x", "input:x_flip"].map(|name| {
            let tensor = named_tensor(name, &[1, architecture.in_channels(), side, side, side]);
            TensorData::new(tensor.values, tensor.shape)
        });
        let packed = weights::pack(&named, |_| entry.precision)?;
        let kept = Vec::new();
        Ok(Self { entry, architecture, packed, kept, parameters, side, inputs })
    }

    /// The window in the middle of the phantom, as the model is given it.
    pub(super) fn of_model(model: &BenchModel<'_>, side: usize) -> Result<Self, RunError> {
        let BenchModel { manifest, bytes } = model;
        let scan = phantom_scan();
        let prepared = prepare(&scan.volume, scan.modality, &manifest.preprocessing)?;
        let parameters = weights::unpack(bytes)?.values().map(|w| w.values.len() as u64).sum();
        let feature = match &manifest.architecture {
            Architecture::Swin(config) => config.feature_size,
            Architecture::Asa(_) => 0,
        };
        let precision = manifest.files.first().map_or(Precision::F32, |file| file.precision);
        Ok(Self {
            entry: Entry { network: Network::Model, feature, precision },
            architecture: manifest.architecture.clone(),
            packed: bytes.to_vec(),
            kept: manifest.files.first().map(|file| file.kept.clone()).unwrap_or_default(),
            parameters,
            side,
            inputs: [false, true].map(|mirrored| middle(&prepared, side, mirrored)),
        })
    }

    pub(super) fn on(&self, way: Way, device: &Device, room: Room) -> Result<nets::Network, RunError> {
        let mut network = nets::Network::new(&self.architecture, device)?;
        weights::fill(&mut network, weights::unpack(&self.packed)?)?;
        let network = network.with_room(room);
        Ok(match way {
            Way::Plain => network,
            Way::Shaders => weights::lay_out(network),
            Way::Packed(how) => weights::pack_integers(network, self.entry.precision, how, &self.kept),
        })
    }
}

impl Subject {
    /// Memory of a forward pass.
    pub(super) fn memory(&self, room: Room) -> MemoryPlan {
        MemoryPlan::of(&self.architecture, self.parameters, [self.side; 3], room)
    }

    /// Billions of multiplications and additions of a forward pass, where they are counted.
    pub(super) fn gflop(&self) -> Option<f64> {
        match &self.architecture {
            Architecture::Swin(config) => Some(2.0 * Cost::new(config, [self.side; 3]).total() as f64 / 1e9),
            Architecture::Asa(_) => None,
        }
    }
}

/// The window of `side` voxels in the middle of a prepared volume or of its left-right flip, with its last voxels
/// repeated where the volume is shorter.
fn middle(prepared: &Prepared, side: usize, mirrored: bool) -> TensorData {
    let dims = prepared.grid.dims;
    let from = dims.map(|n| n.saturating_sub(side) / 2);
    let mut values = Vec::with_capacity(prepared.channels.len() * side.pow(3));
    for channel in prepared.input.chunks_exact(prepared.grid.len()) {
        for at in 0..side.pow(3) {
            let [x, y, z] = [at / (side * side), at / side % side, at % side];
            let [x, y, z] = std::array::from_fn(|axis| (from[axis] + [x, y, z][axis]).min(dims[axis] - 1));
            let x = if mirrored { dims[0] - 1 - x } else { x };
            values.push(channel[(x * dims[1] + y) * dims[2] + z]);
        }
    }
    TensorData::new(values, [1, prepared.channels.len(), side, side, side])
}

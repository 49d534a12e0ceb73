//! Filling a network from named weights, and reading them back.

use burn::tensor::TensorData;
use burn_store::{BurnToPyTorchAdapter, ModuleSnapshot, PyTorchToBurnAdapter, bridge};

use super::{Weight, WeightMap, to_network, to_torch};
use crate::nets::SaSwin;

/// A tensor whose shape is not the network's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Checkpoint key.
    pub key: String,
    /// What is wrong.
    pub reason: String,
}

/// Why weights do not fill a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The sets of tensors or their shapes differ.
    #[error(
        "the weights do not fit the architecture: {} missing ({}), {} unexpected ({}), {} mis-shaped ({})",
        .missing.len(), sample(.missing), .unexpected.len(), sample(.unexpected),
        .misshaped.len(), sample(&.misshaped.iter().map(|m| m.reason.clone()).collect::<Vec<_>>())
    )]
    Fit {
        /// Keys that the network has and the weights lack.
        missing: Vec<String>,
        /// Keys that the weights have and the network lacks.
        unexpected: Vec<String>,
        /// Keys present with another shape.
        misshaped: Vec<Mismatch>,
    },
    /// A parameter could not be read back from its device.
    #[error("parameter `{key}` cannot be read back: {reason}")]
    ReadBack {
        /// Checkpoint key.
        key: String,
        /// The device's words.
        reason: String,
    },
}

/// The first three names, for a one-line message.
fn sample(names: &[String]) -> String {
    let more = if names.len() > 3 { ", …" } else { "" };
    names.iter().take(3).cloned().collect::<Vec<_>>().join(", ") + more
}

/// Index buffers of published checkpoints, recomputed here.
fn is_buffer(key: &str) -> bool {
    key.ends_with("relative_position_index") || key.ends_with("attn_mask")
}

/// Fills every parameter of `network` from `weights`.
///
/// # Errors
/// If any parameter is missing, unexpected or mis-shaped; the network is then only partly filled.
pub fn fill(network: &mut SaSwin, weights: WeightMap) -> Result<(), LoadError> {
    fill_part(network, "", weights)
}

/// [`fill`] for a part of a network that lies at `prefix` in the whole.
pub(crate) fn fill_part(
    network: &mut impl ModuleSnapshot,
    prefix: &str,
    weights: WeightMap,
) -> Result<(), LoadError> {
    let mut misshaped = Vec::new();
    let tensors = weights
        .into_iter()
        .filter(|(key, _)| !is_buffer(key))
        .filter_map(|(key, weight)| {
            let count: usize = weight.shape.iter().product();
            if count != weight.values.len() {
                let reason = format!("{key}: {} values for shape {:?}", weight.values.len(), weight.shape);
                misshaped.push(Mismatch { key, reason });
                return None;
            }
            let path = to_network(&key);
            let path = path.strip_prefix(prefix).unwrap_or(&path).to_owned();
            Some(bridge::from_data(TensorData::new(weight.values, weight.shape), path, None))
        })
        .collect();
    let result = network.apply(tensors, None, Some(Box::new(PyTorchToBurnAdapter)), true);
    misshaped.extend(result.errors.iter().map(|error| {
        let reason = error.to_string();
        Mismatch { key: reason.clone(), reason }
    }));
    let missing: Vec<String> = result.missing.iter().map(|(path, _)| torch_key(path)).collect();
    let unexpected: Vec<String> = result.unused.iter().map(|path| to_torch(path)).collect();
    if missing.is_empty() && unexpected.is_empty() && misshaped.is_empty() {
        return Ok(());
    }
    Err(LoadError::Fit { missing, unexpected, misshaped })
}

/// Checkpoint key of a network path that still has burn's names for norm parameters.
fn torch_key(path: &str) -> String {
    to_torch(&path.replace(".gamma", ".weight").replace(".beta", ".bias"))
}

/// Reads every parameter back, by checkpoint key and in PyTorch's layout. Blocks: not for the web.
///
/// # Errors
/// If a parameter cannot be read from its device.
pub fn collect(network: &SaSwin) -> Result<WeightMap, LoadError> {
    let tensors = network.collect(None, Some(Box::new(BurnToPyTorchAdapter)), true);
    let mut weights = WeightMap::new();
    for tensor in tensors {
        let key = to_torch(&tensor.name);
        let failed = |reason: String| LoadError::ReadBack { key: key.clone(), reason };
        let data = bridge::into_data(tensor).map_err(|e| failed(e.to_string()))?;
        let shape = data.shape().to_vec();
        let values = data.convert::<f32>().try_into_vec::<f32>().map_err(|e| failed(format!("{e:?}")))?;
        weights.insert(key, Weight { shape, values });
    }
    Ok(weights)
}

/// Shape in PyTorch's layout of every parameter, by checkpoint key, without reading values.
pub fn shapes(network: &SaSwin) -> Vec<(String, Vec<usize>)> {
    shapes_part(network, "")
}

/// [`shapes`] for a part of a network that lies at `prefix` in the whole.
pub(crate) fn shapes_part(network: &impl ModuleSnapshot, prefix: &str) -> Vec<(String, Vec<usize>)> {
    let tensors = network.collect(None, Some(Box::new(BurnToPyTorchAdapter)), true);
    let mut shapes: Vec<(String, Vec<usize>)> =
        tensors.iter().map(|t| (to_torch(&format!("{prefix}{}", t.name)), t.shape.to_vec())).collect();
    shapes.sort();
    shapes
}

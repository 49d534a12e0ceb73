//! Filling a network from named weights, and reading them back.

use burn::tensor::TensorData;
use burn_store::{ApplyError, BurnToPyTorchAdapter, ModuleSnapshot, PyTorchToBurnAdapter, bridge};

use super::{Family, Weight, WeightMap, shapes_part};
use crate::nets::Network;

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

impl LoadError {
    /// One line for everything that does not fit, by name.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Fit { missing, unexpected, misshaped } => {
                let missing = missing.iter().map(|key| format!("missing: {key}"));
                let unexpected = unexpected.iter().map(|key| format!("unexpected: {key}"));
                let misshaped = misshaped.iter().map(|m| format!("mis-shaped: {}", m.reason));
                missing.chain(unexpected).chain(misshaped).collect()
            }
            Self::ReadBack { .. } => vec![self.to_string()],
        }
    }
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

impl Network {
    pub(super) fn family(&self) -> Family {
        match self {
            Self::Swin(_) => Family::Swin,
            Self::Asa(_) => Family::Asa,
        }
    }
}

/// Fills every parameter of `network` from `weights`.
///
/// # Errors
/// If any parameter is missing, unexpected or mis-shaped; the network is then as it was.
pub fn fill(network: &mut Network, weights: WeightMap) -> Result<(), LoadError> {
    let family = network.family();
    fill_part(network, family, "", weights)
}

/// [`fill`] for a part of a network that lies at `prefix` in the whole.
pub(crate) fn fill_part(
    network: &mut impl ModuleSnapshot,
    family: Family,
    prefix: &str,
    mut weights: WeightMap,
) -> Result<(), LoadError> {
    weights.retain(|key, _| !is_buffer(key));
    check_fit(&shapes_part(network, family, prefix), &weights)?;
    let tensors = weights
        .into_iter()
        .map(|(key, weight)| {
            let path = family.to_network(&key);
            let path = path.strip_prefix(prefix).unwrap_or(&path).to_owned();
            bridge::from_data(TensorData::new(weight.values, weight.shape), path, None)
        })
        .collect();
    let result = network.apply(tensors, None, Some(Box::new(PyTorchToBurnAdapter)), true);
    let wrong = |e: &ApplyError| Mismatch { key: String::new(), reason: e.to_string() };
    let misshaped: Vec<Mismatch> = result.errors.iter().map(wrong).collect();
    if misshaped.is_empty() {
        return Ok(());
    }
    Err(LoadError::Fit { missing: Vec::new(), unexpected: Vec::new(), misshaped })
}

/// Compares names and shapes.
fn check_fit(network: &[(String, Vec<usize>)], weights: &WeightMap) -> Result<(), LoadError> {
    let lacks = |(key, _): &&(String, Vec<usize>)| !weights.contains_key(key);
    let missing: Vec<String> = network.iter().filter(lacks).map(|(key, _)| key.clone()).collect();
    let mut unexpected = Vec::new();
    let mut misshaped = Vec::new();
    for (key, weight) in weights {
        let Ok(at) = network.binary_search_by(|(own, _)| own.cmp(key)) else {
            unexpected.push(key.clone());
            continue;
        };
        let (_, shape) = &network[at];
        let count: usize = weight.shape.iter().product();
        if weight.shape != *shape || weight.values.len() != count {
            let (found, values) = (&weight.shape, weight.values.len());
            let reason = format!("{key} is {found:?} with {values} values, the network has {shape:?}");
            misshaped.push(Mismatch { key: key.clone(), reason });
        }
    }
    if missing.is_empty() && unexpected.is_empty() && misshaped.is_empty() {
        return Ok(());
    }
    Err(LoadError::Fit { missing, unexpected, misshaped })
}

/// Reads every parameter back, by checkpoint key and in PyTorch's layout. Blocks: not for the web.
///
/// # Errors
/// If a parameter cannot be read from its device.
pub fn collect(network: &Network) -> Result<WeightMap, LoadError> {
    let tensors = network.collect(None, Some(Box::new(BurnToPyTorchAdapter)), true);
    let family = network.family();
    let mut weights = WeightMap::new();
    for tensor in tensors {
        let key = family.to_torch(&tensor.name);
        let failed = |reason: String| LoadError::ReadBack { key: key.clone(), reason };
        let data = bridge::into_data(tensor).map_err(|e| failed(e.to_string()))?;
        let shape = data.shape().to_vec();
        let values = data.convert::<f32>().try_into_vec::<f32>().map_err(|e| failed(format!("{e:?}")))?;
        weights.insert(key, Weight { shape, values });
    }
    Ok(weights)
}

//! Published checkpoints in, whatever prefix and naming they were saved with.

#[cfg(any(test, not(target_arch = "wasm32")))]
use super::Weight;
use super::{PackError, WeightMap, unpack};

/// Why a checkpoint cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The PyTorch container is broken or of an unknown kind.
    #[error("not a readable PyTorch checkpoint: {0}")]
    Pytorch(String),
    /// The safetensors container is broken.
    #[error(transparent)]
    Safetensors(#[from] PackError),
    /// Nothing in the file is a floating-point tensor.
    #[error("the checkpoint holds no floating-point tensor")]
    Empty,
}

/// Weights under the standard keys, and what was done to get there.
#[derive(Debug)]
pub struct Checkpoint {
    /// Parameters by standard key.
    pub weights: WeightMap,
    /// One line per renaming or omission, for the user.
    pub notes: Vec<String>,
}

/// Prefixes that trainers wrap around a whole network.
const WRAPPERS: [&str; 3] = ["module.", "backbone.", "model."];
/// Nested dictionaries that training scripts store a network under.
#[cfg(not(target_arch = "wasm32"))]
const TOP_LEVEL: [&str; 3] = ["state_dict", "model", "net"];

/// Reads a `.pt`/`.pth` (zip or legacy pickle) or a safetensors file.
///
/// # Errors
/// If the file is neither, or holds no floating-point tensor.
#[cfg(not(target_arch = "wasm32"))]
pub fn read_checkpoint(path: &std::path::Path) -> Result<Checkpoint, ImportError> {
    let bytes = std::fs::read(path).map_err(|e| ImportError::Pytorch(e.to_string()))?;
    let pickled = bytes.starts_with(b"PK") || bytes.starts_with(&[0x80]);
    standardise(if pickled { read_pytorch(path)? } else { unpack(&bytes)? })
}

/// Reads a safetensors checkpoint.
///
/// # Errors
/// If the container is broken or holds no floating-point tensor.
#[cfg(target_arch = "wasm32")]
pub fn read_checkpoint(bytes: &[u8]) -> Result<Checkpoint, ImportError> {
    standardise(unpack(bytes)?)
}

#[cfg(not(target_arch = "wasm32"))]
fn read_pytorch(path: &std::path::Path) -> Result<WeightMap, ImportError> {
    use burn_store::pytorch_reader::PytorchReader;

    let failed = |e: burn_store::pytorch_reader::PytorchError| ImportError::Pytorch(e.to_string());
    let nested = TOP_LEVEL
        .iter()
        .filter_map(|key| PytorchReader::with_top_level_key(path, key).ok())
        .find(|reader| !reader.is_empty());
    let reader = match nested {
        Some(reader) => reader,
        None => PytorchReader::new(path).map_err(failed)?,
    };
    let mut weights = WeightMap::new();
    for (key, tensor) in reader.into_tensors() {
        let data = burn_store::bridge::into_data(burn_store::bridge::from_pytorch(tensor))
            .map_err(|e| ImportError::Pytorch(format!("tensor `{key}`: {e}")))?;
        if !data.dtype().is_float() {
            continue;
        }
        let shape = data.shape().to_vec();
        let values = data
            .convert::<f32>()
            .try_into_vec::<f32>()
            .map_err(|e| ImportError::Pytorch(format!("tensor `{key}`: {e:?}")))?;
        weights.insert(key, Weight { shape, values });
    }
    Ok(weights)
}

/// Brings keys to the standard names.
fn standardise(mut weights: WeightMap) -> Result<Checkpoint, ImportError> {
    if weights.is_empty() {
        return Err(ImportError::Empty);
    }
    let mut notes = Vec::new();
    for wrapper in WRAPPERS {
        if weights.keys().all(|key| key.starts_with(wrapper)) {
            notes.push(format!("removed the prefix `{wrapper}` from every key"));
            weights = weights.into_iter().map(|(key, w)| (key[wrapper.len()..].to_owned(), w)).collect();
        }
    }
    let dae = weights.keys().any(|key| key.starts_with("encoder.layers"));
    let bare = !dae && weights.keys().any(|key| key.starts_with("layers1."));
    let mut out = WeightMap::new();
    for (key, weight) in weights {
        let renamed = rename(&key, dae, bare);
        match renamed {
            Some(new) => {
                if new != key {
                    notes.push(format!("`{key}` read as `{new}`"));
                }
                out.insert(new, weight);
            }
            None => notes.push(format!("`{key}` is not part of the network and was left out")),
        }
    }
    Ok(Checkpoint { weights: out, notes })
}

/// The standard key, or `None` for parts that no network here has.
fn rename(key: &str, dae: bool, bare: bool) -> Option<String> {
    let mut key = key.replace("swin_vit.", "swinViT.");
    if dae {
        if ["encoder.mask_token", "encoder.norm.", "out."].iter().any(|p| key.starts_with(p)) {
            return None;
        }
        if let Some(rest) = key.strip_prefix("encoder.patch_embed.") {
            key = format!("swinViT.patch_embed.{rest}");
        } else if let Some(rest) = key.strip_prefix("encoder.layers") {
            // The DAE file nests each stage once more: `layersN.0.0.rest` is `layersN.0.rest`.
            key = format!("swinViT.layers{}", rest.replacen(".0.0.", ".0.", 1));
        }
    }
    if bare && (key.starts_with("layers") || key.starts_with("patch_embed.")) {
        key = format!("swinViT.{key}");
    }
    if key.starts_with("swinViT.norm.") {
        return None;
    }
    Some(key.replace(".mlp.fc1.", ".mlp.linear1.").replace(".mlp.fc2.", ".mlp.linear2."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(keys: &[&str]) -> Vec<String> {
        let weight = Weight { shape: vec![1], values: vec![0.0] };
        let map = keys.iter().map(|k| ((*k).to_owned(), weight.clone())).collect();
        standardise(map).unwrap().weights.into_keys().collect()
    }

    #[test]
    fn self_supervised_names() {
        assert_eq!(
            names(&["module.layers1.0.blocks.0.mlp.fc1.weight", "module.patch_embed.proj.bias"]),
            ["swinViT.layers1.0.blocks.0.mlp.linear1.weight", "swinViT.patch_embed.proj.bias"]
        );
        assert_eq!(
            names(&["swin_vit.layers1.0.blocks.0.norm1.bias"]),
            ["swinViT.layers1.0.blocks.0.norm1.bias"]
        );
    }

    #[test]
    fn denoising_autoencoder_names() {
        let keys = [
            "encoder.layers2.0.0.blocks.1.norm1.bias",
            "encoder.mask_token",
            "encoder10.layer.conv1.conv.weight",
        ];
        assert_eq!(
            names(&keys),
            ["encoder10.layer.conv1.conv.weight", "swinViT.layers2.0.blocks.1.norm1.bias"]
        );
    }

    #[test]
    fn pre_2022_norms_are_dropped() {
        assert_eq!(names(&["swinViT.norm.weight", "out.conv.conv.bias"]), ["out.conv.conv.bias"]);
    }
}

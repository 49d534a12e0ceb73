//! Published checkpoints in, whatever prefix and naming they were saved with.

use super::{PackError, WeightMap, pytorch, unpack};

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

/// Reads the bytes of a `.pt`/`.pth` (zip or the older pickle stream) or of a safetensors file.
///
/// # Errors
/// If they are neither, or hold no floating-point tensor.
pub fn read_checkpoint(bytes: &[u8]) -> Result<Checkpoint, ImportError> {
    if pytorch::is_pytorch(bytes) {
        return standardise(pytorch::read(bytes).map_err(ImportError::Pytorch)?);
    }
    standardise(unpack(bytes)?)
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
    // ASA has a class token that it does not use.
    if key.starts_with("swinViT.norm.") || key.ends_with(".cls_token") {
        return None;
    }
    Some(key.replace(".mlp.fc1.", ".mlp.linear1.").replace(".mlp.fc2.", ".mlp.linear2."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Weight;

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

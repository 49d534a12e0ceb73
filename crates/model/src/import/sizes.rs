//! The sizes of a network, read off its tensors.

use super::{Declaration, DeclarationError, Published};
use crate::nets::asa::{PATCH, shift_mask};
use crate::weights::{Weight, WeightMap};
use crate::{Architecture, AsaConfig, ClassHead, DecoderKind, Pool, SwinConfig};

/// How often ASA's shift mask may be tiled.
const MAX_REPEATS: usize = 64;

pub(super) fn architecture(said: &Declaration, map: &WeightMap) -> Result<Architecture, DeclarationError> {
    match said.network {
        Published::Asa => asa(said, map).map(Into::into),
        _ => swin(said, map).map(Into::into),
    }
}

/// The first `N` sides of a tensor, which has values: sides of one without cost a file nothing.
fn shape<const N: usize>(map: &WeightMap, key: &str) -> Result<[usize; N], DeclarationError> {
    let wrong = |reason: String| DeclarationError::Tensor { key: key.to_owned(), reason };
    let Weight { shape, values } = map.get(key).ok_or_else(|| wrong("is missing".to_owned()))?;
    if values.is_empty() {
        return Err(wrong(format!("has shape {shape:?} and no values")));
    }
    let sides = shape.first_chunk::<N>().copied();
    sides.ok_or_else(|| wrong(format!("has shape {shape:?}, of which {N} sides are needed")))
}

/// Number of consecutive `prefix0.`, `prefix1.`, … with a tensor.
fn count(map: &WeightMap, prefix: &str) -> usize {
    let exists = |i: &usize| {
        let start = format!("{prefix}{i}.");
        map.range(start.clone()..).next().is_some_and(|(key, _)| key.starts_with(&start))
    };
    (0..).take_while(exists).count()
}

fn swin(said: &Declaration, map: &WeightMap) -> Result<SwinConfig, DeclarationError> {
    let merge = said.merge.ok_or(DeclarationError::Unstated {
        field: "merge",
        reason: "`legacy` for MONAI up to 1.4, `fixed` from 1.5 on, or `v2`; their weights have the same shapes",
    })?;
    let [feature_size, in_channels, patch] = shape(map, "swinViT.patch_embed.proj.weight")?;
    let mut a = SwinConfig::encoder(in_channels, feature_size, merge);
    a.patch = patch;
    a.use_v2 = count(map, "swinViT.layers1c.") > 0;
    for stage in 0..4 {
        let blocks = format!("swinViT.layers{}.0.blocks.", stage + 1);
        // A stage that is not there keeps its published size, so that its tensors are named as missing.
        if let depth @ 1.. = count(map, &blocks) {
            a.depths[stage] = depth;
            [_, a.heads[stage]] = shape(map, &format!("{blocks}0.attn.relative_position_bias_table"))?;
        }
    }
    a.symmetry = said.network != Published::SwinUnetr;
    if said.network == Published::SacaClassifier {
        let [outputs] = shape(map, "classification_head.weight")?;
        a.class_head = Some(ClassHead { outputs, pool: Pool::Token0 });
    } else {
        a.decoder = Some(DecoderKind::Full);
        [a.out_channels] = shape(map, "out.conv.conv.weight")?;
    }
    Ok(a)
}

fn asa(said: &Declaration, map: &WeightMap) -> Result<AsaConfig, DeclarationError> {
    let position = said.position.ok_or(DeclarationError::Unstated {
        field: "position",
        reason: "`symmetric_1d` is the published default; the encoding is not in the checkpoint",
    })?;
    let [hidden_size, voxels] = shape(map, "vit.patch_embedding.patch_embeddings.1.weight")?;
    let [rows, heads] = shape(map, "vit.blocks.0.attn.relative_position_bias_table")?;
    let [feature_size] = shape(map, "encoder1.layer.conv1.conv.weight")?;
    let [out_channels] = shape(map, "out.0.conv.conv.weight")?;
    let window = rows.div_ceil(2);
    Ok(AsaConfig {
        hidden_size,
        heads,
        layers: count(map, "vit.blocks."),
        window,
        mask_repeats: mask_repeats(map, window)?,
        feature_size: Some(feature_size),
        out_channels,
        ..AsaConfig::encoder(voxels / PATCH.pow(3), position)
    })
}

/// How often the shift mask in the checkpoint is tiled over the windows.
fn mask_repeats(map: &WeightMap, window: usize) -> Result<usize, DeclarationError> {
    let key = "vit.blocks.1.attn_mask";
    let wrong = |reason: String| DeclarationError::Tensor { key: key.to_owned(), reason };
    let [windows] = shape(map, key)?;
    // What it is compared with is as large as it, so that a small file asks for little.
    let fits = |mask: &&Weight| mask.shape == [windows, window, window];
    let mask = map.get(key).filter(fits);
    let mask = mask.ok_or_else(|| wrong(format!("does not hold windows of {window}×{window} tokens")))?;
    let is_tiled = |repeats: &usize| {
        windows.is_multiple_of(*repeats) && mask.values == shift_mask(windows, window, *repeats)
    };
    (1..=MAX_REPEATS).find(is_tiled).ok_or_else(|| wrong("is not a tiled shift mask".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_not_read_off_tensors_without_values() {
        let mut weight = Weight { shape: vec![96, 8, 0], values: Vec::new() };
        let map = |weight: &Weight| WeightMap::from([("a".to_owned(), weight.clone())]);
        let error = shape::<2>(&map(&weight), "a").unwrap_err().to_string();
        assert!(error.contains("tensor `a` has shape [96, 8, 0] and no values"), "{error}");
        weight = Weight { shape: vec![2, 1], values: vec![0.0; 2] };
        assert_eq!(shape(&map(&weight), "a").unwrap(), [2, 1]);
    }

    #[test]
    fn a_mask_of_another_shape_is_refused_before_one_is_built() {
        for shape in [vec![1024], vec![1 << 40, 0, 0], vec![4, 8, 8], vec![0, 4096, 4096]] {
            let values = vec![0.0; shape.iter().product()];
            let map = WeightMap::from([("vit.blocks.1.attn_mask".to_owned(), Weight { shape, values })]);
            let error = mask_repeats(&map, 4096).unwrap_err().to_string();
            let refused = ["windows of 4096×4096", "no values"].iter().any(|reason| error.contains(reason));
            assert!(refused, "{error}");
        }
    }

    #[test]
    fn the_mask_tells_how_often_it_is_tiled() {
        let map = |repeats| {
            let mask = Weight { shape: vec![8, 4, 4], values: shift_mask(8, 4, repeats) };
            WeightMap::from([("vit.blocks.1.attn_mask".to_owned(), mask)])
        };
        for repeats in [1, 2, 4] {
            assert_eq!(mask_repeats(&map(repeats), 4).unwrap(), repeats);
        }
        let mut broken = map(2);
        broken.values_mut().for_each(|mask| mask.values[0] = 1.0);
        assert!(mask_repeats(&broken, 4).unwrap_err().to_string().contains("attn_mask"));
    }

    #[test]
    fn blocks_are_counted_without_gaps() {
        let one = Weight { shape: vec![1], values: vec![0.0] };
        let keys = ["b.0.x", "b.1.x", "b.10.x", "b.3.x"];
        let map = keys.into_iter().map(|key| (key.to_owned(), one.clone())).collect();
        assert_eq!(count(&map, "b."), 2);
    }
}

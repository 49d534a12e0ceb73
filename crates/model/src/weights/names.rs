//! Between the keys of published checkpoints and the parameter paths of [`crate::nets`].

/// Pairs (checkpoint, network) of key prefixes that differ; everything else is the same.
const PREFIXES: [(&str, &str); 12] = [
    ("swinViT.", "swin."),
    ("symmetryAwareTX.attention.self.", "saca.attention."),
    ("symmetryAwareTX.crossattention.self.", "saca.crossattention."),
    ("symmetryAwareTX.", "saca."),
    ("encoder1.", "decoder.full.encoder1."),
    ("decoder1.", "decoder.full.decoder1."),
    ("out.", "decoder.full.out."),
    ("subvoxel.", "decoder.subvoxel."),
    ("encoder", "decoder.encoder"),
    ("decoder", "decoder.decoder"),
    ("classification_head.", "classification_head."),
    ("", "pretrain."),
];

/// Layers between two convolutions of the inpainting decoder's `Sequential`: norm, rectifier, upsampling.
const INPAINT_STRIDE: usize = 4;

/// Whose names are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// SA-Swin and Swin UNETR.
    Swin,
    /// ASA.
    Asa,
}

impl Family {
    /// Network path of a checkpoint key.
    pub fn to_network(self, key: &str) -> String {
        match self {
            Self::Swin => swin_to_network(key),
            Self::Asa if key.starts_with("vit.") => key.replace(ASA_EMBEDDING, "patch_embeddings."),
            Self::Asa if key.starts_with(ASA_PRETRAINING) => key.to_owned(),
            Self::Asa => format!("decoder.{key}"),
        }
    }

    /// Checkpoint key of a network path.
    pub fn to_torch(self, path: &str) -> String {
        match self {
            Self::Swin => swin_to_torch(path),
            Self::Asa if path.starts_with("vit.") => path.replace("patch_embeddings.", ASA_EMBEDDING),
            Self::Asa => path.strip_prefix("decoder.").unwrap_or(path).to_owned(),
        }
    }
}

/// ASA's pretraining decoder has its name here in both.
const ASA_PRETRAINING: &str = "reconstruction.";
/// ASA's patch embedding is a `Sequential` of a rearrangement and this.
const ASA_EMBEDDING: &str = "patch_embeddings.1.";

fn swin_to_network(key: &str) -> String {
    let renamed = PREFIXES
        .iter()
        .find_map(|(torch, net)| key.strip_prefix(torch).map(|rest| format!("{net}{rest}")))
        .unwrap_or_else(|| key.to_owned());
    rescale_inpaint(&renamed.replace("LayerNorm", "layer_norm"), |i| i / INPAINT_STRIDE, "pretrain.conv.")
}

fn swin_to_torch(path: &str) -> String {
    let path = rescale_inpaint(path, |i| i * INPAINT_STRIDE, "pretrain.conv.");
    let path = path.replace("layer_norm", "LayerNorm");
    let attends = |net: &str, rest: &str| {
        !matches!(net, "saca.attention." | "saca.crossattention.") || !rest.starts_with("output.")
    };
    PREFIXES
        .iter()
        .find_map(|(torch, net)| {
            path.strip_prefix(net).filter(|rest| attends(net, rest)).map(|rest| format!("{torch}{rest}"))
        })
        .unwrap_or(path)
}

fn rescale_inpaint(path: &str, scale: impl Fn(usize) -> usize, prefix: &str) -> String {
    let Some((index, rest)) = path.strip_prefix(prefix).and_then(|rest| rest.split_once('.')) else {
        return path.to_owned();
    };
    match index.parse::<usize>() {
        Ok(index) => format!("{prefix}{}.{rest}", scale(index)),
        Err(_) => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_part_round_trip() {
        for (torch, net) in [
            ("swinViT.layers1.0.blocks.0.attn.qkv.weight", "swin.layers1.0.blocks.0.attn.qkv.weight"),
            ("symmetryAwareTX.attention.self.query.bias", "saca.attention.query.bias"),
            ("symmetryAwareTX.attention.output.LayerNorm.weight", "saca.attention.output.layer_norm.weight"),
            ("symmetryAwareTX.crossattention.self.key.weight", "saca.crossattention.key.weight"),
            ("symmetryAwareTX.output.dense.weight", "saca.output.dense.weight"),
            ("encoder10.layer.conv1.conv.weight", "decoder.encoder10.layer.conv1.conv.weight"),
            ("encoder1.layer.conv3.conv.weight", "decoder.full.encoder1.layer.conv3.conv.weight"),
            ("decoder1.transp_conv.conv.weight", "decoder.full.decoder1.transp_conv.conv.weight"),
            ("decoder5.conv_block.conv1.conv.weight", "decoder.decoder5.conv_block.conv1.conv.weight"),
            ("out.conv.conv.bias", "decoder.full.out.conv.conv.bias"),
            ("subvoxel.out.conv.weight", "decoder.subvoxel.out.conv.weight"),
            ("classification_head.weight", "classification_head.weight"),
            ("rotation_head.weight", "pretrain.rotation_head.weight"),
            ("conv.8.bias", "pretrain.conv.2.bias"),
        ] {
            assert_eq!(Family::Swin.to_network(torch), net);
            assert_eq!(Family::Swin.to_torch(net), torch);
        }
        for (torch, net) in [
            ("vit.patch_embedding.patch_embeddings.1.weight", "vit.patch_embedding.patch_embeddings.weight"),
            ("vit.blocks.1.attn.qkv.weight", "vit.blocks.1.attn.qkv.weight"),
            ("encoder6.blocks.0.1.conv1.conv.weight", "decoder.encoder6.blocks.0.1.conv1.conv.weight"),
            ("decoder2.transp_conv.conv.weight", "decoder.decoder2.transp_conv.conv.weight"),
            ("out.4.conv.conv.bias", "decoder.out.4.conv.conv.bias"),
        ] {
            assert_eq!(Family::Asa.to_network(torch), net);
            assert_eq!(Family::Asa.to_torch(net), torch);
        }
    }
}

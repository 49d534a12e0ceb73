//! The configuration of a fixture, and the network it means.

use serde::Deserialize;

use super::{FidelityError, Golden};
use crate::{Architecture, AsaConfig, ClassHead, DecoderKind, Merge, Pool, Position, SwinConfig};

/// The reference's names for sizes; those that an architecture has not are absent.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Config {
    depths: Vec<usize>,
    num_heads: serde_json::Value,
    feature_size: usize,
    in_channels: usize,
    out_channels: usize,
    patch_size: usize,
    head_width: usize,
    saca: bool,
    use_v2: bool,
    merge_mode: Option<Merge>,
    pub(super) width: usize,
    pub(super) hidden_size: usize,
    layers: usize,
    window: usize,
    mask_repeats: usize,
    position: Option<Position>,
    pub(super) grid: [usize; 3],
}

fn array4(values: &[usize], field: &str) -> Result<[usize; 4], FidelityError> {
    values.try_into().map_err(|_| FidelityError::Fixture(format!("{field} needs four numbers")))
}

pub(super) fn architecture(golden: &Golden) -> Result<Architecture, FidelityError> {
    if golden.arch.starts_with("asa") { asa(golden).map(Into::into) } else { swin(golden).map(Into::into) }
}

fn heads<T: serde::de::DeserializeOwned>(config: &Config) -> Result<T, FidelityError> {
    serde_json::from_value(config.num_heads.clone())
        .map_err(|e| FidelityError::Fixture(format!("num_heads: {e}")))
}

fn swin(golden: &Golden) -> Result<SwinConfig, FidelityError> {
    let c = &golden.config;
    let mut a = SwinConfig::encoder(c.in_channels, c.feature_size, c.merge_mode.unwrap_or(Merge::Legacy));
    a.depths = array4(&c.depths, "depths")?;
    a.heads = heads(c)?;
    a.patch = c.patch_size;
    a.use_v2 = c.use_v2;
    a.symmetry = golden.arch.starts_with("saca") || c.saca;
    match golden.arch.as_str() {
        "swin_encoder" => {}
        "saca_classifier" => a.class_head = Some(ClassHead { outputs: c.out_channels, pool: Pool::Token0 }),
        "swin_unetr" | "saca_unetr" => a.decoder = Some(DecoderKind::Full),
        "saca_subvoxel_unetr" => a.decoder = Some(DecoderKind::Subvoxel { width: c.head_width }),
        "saca_pretraining" => a.pretraining = true,
        other => return Err(FidelityError::Fixture(format!("architecture `{other}` is not known"))),
    }
    if a.decoder.is_some() {
        a.out_channels = c.out_channels;
    }
    Ok(a)
}

fn asa(golden: &Golden) -> Result<AsaConfig, FidelityError> {
    let c = &golden.config;
    let position = c.position.ok_or_else(|| FidelityError::Fixture("position is missing".to_owned()))?;
    Ok(AsaConfig {
        hidden_size: c.hidden_size,
        heads: heads(c)?,
        layers: c.layers,
        window: c.window,
        mask_repeats: c.mask_repeats,
        feature_size: (golden.arch == "asa_segmentation").then_some(c.feature_size),
        out_channels: c.out_channels,
        ..AsaConfig::encoder(c.in_channels, position)
    })
}

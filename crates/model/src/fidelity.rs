//! Comparison of a network, stage by stage, with golden tensors of the reference implementation.
//!
//! A fixture (see `tests/golden/README.md`) holds a configuration, and for each stage the shape and a strided
//! sample of the reference output in 64-bit arithmetic. Weights and inputs are not stored: both sides compute
//! them from the tensor's name ([`hashed`]).

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;
use serde::Deserialize;

use crate::nets::{SaSwin, Saca, Trace};
use crate::weights::{self, Weight, WeightMap};
use crate::{Architecture, ClassHead, DecoderKind, Merge, Pool};

/// Why a comparison could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FidelityError {
    /// The fixture is broken.
    #[error("fixture: {0}")]
    Fixture(String),
    /// The network of the fixture cannot be built.
    #[error(transparent)]
    Architecture(#[from] crate::ArchitectureError),
    /// The named weights do not fill the network.
    #[error(transparent)]
    Weights(#[from] weights::LoadError),
    /// A result could not be read from the device.
    #[error("reading stage `{0}` back: {1}")]
    ReadBack(String, String),
}

/// How names of fixtures that [`compare`] can run begin; the others are for windows and importers.
pub const NETWORKS: [&str; 6] = ["encoder_", "unetr_", "saca_", "subvoxel_", "classifier_", "pretraining_"];

/// How far one stage is from the reference.
#[derive(Debug, Clone)]
pub struct StageError {
    /// Name of the stage.
    pub stage: String,
    /// `‖ours − reference‖₂ / ‖reference‖₂` over the sampled elements.
    pub relative_l2: f64,
    /// The reference's own error in 32-bit arithmetic, as a yardstick.
    pub reference_f32: f64,
}

#[derive(Deserialize)]
struct Golden {
    arch: String,
    config: Config,
    inputs: BTreeMap<String, Vec<usize>>,
    parameters: BTreeMap<String, Vec<usize>>,
    stages: BTreeMap<String, StageHeader>,
}

#[derive(Deserialize, Default)]
struct Config {
    #[serde(default)]
    depths: Vec<usize>,
    #[serde(default)]
    num_heads: Vec<usize>,
    #[serde(default)]
    feature_size: usize,
    #[serde(default)]
    in_channels: usize,
    #[serde(default)]
    out_channels: usize,
    #[serde(default)]
    patch_size: usize,
    #[serde(default)]
    head_width: usize,
    #[serde(default)]
    saca: bool,
    #[serde(default)]
    use_v2: bool,
    merge_mode: Option<Merge>,
    #[serde(default)]
    width: usize,
}

#[derive(Deserialize)]
struct StageHeader {
    shape: Vec<usize>,
    stride: usize,
    #[serde(default)]
    float32_error: f64,
}

/// Values in `[-1, 1)` from a name: 64-bit FNV-1a, then splitmix64 per element, top 24 bits.
fn hashed(name: &str, count: usize) -> impl Iterator<Item = f64> {
    let seed = name
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01B3));
    (0..count as u64).map(move |i| {
        let mut z = seed.wrapping_add(i).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        (z >> 40) as f64 / f64::from(1 << 23) - 1.0
    })
}

/// Half-width and centre of a tensor's values, from its name and shape.
fn scale_and_offset(name: &str, shape: &[usize]) -> (f64, f64) {
    if name.starts_with("input:") {
        return (1.0, 0.0);
    }
    if name.ends_with("relative_position_bias_table") {
        return (0.5, 0.0);
    }
    if shape.len() == 1 {
        return if name.ends_with("bias") { (0.1, 0.0) } else { (0.2, 1.0) };
    }
    let fan_in: usize = if name.contains("transp_conv") { shape[0] } else { shape[1..].iter().product() };
    ((3.0 / fan_in as f64).sqrt(), 0.0)
}

/// The tensor that both sides agree on for `name`.
pub fn named_tensor(name: &str, shape: &[usize]) -> Weight {
    let (scale, offset) = scale_and_offset(name, shape);
    let values = hashed(name, shape.iter().product()).map(|u| (offset + scale * u) as f32).collect();
    Weight { shape: shape.to_vec(), values }
}

/// Weights of a network, all from their names: random, for parity and speed only.
pub fn named_weights(network: &SaSwin) -> WeightMap {
    from_names(weights::shapes(network))
}

fn from_names(shapes: Vec<(String, Vec<usize>)>) -> WeightMap {
    shapes
        .into_iter()
        .map(|(key, shape)| {
            let tensor = named_tensor(&key, &shape);
            (key, tensor)
        })
        .collect()
}

fn array4(values: &[usize], field: &str) -> Result<[usize; 4], FidelityError> {
    values.try_into().map_err(|_| FidelityError::Fixture(format!("{field} needs four numbers")))
}

fn architecture(golden: &Golden) -> Result<Architecture, FidelityError> {
    let c = &golden.config;
    let mut a = Architecture::encoder(c.in_channels, c.feature_size, c.merge_mode.unwrap_or(Merge::Legacy));
    a.depths = array4(&c.depths, "depths")?;
    a.heads = array4(&c.num_heads, "num_heads")?;
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

async fn read<const D: usize>(name: &str, x: Tensor<D>) -> Result<Vec<f32>, FidelityError> {
    let failed = |e: String| FidelityError::ReadBack(name.to_owned(), e);
    let data = x.into_data_async().await.map_err(|e| failed(e.to_string()))?;
    data.try_to_vec::<f32>().map_err(|e| failed(format!("{e:?}")))
}

fn input<const D: usize>(golden: &Golden, name: &str, device: &Device) -> Option<Tensor<D>> {
    let shape = golden.inputs.get(name)?;
    let tensor = named_tensor(&format!("input:{name}"), shape);
    Some(Tensor::from_data(TensorData::new(tensor.values, shape.clone()), device))
}

/// Every stage output of the fixture's network on `device`, flattened in the reference's order.
async fn outputs(golden: &Golden, device: &Device) -> Result<BTreeMap<String, Vec<f32>>, FidelityError> {
    let missing = || FidelityError::Fixture("input x is missing".to_owned());
    let mut network = SaSwin::new(&architecture(golden)?, device)?;
    let named = named_weights(&network);
    let ours: BTreeMap<_, _> =
        named.iter().map(|(key, weight)| (key.clone(), weight.shape.clone())).collect();
    if ours != golden.parameters {
        return Err(FidelityError::Fixture(format!("parameters differ from the reference's: {ours:?}")));
    }
    weights::fill(&mut network, named)?;
    let mut trace = Trace::on();
    let x = input::<5>(golden, "x", device).ok_or_else(missing)?;
    let output = network.forward(x, input::<5>(golden, "x_flip", device), &mut trace);
    let mut out = BTreeMap::new();
    for (name, tensor) in trace.into_stages() {
        // Token stages are `[b, n, c]` in the reference.
        let tensor = if name == "saca" { tensor.permute([0, 2, 3, 4, 1]) } else { tensor };
        out.insert(name.clone(), read(&name, tensor).await?);
    }
    if let Some(logits) = output.segmentation {
        out.insert("logits".to_owned(), read("logits", logits).await?);
    }
    if let Some(logits) = output.classes {
        out.insert("logits".to_owned(), read("logits", logits).await?);
    }
    if let Some(p) = output.pretraining {
        let [scan, mirror] = p.symmetry;
        for (name, t) in
            [("rotation", p.rotation), ("contrastive", p.contrastive), ("sah", scan), ("sah_flip", mirror)]
        {
            out.insert(name.to_owned(), read(name, t).await?);
        }
        out.insert("inpainting".to_owned(), read("inpainting", p.reconstruction).await?);
    }
    Ok(out)
}

async fn saca_outputs(golden: &Golden, device: &Device) -> Result<BTreeMap<String, Vec<f32>>, FidelityError> {
    let missing = || FidelityError::Fixture("inputs f and f_flip are missing".to_owned());
    let mut saca = Saca::new(golden.config.width, device);
    let named = from_names(weights::shapes_part(&saca, "saca."));
    weights::fill_part(&mut saca, "saca.", named)?;
    let scan = input::<3>(golden, "f", device).ok_or_else(missing)?;
    let mirror = input::<3>(golden, "f_flip", device).ok_or_else(missing)?;
    let y = saca.forward(scan, mirror);
    Ok(BTreeMap::from([("output".to_owned(), read("output", y).await?)]))
}

fn stage_error(header: &StageHeader, sample: &[f32], ours: &[f32]) -> Option<f64> {
    if ours.len() != header.shape.iter().product::<usize>() {
        return None;
    }
    let (mut difference, mut norm) = (0.0, 0.0);
    for (reference, value) in sample.iter().zip(ours.iter().step_by(header.stride)) {
        difference += f64::from(reference - value).powi(2);
        norm += f64::from(*reference).powi(2);
    }
    Some((difference / norm).sqrt())
}

/// Runs the fixture's network on `device` and compares every stage that both sides name.
///
/// # Errors
/// If the fixture is broken, the network cannot be built from it, or a stage has another shape.
pub async fn compare(fixture: &[u8], device: &Device) -> Result<Vec<StageError>, FidelityError> {
    let broken = |e: String| FidelityError::Fixture(e);
    let (_, header) = SafeTensors::read_metadata(fixture).map_err(|e| broken(e.to_string()))?;
    let json = header.metadata().as_ref().and_then(|m| m.get("golden")).cloned().unwrap_or_default();
    let golden: Golden = serde_json::from_str(&json).map_err(|e| broken(e.to_string()))?;
    let ours = match golden.arch.as_str() {
        "saca" => saca_outputs(&golden, device).await?,
        _ => outputs(&golden, device).await?,
    };
    let samples = weights::unpack(fixture).map_err(|e| broken(e.to_string()))?;
    let mut errors = Vec::new();
    for (stage, header) in &golden.stages {
        let (Some(values), Some(sample)) = (ours.get(stage), samples.get(stage)) else { continue };
        let relative_l2 = stage_error(header, &sample.values, values).ok_or_else(|| {
            broken(format!("stage {stage}: {} values for {:?}", values.len(), header.shape))
        })?;
        errors.push(StageError { stage: stage.clone(), relative_l2, reference_f32: header.float32_error });
    }
    if errors.is_empty() { Err(broken("no common stage".to_owned())) } else { Ok(errors) }
}

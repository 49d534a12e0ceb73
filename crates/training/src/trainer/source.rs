//! Samples as the network wants them.

use std::path::Path;
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use saswin_model::InputChannel;

use super::TrainError;
use super::masks::masks;
use super::views::{View, views};
use crate::losses::{MaskedTarget, PretrainTarget};
use crate::recipe::{DataRecipe, data_folder};
use crate::synth::{Canvas, Crop, HeadMap, HeadSynth, Rng, load_or_pack};

/// One window with its truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Voxel counts along x, y, z.
    pub size: [usize; 3],
    /// Input `[c, x, y, z]`, z fastest.
    pub image: Vec<f32>,
    /// Input of the mirrored counterpart, in the same order.
    pub mirror: Vec<f32>,
    /// Segmentation target `[x, y, z]`; empty without one.
    pub labels: Vec<u8>,
    /// Targets of the class head; not a number where unknown.
    pub classes: Vec<f32>,
}

/// Something that turns seeds into examples, always the same ones.
pub trait Source: Send + Sync {
    /// The example with this seed.
    fn example(&self, seed: u64) -> Example;
}

/// Seed of example `index` of the stream `stream`.
pub fn example_seed(seed: u64, stream: &str, index: u64) -> u64 {
    Rng::new(seed).fork(stream).fork(&index.to_string()).bits()
}

/// Windows of synthetic heads.
#[derive(Debug, Clone)]
pub struct HeadSource {
    synth: Arc<HeadSynth>,
    size: [usize; 3],
    channels: Vec<InputChannel>,
}

impl HeadSource {
    /// Training and validation sources of a recipe. Label maps are packed once into the folder `cache`.
    ///
    /// # Errors
    /// If the label maps cannot be read or are fewer than the recipe names.
    pub fn pair(data: &DataRecipe, channels: &[InputChannel], cache: &Path) -> Result<[Self; 2], TrainError> {
        let folder = data_folder().join(&data.maps);
        let name = data.maps.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let maps = load_or_pack(&folder, &cache.join(name + ".pack"))?;
        let source = |range| Self::new(select(&maps, range)?, data, channels);
        Ok([source(data.training)?, source(data.validation)?])
    }

    fn new(maps: Vec<HeadMap>, data: &DataRecipe, channels: &[InputChannel]) -> Result<Self, TrainError> {
        let synth = HeadSynth::new(maps, data.synthesis.clone())
            .ok_or_else(|| TrainError::Data("no label map to draw from".to_owned()))?;
        Ok(Self { synth: Arc::new(synth), size: data.crop, channels: channels.to_vec() })
    }

    /// The same heads in windows of another size.
    pub fn with_windows(&self, size: [usize; 3]) -> Self {
        Self { size, ..self.clone() }
    }
}

fn select(maps: &[HeadMap], [first, last]: [usize; 2]) -> Result<Vec<HeadMap>, TrainError> {
    let chosen = maps.get(first - 1..last);
    chosen.map(<[HeadMap]>::to_vec).ok_or_else(|| {
        TrainError::Data(format!("label maps {first} to {last} are wanted, there are {}", maps.len()))
    })
}

impl Source for HeadSource {
    fn example(&self, seed: u64) -> Example {
        let crop = self.synth.sample_crop(seed, self.size);
        let [image, mirror] = [(&crop.image, 1.0), (&crop.mirror, -1.0)]
            .map(|(scan, side)| input(scan, &crop, side, &self.channels));
        Example { size: crop.region.size, image, mirror, labels: crop.target, classes: Vec::new() }
    }
}

/// All channels of a window; `side` is −1 where left and right are exchanged.
fn input(scan: &[f32], crop: &Crop, side: f32, channels: &[InputChannel]) -> Vec<f32> {
    let mut values = Vec::with_capacity(scan.len() * channels.len());
    let plane = crop.region.size[1] * crop.region.size[2];
    for channel in channels {
        match channel {
            InputChannel::Lateral { scale_mm } => {
                let unit = side / *scale_mm as f32;
                for x in 0..crop.region.size[0] {
                    let mm = (crop.region.start[0] + x as i32) as f32 - Canvas::ORIGIN[0];
                    values.extend(std::iter::repeat_n(mm * unit, plane));
                }
            }
            InputChannel::Scan => values.extend_from_slice(scan),
            InputChannel::Hounsfield { low, high } => {
                let (low, gain) = (*low as f32, 1.0 / (high - low) as f32);
                values.extend(scan.iter().map(|v| ((v - low) * gain).clamp(0.0, 1.0)));
            }
        }
    }
    values
}

/// Examples as tensors.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Number of examples.
    pub size: usize,
    /// `[b, c, x, y, z]`.
    pub image: Tensor<5>,
    /// `[b, c, x, y, z]`.
    pub mirror: Tensor<5>,
    /// Segmentation targets in batch order.
    pub labels: Vec<u8>,
    /// Class-head targets in batch order.
    pub classes: Vec<f32>,
    /// Targets of the pretraining heads.
    pub pretraining: Option<PretrainTarget>,
    /// Patches to mask and reconstruct.
    pub masked: Option<MaskedTarget>,
}

impl Batch {
    /// Stacks examples of one size; `None` for none.
    pub fn new(examples: &[Example], device: &Device) -> Option<Self> {
        let shape = shape(examples)?;
        let stack = |part: fn(&Example) -> &[f32]| tensor(examples.iter().map(part), shape, device);
        Some(Self {
            size: examples.len(),
            image: stack(|e| &e.image),
            mirror: stack(|e| &e.mirror),
            labels: examples.iter().flat_map(|e| &e.labels).copied().collect(),
            classes: examples.iter().flat_map(|e| &e.classes).copied().collect(),
            pretraining: None,
            masked: None,
        })
    }

    /// Examples with three quarters of their patches masked; `None` for none.
    pub fn masked(examples: &[Example], seed: u64, device: &Device) -> Option<Self> {
        let masked = masks(examples, &mut Rng::new(seed));
        Some(Self { masked: Some(masked), ..Self::new(examples, device)? })
    }

    /// Two pretraining views of each example; `None` for none, or for windows that are not as deep as high.
    pub fn pretraining(examples: &[Example], seed: u64, device: &Device) -> Option<Self> {
        let [_, depth, height] = examples.first()?.size;
        if depth != height {
            return None;
        }
        let views = views(examples, &mut Rng::new(seed));
        let turned: Vec<Example> = views.iter().map(|v| v.example.clone()).collect();
        let whole = tensor(views.iter().map(|v| v.whole.as_slice()), shape(&turned)?, device);
        let turns = views.iter().map(|v: &View| v.turns).collect();
        let healthy = turned.iter().map(|e| !e.classes.iter().any(|c| *c > 0.5)).collect();
        let batch = Self::new(&turned, device)?;
        Some(Self { pretraining: Some(PretrainTarget { turns, whole, healthy }), ..batch })
    }
}

/// `[b, c, x, y, z]` of examples of one size.
fn shape(examples: &[Example]) -> Option<[usize; 5]> {
    let first = examples.first()?;
    let [x, y, z] = first.size;
    Some([examples.len(), first.image.len() / (x * y * z), x, y, z])
}

fn tensor<'a>(parts: impl Iterator<Item = &'a [f32]>, shape: [usize; 5], device: &Device) -> Tensor<5> {
    let values: Vec<f32> = parts.flatten().copied().collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

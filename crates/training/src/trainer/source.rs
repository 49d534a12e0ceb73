//! Samples as the network wants them.

use std::path::Path;
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use saswin_model::InputChannel;

use super::TrainError;
use super::channels::{self, Window};
use super::kept::{KeptHead, KeptHeads};
use super::masks::masks;
use super::target::Seen;
use super::views::{View, views};
use crate::losses::{MaskedTarget, PretrainTarget};
use crate::recipe::{DataRecipe, Recipe, Target, data_folder};
use crate::synth::targets::mirrored;
use crate::synth::{
    Canvas, HeadSynth, LesionShape, Region, Rng, SynthConfig, finding, flip_x, load_or_pack,
    load_or_pack_shapes,
};

/// Folder of real stroke masks inside the data folder.
const STROKE_SHAPES: &str = "soop-lesion-masks";

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
    /// Whether nothing was put into the window that a healthy head lacks.
    pub healthy: bool,
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
    kept: Option<KeptHeads>,
    size: [usize; 3],
    spacing: f32,
    channels: Vec<InputChannel>,
    target: Target,
    blood_at_most: Option<f32>,
    /// Whether there is a decoder to teach.
    labelled: bool,
    /// Outputs of the class head.
    outputs: usize,
}

impl HeadSource {
    /// Training and validation sources of a recipe. Label maps, and heads that are kept, are put into the folder
    /// `cache`.
    ///
    /// # Errors
    /// If the label maps or lesion shapes cannot be read or are fewer than the recipe names.
    pub fn pair(recipe: &Recipe, cache: &Path) -> Result<[Self; 2], TrainError> {
        let data = &recipe.data;
        let source = |range, stream: &str, heads: Option<usize>| -> Result<Self, TrainError> {
            let synth = Arc::new(head_synth(data, range, cache)?);
            let spacing = recipe.manifest.preprocessing.spacing_mm as f32;
            // Other settings draw other heads.
            let drawn_by = (crate::synth::VERSION, &data.synthesis, &data.maps, range, spacing);
            let drawn_by = serde_json::to_string(&drawn_by).unwrap_or_default();
            let key = Rng::new(recipe.seed).fork(stream).fork(&drawn_by).bits();
            let folder = cache.join(format!("{}-{stream}-{key:016x}", recipe.name));
            let seeds = Rng::new(recipe.seed).fork(stream);
            let keep = |count| KeptHeads::new(folder, synth.clone(), seeds, spacing, count);
            Ok(Self {
                kept: heads.map(keep),
                synth,
                size: data.crop,
                spacing,
                channels: recipe.channels().to_vec(),
                target: data.target,
                blood_at_most: data.blood_at_most,
                labelled: recipe.architecture.out_channels() > 0,
                outputs: recipe.architecture.class_outputs(),
            })
        };
        let validation = data.heads.map(|_| recipe.validation.crops);
        Ok([source(data.training, "heads", data.heads)?, source(data.validation, "validation", validation)?])
    }

    /// The same heads in windows of another size.
    pub fn with_windows(&self, size: [usize; 3]) -> Self {
        Self { size, ..self.clone() }
    }

    /// Draws the heads that windows are cut from, if they are kept and not there yet.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn fill(&self) -> Result<(), TrainError> {
        self.kept.as_ref().map_or(Ok(()), KeptHeads::fill)
    }

    fn drawn(&self, seed: u64) -> Example {
        let mut crop = self.synth.sample_crop(seed, self.size);
        leave_out_bright_blood(&crop.image, &mut crop.findings, self.blood_at_most);
        let Region { start, size } = crop.region;
        let window = Window { start, size, image: &crop.image, mirror: &crop.mirror, side: 1.0 };
        let seen = Seen {
            anatomy: &crop.target,
            findings: &crop.findings,
            voxel_ml: self.voxel_ml(),
            midline_shift: crop.truth.midline_shift.filter(|_| self.shows_middle(start)),
        };
        self.example_of(&window, &seen)
    }

    /// A window of one of the kept heads, either side left.
    fn cut(&self, kept: &KeptHeads, seed: u64) -> Example {
        let mut rng = Rng::new(seed).fork("window");
        let head = kept.head(rng.below(kept.count));
        let flipped = rng.chance(0.5);
        let start = self.window_start(&head, flipped, &mut rng);
        let region = Region { start, size: self.size };
        let sides =
            [flipped, !flipped].map(|flip| cut_from(&head.image, head.dims, &region, flip, self.nothing()));
        let mut findings = cut_from(&head.findings, head.dims, &region, flipped, 0);
        leave_out_bright_blood(&sides[0], &mut findings, self.blood_at_most);
        let mut anatomy = cut_from(&head.anatomy, head.dims, &region, flipped, 0);
        if flipped {
            anatomy.iter_mut().for_each(|t| *t = mirrored(*t));
        }
        let shift = if flipped { -head.midline_shift } else { head.midline_shift };
        let window = Window { start, size: self.size, image: &sides[0], mirror: &sides[1], side: 1.0 };
        let seen = Seen {
            anatomy: &anatomy,
            findings: &findings,
            voxel_ml: self.voxel_ml(),
            midline_shift: (!shift.is_nan() && self.shows_middle(start)).then_some(shift),
        };
        self.example_of(&window, &seen)
    }

    /// Half of the windows lie around something to find, if there is anything that is taught.
    fn window_start(&self, head: &KeptHead, flipped: bool, rng: &mut Rng) -> [i32; 3] {
        let [nx, ny, nz] = head.dims;
        let found: Vec<usize> =
            (0..head.findings.len()).filter(|i| self.target.teaches(head.findings[*i])).collect();
        let middle = if !found.is_empty() && rng.chance(0.5) {
            let i = found[rng.below(found.len())];
            let x = i / (ny * nz);
            [if flipped { nx - 1 - x } else { x }, i / nz % ny, i % nz].map(|v| v as f32)
        } else {
            let reach = [60.0, 75.0, 60.0];
            std::array::from_fn(|a| (Canvas::ORIGIN[a] + rng.range(-reach[a], reach[a])) / self.spacing)
        };
        std::array::from_fn(|a| {
            let side = self.size[a] as f32;
            let wanted = middle[a] - side / 2.0 + rng.range(-0.25, 0.25) * side;
            let room = head.dims[a] as f32 - side;
            // A window larger than the head holds all of it.
            wanted.round().clamp(room.min(0.0), room.max(0.0)) as i32
        })
    }

    /// Whether the middle of the head lies well inside the window.
    fn shows_middle(&self, start: [i32; 3]) -> bool {
        let margin = 20.0 / self.spacing;
        (0..3).all(|a| {
            let middle = Canvas::ORIGIN[a] / self.spacing - start[a] as f32;
            middle >= margin && middle <= self.size[a] as f32 - margin
        })
    }

    fn voxel_ml(&self) -> f32 {
        self.spacing.powi(3) / 1000.0
    }

    /// Value of voxels outside the head's picture.
    fn nothing(&self) -> f32 {
        if self.channels.iter().any(|c| matches!(c, InputChannel::Hounsfield { .. })) { -1000.0 } else { 0.0 }
    }

    fn example_of(&self, window: &Window<'_>, seen: &Seen<'_>) -> Example {
        let mut classes = self.target.classes(seen);
        classes.truncate(self.outputs);
        Example {
            size: window.size,
            image: channels::input(&self.channels, window, self.spacing),
            mirror: channels::input(&self.channels, &window.mirrored(), self.spacing),
            labels: if self.labelled { self.target.labels(seen) } else { Vec::new() },
            classes,
            healthy: seen.findings.iter().all(|found| *found == finding::NONE),
        }
    }
}

/// Takes blood where the scan shows more than `most` HU out of the findings.
fn leave_out_bright_blood(image: &[f32], findings: &mut [u8], most: Option<f32>) {
    let Some(most) = most else { return };
    for (found, value) in findings.iter_mut().zip(image) {
        if *found == finding::BLEED && *value > most {
            *found = finding::NONE;
        }
    }
}

/// A window of a head of `dims` voxels, or of its mirror image.
fn cut_from<T: Copy>(values: &[T], dims: [usize; 3], window: &Region, mirrored: bool, nothing: T) -> Vec<T> {
    let whole = Region { start: [0; 3], size: dims };
    if !mirrored {
        return whole.cut_padded(values, window, nothing);
    }
    let x = dims[0] as i32 - window.start[0] - window.size[0] as i32;
    let other = Region { start: [x, window.start[1], window.start[2]], ..*window };
    flip_x(&whole.cut_padded(values, &other, nothing), window.size)
}

/// Draws heads as `data` says from its label maps `first` to `last`, counted from 1. Packed label maps and stroke
/// shapes are put into the folder `cache`.
///
/// # Errors
/// If the label maps or lesion shapes cannot be read or are fewer than asked for.
pub fn head_synth(
    data: &DataRecipe,
    [first, last]: [usize; 2],
    cache: &Path,
) -> Result<HeadSynth, TrainError> {
    let name = data.maps.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let maps = load_or_pack(&data_folder().join(&data.maps), &cache.join(name + ".pack"))?;
    let chosen = maps.get(first.saturating_sub(1)..last).ok_or_else(|| {
        TrainError::Data(format!("label maps {first} to {last} are wanted, there are {}", maps.len()))
    })?;
    let synth = HeadSynth::new(chosen.to_vec(), data.synthesis.clone());
    let synth = synth.ok_or_else(|| TrainError::Data("no label map to draw from".to_owned()))?;
    Ok(synth.with_shapes(shapes(&data.synthesis, cache)?))
}

/// Stroke shapes, where strokes are drawn.
fn shapes(synthesis: &SynthConfig, cache: &Path) -> Result<Vec<LesionShape>, TrainError> {
    let folder = data_folder().join(STROKE_SHAPES);
    if synthesis.stroke == 0.0 || !folder.is_dir() {
        return Ok(Vec::new());
    }
    Ok(load_or_pack_shapes(&folder, &cache.join("lesions.pack"))?)
}

impl Source for HeadSource {
    fn example(&self, seed: u64) -> Example {
        match &self.kept {
            Some(kept) => self.cut(kept, seed),
            None => self.drawn(seed),
        }
    }
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
        let healthy = turned.iter().map(|e| e.healthy).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blood_that_looks_like_bone_is_not_taught() {
        let drawn = [finding::BLEED, finding::BLEED, finding::FRACTURE, finding::NONE];
        let left = |most| {
            let mut findings = drawn;
            leave_out_bright_blood(&[70.0, 131.0, 900.0, 131.0], &mut findings, most);
            findings
        };
        assert_eq!(left(None), drawn);
        assert_eq!(left(Some(130.0)), [finding::BLEED, finding::NONE, finding::FRACTURE, finding::NONE]);
    }
}

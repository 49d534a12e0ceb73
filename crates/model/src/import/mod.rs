//! A published checkpoint, and what its user says of it, as a model.
//!
//! Sizes are read off the tensors. What tensors cannot tell must be said: see [`Declaration`].

mod sizes;

use serde::Deserialize;

use crate::weights::{self, WeightMap};
use crate::{
    Architecture, ClassOutput, FileEntry, InputChannel, Label, Manifest, ManifestError, Merge, Position,
    Preprocessing, Side, Window, WindowPool,
};

/// Published networks that a checkpoint can be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Published {
    /// SA-Swin's classifier (`SACAClassifierHead`).
    SacaClassifier,
    /// SA-Swin's segmentation network (`SwinSACAUNETR`).
    SacaUnetr,
    /// MONAI's `SwinUNETR`.
    SwinUnetr,
    /// ASA's segmentation network (`MEDIUMVIT`).
    Asa,
}

impl Published {
    /// Scaling to suggest: fixed bounds for CT and SA-Swin's classifier, as its loaders have it, z-scores for MR of the
    /// others, as those of `BraTS` have it.
    pub fn scaling(self, modality: &str) -> Window {
        if self == Self::SacaClassifier || modality == "ct" {
            Window::Hounsfield { low: -1000.0, high: 1000.0 }
        } else {
            Window::ZScore
        }
    }
}

/// What the tensors of a checkpoint do not tell.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Declaration {
    /// Title of the model; its name is this in letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// Network of the checkpoint.
    pub network: Published,
    /// Patch merging of the code that trained it; needed for the Swin family, since its variants share shapes.
    #[serde(default)]
    pub merge: Option<Merge>,
    /// Position encoding; needed for ASA, which recomputes it.
    #[serde(default)]
    pub position: Option<Position>,
    /// `mr` or `ct`.
    pub modality: String,
    /// How the code that trained it scaled intensities; needed, since no tensor tells.
    #[serde(default)]
    pub scaling: Option<Window>,
    /// Isotropic voxels that it was trained on, millimetres.
    pub spacing_mm: f64,
    /// Side of the sliding window, voxels.
    pub roi: usize,
    /// Whether segmentation channels are masks that may overlap (sigmoid) rather than classes with background
    /// first (softmax).
    #[serde(default)]
    pub overlapping: bool,
    /// Names of the segmentation's classes without background, of its masks, or of the classifier's classes; a
    /// leading `left ` or `right ` is the side. Numbers are used if there are none.
    #[serde(default)]
    pub labels: Vec<String>,
}

/// Why a checkpoint does not become a model.
#[derive(Debug, thiserror::Error)]
pub enum DeclarationError {
    /// The file cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] weights::ImportError),
    /// A weight is not a finite number.
    #[error(transparent)]
    Weights(#[from] weights::PackError),
    /// Something was not said that tensors cannot tell.
    #[error("`{field}` must be stated: {reason}")]
    Unstated {
        /// Field of the declaration.
        field: &'static str,
        /// Why it cannot be guessed.
        reason: &'static str,
    },
    /// A tensor that sizes are read off is missing or has an unexpected shape.
    #[error("tensor `{key}` {reason}: the checkpoint is not of the network that was stated")]
    Tensor {
        /// Checkpoint key.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// There are more or fewer names than outputs.
    #[error("{got} names were given for {expected} outputs")]
    Labels {
        /// Names given.
        got: usize,
        /// Outputs to name.
        expected: usize,
    },
    /// The parts contradict each other.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

/// A checkpoint ready to fill a network.
#[derive(Debug)]
pub struct Import {
    /// What it is. Its only file is the checkpoint itself.
    pub manifest: Manifest,
    /// Parameters by standard key.
    pub weights: WeightMap,
    /// One line per renaming or omission, for the user.
    pub notes: Vec<String>,
}

/// Reads a checkpoint named `file` and describes it.
///
/// # Errors
/// If it cannot be read, is of another network, or something was left unsaid.
pub fn import(file: &str, bytes: &[u8], said: &Declaration) -> Result<Import, DeclarationError> {
    let checkpoint = weights::read_checkpoint(bytes)?;
    weights::check_finite(&checkpoint.weights)?;
    let architecture = sizes::architecture(said, &checkpoint.weights)?;
    // Before channels and names are made, as many as the file says.
    architecture.validate().map_err(ManifestError::from)?;
    let entry = FileEntry::of_floats(plain(file), bytes);
    let mut notes = checkpoint.notes;
    let repeated = repeated_scan(architecture.in_channels());
    let mut manifest = manifest(said, architecture, entry)?;
    file.clone_into(&mut manifest.provenance);
    if let Some(repeated) = repeated {
        manifest.note = format!("{}; {repeated}", manifest.note);
        notes.push(repeated);
    }
    manifest.validate()?;
    Ok(Import { manifest, weights: checkpoint.weights, notes })
}

fn manifest(
    said: &Declaration,
    architecture: Architecture,
    file: FileEntry,
) -> Result<Manifest, DeclarationError> {
    let window = said.scaling.ok_or(DeclarationError::Unstated {
        field: "scaling",
        reason: "between percentiles, between fixed bounds, or by z-scores; weights look the same whatever they learnt from",
    })?;
    let background = usize::from(!said.overlapping && architecture.out_channels() > 0);
    let outputs = architecture.out_channels() - background + architecture.class_outputs();
    let names = names(said, outputs)?;
    let heads = architecture.class_outputs() > 0;
    Ok(Manifest {
        format: 1,
        name: plain(&said.name),
        title: said.name.clone(),
        modality: said.modality.clone(),
        preprocessing: Preprocessing {
            spacing_mm: said.spacing_mm,
            window,
            channels: vec![InputChannel::Scan; architecture.in_channels()],
            roi: [said.roi; 3],
            overlap: 0.5,
        },
        architecture,
        labels: if heads { Vec::new() } else { names.iter().enumerate().map(label).collect() },
        overlapping: said.overlapping,
        regions: Vec::new(),
        midline: None,
        classes: if heads { names.iter().enumerate().map(class).collect() } else { Vec::new() },
        measures: Vec::new(),
        pieces: Vec::new(),
        surroundings: Vec::new(),
        half_contrast: Vec::new(),
        islands: Vec::new(),
        both_sides: Vec::new(),
        one_sided: Vec::new(),
        twins: Vec::new(),
        tissues: Vec::new(),
        contrast: None,
        display: None,
        windows: WindowPool::default(),
        provenance: String::new(),
        files: vec![file],
        trained: true,
        note: "imported checkpoint; not validated here".to_owned(),
        license: "unknown".to_owned(),
    })
}

/// What must be said of a network with several input channels: which sequence each one is for, tensors do not tell.
fn repeated_scan(channels: usize) -> Option<String> {
    (channels > 1).then(|| {
        format!(
            "every one of its {channels} input channels gets the one scan that was opened; a model of several \
             sequences gives no sensible answer so"
        )
    })
}

/// A name as folders and addresses may have it: letters, digits, `.`, `_`, `-`, and no dot first.
pub fn plain(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' };
    let plain: String = name.trim_start_matches('.').chars().map(keep).collect();
    if plain.is_empty() { "imported".to_owned() } else { plain }
}

fn names(said: &Declaration, outputs: usize) -> Result<Vec<String>, DeclarationError> {
    match said.labels.len() {
        0 => Ok((1..=outputs).map(|i| format!("output {i}")).collect()),
        got if got == outputs => Ok(said.labels.clone()),
        got => Err(DeclarationError::Labels { got, expected: outputs }),
    }
}

fn label((index, name): (usize, &String)) -> Label {
    let sided = [("left ", Side::Left), ("right ", Side::Right)];
    let side = sided.into_iter().find_map(|(prefix, side)| Some((name.strip_prefix(prefix)?, side)));
    Label {
        value: u8::try_from(index + 1).unwrap_or(u8::MAX),
        name: side.map_or(name.as_str(), |(rest, _)| rest).to_owned(),
        side: side.map(|(_, side)| side),
        color: color(index),
        margin: 0.0,
        at_most: None,
        dark: false,
        certain: 0.0,
    }
}

fn class((index, name): (usize, &String)) -> ClassOutput {
    ClassOutput {
        index,
        name: name.clone(),
        threshold: 0.5,
        temperature: 1.0,
        softmax: true,
        volume: None,
        shift: None,
    }
}

/// Bright colours whose hues are a golden angle apart.
fn color(index: usize) -> [u8; 3] {
    let hue = index as f64 * 0.618_033_988_75;
    [0.0, 1.0 / 3.0, 2.0 / 3.0].map(|offset| {
        let wave = (std::f64::consts::TAU * (hue + offset)).cos();
        (160.0 + 90.0 * wave).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        assert_eq!(plain("../my net (1).pt"), "-my-net--1-.pt");
        assert_eq!(plain(".."), "imported");
    }

    #[test]
    fn labels_take_their_side_from_the_name() {
        let l = label((2, &"left hippocampus".to_owned()));
        assert_eq!((l.value, l.name.as_str(), l.side), (3, "hippocampus", Some(Side::Left)));
        assert_eq!(label((0, &"tumour".to_owned())).side, None);
        assert_ne!(color(0), color(1));
    }
}

//! A checkpoint and what its user says of it.

use std::path::PathBuf;

use fs_err as fs;
use saswin_model::import::{Declaration, Import, Published, import, plain};
use saswin_model::weights;
use saswin_model::{FileEntry, Manifest, Merge, Position, Window};
use saswin_training::recipe::Recipe;
use serde::de::DeserializeOwned;
use serde::de::value::{Error as ValueError, StrDeserializer};

use crate::run::read_manifest;
use crate::scaling;

/// A checkpoint, with a manifest, a recipe or what else tells its network.
#[derive(Debug, clap::Args)]
pub struct Checkpoint {
    /// `.pt`, `.pth` or `.safetensors`.
    pub checkpoint: PathBuf,
    /// Network of the checkpoint: `saca-classifier`, `saca-unetr`, `swin-unetr` or `asa`.
    #[arg(long, value_parser = named::<Published>, required_unless_present_any = ["manifest", "recipe"])]
    arch: Option<Published>,
    /// Patch merging of the code that trained it: `legacy` for MONAI up to 1.4, `fixed` from 1.5 on, or `v2`.
    /// Weights cannot be told apart by shape, so it must be said.
    #[arg(long, value_parser = named::<Merge>)]
    merge: Option<Merge>,
    /// Position encoding of ASA, which is not in its checkpoints: `symmetric_1d` as published, `symmetric_3d`,
    /// `plain_1d`, `plain_3d`, `hws_1d`, `hws_symmetric_1d`, or one with `_pretraining` at its end.
    #[arg(long, value_parser = named::<Position>)]
    position: Option<Position>,
    /// Take everything but the files from this manifest instead.
    #[arg(long)]
    manifest: Option<PathBuf>,
    /// Take everything but the files from this training recipe instead.
    #[arg(long, conflicts_with = "manifest")]
    recipe: Option<PathBuf>,
    /// Network window for whole volumes, voxels.
    #[arg(long, default_value_t = 96)]
    roi: usize,
    /// Isotropic voxels that the network was trained on, millimetres.
    #[arg(long, default_value_t = 1.0)]
    spacing: f64,
    /// Modality the network reads: `mr` or `ct`.
    #[arg(long, default_value = "mr")]
    modality: String,
    /// How the code that trained it scaled intensities, which no file tells: `z-score` over the voxels that are not 0,
    /// `percentiles:0.5,99.5` of the head to 0 and 1, or `fixed:-1000,1000`, values to 0 and 1. If not said, it is
    /// `fixed:-1000,1000` for CT and for any scan of `saca-classifier`, `z-score` for MR of the others, and is printed.
    #[arg(long, value_parser = scaling::parse)]
    scaling: Option<Window>,
    /// The segmentation's channels are masks that may overlap (sigmoid), not classes (softmax).
    #[arg(long)]
    overlapping: bool,
    /// Names of the classes or masks, separated by commas; `left …` and `right …` are sides.
    #[arg(long, value_delimiter = ',')]
    labels: Vec<String>,
    /// Licence of the weights.
    #[arg(long, default_value = "unknown")]
    license: String,
}

/// A value by the name that manifests give it.
pub fn named<T: DeserializeOwned>(name: &str) -> Result<T, String> {
    T::deserialize(StrDeserializer::<ValueError>::new(name)).map_err(|e| e.to_string())
}

impl Checkpoint {
    /// Reads it as a model called `name`, which is its folder's name, too, and whose only file is the checkpoint.
    ///
    /// # Errors
    /// If it cannot be read, or something was left unsaid.
    pub fn read(&self, name: &str) -> Result<Import, Box<dyn std::error::Error>> {
        let bytes = fs::read(&self.checkpoint)?;
        let wrong = |e: &dyn std::fmt::Display| format!("{}: {e}", self.checkpoint.display());
        let file = self.checkpoint.file_name().unwrap_or_default().to_string_lossy();
        let import = match (self.described()?, self.arch) {
            (Some(mut manifest), _) => {
                let read = weights::read_checkpoint(&bytes).map_err(|e| wrong(&e))?;
                manifest.name = plain(name);
                manifest.files = vec![FileEntry::of_floats(plain(&file), &bytes)];
                Import { manifest, weights: read.weights, notes: read.notes }
            }
            (None, Some(network)) => {
                let said = self.said(name, network);
                let mut import = import(&file, &bytes, &said).map_err(|e| wrong(&e))?;
                import.manifest.license.clone_from(&self.license);
                import
            }
            (None, None) => return Err("--arch is needed without --manifest and --recipe".into()),
        };
        for note in &import.notes {
            eprintln!("{note}");
        }
        Ok(import)
    }

    /// The manifest that was given, or that of the recipe.
    fn described(&self) -> Result<Option<Manifest>, Box<dyn std::error::Error>> {
        Ok(match (&self.manifest, &self.recipe) {
            (Some(path), _) => Some(read_manifest(path)?),
            (None, Some(path)) => Some(Recipe::read(path)?.manifest(Vec::new())),
            (None, None) => None,
        })
    }

    /// What was said, or what is suggested, which is then told.
    fn scaling(&self, network: Published) -> Window {
        self.scaling.unwrap_or_else(|| {
            let usual = network.scaling(&self.modality);
            eprintln!("no scaling was stated: as if by --scaling {}", scaling::words(&usual));
            usual
        })
    }

    fn said(&self, name: &str, network: Published) -> Declaration {
        Declaration {
            name: name.to_owned(),
            network,
            merge: self.merge,
            position: self.position,
            modality: self.modality.clone(),
            scaling: Some(self.scaling(network)),
            spacing_mm: self.spacing,
            roi: self.roi,
            overlapping: self.overlapping,
            labels: self.labels.clone(),
        }
    }
}

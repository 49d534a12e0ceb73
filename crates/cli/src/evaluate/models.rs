//! What is evaluated: the model as it is, or other weights by its manifest.

use std::path::Path;

use fs_err as fs;
use saswin_model::FileEntry;
use saswin_model::weights::read_checkpoint;
use saswin_pipeline::{Engine, LoadedModel};

use super::Args;
use crate::run::{load_model, read_manifest};

/// Each model with the arguments that tell its weights, nothing for its own.
pub(super) fn load(
    args: &Args,
    folder: &Path,
    engine: &Engine,
) -> Result<Vec<(String, LoadedModel)>, Box<dyn std::error::Error>> {
    let Some(path) = &args.weights else {
        return Ok(vec![(String::new(), load_model(folder, engine)?)]);
    };
    let bytes = fs::read(path)?;
    let weights = read_checkpoint(&bytes).map_err(|e| format!("{}: {e}", path.display()))?.weights;
    let manifest = read_manifest(&folder.join("manifest.json"))?;
    let mut models = Vec::new();
    for precision in &args.precision {
        let (entry, bytes) = FileEntry::pack("weights".to_owned(), &weights, *precision, Vec::new())?;
        let mut manifest = manifest.clone();
        manifest.files = vec![entry];
        let name = format!("{precision:?}").to_lowercase();
        let said = format!(" --weights {} --precision {name}", path.display());
        models.push((said, LoadedModel::new(manifest, 0, &bytes, engine)?));
    }
    Ok(models)
}

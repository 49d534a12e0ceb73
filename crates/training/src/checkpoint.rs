//! Runs on disk: everything a run needs to go on, and the model it has come to so far.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Bytes;
use saswin_model::FileEntry;
use saswin_model::nets::Network;
use saswin_model::weights::{self, Precision};
use serde::{Deserialize, Serialize};

use crate::recipe::Recipe;
use crate::trainer::{Session, TrainError};

const FOLDER: &str = "checkpoint";
/// One that is being written, its state last, and the one before.
const FRESH: &str = "checkpoint.new";
const OLD: &str = "checkpoint.old";
const NETWORK: &str = "network.safetensors";
const AVERAGE: &str = "average.safetensors";
const OPTIMISER: &str = "optimiser.bpk";
/// Mean inputs that a run with an encoder rate follows.
const MEANS: &str = "means.safetensors";
const STATE: &str = "state.json";

/// Weight files of an exported model, the default first.
const EXPORTS: [(Precision, &str); 2] = [(Precision::Q8, "q8"), (Precision::F32, "f32")];

#[derive(Serialize, Deserialize)]
struct State {
    step: u64,
    seconds: f64,
    seed: u64,
}

/// Whether `run` holds a checkpoint.
pub fn exists(run: &Path) -> bool {
    newest(run).is_some()
}

/// The newest whole checkpoint in `run`; a program that was ended between two renames leaves another name.
fn newest(run: &Path) -> Option<PathBuf> {
    [FOLDER, FRESH, OLD].map(|name| run.join(name)).into_iter().find(|folder| folder.join(STATE).is_file())
}

/// Writes the session's checkpoint into the folder `run`; the last one is replaced only when it is whole.
///
/// # Errors
/// If a file cannot be written.
pub fn save(session: &Session, run: &Path) -> Result<(), TrainError> {
    let (current, fresh, old) = (run.join(FOLDER), run.join(FRESH), run.join(OLD));
    // What is there must not be lost before this one is whole.
    if let Some(newest) = newest(run).filter(|newest| *newest != current) {
        fs::rename(&newest, &current).map_err(|e| TrainError::io(&newest, e))?;
    }
    remove(&fresh)?;
    fs::create_dir_all(&fresh).map_err(|e| TrainError::io(&fresh, e))?;
    write_weights(&session.network, &fresh.join(NETWORK))?;
    write_weights(session.averaged(), &fresh.join(AVERAGE))?;
    let path = fresh.join(OPTIMISER);
    session.optimiser.save(&path).map_err(|e| TrainError::Checkpoint { path, reason: e.to_string() })?;
    if let Some(steady) = &session.steady {
        write(&fresh.join(MEANS), &weights::pack(&steady.means(), |_| Precision::F32)?)?;
    }
    let state = State { step: session.step, seconds: session.seconds, seed: session.recipe.seed };
    write(&fresh.join(STATE), &serde_json::to_vec_pretty(&state)?)?;
    remove(&old)?;
    if current.exists() {
        fs::rename(&current, &old).map_err(|e| TrainError::io(&current, e))?;
    }
    fs::rename(&fresh, &current).map_err(|e| TrainError::io(&fresh, e))?;
    remove(&old)
}

/// Brings a fresh session to where the checkpoint in `run` was.
///
/// # Errors
/// If the checkpoint is not whole or belongs to another recipe.
pub fn resume(mut session: Session, run: &Path) -> Result<Session, TrainError> {
    let folder = newest(run).unwrap_or_else(|| run.join(FOLDER));
    let path = folder.join(STATE);
    let state: State = serde_json::from_slice(&read(&path)?)?;
    if state.seed != session.recipe.seed {
        let reason = format!("made with seed {}, the recipe has {}", state.seed, session.recipe.seed);
        return Err(TrainError::Checkpoint { path, reason });
    }
    weights::fill(&mut session.network, weights::unpack(&read(&folder.join(NETWORK))?)?)?;
    weights::fill(&mut session.average.network, weights::unpack(&read(&folder.join(AVERAGE))?)?)?;
    let path = folder.join(OPTIMISER);
    // Burn reads a file when it needs a state, and by then the next checkpoint may have replaced it.
    let bytes = Bytes::from_bytes_vec(read(&path)?);
    let loaded = session.optimiser.clone().from_bytes(bytes);
    session.optimiser = loaded.map_err(|e| TrainError::Checkpoint { path, reason: e.to_string() })?;
    if let Some(steady) = &mut session.steady {
        steady.set_means(weights::unpack(&read(&folder.join(MEANS))?)?);
    }
    session.step = state.step;
    session.seconds = state.seconds;
    Ok(session)
}

/// Writes the averaged network as a model folder: weights in 8 bit and `f32`, and `manifest.json`.
///
/// # Errors
/// If the weights cannot be packed or a file cannot be written.
pub fn export(network: &Network, recipe: &Recipe, folder: &Path) -> Result<(), TrainError> {
    fs::create_dir_all(folder).map_err(|e| TrainError::io(folder, e))?;
    let map = weights::collect(network)?;
    let mut files = Vec::new();
    for (precision, suffix) in EXPORTS {
        let name = format!("{}-{suffix}.safetensors", recipe.name);
        let (entry, bytes) = FileEntry::pack(name, &map, precision, Vec::new())?;
        write(&folder.join(&entry.name), &bytes)?;
        files.push(entry);
    }
    let manifest = recipe.manifest(files);
    manifest.validate()?;
    write(&folder.join("manifest.json"), &serde_json::to_vec_pretty(&manifest)?)
}

fn write_weights(network: &Network, path: &Path) -> Result<(), TrainError> {
    write(path, &weights::pack(&weights::collect(network)?, |_| Precision::F32)?)
}

/// Writes beside the target and renames, so that readers never see half a file.
fn write(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let part = path.with_extension("part");
    fs::write(&part, bytes).map_err(|e| TrainError::io(&part, e))?;
    fs::rename(&part, path).map_err(|e| TrainError::io(path, e))
}

fn read(path: &Path) -> Result<Vec<u8>, TrainError> {
    fs::read(path).map_err(|e| TrainError::io(path, e))
}

fn remove(folder: &Path) -> Result<(), TrainError> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(TrainError::io(folder, e)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_between_two_renames_is_found() {
        let run = std::env::temp_dir().join(format!("saswin-newest-{}", std::process::id()));
        remove(&run).unwrap();
        assert!(!exists(&run));
        for name in [OLD, FRESH, FOLDER] {
            let folder = run.join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(STATE), "{}").unwrap();
            assert_eq!(newest(&run), Some(folder));
        }
        remove(&run).unwrap();
    }
}

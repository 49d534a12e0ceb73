//! The models that the page may load, copied beside it.

use crate::{root, www};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// Copies every `models/<name>/{manifest.json, *.safetensors}` to the page's public folder and writes
/// `models/index.json`, the sorted list of names.
pub fn copy() -> Result<()> {
    let target = www().join("public/models");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    fs::create_dir_all(&target)?;
    let names = copy_all(&root().join("models"), &target)?;
    fs::write(target.join("index.json"), serde_json::to_string(&names)?)?;
    println!("models: {}", if names.is_empty() { "none".into() } else { names.join(", ") });
    Ok(())
}

fn copy_all(source: &Path, target: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(source).with_context(|| format!("cannot list {}", source.display()))? {
        let folder = entry?.path();
        if !folder.join("manifest.json").is_file() {
            continue;
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        copy_one(&folder, &target.join(&name))?;
        names.push(name);
    }
    names.sort();
    Ok(names)
}

fn copy_one(folder: &Path, target: &Path) -> Result<()> {
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_file() && (name == "manifest.json" || name.ends_with(".safetensors")) {
            fs::copy(&path, target.join(&name))?;
        }
    }
    Ok(())
}

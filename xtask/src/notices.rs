//! The licence texts of what the page is made of, as the page's file `licences.txt`.

use crate::{licences, root, run, www};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each text once, under the names of all that it covers.
type Texts = BTreeMap<String, BTreeSet<String>>;

/// Writes the texts of all crates in the module and of all npm packages in the page.
pub fn write() -> Result<()> {
    let mut texts = Texts::new();
    crates(&mut texts)?;
    packages(&mut texts)?;
    let own = fs::read_to_string(root().join("LICENSE"))?;
    let mut all = format!("SA-Swin Web\n\n{own}");
    for (text, names) in texts {
        let names: Vec<_> = names.into_iter().collect();
        all += &format!("\n{}\n\n{}\n\n{text}", "-".repeat(80), names.join(", "));
    }
    Ok(fs::write(www().join("public/licences.txt"), all)?)
}

fn crates(texts: &mut Texts) -> Result<()> {
    let tree = ["tree", "--locked", "-p", "saswin-web", "--target", "wasm32-unknown-unknown", "-e", "normal"];
    let tree = [&tree[..], &["--prefix", "none", "--format", "{p}"]].concat();
    let built = run::output("cargo", &tree).context("`cargo tree` failed")?;
    let built: BTreeSet<_> = built.lines().filter_map(name_and_version).collect();
    for package in licences::packages()? {
        let text = |field: &str| package[field].as_str().unwrap_or_default().to_owned();
        let (name, version) = (text("name"), text("version"));
        if !package["source"].is_null() && built.contains(&(name.clone(), version.clone())) {
            let folder = PathBuf::from(text("manifest_path"));
            gather(
                folder.parent().unwrap_or(&folder),
                &format!("{name} {version}"),
                &text("license"),
                texts,
            )?;
        }
    }
    Ok(())
}

/// Of a line as `serde v1.0.0 (path)`.
fn name_and_version(line: &str) -> Option<(String, String)> {
    let mut words = line.split_whitespace();
    Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
}

fn packages(texts: &mut Texts) -> Result<()> {
    let lock: serde_json::Value = serde_json::from_slice(&fs::read(www().join("package-lock.json"))?)?;
    for (path, package) in lock["packages"].as_object().into_iter().flatten() {
        if path.is_empty() || package["dev"] == true || !www().join(path).is_dir() {
            continue;
        }
        let name = path.rsplit("node_modules/").next().unwrap_or(path);
        let name = format!("{name} {}", package["version"].as_str().unwrap_or_default());
        gather(&www().join(path), &name, package["license"].as_str().unwrap_or_default(), texts)?;
    }
    Ok(())
}

/// Adds the texts in `folder`, or the licence's name where there are none.
fn gather(folder: &Path, name: &str, licence: &str, texts: &mut Texts) -> Result<()> {
    let mut found = false;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        let is_text = ["LICENSE", "LICENCE", "COPYING", "NOTICE"].iter().any(|start| file.starts_with(start));
        if is_text && path.is_file() {
            let text = String::from_utf8_lossy(&fs::read(&path)?).replace("\r\n", "\n");
            texts.entry(text.trim().to_owned() + "\n").or_default().insert(name.to_owned());
            found = true;
        }
    }
    if !found {
        texts.entry(format!("{licence}\n")).or_default().insert(name.to_owned());
    }
    Ok(())
}

//! The software bill of materials: both lock files and the models, as CycloneDX JSON.

use crate::{root, run, www};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Prints the bill. It holds no date and no serial number: the same commit gives the same bytes.
pub fn print() -> Result<()> {
    let crates = fs::read_to_string(root().join("Cargo.lock"))?;
    let packages = fs::read_to_string(www().join("package-lock.json"))?;
    let mut components = rust(&crates)?;
    components.extend(npm(&packages)?);
    components.extend(models(&root().join("models"))?);
    println!("{}", serde_json::to_string_pretty(&bill(components))?);
    Ok(())
}

fn bill(components: Vec<Value>) -> Value {
    let version = run::output("git", &["rev-parse", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": { "type": "application", "name": "SA-Swin Web", "version": version.trim() }
        },
        "components": components,
    })
}

/// Every package of `Cargo.lock` that comes from a registry.
fn rust(lock: &str) -> Result<Vec<Value>> {
    let lock: toml::Value = toml::from_str(lock).context("Cargo.lock is no TOML")?;
    let packages = lock.get("package").and_then(toml::Value::as_array).context("Cargo.lock is empty")?;
    let component = |package: &toml::Value| {
        let text = |key: &str| package.get(key).and_then(toml::Value::as_str);
        text("source")?;
        let (name, version) = (text("name")?, text("version")?);
        Some(json!({
            "type": "library",
            "bom-ref": format!("pkg:cargo/{name}@{version}"),
            "name": name,
            "version": version,
            "purl": format!("pkg:cargo/{name}@{version}"),
            "hashes": [{ "alg": "SHA-256", "content": text("checksum")? }],
        }))
    };
    Ok(packages.iter().filter_map(component).collect())
}

/// Every package of `package-lock.json`; those that only build or test the page are `excluded`.
fn npm(lock: &str) -> Result<Vec<Value>> {
    let lock: Value = serde_json::from_str(lock).context("package-lock.json is no JSON")?;
    let packages = lock["packages"].as_object().context("package-lock.json is empty")?;
    let component = |(path, package): (&String, &Value)| {
        let name = path.rsplit_once("node_modules/")?.1;
        let version = package["version"].as_str()?;
        let purl = format!("pkg:npm/{}@{version}", name.replace('@', "%40"));
        let scope = if package["dev"].as_bool() == Some(true) { "excluded" } else { "required" };
        let mut component = json!({
            "type": "library", "bom-ref": format!("{purl}#{path}"), "name": name, "version": version,
            "purl": purl, "scope": scope,
        });
        if let Some(licence) = package["license"].as_str() {
            component["licenses"] = json!([{ "expression": licence }]);
        }
        if let Some(digest) = package["integrity"].as_str() {
            component["properties"] = json!([{ "name": "integrity", "value": digest }]);
        }
        Some(component)
    };
    Ok(packages.iter().filter_map(component).collect())
}

/// Every weight file that a manifest names.
fn models(folder: &Path) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let Ok(text) = fs::read_to_string(entry?.path().join("manifest.json")) else { continue };
        let manifest: Value = serde_json::from_str(&text)?;
        for file in manifest["files"].as_array().into_iter().flatten() {
            found.push(json!({
                "type": "machine-learning-model",
                "bom-ref": format!("model:{}", file["sha256"].as_str().unwrap_or_default()),
                "name": manifest["name"],
                "licenses": [{ "license": { "name": manifest["license"] } }],
                "hashes": [{ "alg": "SHA-256", "content": file["sha256"] }],
            }));
        }
    }
    found.sort_by_key(|model| model["bom-ref"].to_string());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{npm, rust};
    use crate::{root, www};
    use std::collections::HashSet;
    use std::fs;

    #[test]
    fn both_lock_files_are_listed_with_digests_and_unique_references() {
        let crates = rust(&fs::read_to_string(root().join("Cargo.lock")).unwrap()).unwrap();
        let packages = npm(&fs::read_to_string(www().join("package-lock.json")).unwrap()).unwrap();
        assert!(crates.iter().any(|c| c["name"] == "burn" && c["hashes"][0]["alg"] == "SHA-256"));
        assert!(packages.iter().any(|c| c["name"] == "@niivue/niivue" && c["scope"] == "required"));
        assert!(packages.iter().any(|c| c["name"] == "vite" && c["scope"] == "excluded"));
        let all: Vec<_> = crates.iter().chain(&packages).map(|c| c["bom-ref"].to_string()).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }
}

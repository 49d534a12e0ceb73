//! The one property of hostile model files and the seeds to start from, shared by tests and fuzz targets.
#![allow(dead_code, reason = "each fuzz target uses a part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use saswin_model::import::{Declaration, Published, import};
use saswin_model::weights::{Precision, Weight, pack, read_checkpoint, unpack};
use saswin_model::{Manifest, Merge, Position};

/// Reads `bytes` as a checkpoint file: weights, and a model of each network, or a typed error.
pub fn swallow_checkpoint(bytes: &[u8]) {
    let Ok(checkpoint) = read_checkpoint(bytes) else { return };
    checkpoint.weights.values().for_each(sound);
    for network in [Published::SacaClassifier, Published::SacaUnetr, Published::SwinUnetr, Published::Asa] {
        let _ = import("hostile.pt", bytes, &declaration(network));
    }
}

/// All that a user can say, as it should be.
fn declaration(network: Published) -> Declaration {
    Declaration {
        name: "hostile".to_owned(),
        network,
        merge: Some(Merge::Legacy),
        position: Some(Position::Symmetric1d),
        modality: "mr".to_owned(),
        scaling: Some(network.scaling("mr")),
        spacing_mm: 1.0,
        roi: 64,
        overlapping: false,
        labels: Vec::new(),
    }
}

/// Reads `bytes` as a weight file: weights or a typed error.
pub fn swallow_weights(bytes: &[u8]) {
    if let Ok(weights) = unpack(bytes) {
        weights.values().for_each(sound);
    }
}

/// Reads `bytes` as a manifest: one that says the same when written and read again, or a typed error.
pub fn swallow_manifest(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(manifest) = Manifest::from_json(text) {
        let written = serde_json::to_string(&manifest).expect("a manifest is JSON");
        let again = Manifest::from_json(&written).expect("what was accepted once is accepted again");
        let value = |m: &Manifest| serde_json::to_value(m).expect("a manifest is JSON");
        assert_eq!(value(&again), value(&manifest));
    }
}

fn sound(weight: &Weight) {
    assert_eq!(weight.shape.iter().product::<usize>(), weight.values.len());
}

/// Small files to start from, each with the fuzz target it suits.
pub fn seeds() -> std::io::Result<Vec<(&'static str, Vec<u8>)>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(checkpoints())? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "pt" || kind == "pth") {
            all.push(("checkpoint", std::fs::read(path)?));
        }
    }
    for precision in [Precision::F32, Precision::F16, Precision::Q8, Precision::Q4] {
        let bytes = pack(&weights(), |_| precision).map_err(std::io::Error::other)?;
        all.push(("safetensors", bytes));
    }
    all.push(("manifest", MANIFEST.into()));
    // Those that ship have rules of every kind.
    for entry in std::fs::read_dir(folder("models"))? {
        let path = entry?.path().join("manifest.json");
        if path.is_file() {
            all.push(("manifest", std::fs::read(path)?));
        }
    }
    Ok(all)
}

fn checkpoints() -> PathBuf {
    folder("tests/golden/fixtures/checkpoints")
}

/// A folder of the repository.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|above| above.join(name))
        .find(|folder| folder.is_dir())
        .unwrap_or_default()
}

fn weights() -> BTreeMap<String, Weight> {
    let shapes: [(&str, &[usize]); 3] =
        [("a.weight", &[5, 33]), ("b.bias", &[7]), ("decoder5.transp_conv.conv.weight", &[3, 4, 2, 2, 2])];
    let ramp = |n: usize| (0..n).map(|i| i as f32 - 9.0).collect();
    let weight = |shape: &[usize]| Weight { shape: shape.to_vec(), values: ramp(shape.iter().product()) };
    shapes.map(|(key, shape)| (key.to_owned(), weight(shape))).into()
}

/// A small manifest.
pub const MANIFEST: &str = r#"{
  "format": 1, "name": "tiny", "title": "Tiny", "modality": "mr",
  "architecture": {
    "in_channels": 2, "feature_size": 12, "depths": [2, 2, 2, 2], "heads": [3, 6, 12, 24],
    "window": [4, 4, 4], "patch": 2, "merge": "legacy", "use_v2": false, "symmetry": true,
    "decoder": {"subvoxel": {"width": 16}}, "out_channels": 3,
    "class_head": {"outputs": 2, "pool": "mean"}, "pretraining": false
  },
  "preprocessing": {
    "spacing_mm": 2.0, "window": {"kind": "percentiles", "low": 1.0, "high": 99.0},
    "channels": [{"kind": "scan"}, {"kind": "lateral", "scale_mm": 80.0}],
    "roi": [64, 64, 64], "overlap": 0.25
  },
  "labels": [
    {"value": 1, "name": "ventricle", "side": "left", "color": [1, 2, 3]},
    {"value": 2, "name": "ventricle", "side": "right", "color": [4, 5, 6]}
  ],
  "regions": [{"name": "ventricles", "labels": [1, 2]}],
  "classes": [{"index": 0, "name": "bleed", "threshold": 0.5, "temperature": 1.0}],
  "measures": [{"index": 1, "name": "shift", "unit": "mm", "scale": 1.0}],
  "files": [{"name": "w.safetensors", "sha256": "00", "bytes": 1, "precision": "f16"}],
  "trained": false, "note": "n", "license": "l", "provenance": "p"
}"#;

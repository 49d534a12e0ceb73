//! Model files that lie: weights, a manifest, or a typed error.

#[path = "support/hostile.rs"]
mod hostile;

use std::path::Path;

use hostile::{MANIFEST, seeds, swallow_checkpoint, swallow_manifest, swallow_weights};
use saswin_model::{Manifest, ManifestError};

fn swallow(target: &str, bytes: &[u8]) {
    match target {
        "checkpoint" => swallow_checkpoint(bytes),
        "safetensors" => swallow_weights(bytes),
        "manifest" => swallow_manifest(bytes),
        other => panic!("no target {other}"),
    }
}

#[test]
fn every_seed_cut_anywhere_is_survived() {
    for (target, seed) in seeds().unwrap() {
        for end in (0..seed.len()).step_by(seed.len() / 60 + 1) {
            swallow(target, &seed[..end]);
        }
    }
}

/// What fuzzing broke once. The folder names the target.
#[test]
fn what_broke_once_is_survived() {
    let bad = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/bad");
    for target in ["checkpoint", "safetensors", "manifest"] {
        for entry in std::fs::read_dir(bad.join(target)).into_iter().flatten() {
            swallow(target, &std::fs::read(entry.unwrap().path()).unwrap());
        }
    }
}

fn reason(from: &str, to: &str) -> String {
    assert!(MANIFEST.contains(from), "{from}");
    match Manifest::from_json(&MANIFEST.replace(from, to)) {
        Err(ManifestError::Inconsistent { reason, .. }) => reason,
        other => panic!("{from} → {to}: {other:?}"),
    }
}

#[test]
fn a_manifest_that_cannot_be_computed_is_refused() {
    assert!(Manifest::from_json(MANIFEST).is_ok());
    assert!(reason(r#""high": 99.0"#, r#""high": 1e9"#).contains("percentiles"));
    assert!(reason(r#""scale_mm": 80.0"#, r#""scale_mm": 0.0"#).contains("scales by nothing"));
    assert!(reason(r#""temperature": 1.0"#, r#""temperature": 0.0"#).contains("temperature"));
    assert!(reason(r#""modality": "mr""#, r#""modality": "xray""#).contains("modality"));
}

#[test]
fn a_weight_file_stays_in_its_folder() {
    for name in ["../secret", "/etc/passwd", "a/b", "https://x/y", "a?b", ""] {
        let to = format!(r#""name": "{name}", "sha256""#);
        assert!(reason(r#""name": "w.safetensors", "sha256""#, &to).contains("plain file name"), "{name}");
    }
}

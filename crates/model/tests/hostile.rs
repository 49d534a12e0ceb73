//! Model files that lie: weights, a manifest, or a typed error.

#[path = "support/hostile.rs"]
mod hostile;

use std::path::Path;

use hostile::{MANIFEST, seeds, swallow_checkpoint, swallow_manifest, swallow_weights};
use saswin_model::weights::read_checkpoint;
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

/// The folder names the target; those that nothing broke have none.
#[test]
fn what_broke_once_is_survived() {
    let bad = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/bad");
    let folders = ["checkpoint", "safetensors", "manifest"].map(|target| (target, bad.join(target)));
    let mut cases = 0;
    for (target, folder) in folders.iter().filter(|(_, folder)| folder.is_dir()) {
        for entry in std::fs::read_dir(folder).unwrap() {
            swallow(target, &std::fs::read(entry.unwrap().path()).unwrap());
            cases += 1;
        }
    }
    assert!(cases > 0, "{} holds no case", bad.display());
}

/// A text as a pickle holds it.
fn text(text: &str) -> Vec<u8> {
    [&b"X"[..], &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

/// The pickle stream of PyTorch up to 1.5 with one empty storage `0`, a tensor of it without values in memo 2, and then
/// what `object` builds.
fn stream(object: &[u8]) -> Vec<u8> {
    let magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.";
    let storage = [&b"("[..], &text("storage"), b"ctorch\nFloatStorage\n", &text("0"), b"tQ"].concat();
    let tensor =
        [&b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n("[..], &storage, b"K\0K\0\x85K\x01\x85tRq\x020"];
    let keys = [&b"\x80\x02]"[..], &text("0"), b"a.", &[0; 8]];
    [&magic[..], &tensor.concat(), object, b".", &keys.concat()].concat()
}

/// A dictionary of so many tensors without values, inside of one under `key`.
fn nested(key: &str, tensors: usize) -> Vec<u8> {
    let entries: Vec<u8> =
        (0..tensors).flat_map(|i| [text(&format!("{i:04}")), b"h\x02".to_vec()].concat()).collect();
    [&b"}"[..], &text(key), b"}(", &entries, b"us"].concat()
}

#[test]
fn names_of_tensors_without_values_are_not_more_than_the_file() {
    let honest = read_checkpoint(&stream(&nested("a", 10))).unwrap().weights;
    assert_eq!((honest.len(), honest["a.0007"].shape.as_slice()), (10, &[0][..]));
    let many = read_checkpoint(&stream(&nested(&"a".repeat(2000), 5000))).unwrap_err().to_string();
    assert!(many.contains("hold more than the file has bytes"), "{many}");
    let long = read_checkpoint(&stream(&nested(&"a".repeat(4094), 1))).unwrap_err().to_string();
    assert!(long.contains("is longer than 4096 bytes"), "{long}");
}

fn reason(from: &str, to: &str) -> String {
    reason_in(MANIFEST, from, to)
}

fn reason_in(manifest: &str, from: &str, to: &str) -> String {
    assert!(manifest.contains(from), "{from}");
    match Manifest::from_json(&manifest.replace(from, to)) {
        Err(ManifestError::Inconsistent { reason, .. }) => reason,
        other => panic!("{from} → {to}: {other:?}"),
    }
}

#[test]
fn a_manifest_that_cannot_be_computed_is_refused() {
    assert!(Manifest::from_json(MANIFEST).is_ok());
    assert!(reason(r#""high": 99.0"#, r#""high": 1e9"#).contains("percentiles"));
    assert!(reason(r#""scale_mm": 80.0"#, r#""scale_mm": 0.0"#).contains("scales by nothing"));
    // Of one channel the only class is background.
    let one = MANIFEST
        .replace(
            r#"    {"value": 2, "name": "ventricle", "side": "right", "color": [4, 5, 6]}
"#,
            "",
        )
        .replace(r#""side": "left", "color": [1, 2, 3]},"#, r#""side": "left", "color": [1, 2, 3]}"#);
    assert!(
        reason_in(&one, r#""out_channels": 3"#, r#""out_channels": 1"#)
            .contains("label 1 has no output channel")
    );
    assert!(reason(r#""temperature": 1.0"#, r#""temperature": 0.0"#).contains("temperature"));
    assert!(reason(r#""modality": "mr""#, r#""modality": "xray""#).contains("modality"));
    assert!(reason(r#""labels": [1, 2]}"#, r#""labels": [1, 9]}"#).contains("`regions` names values"));
    assert!(reason(r#""labels": [1, 2]}"#, r#""labels": []}"#).contains("`regions` names values"));
    for pieces in ["[[1, 9]]", "[[0, 1]]", "[[]]"] {
        let pieces = format!(r#""modality": "mr", "pieces": {pieces}"#);
        assert!(reason(r#""modality": "mr""#, &pieces).contains("`pieces` does not name"), "{pieces}");
    }
    let nowhere =
        r#""modality": "mr", "midline": { "left": [201], "right": [202], "ventricles": [203, 204] }"#;
    assert!(reason(r#""modality": "mr""#, nowhere).contains("not labels"));
    let tissues = r#""modality": "mr", "tissues": [[9]]"#;
    assert!(reason(r#""modality": "mr""#, tissues).contains("`tissues` names values"));
    let tissues = MANIFEST.replace(r#""modality": "mr""#, r#""modality": "mr", "tissues": [[1]]"#);
    assert!(Manifest::from_json(&tissues).is_ok());
    let contrast = r#""modality": "mr", "contrast": { "name": "FLAIR", "dark_to_bright": [{ "class": 1 }, { "class": 9 }] }"#;
    assert!(reason(r#""modality": "mr""#, contrast).contains("`contrast` does not name"));
    let surroundings = r#""modality": "mr", "surroundings": [{ "label": 1, "among": [9], "share": 0.5, "reach_mm": 3, "below_ml": 1 }]"#;
    assert!(reason(r#""modality": "mr""#, surroundings).contains("`surroundings` needs"));
    let half =
        r#""modality": "mr", "half_contrast": [{ "label": 1, "among": [2], "reach_mm": 3, "around_mm": 1 }]"#;
    assert!(reason(r#""modality": "mr""#, half).contains("`half_contrast` needs"));
    let islands = r#""modality": "mr", "islands": [{ "label": 1, "of": [1], "among": [2], "share": 0.5, "reach_mm": 3, "least_ratio": 1.2, "below_ml": 1 }]"#;
    assert!(reason(r#""modality": "mr""#, islands).contains("`islands` needs"));
    let both = r#""modality": "mr", "both_sides": [{ "label": 1, "among": [2], "share": 2, "around_mm": 3, "reach_mm": 1, "below_ml": 1 }]"#;
    assert!(reason(r#""modality": "mr""#, both).contains("`both_sides` needs"));
    let one = r#""modality": "mr", "one_sided": [{ "label": 1, "reach_mm": 21, "at_most": 1 }]"#;
    assert!(reason(r#""modality": "mr""#, one).contains("`one_sided` needs"));
    let twins = r#""modality": "mr", "twins": [{ "label": 1, "share": 1.5, "reach_mm": 2, "below_ml": 1 }]"#;
    assert!(reason(r#""modality": "mr""#, twins).contains("`twins` needs"));
    let certain = MANIFEST.replace(r#""color": [1, 2, 3]"#, r#""color": [1, 2, 3], "certain": 2"#);
    assert!(Manifest::from_json(&certain).is_ok());
    let overlapping = reason_in(&certain, r#""modality": "mr""#, r#""modality": "mr", "overlapping": true"#);
    assert!(overlapping.contains("`certain` and `at_most` need"), "{overlapping}");
    let bright = MANIFEST.replace(r#""color": [1, 2, 3]"#, r#""color": [1, 2, 3], "at_most": 130"#);
    assert!(Manifest::from_json(&bright).is_ok());
    let overlapping = reason_in(&bright, r#""modality": "mr""#, r#""modality": "mr", "overlapping": true"#);
    assert!(overlapping.contains("`at_most` need"), "{overlapping}");
    assert!(reason(r#"{"value": 2"#, r#"{"value": 1"#).contains("two labels have the value 1"));
    assert!(reason(r#""threshold": 0.5"#, r#""threshold": 0.0"#).contains("threshold of 0"));
    assert!(reason(r#""high": 99.0"#, r#""high": 99.0, "ceiling": 0.5"#).contains("ceiling below 1"));
    let lateral = r#"{"kind": "lateral", "scale_mm": 80.0}"#;
    let scan = r#"{"kind": "scan"}"#;
    let turned = reason_in(&tissues, &format!("{scan}, {lateral}"), &format!("{lateral}, {scan}"));
    assert!(turned.contains("scan as the first"), "{turned}");
}

#[test]
fn a_weight_file_stays_in_its_folder() {
    for name in ["../secret", "/etc/passwd", "a/b", "https://x/y", "a?b", ""] {
        let to = format!(r#""name": "{name}", "sha256""#);
        assert!(reason(r#""name": "w.safetensors", "sha256""#, &to).contains("plain file name"), "{name}");
    }
}

/// Numbers from a linear congruential generator, the same ones every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound.max(1)
    }
}

/// One to five changes, most of them near the front, where containers say how large things are.
fn damaged(mut bytes: Vec<u8>, numbers: &mut Numbers) -> Vec<u8> {
    for _ in 0..=numbers.below(5) {
        let reach = if numbers.below(3) > 0 { bytes.len().min(512) } else { bytes.len() };
        let at = numbers.below(reach);
        match numbers.below(8) {
            0 => bytes.truncate(at.max(8)),
            1 => drop(bytes.drain(at..(at + 9).min(bytes.len()))),
            2 => {
                let lie = [u32::MAX, 0x7FFF_FFFF, 0, 0x1_0000][numbers.below(4)].to_le_bytes();
                for (slot, byte) in bytes[at..].iter_mut().zip(lie) {
                    *slot = byte;
                }
            }
            _ => bytes[at] = numbers.below(256) as u8,
        }
    }
    bytes
}

/// `SASWIN_MUTANTS` asks for more of each target than the usual number.
#[test]
fn damaged_files_never_panic() {
    let cases = std::env::var("SASWIN_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let seeds = seeds().unwrap();
    let mut numbers = Numbers(20_240_806);
    for (target, seed) in seeds.iter().cycle().take(cases * seeds.len()) {
        let bytes = damaged(seed.clone(), &mut numbers);
        let outcome = std::panic::catch_unwind(|| swallow(target, &bytes));
        if outcome.is_err() {
            let path = std::env::temp_dir().join(format!("saswin-{target}-crash"));
            std::fs::write(&path, &bytes).unwrap();
            panic!("{target}: the file that broke it is {}", path.display());
        }
    }
}

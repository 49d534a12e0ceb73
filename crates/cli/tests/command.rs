//! The program as it is called: exit codes and words.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn saswin(arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Command::new(env!("CARGO_BIN_EXE_saswin-cli")).args(arguments).current_dir(root).output().unwrap()
}

fn scratch(name: &str, bytes: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("command");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success(), "it claims to have worked");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_file_that_is_no_scan_is_named_and_the_exit_code_says_so() {
    let path = scratch("letter.nii", b"Dear colleague, please find no scan enclosed.");
    let out = scratch("out", b"").with_extension("folder");
    let output = saswin(&["run", path.to_str().unwrap(), "--backend", "cpu", "--out", out.to_str().unwrap()]);
    let words = refused(&output);
    assert!(words.contains("letter.nii"), "{words}");
    assert!(!out.join("report.json").exists());
}

#[test]
fn a_model_that_is_not_there_is_named() {
    let out = scratch("none", b"").with_extension("folder");
    let words = refused(&saswin(&[
        "forward",
        "--model",
        "models/head-ct",
        "--input",
        "x",
        "--out",
        out.to_str().unwrap(),
    ]));
    assert!(words.contains("head-ct"), "{words}");
}

#[test]
fn a_checkpoint_that_is_none_is_named() {
    let path = scratch("weights.pt", b"not a checkpoint");
    let path = path.to_str().unwrap();
    let words = refused(&saswin(&["convert", path, "--arch", "swin-unetr", "--out", "target/none"]));
    assert!(words.contains("weights.pt"), "{words}");
}

/// Arguments that convert a small published checkpoint to 4 bits, and the folder that they write.
fn convert(name: &str, more: &[&str]) -> (Output, PathBuf) {
    let out = scratch(name, b"").with_extension("folder");
    let checkpoint = "tests/golden/fixtures/checkpoints/complete_classifier.pt";
    let mut arguments = vec!["convert", checkpoint, "--arch", "saca-classifier", "--merge", "legacy"];
    arguments.extend(["--precision", "q4", "--out", out.to_str().unwrap()]);
    arguments.extend(more);
    (saswin(&arguments), out)
}

#[test]
fn what_is_kept_is_in_the_manifest() {
    let (output, out) = convert("kept", &["--keep", "crossattention.self.key"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let manifest = std::fs::read_to_string(out.join("manifest.json")).unwrap();
    assert!(manifest.contains("symmetryAwareTX.crossattention.self.key.weight"), "{manifest}");
    let (plain, folder) = convert("plain", &[]);
    assert!(plain.status.success());
    assert!(!std::fs::read_to_string(folder.join("manifest.json")).unwrap().contains("kept"));
    let size = |folder: &Path| std::fs::metadata(folder.join("weights.q4.safetensors")).unwrap().len();
    assert!(size(&out) > size(&folder));
}

#[test]
fn a_model_is_called_as_its_folder_is() {
    let (output, out) = convert("first", &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let again = out.with_file_name("second of it");
    // A file whose name no manifest may have.
    let checkpoint = out.with_file_name("my weights (2).pt");
    let published = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden/fixtures/checkpoints/complete_classifier.pt");
    std::fs::copy(published, &checkpoint).unwrap();
    let manifest = out.join("manifest.json");
    let [checkpoint, manifest, folder] = [&checkpoint, &manifest, &again].map(|path| path.to_str().unwrap());
    let output = saswin(&["convert", checkpoint, "--manifest", manifest, "--out", folder]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let written = std::fs::read_to_string(again.join("manifest.json")).unwrap();
    assert!(written.contains("\"name\": \"second-of-it\""), "{written}");
}

#[test]
fn the_scaling_is_the_one_that_was_said_or_is_told() {
    let (output, out) = convert("usual", &[]);
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && words.contains("--scaling fixed:-1000,1000"), "{words}");
    let kind = |out: &Path| {
        let manifest = std::fs::read(out.join("manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        manifest["preprocessing"]["window"]["kind"].as_str().unwrap().to_owned()
    };
    assert_eq!(kind(&out), "hounsfield");
    let (output, out) = convert("said", &["--scaling", "z-score"]);
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !words.contains("--scaling"), "{words}");
    assert_eq!(kind(&out), "z_score");
    let words = refused(&convert("nothing", &["--scaling", "fixed:1,1"]).0);
    assert!(words.contains("scales by nothing"), "{words}");
}

#[test]
fn nothing_is_kept_by_a_name_or_a_report_that_does_not_fit() {
    let words = refused(&convert("unknown", &["--keep", "cerebellum"]).0);
    assert!(words.contains("cerebellum"), "{words}");
    let report = r#"{"sha256":"0","precision":"q4","inputs":"","bytes":0,"tensors":[],"kept":[]}"#;
    let report = scratch("other.json", report.as_bytes());
    let worst = ["--keep-worst", "1", "--sensitivity", report.to_str().unwrap()];
    let words = refused(&convert("other", &worst).0);
    assert!(words.contains("another checkpoint"), "{words}");
}

#[cfg(not(feature = "wgpu"))]
#[test]
fn training_on_a_gpu_that_this_build_cannot_reach_is_refused() {
    let out = scratch("gpu", b"").with_extension("folder");
    let recipe = "models/recipes/head-mr.toml";
    let arguments = ["train", recipe, "--backend", "gpu", "--out", out.to_str().unwrap()];
    let words = refused(&saswin(&arguments));
    assert!(words.contains("--features wgpu"), "{words}");
    assert!(!out.exists());
}

#[test]
fn a_recipe_that_is_not_there_is_named() {
    let out = scratch("sheet", b"").with_extension("png");
    let arguments = ["contact-sheet", "models/recipes/none.toml", "--out", out.to_str().unwrap()];
    let words = refused(&saswin(&arguments));
    assert!(words.contains("models/recipes/none.toml"), "{words}");
    assert!(!out.exists());
}

#[test]
fn the_log_of_a_training_becomes_a_small_picture() {
    let out = scratch("curve.svg", b"");
    let log = "models/head-mr/training/first.jsonl";
    let output = saswin(&["curve", log, log, "--out", out.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let svg = std::fs::read_to_string(&out).unwrap();
    assert!(
        svg.contains("validation Dice") && svg.contains("points=\"4") && svg.len() < 20_000,
        "{}",
        svg.len()
    );
}

#[test]
fn a_log_without_records_is_named() {
    let log = scratch("other.jsonl", b"{\"kind\": \"other\"}\n");
    let out = scratch("none.svg", b"");
    let words = refused(&saswin(&["curve", log.to_str().unwrap(), "--out", out.to_str().unwrap()]));
    assert!(words.contains("other.jsonl") && words.contains("metrics.jsonl"), "{words}");
}

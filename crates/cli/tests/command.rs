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

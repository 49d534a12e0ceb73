//! Real scans of the data folder beside the repository (`SASWIN_DATA` names another); skipped without it.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use saswin_scan_io::{Limits, NiftiOptions, Series, SourceFile, open, write_nifti_f32};
use saswin_volume::Modality;

fn data(folder: &str) -> Option<Vec<SourceFile>> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let root = std::env::var_os("SASWIN_DATA").map_or_else(beside, PathBuf::from);
    let path = root.join(folder);
    if !path.exists() {
        println!("skipped: {folder} is not in the data folder ({})", root.display());
        return None;
    }
    let paths = if path.is_dir() {
        std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect()
    } else {
        vec![path]
    };
    let read = |p: &PathBuf| SourceFile { name: p.display().to_string(), bytes: std::fs::read(p).unwrap() };
    Some(paths.iter().map(read).collect())
}

fn open_one(files: Vec<SourceFile>) -> Series {
    let mut all = open(files, &Limits::default()).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn tilted_uneven_head_ct_lands_on_a_true_grid() {
    let Some(files) = data("ge-head-ct") else { return };
    let single: Vec<_> = files.iter().filter(|f| f.name.ends_with("05.dcm")).cloned().collect();
    let series = open_one(files);
    assert_eq!((series.modality, series.files), (Modality::Ct, 28));
    let scan = series.load(0).unwrap();
    assert_eq!(
        scan.notes,
        [
            "gantry tilt of 18.5° was corrected by resampling",
            "uneven slice distances were resampled to 4.00 mm"
        ]
    );
    let grid = scan.volume.grid;
    assert_eq!(grid.dims, [512, 611, 37]);
    let column = |c: usize| grid.affine.linear.map(|row| row[c]);
    let dot = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        assert!(dot(column(a), column(b)).abs() < 1e-6, "columns {a} and {b} are not at a right angle");
    }
    // A slice on its own has the geometry of its file alone. It lies on the grid's planes, so at its pixels'
    // places the volume must hold nearly the same values.
    let slice = open_one(single).load(0).unwrap().volume;
    let back = grid.affine.inverse().unwrap();
    let (mut differences, mut count) = (0.0, 0);
    for j in (100..400).step_by(3) {
        for i in (100..400).step_by(3) {
            let at = back.apply(slice.grid.affine.apply([i as f64, j as f64, 0.0]));
            let near = at.map(|v| v.round() as usize);
            assert!((at[2] - at[2].round()).abs() < 0.05, "slice off the grid: {at:?}");
            differences += f64::from((scan.volume.at(near) - slice.at([i, j, 0])).abs());
            count += 1;
        }
    }
    let mean = differences / f64::from(count);
    assert!(mean < 8.0, "mean difference {mean} HU");
    // A NIfTI does not say that it is CT.
    let bytes = write_nifti_f32(&scan.volume, &NiftiOptions::default()).unwrap();
    let unnamed = open_one(vec![SourceFile { name: "a.nii".to_owned(), bytes }]);
    assert_eq!(unnamed.load(0).unwrap().modality, Modality::Ct);
}

#[test]
fn whole_head_labels_keep_orientation_and_numbers() {
    let Some(files) = data("synthseg-label-maps/training_seg_01.nii.gz") else { return };
    let volume = open_one(files).load(0).unwrap().volume;
    assert_eq!(volume.grid.dims, [256; 3]);
    // LIA: i to the left, j down, k to the front.
    let signs = volume.grid.affine.linear.map(|row| row.map(|v| v.round() as i32));
    assert_eq!(signs, [[-1, 0, 0], [0, 0, 1], [0, -1, 0]]);
    assert!(volume.voxels.iter().all(|v| v.fract() == 0.0));
    assert!([2.0, 41.0, 17.0, 53.0].iter().all(|label| volume.voxels.contains(label)));
}

#[test]
fn lesion_patient_images_share_one_grid() {
    let Some(files) = data("open-ms-patient07") else { return };
    let all = open(files, &Limits::default()).unwrap();
    assert_eq!(all.len(), 5);
    assert!(all.iter().all(|s| s.dims == [182, 218, 182] && s.problems == all[0].problems));
    assert_eq!(all.iter().filter(|s| s.preferred).count(), 1);
}

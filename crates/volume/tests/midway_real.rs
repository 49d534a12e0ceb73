//! Midway registration of real anatomy: SynthSeg label maps in a T1-like contrast, and a real T1.
//! Needs the shared data and `--release`.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::moves::{BAR, Move, distance, moved_plane, moved_scan};
use common::{data_file, read_nifti};
use saswin_volume::{Plane, Volume, midway};

/// FreeSurfer ids of structures with a left and a right one.
const PAIRS: [(i32, i32); 12] = [
    (2, 41),
    (3, 42),
    (7, 46),
    (8, 47),
    (10, 49),
    (11, 50),
    (12, 51),
    (13, 52),
    (17, 53),
    (18, 54),
    (26, 58),
    (28, 60),
];

const MOVES: [Move; 2] = [
    Move { yaw: 19.0, roll: -18.0, pitch: 7.0, shift: [18.0, 4.0, -5.0] },
    Move { yaw: -17.0, roll: -12.0, pitch: -9.0, shift: [-19.0, 0.0, 6.0] },
];

/// T1-like value of a label, with a little texture that differs from voxel to voxel.
fn t1_like(label: f32, offset: usize) -> f32 {
    let value = match label as i32 {
        0 => 3.0,
        2 | 7 | 16 | 28 | 41 | 46 | 60 | 85 => 110.0,
        3 | 8 | 17 | 18 | 42 | 47 | 53 | 54 => 75.0,
        4 | 5 | 14 | 15 | 24 | 43 | 44 => 25.0,
        10..=13 | 26 | 49..=52 | 58 => 88.0,
        511 => 130.0,
        515 => 10.0,
        512 | 516 => 85.0,
        _ => 60.0,
    };
    let noise = (offset as u32).wrapping_mul(0x9e37_79b9) >> 24;
    value + noise as f32 / 12.0
}

/// The plane half-way between the centroids of left and right structures.
fn plane_of_labels(labels: &Volume) -> Plane {
    let centroid = |id: i32| {
        let (mut sum, mut count) = ([0.0; 3], 0.0);
        let [ni, nj, _] = labels.grid.dims;
        for (offset, _) in labels.voxels.iter().enumerate().filter(|(_, label)| **label as i32 == id) {
            let index = [offset % ni, offset / ni % nj, offset / (ni * nj)];
            (0..3).for_each(|a| sum[a] += index[a] as f64);
            count += 1.0;
        }
        labels.grid.affine.apply(sum.map(|s| s / count))
    };
    let (mut normal, mut point) = ([0.0; 3], [0.0; 3]);
    for (left, right) in PAIRS.map(|(left, right)| (centroid(left), centroid(right))) {
        for a in 0..3 {
            normal[a] += right[a] - left[a];
            point[a] += 0.5 * (right[a] + left[a]) / PAIRS.len() as f64;
        }
    }
    let length = normal.iter().map(|v| v * v).sum::<f64>().sqrt();
    Plane { point, normal: normal.map(|v| v / length) }
}

/// Finds the plane of `scan`, then of its moved copies, and holds those to the bar.
fn check_moves(name: &str, scan: &Volume) -> Plane {
    let plane = midway(scan).unwrap().plane;
    for known in MOVES {
        let rigid = known.about(plane.point);
        let found = midway(&moved_scan(scan, &rigid, &scan.grid)).unwrap();
        let error = distance(&found.plane, &moved_plane(&plane, &rigid));
        println!("{name:12} moved: {:.2}° {:.2} mm, residual {:.2}", error.0, error.1, found.residual);
        assert!(error.0 <= BAR.0 && error.1 <= BAR.1, "{name} {known:?}: {error:?}");
    }
    plane
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes without --release")]
fn midway_of_synthseg_heads() {
    for number in ["01", "12", "19"] {
        let Some(path) = data_file(&format!("synthseg-label-maps/training_seg_{number}.nii.gz")) else {
            return;
        };
        let labels = read_nifti(&path);
        let voxels =
            labels.voxels.iter().enumerate().map(|(offset, &label)| t1_like(label, offset)).collect();
        let scan = Volume::new(labels.grid, voxels).unwrap();
        let error = distance(&check_moves(number, &scan), &plane_of_labels(&labels));
        println!(
            "{number:12} from the plane between left and right labels: {:.2}° {:.2} mm",
            error.0, error.1
        );
        // Brains are not quite symmetric: the two definitions differ more than the moves do.
        assert!(error.0 < 2.0 && error.1 < 1.5, "{number}: {error:?}");
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes without --release")]
fn midway_of_a_real_t1_with_lesions() {
    let file = "open-ms-patient07/T1_N4_noneck_reduced_winsor_regtoFLAIR_brain_N4_regtoMNI.nii.gz";
    if let Some(path) = data_file(file) {
        check_moves("open-ms T1", &read_nifti(&path));
    }
}

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

/// Whether a label is of the left (−1), of the right (1) or of no side (0).
fn side(label: f32) -> i32 {
    let label = label as i32;
    let is = |left: bool| PAIRS.iter().any(|(l, r)| label == if left { *l } else { *r });
    i32::from(is(false)) - i32::from(is(true))
}

/// World points half-way between neighbouring voxels of which one is left and one right.
fn interface(labels: &Volume) -> Vec<[f64; 3]> {
    let grid = &labels.grid;
    let sides: Vec<i32> = labels.voxels.iter().map(|label| side(*label)).collect();
    let mut points = Vec::new();
    for (offset, here) in sides.iter().enumerate().filter(|(_, here)| **here != 0) {
        let [ni, nj, _] = grid.dims;
        let index = [offset % ni, offset / ni % nj, offset / (ni * nj)];
        for axis in 0..3 {
            let mut next = index;
            next[axis] += 1;
            if next[axis] < grid.dims[axis] && sides[grid.offset(next)] == -here {
                points.push(grid.affine.apply(std::array::from_fn(|a| (index[a] + next[a]) as f64 / 2.0)));
            }
        }
    }
    points
}

/// Least-squares plane x = m + b·(y − ȳ) + c·(z − z̄) through the points where the hemispheres touch: the
/// mid-sagittal plane as the labels have it. Centroids of left and right structures would not do: brains are
/// twisted (the right side lies further front), which turns the line between them.
fn plane_of_labels(labels: &Volume) -> Plane {
    let points = interface(labels);
    assert!(points.len() > 500, "{} points between left and right", points.len());
    let mean: [f64; 3] =
        std::array::from_fn(|a| points.iter().map(|p| p[a]).sum::<f64>() / points.len() as f64);
    let sum = |a: usize, b: usize| points.iter().map(|p| (p[a] - mean[a]) * (p[b] - mean[b])).sum::<f64>();
    let (yy, zz, yz, xy, xz) = (sum(1, 1), sum(2, 2), sum(1, 2), sum(0, 1), sum(0, 2));
    let determinant = yy * zz - yz * yz;
    let (b, c) = ((xy * zz - xz * yz) / determinant, (xz * yy - xy * yz) / determinant);
    let length = (1.0 + b * b + c * c).sqrt();
    Plane { point: mean, normal: [1.0 / length, -b / length, -c / length] }
}

/// Finds the plane of `scan`, then of its moved copies, and holds those to the bar.
fn check_moves(name: &str, scan: &Volume) {
    let plane = midway(scan).unwrap().plane;
    for known in MOVES {
        let rigid = known.about(plane.point);
        let found = midway(&moved_scan(scan, &rigid, &scan.grid)).unwrap();
        let error = distance(&found.plane, &moved_plane(&plane, &rigid));
        println!("{name:12} moved: {:.2}° {:.2} mm, residual {:.2}", error.0, error.1, found.residual);
        assert!(error.0 <= BAR.0 && error.1 <= BAR.1, "{name} {known:?}: {error:?}");
    }
}

/// The labels of a SynthSeg head, and the head as a scan.
fn synthseg_head(number: &str) -> Option<(Volume, Volume)> {
    let labels = read_nifti(&data_file(&format!("synthseg-label-maps/training_seg_{number}.nii.gz"))?);
    let voxels = labels.voxels.iter().enumerate().map(|(offset, &label)| t1_like(label, offset)).collect();
    let scan = Volume::new(labels.grid, voxels).unwrap();
    Some((labels, scan))
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes without --release")]
fn midway_of_moved_synthseg_heads() {
    for number in ["01", "12", "19"] {
        if let Some((_, scan)) = synthseg_head(number) {
            check_moves(number, &scan);
        }
    }
}

/// The plane is that of the whole head; the fissure between the hemispheres bends away from it at the back
/// (Yakovlev's torque), in some heads by more than the search is ever off.
#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes without --release")]
fn the_plane_lies_between_the_hemispheres() {
    let mut angles = Vec::new();
    for number in ["01", "03", "07", "12", "19", "20"] {
        let Some((labels, scan)) = synthseg_head(number) else { return };
        let (degrees, mm) = distance(&midway(&scan).unwrap().plane, &plane_of_labels(&labels));
        println!("{number}: {degrees:.2}° and {mm:.2} mm from where left and right labels touch");
        assert!(degrees < 3.5 && mm < 1.0, "{number}: {degrees}° {mm} mm");
        angles.push(degrees);
    }
    let mean = angles.iter().sum::<f64>() / angles.len() as f64;
    assert!(mean < 1.5, "{mean}° on average");
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes without --release")]
fn midway_of_a_real_t1_with_lesions() {
    let file = "open-ms-patient07/T1_N4_noneck_reduced_winsor_regtoFLAIR_brain_N4_regtoMNI.nii.gz";
    if let Some(path) = data_file(file) {
        check_moves("open-ms T1", &read_nifti(&path));
    }
}

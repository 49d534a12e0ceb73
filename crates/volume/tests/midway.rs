//! Midway registration of the phantom under known moves. The full table needs `--release`:
//! `cargo test -p saswin-volume --release --test midway -- --nocapture`.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "common/moves.rs"]
mod moves;

use std::time::Instant;

use moves::{BAR, Move, distance, moved_plane, moved_scan};
use saswin_volume::phantom::{Contrast, Lesion, Phantom, PhantomOptions, Side};
use saswin_volume::{Affine, Grid, NotAligned, Plane, Volume, midway};

const TRUTH: Plane = Plane { point: [0.0; 3], normal: [1.0, 0.0, 0.0] };

const MOVES: [Move; 6] = [
    Move { yaw: 0.0, roll: 0.0, pitch: 0.0, shift: [0.0; 3] },
    Move { yaw: 20.0, roll: 20.0, pitch: 8.0, shift: [20.0, 0.0, 5.0] },
    Move { yaw: -20.0, roll: 20.0, pitch: -8.0, shift: [-20.0, 5.0, 0.0] },
    Move { yaw: 20.0, roll: -20.0, pitch: 15.0, shift: [-20.0, 0.0, -5.0] },
    Move { yaw: -11.0, roll: 6.0, pitch: 0.0, shift: [9.0, -8.0, 0.0] },
    Move { yaw: 4.0, roll: -15.0, pitch: -12.0, shift: [-13.0, 0.0, 8.0] },
];

fn phantom(contrast: Contrast, lesion_ml: Option<f64>) -> Volume {
    let lesion = lesion_ml.map(|volume_ml| Lesion { side: Side::Right, volume_ml });
    let options = PhantomOptions { dims: [88, 104, 88], spacing: [2.0; 3], contrast, lesion, seed: 1 };
    Phantom::new(&options).image
}

fn field(dims: [usize; 3], spacing: [f64; 3], centre: [f64; 3]) -> Grid {
    let linear = std::array::from_fn(|r| std::array::from_fn(|c| if r == c { spacing[c] } else { 0.0 }));
    let translation = std::array::from_fn(|a| centre[a] - 0.5 * (dims[a] as f64 - 1.0) * spacing[a]);
    Grid { dims, affine: Affine { linear, translation } }
}

/// Gain that doubles from one side to the other, and an odd intensity scale.
fn with_strong_bias(mut scan: Volume) -> Volume {
    let [ni, nj, _] = scan.grid.dims;
    for (offset, value) in scan.voxels.iter_mut().enumerate() {
        let (x, y) = ((offset % ni) as f32 / ni as f32, (offset / ni % nj) as f32 / nj as f32);
        *value *= 31.0 * (0.8 * x - 0.5 * y).exp();
    }
    scan
}

/// Runs every move, prints one line, and holds the errors to the bar.
fn check(name: &str, scan: &Volume, grid: &Grid, moves: &[Move]) {
    let (mut angle, mut offset, mut residual, mut seconds) = (0.0_f64, 0.0_f64, 0.0_f64, 0.0);
    for known in moves {
        let rigid = known.about([0.0; 3]);
        let turned = moved_scan(scan, &rigid, grid);
        let start = Instant::now();
        let found = midway(&turned).unwrap_or_else(|reason| panic!("{name} {known:?}: {reason}"));
        seconds += start.elapsed().as_secs_f64() / moves.len() as f64;
        let error = distance(&found.plane, &moved_plane(&TRUTH, &rigid));
        assert!(error.0 <= BAR.0 && error.1 <= BAR.1, "{name} {known:?}: {error:?}");
        (angle, offset) = (angle.max(error.0), offset.max(error.1));
        residual = residual.max(found.residual);
    }
    println!("{name:32} {angle:8.2}° {offset:8.2} mm {residual:10.2} {seconds:8.2} s");
}

#[test]
fn midway_finds_a_turned_phantom() {
    check("T1", &phantom(Contrast::T1, None), &field([90, 104, 90], [2.0; 3], [0.0; 3]), &MOVES[..2]);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes without --release")]
fn midway_table() {
    println!(
        "{:32} {:>9} {:>11} {:>10} {:>10}",
        "worst of 6 moves", "angle", "offset", "residual", "mean time"
    );
    let whole = field([100, 116, 100], [2.0; 3], [0.0; 3]);
    let (t1, ct) = (phantom(Contrast::T1, None), phantom(Contrast::Ct, None));
    let t1_lesion = phantom(Contrast::T1, Some(100.0));
    check("T1", &t1, &whole, &MOVES);
    check("T1, 100 mL lesion", &t1_lesion, &whole, &MOVES);
    check("T1, lesion, strong bias field", &with_strong_bias(t1_lesion.clone()), &whole, &MOVES);
    check("CT", &ct, &whole, &MOVES);
    check("CT, 100 mL lesion", &phantom(Contrast::Ct, Some(100.0)), &whole, &MOVES);
    let thick = field([200, 232, 30], [1.0, 1.0, 5.0], [0.0, 0.0, 5.0]);
    check("T1, lesion, 5 mm slices", &t1_lesion, &thick, &MOVES);
    check("CT, 5 mm slices", &ct, &thick, &MOVES);
    let aside = field([110, 116, 100], [2.0; 3], [-40.0, 10.0, 25.0]);
    check("T1, field 40 mm off centre", &t1, &aside, &MOVES);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes without --release")]
fn midway_of_a_256_cube_at_1_mm() {
    let scan = Phantom::new(&PhantomOptions::default()).image;
    check("T1, 256³, 1 mm", &scan, &field([256; 3], [1.0; 3], [0.0; 3]), &MOVES[1..2]);
}

#[test]
fn midway_refuses_what_is_no_head() {
    let cube = field([60; 3], [3.0; 3], [0.0; 3]);
    let noise = (0..cube.len() as u32).map(|v| (v.wrapping_mul(0x9e37_79b9) >> 20) as f32).collect();
    let noise = midway(&Volume::new(cube, noise).unwrap());
    assert!(matches!(noise, Err(NotAligned::Asymmetric { .. })), "{noise:?}");
    let empty = midway(&Volume::filled(cube, 7.0));
    assert!(matches!(empty, Err(NotAligned::NoForeground { .. })), "{empty:?}");
    let nan = midway(&Volume::filled(cube, f32::NAN));
    assert!(matches!(nan, Err(NotAligned::NoForeground { .. })), "{nan:?}");
    let knee = midway(&Volume::filled(field([60, 60, 20], [1.0; 3], [0.0; 3]), 7.0));
    assert!(matches!(knee, Err(NotAligned::FieldOfView { .. })), "{knee:?}");
    let none = midway(&Volume { grid: Grid { dims: [0; 3], ..cube }, voxels: Vec::new() });
    assert!(matches!(none, Err(NotAligned::FieldOfView { .. })), "{none:?}");
}

#[test]
fn midway_refuses_a_head_that_looks_sideways() {
    let scan = phantom(Contrast::T1, None);
    for yaw in [45.0, 90.0] {
        let aside = Move { yaw, roll: 0.0, pitch: 0.0, shift: [0.0; 3] }.about([0.0; 3]);
        let turned = moved_scan(&scan, &aside, &field([104, 104, 90], [2.0; 3], [0.0; 3]));
        let refused = midway(&turned);
        assert!(
            matches!(refused, Err(NotAligned::Asymmetric { .. } | NotAligned::SearchBorder { .. })),
            "{yaw}° {refused:?}"
        );
    }
}

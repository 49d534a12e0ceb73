use saswin_scan_io::Slices;
use saswin_volume::{Affine, Grid};

use super::*;
use crate::phantom_scan;

const MANIFEST: &str = include_str!("../tests/tiny-manifest.json");

fn against(scan: &Scan, modality: &str) -> Suitability {
    let mut manifest = Manifest::from_json(MANIFEST).unwrap();
    modality.clone_into(&mut manifest.modality);
    check(scan, &manifest)
}

/// The phantom as `change` leaves it, against an MR model: (refusals, warnings).
fn changed(change: impl FnOnce(&mut Scan)) -> (Vec<Concern>, Vec<Concern>) {
    let mut scan = phantom_scan();
    change(&mut scan);
    let found = against(&scan, "mr");
    (found.refusals, found.warnings)
}

fn stretch(scan: &mut Scan, factors: [f64; 3]) {
    let linear = &mut scan.volume.grid.affine.linear;
    for row in linear {
        for (value, factor) in row.iter_mut().zip(factors) {
            *value *= factor;
        }
    }
}

#[test]
fn a_whole_head_of_the_right_kind_is_fine() {
    assert_eq!(against(&phantom_scan(), "mr"), Suitability::default());
}

#[test]
fn the_modality_must_fit_or_be_doubted() {
    let wrong = Concern::WrongModality { scan: Modality::Mr, model: Modality::Ct };
    assert_eq!(against(&phantom_scan(), "ct").refusals, [wrong]);
    let (refusals, warnings) = changed(|scan| scan.modality = Modality::Unknown);
    assert_eq!((refusals, warnings), (vec![], vec![Concern::UnknownModality(Modality::Mr)]));
}

#[test]
fn a_scan_of_another_kind_is_refused() {
    let wrong = Concern::WrongModality { scan: Modality::Other, model: Modality::Mr };
    assert_eq!(changed(|scan| scan.modality = Modality::Other).0, [wrong]);
}

#[test]
fn contrast_medium_is_a_warning_for_ct() {
    let given = |modality| Scan { modality, contrast_medium: true, ..phantom_scan() };
    assert_eq!(against(&given(Modality::Ct), "ct").warnings, [Concern::ContrastMedium]);
    assert_eq!(against(&given(Modality::Mr), "mr").warnings, []);
    assert_eq!(against(&Scan { modality: Modality::Ct, ..phantom_scan() }, "ct").warnings, []);
}

#[test]
fn what_the_file_leaves_open_is_a_warning() {
    let (refusals, warnings) = changed(|scan| scan.doubts = vec![Doubt::Sides, Doubt::Size]);
    assert_eq!(refusals, []);
    assert_eq!(warnings, [Concern::Doubtful(Doubt::Sides), Concern::Doubtful(Doubt::Size)]);
}

#[test]
fn a_scan_of_unknown_kind_must_hold_hounsfield_units_for_a_ct_model() {
    let unknown = Scan { modality: Modality::Unknown, ..phantom_scan() };
    let refusals = against(&unknown, "ct").refusals;
    assert!(matches!(refusals[..], [Concern::NotHounsfield(..)]), "{refusals:?}");
}

#[test]
fn field_of_view_and_spacing_are_bounded() {
    let (refusals, _) = changed(|scan| stretch(scan, [0.3; 3]));
    assert!(matches!(refusals[..], [Concern::SmallField(_), Concern::NoHead(_)]), "{refusals:?}");
    let (refusals, _) = changed(|scan| stretch(scan, [3.0; 3]));
    assert!(matches!(refusals[..], [Concern::LargeField(_), Concern::MoreThanAHead(_)]), "{refusals:?}");
    let (refusals, _) = changed(|scan| scan.volume = Volume::filled(coarse([30, 30, 15], 11.0), 1.0));
    assert!(matches!(refusals[..], [Concern::Coarse(_), Concern::Constant]), "{refusals:?}");
    let (refusals, _) = changed(|scan| scan.volume = Volume::filled(coarse([100, 100, 3], 2.0), 1.0));
    assert_eq!(refusals[0], Concern::NotAVolume(3));
}

#[test]
fn a_body_is_more_than_a_head() {
    let (refusals, _) = changed(|scan| stretch(scan, [1.8; 3]));
    assert!(matches!(refusals[..], [Concern::MoreThanAHead(_)]), "{refusals:?}");
}

fn coarse(dims: [usize; 3], mm: f64) -> Grid {
    let linear = std::array::from_fn(|r| std::array::from_fn(|c| if r == c { mm } else { 0.0 }));
    Grid { dims, affine: Affine { linear, translation: [0.0; 3] } }
}

#[test]
fn slices_may_be_thick_apart_or_missing() {
    let slices = |thickness_mm, missing| changed(|s| s.slices = Slices { missing, thickness_mm });
    assert_eq!(slices(Some(5.0), 0).1, [Concern::ThickSlices(5.0)]);
    let (_, warnings) = slices(Some(0.3), 0);
    assert!(matches!(warnings[..], [Concern::Gaps { .. }]), "{warnings:?}");
    let of = phantom_scan().volume.grid.dims[2];
    assert_eq!(slices(None, 2).1, [Concern::MissingSlices { missing: 2, of }]);
    assert_eq!(slices(None, of / 2).0, [Concern::MissingSlices { missing: of / 2, of }]);
}

#[test]
fn masks_constants_and_wrong_units_are_refused() {
    let (refusals, _) = changed(|s| s.volume.voxels.fill(7.0));
    assert_eq!(refusals, [Concern::Constant]);
    let (refusals, _) = changed(|scan| {
        let half = range(&scan.volume).1 / 2.0;
        scan.volume.voxels.iter_mut().for_each(|v| *v = f32::from(*v > half));
    });
    assert_eq!(refusals, [Concern::FewValues(2)]);
    let mut scan = phantom_scan();
    scan.modality = Modality::Ct;
    let refusals = against(&scan, "ct").refusals;
    assert!(matches!(refusals[..], [Concern::NotHounsfield(..)]), "{refusals:?}");
}

#[test]
fn a_small_object_in_a_large_field_is_no_head() {
    let (refusals, _) = changed(|scan| {
        let grid = scan.volume.grid;
        let far = |at: usize, n: usize| at.abs_diff(n / 2) > n / 8;
        for (offset, value) in scan.volume.voxels.iter_mut().enumerate() {
            let [nx, ny, nz] = grid.dims;
            if far(offset % nx, nx) || far(offset / nx % ny, ny) || far(offset / (nx * ny), nz) {
                *value = 0.0;
            }
        }
    });
    assert!(matches!(refusals[..], [Concern::NoHead(_)]), "{refusals:?}");
}

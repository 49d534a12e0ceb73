use saswin_model::{Region, ShiftEvidence};
use saswin_volume::Affine;

use super::*;
use crate::{Alignment, Place, Report};

fn tiny() -> Manifest {
    Manifest::from_json(include_str!("../tests/tiny-manifest.json")).unwrap()
}

/// A grid of these voxels, turned as most scanners have it: x falls with i, y with j.
fn scanner_grid(dims: [usize; 3], spacing: [f64; 3]) -> Grid {
    let [x, y, z] = spacing;
    let middle = |a: usize| (dims[a] as f64 - 1.0) / 2.0 * spacing[a];
    let linear = [[-x, 0.0, 0.0], [0.0, -y, 0.0], [0.0, 0.0, z]];
    Grid { dims, affine: Affine { linear, translation: [middle(0), middle(1), -middle(2)] } }
}

/// Label map and volumes of a scan of 4×6×4 voxels of 0.5×0.5×5 mm, if each channel has these logits on its left and on
/// its right.
fn labelled(manifest: &Manifest, logits: &[[f32; 2]]) -> (Volume<u8>, Vec<LabelVolume>) {
    let affine =
        Affine { translation: [-11.0; 3], linear: [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]] };
    let grid = Grid { dims: [12; 3], affine };
    let half = grid.len() / 2;
    let segmentation =
        logits.iter().flat_map(|[left, right]| [vec![*left; half], vec![*right; half]].concat()).collect();
    let scores = Scores { segmentation, classes: logits.len(), class_logits: vec![], windows: 1 };
    let alignment = Alignment::not_found([0.0; 3], String::new());
    let prepared = Prepared { grid, input: vec![], channels: vec![], alignment, steps: vec![] };
    let scan = Volume::filled(scanner_grid([4, 6, 4], [0.5, 0.5, 5.0]), 0.0);
    let Labelled { map, masks, .. } = label_map(manifest, &scores, &prepared, &scan).unwrap();
    let volumes = volumes(manifest, &map, masks);
    (map, volumes)
}

fn millilitres_of(volumes: &[LabelVolume]) -> Vec<f64> {
    volumes.iter().map(|v| v.volume_ml).collect()
}

#[test]
fn what_the_network_sees_on_the_left_is_left_on_a_scan_of_any_voxels() {
    let (map, volumes) = labelled(&tiny(), &[[0.0, 0.0], [1.0, -1.0], [-1.0, -1.0]]);
    for (offset, label) in map.voxels.iter().enumerate() {
        let i = offset % 4;
        assert_eq!(*label, u8::from(map.grid.affine.apply([i as f64, 0.0, 0.0])[0] < 0.0), "column {i}");
    }
    assert_eq!(millilitres_of(&volumes), [48.0 * 1.25 / 1000.0, 0.0]);
    assert_eq!(volumes[0].side, Some(Side::Left));
}

#[test]
fn what_only_bone_joins_to_the_brain_lies_outside_of_it() {
    let mut manifest = tiny();
    manifest.pieces = vec![vec![1, 2]];
    manifest.labels[0].at_most = Some(130.0);
    let grid = Grid { dims: [12, 4, 4], affine: Affine::IDENTITY };
    // Brain, then bone that the network takes for blood, then what lies under the scalp. Scores have x slowest.
    let channel = |holds: fn(usize) -> bool| (0..grid.len()).map(move |v| f32::from(u8::from(holds(v / 16))));
    let segmentation = vec![0.0; grid.len()].into_iter().chain(channel(|x| x >= 6)).chain(channel(|x| x < 6));
    let scores =
        Scores { segmentation: segmentation.collect(), classes: 3, class_logits: vec![], windows: 1 };
    let alignment = Alignment::not_found([0.0; 3], String::new());
    let prepared = Prepared { grid, input: vec![], channels: vec![], alignment, steps: vec![] };
    let brightness = |x: usize| if (6..8).contains(&x) { 300.0 } else { 60.0 };
    let scan = Volume { grid, voxels: (0..grid.len()).map(|v| brightness(v % 12)).collect() };
    let Labelled { map, left_out, .. } = label_map(&manifest, &scores, &prepared, &scan).unwrap();
    assert_eq!(map.voxels[..12], [2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0]);
    assert_eq!(left_out.steps(&map), [] as [&str; 0], "label 1 stands for no finding");
}

#[test]
fn masks_that_overlap_are_reported_whole_and_their_union_once() {
    let mut manifest = tiny();
    manifest.overlapping = true;
    manifest.regions = vec![Region { name: "both".into(), labels: vec![1, 2], brain_mask: false }];
    let (map, volumes) = labelled(&manifest, &[[1.0, 1.0], [1.0, -1.0]]);
    assert_eq!(millilitres_of(&volumes), [0.12, 0.06]);
    let scores = Scores { segmentation: vec![], classes: 2, class_logits: vec![], windows: 1 };
    assert_eq!(measures(&manifest, &map, &scores, None)[0].value, 0.12);
}

#[test]
fn volumes_sums_and_sides_reach_the_table() {
    let mut manifest = tiny();
    manifest.regions = vec![Region { name: "the \"whole\"".into(), labels: vec![1, 2], brain_mask: false }];
    let mut map = Volume::filled(scanner_grid([20, 20, 20], [0.5, 0.5, 4.0]), 0);
    map.voxels[..3000].fill(1);
    map.voxels[3000..4000].fill(2);
    let scores = Scores { segmentation: vec![], classes: 3, class_logits: vec![vec![0.5, 2.0]], windows: 1 };
    let labels = volumes(&manifest, &map, None);
    let place = |right_mm| Place { name: "part".into(), volume_ml: 0.5, at: [1.0, -2.0, 3.04], right_mm };
    let report = Report {
        probabilities: probabilities(&manifest, &labels, &scores, &[None], None),
        asymmetry: asymmetry(&labels, |_| false),
        measures: measures(&manifest, &map, &scores, None),
        labels,
        places: [Some(-1.0), Some(0.05), Some(-0.04), None].map(place).to_vec(),
        ..empty_report()
    };
    let expected = r#"kind,name,side,value,unit
score,"Sign",,0.6225,
threshold,"Sign",,0.5000,
reported,"Sign",,yes,
volume,"part",left,3.000,mL
volume,"part",right,1.000,mL
piece,"part at 1.0 -2.0 3.0 mm",left,0.500,mL
piece,"part at 1.0 -2.0 3.0 mm",right,0.500,mL
piece,"part at 1.0 -2.0 3.0 mm",,0.500,mL
piece,"part at 1.0 -2.0 3.0 mm",,0.500,mL
asymmetry,"part",,1.0000,
measure,"the ""whole""",,4.000,"mL"
measure,"Measure",,2.000,"mm"
time,"network",,1.5,ms
warning,"thick",,,
model,"tiny",,,"0f"
notice,"not for diagnosis",,,
"#;
    assert_eq!(report.to_csv(), expected);
    let cut = Report { asymmetry: asymmetry(&report.labels, |value| value == 2), ..report };
    assert_eq!(cut.asymmetry[0].index, 1.0);
    assert!(!cut.to_csv().contains("asymmetry,"), "what the scan's end cuts is not compared");
}

fn empty_report() -> Report {
    serde_json::from_value(serde_json::json!({
        "app": { "name": "", "version": "" },
        "disclaimer": "not for diagnosis",
        "scan": { "modality": "mr", "dims": [1, 1, 1], "spacing": [1.0, 1.0, 1.0], "notes": [] },
        "model": { "name": "tiny", "title": "", "sha256": "0f", "note": "", "trained": false },
        "adapter": { "name": "", "backend": "cpu", "software": false, "precision": "f32" },
        "alignment": Alignment::not_found([0.0; 3], String::new()),
        "preprocessing": [], "warnings": ["thick"], "overridden": false, "probabilities": [], "labels": [],
        "asymmetry": [], "measures": [], "timing": [{ "stage": "network", "milliseconds": 1.5 }],
    }))
    .unwrap()
}

/// What is said of 3 mL of a finding of which this piece counts, or of this midline shift.
fn said(piece_ml: Option<f64>, shift_mm: Option<f64>) -> String {
    let mut manifest = tiny();
    let class = &mut manifest.classes[0];
    class.volume = shift_mm.is_none().then_some(VolumeEvidence {
        label: 1,
        half_ml: 1.0,
        gain: 1.0,
        certainty: None,
        by_piece: piece_ml.is_some(),
    });
    class.shift = Some(ShiftEvidence { half_mm: 5.0, gain: 1.0 });
    let map = Volume::filled(scanner_grid([10, 10, 30], [1.0; 3]), 1);
    let scores = Scores { segmentation: vec![], classes: 3, class_logits: vec![], windows: 1 };
    let marked = Some(Marked { certainty: 0.0, piece_ml });
    let labels = volumes(&manifest, &map, None);
    probabilities(&manifest, &labels, &scores, &[marked], shift_mm).remove(0).sentence
}

#[test]
fn a_probability_of_one_piece_says_how_large_that_is() {
    let all = "Sign: the network reports it, 3.0 mL (75 % on its own scale)";
    assert_eq!(said(None, None), all);
    assert_eq!(said(Some(3.0), None), all);
    let piece = "Sign: the network reports it, 1.0 mL in one piece and 3.0 mL in all (50 % on its own scale)";
    assert_eq!(said(Some(1.0), None), piece);
}

#[test]
fn nothing_is_reported_that_cannot_be_shown() {
    let mut manifest = tiny();
    let certainty = Some(saswin_model::CertaintyEvidence { half: 5.0, gain: 1.0 });
    manifest.classes[0].volume =
        Some(VolumeEvidence { label: 1, half_ml: 2.0, gain: 1.0, certainty, by_piece: false });
    let scores = Scores { segmentation: vec![], classes: 3, class_logits: vec![], windows: 1 };
    let marked = Some(Marked { certainty: 12.0, piece_ml: None });
    let of = |map: &Volume<u8>| {
        probabilities(&manifest, &volumes(&manifest, map, None), &scores, &[marked], None).remove(0)
    };
    let mut map = Volume::filled(scanner_grid([10; 3], [1.0; 3]), 0);
    let unseen = of(&map);
    assert!(!unseen.present && (unseen.value - 0.49).abs() < 1e-9, "{}", unseen.sentence);
    map.voxels[..20].fill(1);
    assert!(of(&map).present);
}

#[test]
fn a_shift_of_nothing_has_no_side() {
    let shift = |mm| said(None, Some(mm)).split(" (").next().unwrap().to_owned();
    assert_eq!(shift(-0.04), "Sign: the network does not report it, 0.0 mm");
    assert_eq!(shift(-6.0), "Sign: the network reports it, 6.0 mm to the left");
    assert_eq!(shift(0.05), "Sign: the network does not report it, 0.1 mm to the right");
}

#[test]
fn only_what_is_certain_is_said_to_be() {
    assert_eq!([0.0, 0.004, 0.5, 0.996, 1.0].map(percent), ["0", "<1", "50", ">99", "100"]);
}

#[test]
fn a_margin_lowers_the_logits_of_its_label_alone() {
    let mut manifest = Manifest::from_json(include_str!("../../../models/ct-triage/manifest.json")).unwrap();
    manifest.labels.retain(|l| l.value == 1);
    manifest.labels[0].margin = 1.0;
    // Background, the label, another one; two voxels each.
    let segmentation = vec![2.0, 0.0, 4.0, 4.0, 1.0, 1.0];
    let mut scores = Scores { segmentation, classes: 3, class_logits: vec![], windows: 1 };
    apply_margins(&manifest, &mut scores);
    assert_eq!(scores.segmentation, [2.0, 0.0, 3.0, 3.0, 1.0, 1.0]);
}

#[test]
fn windows_pool_by_mean_or_by_the_highest() {
    let class_logits = vec![vec![1.0, -3.0], vec![-2.0, 5.0], vec![4.0, 1.0]];
    let scores = Scores { segmentation: vec![], classes: 0, class_logits, windows: 3 };
    assert_eq!(pooled(&scores, WindowPool::Mean), [1.0, 1.0]);
    assert_eq!(pooled(&scores, WindowPool::Max), [4.0, 5.0]);
}

#[test]
fn a_head_is_read_by_sigmoid_or_softmax() {
    let mut class = ClassOutput {
        index: 1,
        name: "x".into(),
        threshold: 0.5,
        temperature: 2.0,
        softmax: false,
        volume: None,
        shift: None,
    };
    assert!((of_head(&class, &[0.0, 2.0]).unwrap() - 0.731).abs() < 1e-3);
    class.softmax = true;
    assert!((of_head(&class, &[0.0, 2.0]).unwrap() - 0.731).abs() < 1e-3);
    assert!((of_head(&class, &[2.0, 2.0]).unwrap() - 0.5).abs() < 1e-6);
    assert_eq!(of_head(&class, &[0.0]), None);
}

#[test]
fn what_is_too_bright_for_its_label_becomes_background() {
    let mut manifest = Manifest::from_json(include_str!("../../../models/ct-triage/manifest.json")).unwrap();
    manifest.labels.retain(|l| l.value == 1);
    manifest.labels[0].at_most = Some(100.0);
    let grid = Grid { dims: [4, 1, 1], affine: saswin_volume::Affine::IDENTITY };
    let mut map = Volume { voxels: vec![1, 1, 3, 0], ..Volume::filled(grid, 0) };
    let scan = Volume { voxels: vec![90.0, 101.0, 900.0, 900.0], ..Volume::filled(grid, 0.0) };
    drop_brighter(&mut map, &scan, &manifest);
    assert_eq!(map.voxels, [1, 0, 3, 0]);
}

#[test]
fn islands_become_background_and_other_labels_stay() {
    let grid = Grid { dims: [5, 1, 1], affine: saswin_volume::Affine::IDENTITY };
    let mut map = Volume::filled(grid, 0);
    map.voxels = vec![1, 2, 0, 2, 3];
    keep_one_piece(&mut map, &[1, 2]);
    assert_eq!(map.voxels, [1, 2, 0, 0, 3]);
}

//! Lesions in MR and emergencies in CT, on a real label map; skipped where it is missing.

mod common;

use saswin_training::synth::{
    Canvas, HeadMap, HeadSynth, Pathology, Region, Sample, SynthConfig, SynthKind, finding,
    load_or_pack_shapes, targets,
};

use common::map_path;

fn whole_heads() -> SynthConfig {
    SynthConfig { kind: SynthKind::Ct, cut: 0.0, thick: 0.0, ..SynthConfig::default() }
}

fn mean_where(sample: &Sample, wanted: impl Fn(usize) -> bool) -> (usize, f64) {
    let picked = (0..sample.image.len()).filter(|i| wanted(*i));
    let (n, sum) = picked.fold((0usize, 0.0), |(n, s), i| (n + 1, s + f64::from(sample.image[i])));
    (n, sum / n.max(1) as f64)
}

#[test]
fn ct_values_are_those_of_tissues() {
    let Some(path) = map_path() else { return };
    let maps = vec![HeadMap::read(&path).unwrap()];
    let synth = HeadSynth::new(maps, SynthConfig { ill: 0.0, ..whole_heads() }).unwrap();
    for seed in 0..3 {
        let sample = synth.sample(seed);
        // Plexus and basal ganglia may be calcified.
        let chalk = |i: usize| sample.image[i] > 60.0;
        // Brain near bone is brighter: tissues are compared in the box of the deep grey matter.
        let [_, ny, nz] = sample.dims;
        let place = |i: usize| [i / (ny * nz), i / nz % ny, i % nz];
        let deep: Vec<[usize; 3]> =
            (0..sample.target.len()).filter(|i| sample.target[*i] == targets::LEFT_DEEP).map(place).collect();
        let range = |a: usize| {
            let along = || deep.iter().map(|at| at[a]);
            along().min().unwrap()..=along().max().unwrap()
        };
        let ranges = [0, 1, 2].map(range);
        let near = |i: usize| place(i).iter().zip(&ranges).all(|(at, range)| range.contains(at));
        let mean = |target: u8| mean_where(&sample, |i| sample.target[i] == target && near(i) && !chalk(i)).1;
        let (white, grey) = (mean(targets::LEFT_WHITE), mean(targets::LEFT_DEEP));
        // Away from what else shares their voxels.
        let ventricle = |i: usize| sample.target[i] == targets::LEFT_VENTRICLE;
        let inside =
            |i: usize| [1, nz, ny * nz].iter().all(|step| ventricle(i - step) && ventricle(i + step));
        let fluid = mean_where(&sample, |i| ventricle(i) && inside(i) && !chalk(i)).1;
        assert!((18.0..40.0).contains(&white), "white matter {white} HU");
        assert!(grey > white + 1.0 && grey < 50.0, "deep grey matter {grey} HU, white {white}");
        assert!((-2.0..25.0).contains(&fluid) && fluid < white - 4.0, "ventricle {fluid} HU, white {white}");
        let bone = sample.image.iter().filter(|v| **v > 500.0).count();
        assert!((100_000..900_000).contains(&bone), "{bone} mm³ of bone");
        assert!((-1030.0..-950.0).contains(&sample.image[0]), "air {}", sample.image[0]);
        assert!(sample.findings.iter().all(|f| *f == finding::NONE));
        assert!(sample.truth.midline_shift.unwrap().abs() < 5.0);
    }
}

#[test]
fn bleeds_are_dense_marked_and_inside_the_skull() {
    let Some(path) = map_path() else { return };
    let maps = vec![HeadMap::read(&path).unwrap()];
    let config = SynthConfig { ill: 1.0, bleed: 1.0, fracture: 0.0, ..whole_heads() };
    let synth = HeadSynth::new(maps, config).unwrap();
    let mut seen = std::collections::HashSet::new();
    for seed in 0..12 {
        let sample = synth.sample(seed);
        let bleeds: Vec<_> = sample.truth.pathologies.iter().filter(|p| p.is_bleed()).collect();
        assert!(!bleeds.is_empty());
        seen.extend(bleeds.into_iter().copied());
        let is_bleed = |i: usize| sample.findings[i] == finding::BLEED;
        let (voxels, _) = mean_where(&sample, is_bleed);
        // Away from partial volume, by the middle value.
        let mut values: Vec<f32> =
            (0..sample.image.len()).filter(|i| is_bleed(*i)).map(|i| sample.image[i]).collect();
        values.sort_by(f32::total_cmp);
        let Some(middle) = values.get(values.len() / 2) else { continue };
        eprintln!("{seed}: {:?}, {voxels} mm³, median {middle} HU", sample.truth.pathologies);
        assert!(voxels < 300_000);
        if voxels > 2000 {
            assert!((30.0..95.0).contains(middle), "blood of {middle} HU");
        }
    }
    assert!(seen.len() >= 4, "kinds drawn: {seen:?}");
}

#[test]
fn small_bleeds_come_on_top_and_are_small() {
    let Some(path) = map_path() else { return };
    let config =
        |small_bleeds| SynthConfig { ill: 1.0, bleed: 0.0, fracture: 0.0, small_bleeds, ..whole_heads() };
    let [without, with] =
        [0.0, 1.0].map(|share| HeadSynth::new(vec![HeadMap::read(&path).unwrap()], config(share)).unwrap());
    let mut marked = 0;
    for seed in 0..6 {
        let [before, after] = [&without, &with].map(|synth| synth.sample(seed));
        let blood = |sample: &Sample| sample.findings.iter().filter(|f| **f == finding::BLEED).count();
        assert_eq!(blood(&before), 0);
        eprintln!("{seed}: {:?} {} mm³", after.truth.pathologies, blood(&after));
        assert!(blood(&after) < 60_000, "{} mm³", blood(&after));
        assert_eq!(before.truth.spec, after.truth.spec);
        marked += usize::from(blood(&after) > 100);
    }
    assert!(marked >= 4, "{marked} of 6 show one");
}

#[test]
fn stated_midline_shift_is_that_of_the_ventricles() {
    let Some(path) = map_path() else { return };
    let maps = vec![HeadMap::read(&path).unwrap()];
    let config = SynthConfig { ill: 1.0, bleed: 1.0, fracture: 0.0, ..whole_heads() };
    let synth = HeadSynth::new(maps, config).unwrap();
    let mut largest = 0.0f32;
    for seed in 0..40 {
        // The region of the frontal horns; the septum lies between the two ventricles there.
        let region = Region { start: [50, 90, 100], size: [92, 80, 60] };
        let crop = synth.crop_at(seed, region);
        let stated = crop.truth.midline_shift.unwrap();
        if stated.abs() < 6.0 {
            continue;
        }
        let mut edge = Vec::new();
        for y in 0..80 {
            for z in 0..60 {
                let at = |x: usize| crop.target[(x * 80 + y) * 60 + z];
                let left = (0..92).rev().find(|x| at(*x) == targets::LEFT_VENTRICLE);
                let right = (0..92).find(|x| at(*x) == targets::RIGHT_VENTRICLE);
                if let (Some(l), Some(r)) = (left, right)
                    && r.abs_diff(l) <= 3
                {
                    edge.push((l + r) as f32 / 2.0 + 50.0 - Canvas::ORIGIN[0]);
                }
            }
        }
        if edge.len() < 10 {
            continue;
        }
        let seen = edge.iter().sum::<f32>() / edge.len() as f32;
        eprintln!("{seed}: stated {stated:.1} mm, septum at {seen:.1} mm from the canvas's middle");
        // The head itself lies up to some mm beside the middle and turned.
        let pose = crop.truth.spec.shift[0];
        assert!((seen - pose - stated).abs() < 4.5, "stated {stated}, seen {seen}, pose {pose}");
        largest = largest.max(stated.abs());
    }
    assert!(largest > 7.0, "no large shift among the samples");
}

#[test]
fn fractures_are_bone_at_clefts() {
    let Some(path) = map_path() else { return };
    let maps = vec![HeadMap::read(&path).unwrap()];
    let config = SynthConfig { ill: 1.0, bleed: 0.0, fracture: 1.0, full_sulci: 0.0, ..whole_heads() };
    let synth = HeadSynth::new(maps, config).unwrap();
    let mut clefts = 0;
    for seed in 0..10 {
        // Thick slices blur thin clefts away.
        if synth.spec(seed).spacing[2] > 1.5 {
            continue;
        }
        let sample = synth.sample(seed);
        assert!(sample.truth.pathologies.contains(&Pathology::Fracture));
        let (voxels, broken) = mean_where(&sample, |i| sample.findings[i] == finding::FRACTURE);
        let (_, bone) = mean_where(&sample, |i| sample.image[i] > 300.0);
        clefts += voxels;
        eprintln!("{seed}: {voxels} mm³ of broken bone with {broken:.0} HU, bone {bone:.0} HU");
        assert!(voxels < 12_000, "{voxels} mm³");
        // A quarter of it is cleft, or so.
        assert!(voxels < 50 || broken < bone * 0.9, "broken {broken} HU, bone {bone} HU");
    }
    assert!(clefts > 100);
}

#[test]
fn sutures_open_bone_and_are_no_finding() {
    let Some(path) = map_path() else { return };
    let config = |sutures| SynthConfig { ill: 0.0, sutures, slices: [1.0, 0.0, 0.0], ..whole_heads() };
    let [plain, sutured] = [0.0, 1.0].map(|sutures| {
        HeadSynth::new(vec![HeadMap::read(&path).unwrap()], config(sutures)).unwrap().sample(5)
    });
    assert!(sutured.findings.iter().all(|f| *f == finding::NONE));
    assert_eq!(plain.target, sutured.target);
    let opened = |i: usize| sutured.image[i] < plain.image[i] - 200.0;
    let (voxels, before) = mean_where(&plain, opened);
    eprintln!("{voxels} mm³ opened, {before} HU before");
    assert!((1_000..60_000).contains(&voxels), "{voxels} mm³");
    assert!(before > 400.0, "{before} HU");
}

#[test]
fn mr_lesions_differ_from_their_surroundings() {
    let Some(path) = map_path() else { return };
    let maps = vec![HeadMap::read(&path).unwrap()];
    let config = SynthConfig { ill: 1.0, white_lesions: 0.0, cut: 0.0, thick: 0.0, ..SynthConfig::default() };
    let synth = HeadSynth::new(maps, config).unwrap();
    let mut marked = 0;
    for seed in 0..6 {
        let sample = synth.sample(seed);
        let in_white = |i: usize| matches!(sample.target[i], targets::LEFT_WHITE | targets::RIGHT_WHITE);
        let (n, lesion) = mean_where(&sample, |i| in_white(i) && sample.findings[i] == finding::LESION);
        let (_, white) = mean_where(&sample, |i| in_white(i) && sample.findings[i] == finding::NONE);
        eprintln!("{seed}: {:?} {n} voxels, {lesion:.2} in {white:.2}", sample.truth.pathologies);
        marked += usize::from(n > 20);
        assert!(n < 20 || (lesion - white).abs() > 0.02, "lesion {lesion}, white matter {white}");
    }
    assert!(marked >= 4);
}

#[test]
fn stroke_shapes_come_back_from_their_pack_and_into_brains() {
    let Some(path) = map_path() else { return };
    let masks = path.parent().unwrap().with_file_name("soop-lesion-masks");
    if !masks.exists() {
        eprintln!("skipped: {} is missing (set SASWIN_DATA)", masks.display());
        return;
    }
    let folder = std::env::temp_dir().join(format!("saswin-shapes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut names: Vec<_> = std::fs::read_dir(&masks).unwrap().map(|e| e.unwrap().path()).collect();
    names.retain(|p| p.to_string_lossy().ends_with("_lesion.nii.gz"));
    names.sort();
    for name in &names[..6] {
        std::fs::copy(name, folder.join(name.file_name().unwrap())).unwrap();
    }
    let cache = folder.join("lesions.pack");
    let shapes = load_or_pack_shapes(&folder, &cache).unwrap();
    assert!(!shapes.is_empty());
    assert_eq!(load_or_pack_shapes(&folder, &cache).unwrap(), shapes);
    std::fs::remove_dir_all(&folder).unwrap();

    let maps = vec![HeadMap::read(&path).unwrap()];
    let only = SynthConfig {
        ill: 1.0,
        white_lesions: 0.0,
        cut: 0.0,
        plaques: 0.0,
        tumour: 0.0,
        ..SynthConfig::default()
    };
    let largest = shapes.iter().map(|s| s.voxels).max().unwrap();
    let synth = HeadSynth::new(maps, only).unwrap().with_shapes(shapes);
    let mut marked = 0;
    for seed in 0..4 {
        let sample = synth.sample(seed);
        assert_eq!(sample.truth.pathologies, [Pathology::Stroke]);
        let found = (0..sample.findings.len()).filter(|i| sample.findings[*i] == finding::LESION);
        let outside = found.clone().filter(|i| !targets::is_brain(sample.target[*i])).count();
        let found = found.count();
        assert!(found < 2 * largest, "{found} voxels from shapes of at most {largest}");
        // The class with most weight need not be that of the nearest voxel, at borders.
        assert!(outside * 5 <= found, "{outside} of {found} voxels outside the brain");
        marked += found;
    }
    assert!(marked > 100);
}

//! MR synthesis on the real label maps; skipped where they are missing.

mod common;

use std::time::Instant;

use saswin_training::synth::targets::{self, mirrored};
use saswin_training::synth::{
    Canvas, Contrast, HeadMap, HeadSynth, MrScale, Region, Rng, SynthConfig, patches,
};

use common::map_path;

fn volumes(target: &[u8]) -> [usize; targets::COUNT] {
    let mut count = [0; targets::COUNT];
    target.iter().for_each(|t| count[*t as usize] += 1);
    count
}

#[test]
fn samples_are_deterministic_complete_and_croppable() {
    let Some(path) = map_path() else { return };
    let maps = vec![HeadMap::read(&path).unwrap()];
    let synth = HeadSynth::new(maps, SynthConfig { cut: 0.0, stripped: 0.0, ..Default::default() }).unwrap();
    for seed in 0..4 {
        let start = Instant::now();
        let sample = synth.sample(seed);
        eprintln!("whole sample: {:.2} s, {:?}", start.elapsed().as_secs_f32(), sample.truth.spec.contrast);
        assert!(sample.image.iter().all(|v| (0.0..=1.0).contains(v)));

        let start = Instant::now();
        let crop = synth.sample_crop(seed, [112, 128, 112]);
        eprintln!("crop with mirror: {:.2} s", start.elapsed().as_secs_f32());
        let whole = Canvas::region();
        assert_eq!(whole.cut(&sample.target, &crop.region), crop.target);
        let far = whole
            .cut(&sample.image, &crop.region)
            .iter()
            .zip(&crop.image)
            .fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
        assert!(far < 1e-4, "crop and whole differ by {far}");

        let head: usize = volumes(&sample.target)[1..12].iter().sum();
        assert!((900_000..2_200_000).contains(&head), "brain of {head} mm³");
        let pairs = volumes(&sample.target);
        for left in [1, 3, 5, 9] {
            let ratio = pairs[left] as f32 / pairs[left + 1] as f32;
            assert!((0.75..1.35).contains(&ratio), "{}: left to right {ratio}", targets::NAMES[left]);
        }
    }
    let again = synth.sample(2);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let alone = pool.install(|| synth.sample(2));
    assert_eq!(again.image, alone.image);
    assert_ne!(again.image, synth.sample(3).image);
}

#[test]
fn sides_stay_where_they_belong_and_mirrors_are_mirrors() {
    let Some(path) = map_path() else { return };
    let maps = vec![HeadMap::read(&path).unwrap()];
    let synth = HeadSynth::new(maps, SynthConfig { cut: 0.0, ..Default::default() }).unwrap();
    let (mut straight, mut flipped) = (0, 0);
    for seed in 0..8 {
        let sample = synth.sample(seed);
        let [nx, ny, nz] = sample.dims;
        if sample.truth.spec.flipped {
            flipped += 1
        } else {
            straight += 1
        }
        let middle = |wanted: u8| {
            let xs =
                sample.target.iter().enumerate().filter(|(_, t)| **t == wanted).map(|(i, _)| i / (ny * nz));
            let (n, sum) = xs.fold((0usize, 0usize), |(n, s), x| (n + 1, s + x));
            sum as f32 / n as f32 - (nx - 1) as f32 / 2.0
        };
        for left in [1, 3, 5, 9] {
            let (l, r) = (middle(left), middle(mirrored(left)));
            assert!(l < -8.0 && r > 8.0, "class {left}: left at {l}, right at {r}");
            assert!((l + r).abs() < 16.0, "class {left}: mid-plane off by {}", (l + r) / 2.0);
        }
        let window = patches(&sample, [32, 40, 48], 1, &mut Rng::new(seed)).remove(0);
        let [x0, y0, z0] = window.start;
        for (x, y, z) in [(0, 0, 0), (31, 39, 47), (5, 17, 40)] {
            let here = window.mirror[(x * 40 + y) * 48 + z];
            let there = sample.image[((nx - 1 - x0 - x) * ny + y0 + y) * nz + z0 + z];
            assert_eq!(here, there);
        }
    }
    assert!(straight > 0 && flipped > 0);
}

#[test]
fn crop_mirror_is_the_other_side_of_the_same_head() {
    let Some(path) = map_path() else { return };
    let maps = vec![HeadMap::read(&path).unwrap()];
    let synth = HeadSynth::new(maps, SynthConfig::default()).unwrap();
    for start in [[20, 90, 90], [80, 90, 90]] {
        let region = Region { start, size: [40, 32, 32] };
        let here = synth.crop_at(5, region);
        let there = synth.crop_at(5, region.mirrored());
        let back: Vec<f32> = there.mirror.chunks_exact(32 * 32).rev().flatten().copied().collect();
        let flipped: Vec<f32> = there.image.chunks_exact(32 * 32).rev().flatten().copied().collect();
        let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4);
        assert!(near(&here.mirror, &flipped) && near(&here.image, &back));
    }
}

#[test]
fn t1_samples_order_tissues_and_scale_is_near_the_exact_one() {
    let Some(path) = map_path() else { return };
    let maps = vec![HeadMap::read(&path).unwrap()];
    let only = SynthConfig {
        t1: 1.0,
        t2: 0.0,
        flair: 0.0,
        pd: 0.0,
        any: 0.0,
        thick: 0.0,
        cut: 0.0,
        ..Default::default()
    };
    let synth = HeadSynth::new(maps, only).unwrap();
    for seed in 0..6 {
        let sample = synth.sample(seed);
        assert_eq!(sample.truth.spec.contrast, Contrast::T1);
        let mean = |wanted: u8| {
            let picked = sample.image.iter().zip(&sample.target).filter(|(_, t)| **t == wanted);
            let (n, sum) = picked.fold((0usize, 0.0f64), |(n, s), (v, _)| (n + 1, s + f64::from(*v)));
            sum / n as f64
        };
        let (white, grey, fluid) =
            (mean(targets::LEFT_WHITE), mean(targets::LEFT_GREY), mean(targets::LEFT_VENTRICLE));
        assert!(white > grey && grey > fluid, "white {white}, grey {grey}, fluid {fluid}");
        // Already normalised, so that the exact scale of the result must be close to 0…1.
        let scale = MrScale::of(&sample.image).unwrap();
        let high = scale.high.powf(1.0 / sample.truth.spec.gamma);
        eprintln!("exact scale {scale:?}, before gamma {high}, {:?}", sample.truth.spec);
        assert!(scale.low < 0.05 && (0.85..=1.0).contains(&high), "{scale:?}");
    }
}

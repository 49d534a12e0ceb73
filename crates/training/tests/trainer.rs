//! The trainer learns, and goes on after a stop as if there had been none.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![cfg(feature = "trainer")]

use burn::tensor::Device;
use saswin_model::{
    AsaConfig, DecoderKind, InputChannel, Merge, Position, Preprocessing, SwinConfig, Window,
};
use saswin_training::checkpoint;
use saswin_training::recipe::{
    Budget, DataRecipe, ManifestRecipe, OptimiserRecipe, Recipe, Segmentation, Validation,
};
use saswin_training::trainer::{Batch, Example, HeldOut, Session, Source};

const SIDE: usize = 32;

fn recipe() -> Recipe {
    Recipe {
        name: "test".into(),
        seed: 3,
        init_from: None,
        init_fresh: vec![],
        data: DataRecipe {
            maps: "none".into(),
            training: [1, 1],
            validation: [1, 1],
            crop: [SIDE; 3],
            finish: None,
            batch: 1,
            threads: 1,
            synthesis: saswin_training::synth::SynthConfig::default(),
            test: None,
            target: saswin_training::recipe::Target::Anatomy,
            blood_at_most: None,
            heads: None,
        },
        budget: Budget::Steps(30),
        optimiser: OptimiserRecipe {
            rate: 4e-3,
            encoder_rate: None,
            rate_end: 0.1,
            warm_up: 0.1,
            weight_decay: 0.05,
            clip: 1.0,
            average: 0.5,
        },
        segmentation: Segmentation::Classes,
        dice_weights: Vec::new(),
        entropy_weights: Vec::new(),
        validation: Validation { minutes: 1.0, crops: 1, checkpoint_minutes: 1.0 },
        architecture: SwinConfig {
            depths: [1; 4],
            heads: [1, 2, 4, 8],
            window: [4; 3],
            symmetry: true,
            decoder: Some(DecoderKind::Subvoxel { width: 8 }),
            out_channels: 3,
            ..SwinConfig::encoder(2, 12, Merge::Fixed)
        }
        .into(),
        manifest: ManifestRecipe {
            title: "test".into(),
            modality: "mr".into(),
            preprocessing: Preprocessing {
                spacing_mm: 1.0,
                window: Window::Percentiles { low: 0.5, high: 99.5, ceiling: 1.0 },
                channels: vec![InputChannel::Scan, InputChannel::Lateral { scale_mm: 100.0 }],
                roi: [SIDE; 3],
                overlap: 0.25,
            },
            labels: vec![],
            regions: vec![],
            midline: None,
            classes: vec![],
            measures: vec![],
            pieces: vec![],
            surroundings: vec![],
            half_contrast: vec![],
            islands: vec![],
            both_sides: vec![],
            one_sided: vec![],
            twins: vec![],
            tissues: vec![],
            contrast: None,
            display: None,
            windows: saswin_model::WindowPool::Mean,
            note: String::new(),
            license: String::new(),
            provenance: String::new(),
        },
    }
}

/// A ball left and a ball right of the middle, equally bright: only the coordinate tells them apart.
struct TwoBalls;

impl Source for TwoBalls {
    fn example(&self, seed: u64) -> Example {
        let shift = (seed % 3) as f32 - 1.0;
        let (mut scan, mut lateral, mut labels) = (vec![], vec![], vec![]);
        for i in 0..SIDE * SIDE * SIDE {
            let at = [i / (SIDE * SIDE), i / SIDE % SIDE, i % SIDE].map(|v| v as f32 - 15.5);
            let inside =
                |side: f32| (at[0] - 8.0 * side).powi(2) + (at[1] - shift).powi(2) + at[2].powi(2) < 30.0;
            let label = u8::from(inside(-1.0)) + 2 * u8::from(inside(1.0));
            scan.push(if label > 0 { 0.8 } else { 0.1 });
            lateral.push(at[0] / 16.0);
            labels.push(label);
        }
        let flip = |values: &[f32]| values.chunks(SIDE * SIDE).rev().flatten().copied().collect::<Vec<_>>();
        let mirror = [flip(&scan), flip(&lateral)].concat();
        Example {
            size: [SIDE; 3],
            image: [scan, lateral].concat(),
            mirror,
            labels,
            classes: vec![],
            healthy: true,
        }
    }
}

fn steps(session: &mut Session, n: usize) -> Vec<f32> {
    (0..n)
        .map(|_| {
            let example = TwoBalls.example(session.step);
            let batch = Batch::new(&[example], session.device()).unwrap();
            session.step(&batch, 4e-3).unwrap().loss
        })
        .collect()
}

#[test]
#[ignore = "not yet run on an idle machine: takes minutes"]
fn a_small_network_learns_a_small_task_left_and_right_apart() {
    let device = Device::flex().autodiff();
    let recipe = recipe();
    let mut session = Session::new(&recipe, &device).unwrap();
    let losses = steps(&mut session, 60);
    assert!(losses[59] < 0.25 * losses[0], "{losses:?}");
    let dice = HeldOut::draw(&TwoBalls, &recipe).dice(session.averaged(), &recipe, &device.inner());
    assert!(dice.iter().all(|d| d.unwrap() > 0.8), "{dice:?}");
}

#[test]
#[ignore = "not yet run on an idle machine: takes minutes"]
fn a_resumed_run_takes_the_same_steps() {
    let device = Device::flex().autodiff();
    let recipe = recipe();
    let folder = std::env::temp_dir().join(format!("saswin-resume-{}", std::process::id()));
    let mut session = Session::new(&recipe, &device).unwrap();
    steps(&mut session, 3);
    checkpoint::save(&session, &folder).unwrap();
    let through = steps(&mut session, 3);
    let mut resumed = checkpoint::resume(Session::new(&recipe, &device).unwrap(), &folder).unwrap();
    let after = steps(&mut resumed, 3);
    checkpoint::export(resumed.averaged(), &recipe, &folder.join("model")).unwrap();
    let manifest = std::fs::read_to_string(folder.join("model/manifest.json")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(resumed.step, 6);
    for (a, b) in through.iter().zip(&after) {
        assert!((a - b).abs() < 1e-4 * a.abs(), "{through:?} {after:?}");
    }
    assert_eq!(saswin_model::Manifest::from_json(&manifest).unwrap().files.len(), 2);
}

#[test]
fn asa_learns_to_reconstruct_masked_patches() {
    let device = Device::flex().autodiff();
    let asa = AsaConfig {
        hidden_size: 48,
        heads: 4,
        layers: 2,
        window: 16,
        pretraining: true,
        ..AsaConfig::encoder(2, Position::Symmetric1d)
    };
    let recipe = Recipe { architecture: asa.into(), segmentation: Segmentation::None, ..recipe() };
    let mut session = Session::new(&recipe, &device).unwrap();
    let example = TwoBalls.example(0);
    let losses: Vec<f32> = (0..40)
        .map(|_| {
            let batch = session.batch(&[example.clone(), example.clone()]).unwrap();
            assert_eq!(batch.masked.as_ref().unwrap().masked[0].len(), 48);
            session.step(&batch, 2e-3).unwrap().loss
        })
        .collect();
    assert!(losses[39] < 0.5 * losses[0], "{losses:?}");
}

//! A small task, and recipes for it.

use burn::tensor::Device;
use saswin_model::{DecoderKind, InputChannel, Merge, Preprocessing, SwinConfig, Window};
use saswin_training::recipe::{
    Budget, DataRecipe, ManifestRecipe, OptimiserRecipe, Recipe, Segmentation, Validation,
};
use saswin_training::trainer::{Batch, Example, Session, Source};

pub const SIDE: usize = 32;

pub fn recipe() -> Recipe {
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

/// The recipe with a network that steps in a moment.
pub fn tiny() -> Recipe {
    let network = SwinConfig {
        depths: [1; 4],
        heads: [1; 4],
        window: [4; 3],
        symmetry: true,
        decoder: Some(DecoderKind::Subvoxel { width: 4 }),
        out_channels: 3,
        ..SwinConfig::encoder(2, 3, Merge::Fixed)
    };
    Recipe { architecture: network.into(), ..recipe() }
}

/// A ball left and a ball right of the middle, equally bright: only the coordinate tells them apart.
pub struct TwoBalls;

impl Source for TwoBalls {
    fn example(&self, seed: u64) -> Example {
        two_balls(seed, [SIDE; 3])
    }
}

/// The task in a window of any size.
pub fn two_balls(seed: u64, size: [usize; 3]) -> Example {
    let shift = (seed % 3) as f32 - 1.0;
    let [_, ny, nz] = size;
    let (mut scan, mut lateral, mut labels) = (vec![], vec![], vec![]);
    for i in 0..size.iter().product() {
        let place = [i / (ny * nz), i / nz % ny, i % nz];
        let at: [f32; 3] = std::array::from_fn(|a| place[a] as f32 - (size[a] - 1) as f32 / 2.0);
        let inside =
            |side: f32| (at[0] - 8.0 * side).powi(2) + (at[1] - shift).powi(2) + at[2].powi(2) < 30.0;
        let label = u8::from(inside(-1.0)) + 2 * u8::from(inside(1.0));
        scan.push(if label > 0 { 0.8 } else { 0.1 });
        lateral.push(at[0] / 16.0);
        labels.push(label);
    }
    let flip = |values: &[f32]| values.chunks(ny * nz).rev().flatten().copied().collect::<Vec<_>>();
    let mirror = [flip(&scan), flip(&lateral)].concat();
    Example { size, image: [scan, lateral].concat(), mirror, labels, classes: vec![], healthy: true }
}

/// A session on the CPU before its first step.
pub fn session(recipe: &Recipe) -> Session {
    Session::new(recipe, &[TwoBalls.example(0)], &Device::flex().autodiff()).unwrap()
}

/// Steps on the task; their losses.
pub fn steps(session: &mut Session, n: usize) -> Vec<f32> {
    (0..n)
        .map(|_| {
            let example = TwoBalls.example(session.step);
            let batch = Batch::new(&[example], session.device()).unwrap();
            session.step(&batch, 4e-3).unwrap().loss
        })
        .collect()
}

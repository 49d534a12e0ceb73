use saswin_model::{AsaConfig, Merge, Position, SwinConfig};
use saswin_training::recipe::{Recipe, Segmentation};
use saswin_training::trainer::{Example, Source};

use super::task::{TwoBalls, recipe, session, two_balls};

#[test]
fn asa_learns_to_reconstruct_masked_patches() {
    let asa = AsaConfig {
        hidden_size: 48,
        heads: 4,
        layers: 2,
        window: 16,
        pretraining: true,
        ..AsaConfig::encoder(2, Position::Symmetric1d)
    };
    let recipe = Recipe { architecture: asa.into(), segmentation: Segmentation::None, ..recipe() };
    let mut session = session(&recipe);
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

#[test]
fn all_parts_of_sa_swins_pretraining_fall() {
    let network = SwinConfig {
        depths: [1; 4],
        heads: [1; 4],
        window: [4; 3],
        symmetry: true,
        pretraining: true,
        ..SwinConfig::encoder(2, 3, Merge::Fixed)
    };
    let recipe = Recipe { architecture: network.into(), segmentation: Segmentation::None, ..recipe() };
    let mut session = session(&recipe);
    // Wide enough for several tokens, as the heads read two of them.
    let window = [32, 64, 64];
    let ill = Example { healthy: false, ..two_balls(1, window) };
    let batch = session.batch(&[two_balls(0, window), ill]).unwrap();
    let reports: Vec<_> = (0..16).map(|_| session.step(&batch, 2e-3).unwrap()).collect();
    let falls = |values: Vec<f32>, to: f32| {
        assert!(values.iter().all(|v| v.is_finite()), "{values:?}");
        values.iter().any(|v| *v < to * values[0])
    };
    for (i, name) in ["rotation", "contrastive", "inpainting", "symmetry"].into_iter().enumerate() {
        assert_eq!(reports[0].parts[i].0, name);
        assert!(falls(reports.iter().map(|report| report.parts[i].1).collect(), 1.0), "{name}");
    }
    assert!(falls(reports.iter().map(|report| report.loss).collect(), 0.95), "{reports:?}");
}

use burn::tensor::Device;
use saswin_model::weights;
use saswin_training::trainer::{Batch, HeldOut, Source, TrainError};

use super::task::{TwoBalls, recipe, session, steps, tiny};

#[test]
fn every_layer_learns() {
    let mut session = session(&tiny());
    let before = weights::collect(session.averaged()).unwrap();
    steps(&mut session, 1);
    let after = weights::collect(session.averaged()).unwrap();
    let moved = |key: &&String| {
        before[*key].values.iter().zip(&after[*key].values).any(|(a, b)| (a - b).abs() > 1e-6)
    };
    let still: Vec<&String> = before.keys().filter(|key| key.ends_with("weight") && !moved(key)).collect();
    assert!(still.is_empty(), "{still:?}");
}

#[test]
fn a_tiny_network_learns() {
    let losses = steps(&mut session(&tiny()), 60);
    assert!(losses[59] < 0.6 * losses[0], "{losses:?}");
}

#[test]
#[ignore = "takes half a minute"]
fn a_small_network_learns_a_small_task_left_and_right_apart() {
    let recipe = recipe();
    let mut session = session(&recipe);
    let losses = steps(&mut session, 150);
    assert!(losses[149] < 0.25 * losses[0], "{losses:?}");
    let dice = HeldOut::draw(&TwoBalls, &recipe).dice(session.averaged(), &recipe, &Device::flex());
    assert!(dice.iter().all(|d| d.unwrap() > 0.8), "{dice:?}");
}

#[test]
fn twenty_steps_without_a_finite_loss_end_a_run_and_change_nothing() {
    let mut recipe = tiny();
    recipe.optimiser.encoder_rate = Some(1e-3);
    let mut session = session(&recipe);
    let before = weights::collect(session.averaged()).unwrap();
    let mut broken = TwoBalls.example(0);
    broken.image.fill(f32::NAN);
    let batch = Batch::new(&[broken], session.device()).unwrap();
    for _ in 1..20 {
        assert!(session.step(&batch, 4e-3).unwrap().loss.is_nan());
    }
    assert!(matches!(session.step(&batch, 4e-3), Err(TrainError::Diverged { step: 20 })));
    assert!(weights::collect(session.averaged()).unwrap() == before);
}

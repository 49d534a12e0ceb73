use std::path::Path;

use burn::tensor::Device;
use saswin_model::weights::{self, WeightMap};
use saswin_training::recipe::Recipe;
use saswin_training::trainer::{Session, Source};

use super::task::{SIDE, TwoBalls, session, steps, tiny};

/// Largest change of the averaged weights whose key passes.
fn most_moved(before: &WeightMap, after: &WeightMap, wanted: impl Fn(&str) -> bool) -> f32 {
    let change = |key: &String| {
        let pairs = after[key].values.iter().zip(&before[key].values);
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    before.keys().filter(|key| wanted(key)).map(change).fold(0.0, f32::max)
}

#[test]
fn the_encoder_learns_at_a_rate_of_its_own() {
    let mut recipe = tiny();
    let part = |key: &str| key.starts_with("swinViT.") || key.starts_with("symmetryAwareTX.");
    for (own, least, most) in [(None, 0.5, 2.0), (Some(4e-6), 1e-5, 2e-3)] {
        recipe.optimiser.encoder_rate = own;
        let mut session = session(&recipe);
        let before = weights::collect(session.averaged()).unwrap();
        steps(&mut session, 2);
        let after = weights::collect(session.averaged()).unwrap();
        let encoder = most_moved(&before, &after, part);
        let share = encoder / most_moved(&before, &after, |key| !part(key));
        assert!(share > least && share < most, "{own:?}: {share}");
    }
}

#[test]
fn first_answers_are_as_likely_as_the_truth() {
    let mut recipe = tiny();
    recipe.optimiser.encoder_rate = Some(1e-3);
    let bias = &weights::collect(session(&recipe).averaged()).unwrap()["subvoxel.out.conv.bias"].values;
    let ball = TwoBalls.example(0).labels.iter().filter(|l| **l == 1).count() as f32;
    let all = (SIDE * SIDE * SIDE) as f32;
    let expected = [(1.0 - 2.0 * ball / all).ln(), (ball / all).ln(), (ball / all).ln()];
    for (channel, value) in bias.iter().enumerate() {
        assert!((value - expected[channel / 8]).abs() < 1e-3, "{channel}: {value} {expected:?}");
    }
}

#[test]
fn every_shipped_recipe_starts_from_its_release() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for name in ["head-mr", "ct-triage", "fracture-ct", "lesion-mr"] {
        let mut recipe = Recipe::read(&root.join(format!("models/recipes/{name}.toml"))).unwrap();
        let release = root.join(recipe.init_from.unwrap());
        recipe.init_from = Some(release.clone());
        let session = Session::new(&recipe, &[], &Device::flex().autodiff()).unwrap();
        let released = weights::unpack(&std::fs::read(release).unwrap()).unwrap();
        assert!(weights::collect(session.averaged()).unwrap() == released, "{name}");
    }
}

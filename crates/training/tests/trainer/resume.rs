use std::path::PathBuf;

use saswin_model::{Manifest, weights};
use saswin_training::checkpoint;
use saswin_training::recipe::Recipe;
use saswin_training::trainer::Session;

use super::task::{session, steps, tiny};

fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("saswin-{name}-{}", std::process::id()))
}

/// A run that is stopped after two steps, and taken up by another session for two more.
fn interrupted(recipe: &Recipe) -> (Session, Vec<f32>) {
    let folder = folder("resume");
    let mut first = session(recipe);
    let mut losses = steps(&mut first, 2);
    checkpoint::save(&first, &folder).unwrap();
    let mut second = checkpoint::resume(session(recipe), &folder).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    losses.extend(steps(&mut second, 2));
    (second, losses)
}

#[test]
fn a_run_that_was_stopped_ends_with_the_weights_of_one_that_was_not() {
    for own in [None, Some(1e-3)] {
        let mut recipe = tiny();
        recipe.optimiser.encoder_rate = own;
        let mut through = session(&recipe);
        let losses = steps(&mut through, 4);
        let (resumed, again) = interrupted(&recipe);
        assert_eq!((resumed.step, &again), (4, &losses));
        let [a, b] = [&through, &resumed].map(|s| weights::collect(s.averaged()).unwrap());
        assert!(a == b, "encoder rate {own:?}: weights differ after the same losses {losses:?}");
    }
}

#[test]
fn a_run_leaves_a_model_folder() {
    let folder = folder("model");
    checkpoint::export(session(&tiny()).averaged(), &tiny(), &folder).unwrap();
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(Manifest::from_json(&manifest).unwrap().files.len(), 2);
}

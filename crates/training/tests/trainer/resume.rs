use std::path::PathBuf;

use saswin_model::{Manifest, weights};
use saswin_training::checkpoint;

use super::task::{session, steps, tiny};

fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("saswin-{name}-{}", std::process::id()))
}

#[test]
fn a_run_that_was_stopped_ends_with_the_weights_of_one_that_was_not() {
    let folder = folder("resume");
    for own in [None, Some(1e-3)] {
        let mut recipe = tiny();
        recipe.optimiser.encoder_rate = own;
        let mut through = session(&recipe);
        steps(&mut through, 2);
        checkpoint::save(&through, &folder).unwrap();
        let mut resumed = checkpoint::resume(session(&recipe), &folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let losses = [&mut through, &mut resumed].map(|session| steps(session, 2));
        assert_eq!((resumed.step, &losses[0]), (4, &losses[1]));
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

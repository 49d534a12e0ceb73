//! Every stage of every network against the reference implementation (fixtures in `tests/golden`).

use std::path::Path;

use burn::tensor::Device;
use saswin_model::fidelity::{NETWORKS, TOLERANCE, compare};

/// Stages that the fixtures have at least.
const STAGES: usize = 232;

#[test]
fn every_stage_matches_the_reference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/fixtures");
    let mut compared = 0;
    let mut failures = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !NETWORKS.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for stage in
            pollster::block_on(compare(&bytes, &Device::flex())).unwrap_or_else(|e| panic!("{name}: {e}"))
        {
            compared += 1;
            if !stage.is_within(TOLERANCE) {
                failures.push(format!("{name} {}: {:.2e}", stage.stage, stage.relative_l2));
            }
        }
    }
    assert!(compared >= STAGES, "only {compared} stages compared");
    assert!(failures.is_empty(), "{} of {compared} stages differ:\n{}", failures.len(), failures.join("\n"));
}

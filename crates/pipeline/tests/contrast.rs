//! A model that learnt from one contrast refuses another, as long as it is not told to run anyway.

use std::path::Path;

use saswin_model::Manifest;
use saswin_pipeline::{Engine, Findings, LoadedModel, Options, Reading, RunError, Silent, phantom_scan, run};

/// The released lesion model, which learnt from FLAIR.
fn lesions(engine: &Engine, only_best: bool) -> LoadedModel {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/lesion-mr");
    let mut manifest =
        Manifest::from_json(&std::fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap();
    manifest.contrast.as_mut().unwrap().only_best = only_best;
    let weights = std::fs::read(folder.join(&manifest.files[0].name)).unwrap();
    LoadedModel::new(manifest, 0, &weights, engine).unwrap()
}

/// The phantom, whose contrast is that of T1.
fn analysed(ignore_warnings: bool, only_best: bool) -> Result<Findings, RunError> {
    let engine = Engine::cpu(None);
    let model = lesions(&engine, only_best);
    pollster::block_on(run(&phantom_scan(), &model, &engine, Options { ignore_warnings }, &mut Silent))
}

#[test]
fn another_contrast_is_refused_by_name_unless_run_anyway() {
    let Err(RunError::Unsuitable { reasons }) = analysed(false, false) else { panic!("it was not refused") };
    assert!(reasons.concat().contains("does not look like FLAIR"), "{reasons:?}");
}

#[test]
fn what_was_read_and_refused_can_be_reported_without_the_network() {
    let (engine, scan) = (Engine::cpu(None), phantom_scan());
    let model = lesions(&engine, false);
    let reading =
        pollster::block_on(Reading::of(&scan, &model, &engine, Options::default(), &mut Silent)).unwrap();
    assert!(reading.refusal(Options::default()).is_some());
    assert!(reading.refusal(Options { ignore_warnings: true }).is_none());
    let report = pollster::block_on(reading.findings(&scan, &model, &mut Silent)).unwrap().report;
    assert!(report.overridden);
    let stages: Vec<_> = report.timing.iter().map(|t| t.stage.as_str()).collect();
    assert_eq!(stages, ["prepare", "network", "interpret"]);
    assert!(report.warnings.iter().any(|w| w.starts_with("run although the scan does not look like FLAIR")));
}

#[test]
fn a_contrast_that_is_not_the_best_known_is_run_with_a_warning() {
    let report = analysed(false, true).unwrap().report;
    assert!(!report.overridden);
    assert!(
        report.warnings.iter().any(|w| w.starts_with("the scan does not look like FLAIR")),
        "{:?}",
        report.warnings
    );
}

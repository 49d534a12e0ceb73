use saswin_model::weights::Precision;

use super::*;
use crate::Silent;

#[test]
fn the_suite_runs_and_the_cpu_agrees_with_the_definitions() {
    let options = BenchOptions {
        networks: vec![Network::Shipped, Network::Classifier, Network::Encoder],
        features: vec![12],
        precisions: vec![Precision::Q8],
        side: 32,
        runs: 1,
        ..BenchOptions::default()
    };
    let bench = pollster::block_on(bench(&Engine::cpu(None), options, None, &mut Silent)).unwrap();
    let ways = ["shaders", "int8-emulated", "packed", "plain"];
    let found: Vec<_> =
        bench.measurements.iter().map(|m| (m.entry.network, m.entry.feature, m.route)).collect();
    let wanted: Vec<_> = [Network::Shipped, Network::Classifier, Network::Encoder]
        .into_iter()
        .flat_map(|network| ways.map(|way| (network, 12, way)))
        .collect();
    assert_eq!(found, wanted);
    assert!(!bench.adapter.capabilities().software, "the CPU is no software adapter");
    let missing: Vec<_> = bench.unavailable.iter().map(|u| u.route).collect();
    assert_eq!(missing, ["int8", "halves"]);
    for m in &bench.measurements {
        // Packing gives back the stored integers; only what is rounded to bytes differs.
        let bound = match m.route {
            "int8-emulated" => 0.1,
            "plain" => 0.0,
            _ => 1e-5,
        };
        assert!(m.relative_l2.unwrap() <= bound, "{m:?}");
        assert_eq!(m.same_argmax.is_some(), m.entry.network != Network::Encoder);
        assert!(m.same_argmax.is_none_or(|same| same > 0.95), "{m:?}");
        assert!(m.share.unwrap() > 0.0 && m.planned_bytes > m.planned_largest_bytes);
        // The CPU has no passes.
        assert!(m.profile.is_none() && m.held_bytes.is_none());
        assert!(m.min_ms > 0.0 && m.min_ms <= m.median_ms && m.median_ms <= m.max_ms);
    }
}

#[test]
fn sides_that_decoders_cannot_halve_are_refused_before_anything_is_computed() {
    for side in [0, 50, 544] {
        let options = BenchOptions { side, ..BenchOptions::default() };
        let refused = pollster::block_on(bench(&Engine::cpu(None), options, None, &mut Silent)).unwrap_err();
        assert!(matches!(refused, RunError::Side(of) if of == side), "{refused}");
    }
}

#[test]
fn the_suite_has_every_precision_of_every_network() {
    let entries = BenchOptions::default().entries();
    assert_eq!(entries.len(), (1 + 3 + 3) * 4);
    assert!(entries.iter().all(|e| e.network != Network::Shipped || e.feature == 12));
}

#[test]
fn a_subject_that_is_too_large_leaves_the_others_their_results() {
    let options = BenchOptions {
        networks: vec![Network::Segmenter, Network::Classifier],
        features: vec![12],
        precisions: vec![Precision::F32],
        side: 32,
        runs: 0,
        plain: false,
        ..BenchOptions::default()
    };
    let engine = Engine::cpu(None).with_max_buffer(Some(1));
    let known = Some(Ceiling { gflops: 1.0, gbps: 1.0 });
    let bench = pollster::block_on(bench(&engine, options, known, &mut Silent)).unwrap();
    assert_eq!(bench.ceiling, known);
    let failed: Vec<_> = bench.failures.iter().map(|f| (f.entry.network, f.kind)).collect();
    let measured: Vec<_> = bench.measurements.iter().map(|m| m.entry.network).collect();
    assert_eq!((failed, measured), (vec![(Network::Segmenter, "memory")], vec![Network::Classifier]));
}

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
    let bench = pollster::block_on(bench(&Engine::cpu(None), options, &mut Silent)).unwrap();
    let ways = ["shaders", "int8-emulated", "packed", "plain"];
    let found: Vec<_> = bench.measurements.iter().map(|m| (m.network, m.feature, m.route)).collect();
    let wanted: Vec<_> = [Network::Shipped, Network::Classifier, Network::Encoder]
        .into_iter()
        .flat_map(|network| ways.map(|way| (network, 12, way)))
        .collect();
    assert_eq!(found, wanted);
    for m in &bench.measurements {
        // Packing gives back the stored integers; only what is rounded to bytes differs.
        let bound = match m.route {
            "int8-emulated" => 0.1,
            "plain" => 0.0,
            _ => 1e-5,
        };
        assert!(m.relative_l2.unwrap() <= bound, "{m:?}");
        assert_eq!(m.same_argmax.is_some(), m.network != Network::Encoder);
        assert!(m.same_argmax.is_none_or(|same| same > 0.95), "{m:?}");
        assert!(m.share.unwrap() > 0.0 && m.planned_bytes.unwrap() > m.planned_largest_bytes.unwrap());
        // The CPU has no passes.
        assert!(m.profile.is_none() && m.held_bytes.is_none());
        assert!(m.min_ms > 0.0 && m.min_ms <= m.median_ms && m.median_ms <= m.max_ms);
    }
}

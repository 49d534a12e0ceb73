//! What SACA says of a head depends on the head: training may let the deep stages die, so that they say the same of every
//! scan while every layer still computes what it should.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use saswin_model::nets::{Network, Trace};
use saswin_model::{Manifest, weights};
use saswin_pipeline::phantom_windows;

/// By how much the bottleneck changes at least with another head in the scan's place or the mirror's, as a share of
/// itself, where it lives.
const LEAST_CHANGE: f64 = 1e-3;

/// Models of which it hardly depends on one or both (docs/history.md): what they find, they find without the mirror.
const SILENT: [&str; 4] = ["fracture-ct", "head-mr", "lesion-mr", "lesion-t1"];

#[test]
fn the_bottleneck_of_a_model_depends_on_the_scan_and_on_its_mirror() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let mut silent = Vec::new();
    for entry in std::fs::read_dir(models).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(json) = std::fs::read_to_string(folder.join("manifest.json")) else { continue };
        let manifest = Manifest::from_json(&json).unwrap();
        let mut network = Network::new(&manifest.architecture, &Device::flex()).unwrap();
        let bytes = std::fs::read(folder.join(&manifest.files[0].name)).unwrap();
        weights::fill(&mut network, weights::unpack(&bytes).unwrap()).unwrap();
        let heads = phantom_windows(&manifest.preprocessing, &manifest.modality, 2).unwrap();
        let [one, other] = &heads[..] else { panic!("two phantoms make two windows") };
        let saca = |scan, mirror| bottleneck(&network, &manifest, scan, mirror);
        let Some(own) = saca(&one.scan, &one.mirror) else { continue };
        let (scan, mirror) =
            (saca(&other.scan, &one.mirror).unwrap(), saca(&one.scan, &other.mirror).unwrap());
        let changes = [change(&own, &scan), change(&own, &mirror)];
        println!("{}: scan {:.1e}, mirror {:.1e}", manifest.name, changes[0], changes[1]);
        if changes.iter().any(|c| *c < LEAST_CHANGE) {
            silent.push(manifest.name);
        }
    }
    silent.sort();
    assert_eq!(silent, SILENT, "who falls silent must not, and who lives is taken off the list");
}

/// What SACA hands on, where there is one.
fn bottleneck(network: &Network, manifest: &Manifest, scan: &[f32], mirror: &[f32]) -> Option<Vec<f32>> {
    let [x, y, z] = manifest.preprocessing.roi;
    let shape = [1, manifest.architecture.in_channels(), x, y, z];
    let input = |values: &[f32]| Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex());
    let mut trace = Trace::on();
    network.forward(input(scan), Some(input(mirror)), &mut trace);
    let stages: BTreeMap<_, _> = trace.into_stages().into_iter().collect();
    stages.get("saca").map(|t| t.clone().into_data().try_to_vec().unwrap())
}

/// How far `b` is from `a`, as a share of it.
fn change(a: &[f32], b: &[f32]) -> f64 {
    let difference: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    (difference / a.iter().map(|a| f64::from(*a).powi(2)).sum::<f64>()).sqrt()
}

//! Every model in `models/`: its files are those of the manifest, and fit its architecture.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use saswin_model::nets::{Network, Trace};
use saswin_model::{Manifest, weights};

#[test]
fn weights_of_every_model_fit_its_architecture() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    for entry in std::fs::read_dir(models).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(json) = std::fs::read_to_string(folder.join("manifest.json")) else { continue };
        let manifest = Manifest::from_json(&json).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        assert_eq!(folder.file_name().unwrap().to_string_lossy(), manifest.name);
        for file in &manifest.files {
            let path = folder.join(&file.name);
            let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            Manifest::verify(file, &bytes).unwrap();
            assert_eq!(bytes.len() as u64, file.bytes, "{}", path.display());
            let mut network = Network::new(&manifest.architecture, &Device::flex()).unwrap();
            weights::fill(&mut network, weights::unpack(&bytes).unwrap())
                .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        }
    }
}

/// Smooth blobs between 0 and 1, different for each `seed`, in every channel: `[1, c, 64, 64, 64]`.
fn blobs(channels: usize, seed: f32, device: &Device) -> Tensor<5> {
    const SIDE: usize = 64;
    let value = |i: usize| {
        let [x, y, z] = [i / (SIDE * SIDE), i / SIDE % SIDE, i % SIDE].map(|v| v as f32 / SIDE as f32);
        let wave = (seed + 9.0 * x).sin() * (7.0 * y - seed).cos() + (2.0 * seed + 11.0 * z).sin();
        (0.5 + 0.3 * wave).clamp(0.0, 1.0)
    };
    let values: Vec<f32> = (0..channels * SIDE.pow(3)).map(|i| value(i % SIDE.pow(3))).collect();
    Tensor::from_data(TensorData::new(values, [1, channels, SIDE, SIDE, SIDE]), device)
}

fn relative(a: &[f32], b: &[f32]) -> f64 {
    let difference: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    (difference / a.iter().map(|a| f64::from(*a).powi(2)).sum::<f64>()).sqrt()
}

/// By how much the bottleneck changes at least, as a share of itself.
const LEAST_CHANGE: f64 = 1e-3;
/// Whose bottleneck says little, as its card tells, and how little at least.
const WEAK: [(&str, f64); 1] = [("lesion-t1", 2e-4)];

/// Training may let the deep stages die, so that SACA says the same of every scan; every layer still computes what it
/// should then.
#[test]
fn the_bottleneck_of_every_model_depends_on_the_scan_and_on_its_mirror() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let device = Device::flex();
    for entry in std::fs::read_dir(models).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(json) = std::fs::read_to_string(folder.join("manifest.json")) else { continue };
        let manifest = Manifest::from_json(&json).unwrap();
        let mut network = Network::new(&manifest.architecture, &device).unwrap();
        let bytes = std::fs::read(folder.join(&manifest.files[0].name)).unwrap();
        weights::fill(&mut network, weights::unpack(&bytes).unwrap()).unwrap();
        let fused = |scan: f32, mirror: f32| {
            let input = |seed| blobs(manifest.architecture.in_channels(), seed, &device);
            let mut trace = Trace::on();
            network.forward(input(scan), Some(input(mirror)), &mut trace);
            let stages: BTreeMap<_, _> = trace.into_stages().into_iter().collect();
            stages.get("saca").map(|t| t.clone().into_data().try_to_vec::<f32>().unwrap())
        };
        let Some(one) = fused(0.0, 1.0) else { continue };
        let (scan, mirror) = (fused(2.0, 1.0).unwrap(), fused(0.0, 3.0).unwrap());
        let changes = [relative(&one, &scan), relative(&one, &mirror)];
        println!("{}: scan {:.1e}, mirror {:.1e}", manifest.name, changes[0], changes[1]);
        let weak = WEAK.iter().find(|(name, _)| *name == manifest.name);
        let least = weak.map_or(LEAST_CHANGE, |(_, least)| *least);
        assert!(changes.iter().all(|c| *c > least), "{}: {changes:?}", manifest.name);
    }
}

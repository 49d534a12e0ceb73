use burn::tensor::Device;
use saswin_model::fidelity::named_weights;
use saswin_model::nets::Network;
use saswin_model::{Architecture, FileEntry, Manifest};

use saswin_scan_io::Scan;
use saswin_volume::Modality;

use super::*;
use crate::{Silent, phantom_scan};

const MANIFEST: &str = include_str!("../../tests/tiny-manifest.json");

/// The tiny network without its decoder, in which most weights are.
fn tiny() -> Import {
    let mut manifest = Manifest::from_json(MANIFEST).unwrap();
    manifest.labels.clear();
    let Architecture::Swin(config) = &mut manifest.architecture else { unreachable!() };
    (config.decoder, config.out_channels) = (None, 0);
    manifest.files = vec![FileEntry::of_floats("tiny".into(), b"tiny")];
    let weights = named_weights(&Network::new(&manifest.architecture, &Device::flex()).unwrap());
    Import { manifest, weights, notes: Vec::new() }
}

fn measured(import: Import, precision: Precision) -> Sensitivity {
    let windows = vec![crate::warm::window(&import.manifest, import.manifest.preprocessing.roi)];
    let inputs = (windows.as_slice(), "numbers".to_owned());
    pollster::block_on(sensitivity(import, precision, inputs, &Engine::cpu(None), &mut Silent)).unwrap()
}

#[test]
fn the_worst_tensors_come_first_and_keeping_them_helps() {
    let report = measured(tiny(), Precision::Q4);
    assert!(report.tensors.is_sorted_by(|a, b| a.error >= b.error));
    assert!(report.tensors.len() > 40 && report.tensors.iter().all(|t| t.more_bytes > t.weights));
    let errors: Vec<f64> = report.kept.iter().map(|kept| kept.error).collect();
    assert_eq!(report.kept[..3].iter().map(|kept| kept.tensors).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(errors[0] > report.tensors[0].error && errors[errors.len() - 1] < 0.5 * errors[0], "{errors:?}");
}

#[test]
fn a_tensor_that_rounding_spares_costs_nothing() {
    let mut import = tiny();
    let key = import.weights.keys().find(|key| key.ends_with("attn.qkv.weight")).unwrap().clone();
    // Magnitudes that are all alike are the largest integers themselves.
    for value in &mut import.weights.get_mut(&key).unwrap().values {
        *value = if *value < 0.0 { -0.25 } else { 0.25 };
    }
    let report = measured(import, Precision::Q8);
    let spared = report.tensors.iter().find(|tensor| tensor.key == key).unwrap();
    assert!(spared.error < 1e-6, "{}", spared.error);
    assert!(report.tensors[0].error > 1e-4);
}

#[test]
fn windows_are_spread_over_the_scan() {
    let mut manifest = Manifest::from_json(MANIFEST).unwrap();
    let mut scan = phantom_scan();
    let windows = scan_windows(&scan, &manifest, 2).unwrap();
    assert_eq!(windows.len(), 2);
    assert!(windows[0].scan != windows[1].scan && windows[0].scan != windows[0].mirror);
    // A file that does not say what it is is read as what the model reads, as in a run.
    manifest.modality = "ct".to_owned();
    let all = |modality, scan: &mut Scan| {
        scan.modality = modality;
        scan_windows(scan, &manifest, 1).unwrap()[0].scan.clone()
    };
    assert_eq!(all(Modality::Unknown, &mut scan), all(Modality::Ct, &mut scan));
}

//! Checkpoints in all layouts in circulation (made by PyTorch, `tests/golden/checkpoints.py`) become weights.

use std::collections::BTreeMap;
use std::path::PathBuf;

use burn::tensor::{Device, Tensor, TensorData};
use burn_store::bridge;
use burn_store::pytorch_reader::PytorchReader;
use saswin_model::fidelity::named_tensor;
use saswin_model::import::{Declaration, DeclarationError, Published, import};
use saswin_model::nets::{Network, Trace};
use saswin_model::weights::{self, LoadError, Precision, WeightMap, fill, pack, read_checkpoint, unpack};
use saswin_model::{Architecture, AsaConfig, Merge, Position, Window};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    files: BTreeMap<String, File>,
}

#[derive(Deserialize)]
struct File {
    holds: BTreeMap<String, Vec<usize>>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/fixtures/checkpoints")
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

fn declaration(network: Published) -> Declaration {
    Declaration {
        name: "imported".to_owned(),
        network,
        merge: Some(Merge::Legacy),
        position: Some(Position::Symmetric1d),
        modality: "mr".to_owned(),
        scaling: Some(network.scaling("mr")),
        spacing_mm: 1.0,
        roi: 64,
        overlapping: false,
        labels: Vec::new(),
    }
}

#[test]
fn every_layout_holds_the_tensors_it_was_made_from() {
    let expected: Expected = serde_json::from_slice(&bytes("expected.json")).unwrap();
    assert!(expected.files.len() >= 7);
    for (name, file) in &expected.files {
        let read = read_checkpoint(&bytes(name)).unwrap().weights;
        for (key, shape) in &file.holds {
            let ours = read.get(key).unwrap_or_else(|| panic!("{name} lacks {key}"));
            let truth = named_tensor(key, shape);
            assert_eq!(ours.shape, *shape, "{name} {key}");
            // `layouts.pt` stores some tensors as f16 and bf16.
            let scale = truth.values.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
            let bound = if name == "layouts.pt" { scale / 256.0 } else { 0.0 };
            for (a, b) in ours.values.iter().zip(&truth.values) {
                assert!((a - b).abs() <= bound, "{name} {key}: {a} for {b}");
            }
        }
    }
}

#[test]
fn values_are_those_of_an_independent_reader() {
    for name in ["bare.pt", "layouts.pt", "legacy_tar.pt", "complete_classifier.pt"] {
        let ours = read_checkpoint(&bytes(name)).unwrap().weights;
        let path = folder().join(name);
        let reader = if name.starts_with("complete") {
            PytorchReader::with_top_level_key(path, "state_dict").unwrap()
        } else {
            PytorchReader::new(path).unwrap()
        };
        let mut compared = 0;
        for (key, tensor) in reader.into_tensors() {
            let data = bridge::into_data(bridge::from_pytorch(tensor)).unwrap();
            if !data.dtype().is_float() {
                continue;
            }
            assert_eq!(ours[&key].shape, data.shape().to_vec(), "{name} {key}");
            assert_eq!(
                ours[&key].values,
                data.convert::<f32>().try_into_vec::<f32>().unwrap(),
                "{name} {key}"
            );
            compared += 1;
        }
        assert_eq!(compared, ours.len(), "{name}");
    }
}

#[test]
fn damaged_checkpoints_are_errors() {
    for name in ["bare.pt", "legacy_tar.pt"] {
        let whole = bytes(name);
        for cut in [1, 2, 100, whole.len() / 3, whole.len() - 200] {
            assert!(read_checkpoint(&whole[..cut]).is_err(), "{name} cut at {cut}");
        }
        // Every byte of the pickle in turn is damaged: any answer will do but a panic.
        for at in (0..whole.len().min(6000)).step_by(7) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            let _ = read_checkpoint(&damaged);
        }
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let said = declaration(Published::SacaClassifier);
    let import = import("mismatch.pt", &bytes("mismatch.pt"), &said);
    let Err(DeclarationError::Tensor { key, .. }) = import else { panic!("{import:?}") };
    assert_eq!(key, "classification_head.weight");

    // The file holds a part of the encoder only.
    let config = saswin_model::SwinConfig {
        decoder: Some(saswin_model::DecoderKind::Full),
        out_channels: 3,
        ..saswin_model::SwinConfig::encoder(1, 12, Merge::Legacy)
    };
    let mut network = Network::new(&config.into(), &Device::flex()).unwrap();
    let read = read_checkpoint(&bytes("mismatch.pt")).unwrap().weights;
    let Err(error) = fill(&mut network, read) else { panic!("filled") };
    let lines = error.lines();
    for line in [
        "missing: out.conv.conv.bias",
        "missing: swinViT.layers4.0.downsample.norm.weight",
        "unexpected: decoder9.conv.weight",
        "mis-shaped: out.conv.conv.weight is [5, 12, 1, 1, 1] with 60 values, the network has [3, 12, 1, 1, 1]",
    ] {
        assert!(lines.iter().any(|l| l == line), "{line} not in {lines:?}");
    }
    assert!(
        lines.iter().any(|l| l.starts_with("mis-shaped: ") && l.contains("out.conv.conv.weight")),
        "{lines:?}"
    );
    assert!(matches!(error, LoadError::Fit { .. }));
}

#[test]
fn the_merge_mode_is_never_guessed() {
    let said = Declaration { merge: None, ..declaration(Published::SacaClassifier) };
    let error = import("c.pt", &bytes("complete_classifier.pt"), &said).unwrap_err();
    assert!(matches!(error, DeclarationError::Unstated { field: "merge", .. }), "{error}");
}

#[test]
fn the_scaling_is_never_guessed() {
    let import = |scaling| {
        let said = Declaration { scaling, ..declaration(Published::SwinUnetr) };
        import("brats.safetensors", &swin_unetr(1), &said)
    };
    let error = import(None).unwrap_err();
    assert!(matches!(error, DeclarationError::Unstated { field: "scaling", .. }), "{error}");
    for json in [
        r#"{"kind": "z_score"}"#,
        r#"{"kind": "hounsfield", "low": -175, "high": 250}"#,
        r#"{"kind": "percentiles", "low": 1, "high": 99}"#,
    ] {
        let said: Window = serde_json::from_str(json).unwrap();
        assert_eq!(import(Some(said)).unwrap().manifest.preprocessing.window, said, "{json}");
    }
    let nothing = Window::Hounsfield { low: 5.0, high: 5.0 };
    assert!(matches!(import(Some(nothing)), Err(DeclarationError::Manifest(_))));
}

#[test]
fn the_scaling_that_is_suggested_is_that_of_published_loaders() {
    let fixed = Window::Hounsfield { low: -1000.0, high: 1000.0 };
    assert_eq!(Published::SacaClassifier.scaling("mr"), fixed);
    assert_eq!(Published::SwinUnetr.scaling("ct"), fixed);
    for network in [Published::SacaUnetr, Published::SwinUnetr, Published::Asa] {
        assert_eq!(network.scaling("mr"), Window::ZScore, "{network:?}");
    }
}

/// The tensors that sizes of a Swin UNETR with so many input channels are read off.
fn swin_unetr(in_channels: usize) -> Vec<u8> {
    let weight = |shape: &[usize]| weights::Weight {
        shape: shape.to_vec(),
        values: vec![0.0; shape.iter().product()],
    };
    let map = WeightMap::from([
        ("swinViT.patch_embed.proj.weight".to_owned(), weight(&[12, in_channels, 2, 2, 2])),
        ("out.conv.conv.weight".to_owned(), weight(&[3, 12, 1, 1, 1])),
    ]);
    pack(&map, |_| Precision::F32).unwrap()
}

#[test]
fn a_weight_that_is_no_number_is_named_before_anything_is_computed() {
    let mut file = swin_unetr(1);
    let last = file.len() - 4;
    file[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    let error = import("diverged.safetensors", &file, &declaration(Published::SwinUnetr)).unwrap_err();
    assert!(matches!(error, DeclarationError::Weights(_)), "{error}");
    assert!(error.to_string().contains("holds NaN at place"), "{error}");
}

#[test]
fn one_scan_in_several_channels_is_said() {
    let said = declaration(Published::SwinUnetr);
    let four = import("brats.safetensors", &swin_unetr(4), &said).unwrap();
    let sentence = "every one of its 4 input channels gets the one scan";
    assert!(four.manifest.note.contains(sentence), "{}", four.manifest.note);
    assert!(four.notes.iter().any(|note| note.starts_with(sentence)), "{:?}", four.notes);

    let one = import("one.safetensors", &swin_unetr(1), &said).unwrap();
    assert_eq!(one.manifest.note, "imported checkpoint; not validated here");
    assert!(one.notes.is_empty(), "{:?}", one.notes);
}

fn input(name: &str, shape: [usize; 5]) -> Tensor<5> {
    let tensor = named_tensor(&format!("input:{name}"), &shape);
    Tensor::from_data(TensorData::new(tensor.values, shape), &Device::flex())
}

fn filled(architecture: &Architecture, map: WeightMap) -> Network {
    let mut network = Network::new(architecture, &Device::flex()).unwrap();
    fill(&mut network, map).unwrap();
    network
}

#[test]
fn a_classifier_gives_the_logits_of_pytorch_before_and_after_packing() {
    let import =
        import("c.pt", &bytes("complete_classifier.pt"), &declaration(Published::SacaClassifier)).unwrap();
    let logits = |network: &Network| -> Vec<f32> {
        let shape = [1, 1, 64, 32, 32];
        let output = network.forward(input("x", shape), Some(input("x_flip", shape)), &mut Trace::off());
        output.classes.unwrap().into_data().try_to_vec().unwrap()
    };
    let network = filled(&import.manifest.architecture, import.weights);
    let ours = logits(&network);
    let truth = &unpack(&bytes("complete_classifier.safetensors")).unwrap()["logits"].values;
    let norm = |v: &[f32]| v.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    let difference: Vec<f32> = ours.iter().zip(truth).map(|(a, b)| a - b).collect();
    assert!(norm(&difference) <= 1e-5 * norm(truth), "{ours:?} for {truth:?}");

    let packed = pack(&weights::collect(&network).unwrap(), |_| Precision::F32).unwrap();
    let again = filled(&import.manifest.architecture, unpack(&packed).unwrap());
    assert_eq!(logits(&again), ours);
}

#[test]
fn asa_comes_back_with_its_mask_and_the_same_logits() {
    let config = AsaConfig {
        hidden_size: 24,
        layers: 9,
        window: 8,
        mask_repeats: 2,
        feature_size: Some(2),
        out_channels: 3,
        ..AsaConfig::encoder(2, Position::HwsSymmetric1d)
    };
    let architecture = Architecture::from(config);
    let network = Network::new(&architecture, &Device::flex()).unwrap();
    let mut map = weights::collect(&network).unwrap();
    // 4 · 4 · 8 tokens make 16 windows; the shift mask is a buffer of every second block.
    for block in [1, 3, 5, 7] {
        let values = (0..16 * 64).map(|i| tiled_mask(i / 64, i / 8 % 8, i % 8)).collect();
        let mask = weights::Weight { shape: vec![16, 8, 8], values };
        map.insert(format!("vit.blocks.{block}.attn_mask"), mask);
    }
    let file = pack(&map, |_| Precision::F32).unwrap();
    let said = Declaration { position: Some(Position::HwsSymmetric1d), ..declaration(Published::Asa) };
    let import = import("asa.safetensors", &file, &said).unwrap();
    assert_eq!(import.manifest.architecture, architecture);
    let again = filled(&architecture, import.weights);
    let logits = |network: &Network| -> Vec<f32> {
        let output = network.forward(input("x", [1, 2, 64, 32, 32]), None, &mut Trace::off());
        output.segmentation.unwrap().into_data().try_to_vec().unwrap()
    };
    let ours = logits(&again);
    assert_eq!(ours.len(), 3 * 64 * 32 * 32);
    assert_eq!(ours, logits(&network));
}

/// −100 in windows 7 and 15 between the last four tokens and the first four.
fn tiled_mask(window: usize, i: usize, j: usize) -> f32 {
    if window % 8 == 7 && (i < 4) != (j < 4) { -100.0 } else { 0.0 }
}

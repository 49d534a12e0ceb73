//! Every model in `models/`: its files are those of the manifest, and fit its architecture.

use std::path::Path;

use burn::tensor::Device;
use saswin_model::nets::Network;
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

//! Writes a model folder with random weights, for tests that need a run and no finding:
//! `cargo run --release -p saswin-pipeline --example tiny_model -- FOLDER`.

use std::error::Error;
use std::path::PathBuf;

use burn::tensor::Device;
use saswin_model::nets::Network;
use saswin_model::weights::{Precision, collect, pack};
use saswin_model::{Manifest, sha256_hex};

const MANIFEST: &str = include_str!("../tests/tiny-manifest.json");

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    let mut manifest = Manifest::from_json(MANIFEST)?;
    let device = Device::flex();
    // The same ones every time, so that a failure can be repeated.
    device.seed(1);
    let network = Network::new(&manifest.architecture, &device)?;
    let bytes = pack(&collect(&network)?, |_| Precision::F32)?;
    let file = &mut manifest.files[0];
    file.sha256 = sha256_hex(&bytes);
    file.bytes = bytes.len() as u64;
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(&file.name), &bytes)?;
    std::fs::write(folder.join("manifest.json"), serde_json::to_string_pretty(&manifest)?)?;
    println!("{}: {} bytes of random weights", folder.display(), bytes.len());
    Ok(())
}

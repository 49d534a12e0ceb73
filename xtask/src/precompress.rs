//! Brotli twins beside the files of the page.

use crate::Mode;
use anyhow::Result;
use std::fs;
use std::path::{Path, PathBuf};

const TEXTUAL: [&str; 7] = ["html", "js", "css", "json", "svg", "wasm", "webmanifest"];

/// Writes `name.br` beside every compressible file of the built page.
pub fn compress(folder: &Path, mode: Mode) -> Result<()> {
    for path in files(folder)? {
        if is_textual(&path) {
            let mut twin = path.clone().into_os_string();
            twin.push(".br");
            fs::write(twin, brotli(&fs::read(&path)?, mode)?)?;
        }
    }
    Ok(())
}

/// Brotli with the largest common window; the strongest level for a release.
pub fn brotli(bytes: &[u8], mode: Mode) -> Result<Vec<u8>> {
    let quality = if mode == Mode::Release { 11 } else { 5 };
    let mut packed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality, lgwin: 24, ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut packed, &parameters)?;
    Ok(packed)
}

/// Every file below a folder, in a fixed order.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn is_textual(path: &Path) -> bool {
    path.extension().and_then(|extension| extension.to_str()).is_some_and(|name| TEXTUAL.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::{Mode, brotli};

    #[test]
    fn packed_bytes_unpack_to_themselves() {
        let bytes: Vec<u8> = (0..10_000u32).map(|i| (i / 7) as u8).collect();
        let mut back = Vec::new();
        brotli::BrotliDecompress(&mut &brotli(&bytes, Mode::Dev).unwrap()[..], &mut back).unwrap();
        assert_eq!(back, bytes);
    }
}

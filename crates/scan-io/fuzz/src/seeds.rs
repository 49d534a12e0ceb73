//! Writes the seed corpora: `cargo run --bin seeds` in this folder.

#[path = "../../tests/support/mod.rs"]
mod support;

use std::io::Result;
use std::path::Path;

fn main() -> Result<()> {
    for (number, (target, bytes)) in support::hostile::seeds().into_iter().enumerate() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(format!("seed-{number}")), bytes)?;
    }
    let frames = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/dicom_pixels");
    std::fs::create_dir_all(&frames)?;
    for (syntax, (columns, rows, frame)) in support::frames::all().into_iter().enumerate() {
        std::fs::write(
            frames.join(format!("seed-{syntax}")),
            [&[syntax as u8, columns, rows][..], &frame].concat(),
        )?;
    }
    Ok(())
}

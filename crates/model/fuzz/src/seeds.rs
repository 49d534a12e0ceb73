//! Writes the seed corpora: `cargo run --bin seeds` in this folder.

#[path = "../../tests/support/hostile.rs"]
mod hostile;

use std::io::Result;
use std::path::Path;

fn main() -> Result<()> {
    for (number, (target, bytes)) in hostile::seeds()?.into_iter().enumerate() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(format!("seed-{number}")), bytes)?;
    }
    Ok(())
}

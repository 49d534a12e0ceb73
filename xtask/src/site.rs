//! From a clean clone to `www/dist`.

use crate::run::{is_installed, run};
use crate::{Mode, dist, models, precompress, samples, wasm, www};
use anyhow::{Result, bail};
use std::fs;

/// Installs what is missing, then builds the module and the page.
pub fn build(mode: Mode) -> Result<()> {
    install_packages()?;
    wasm::build(mode)?;
    build_page(mode)
}

/// Builds the page around the module that is there.
pub fn build_page(mode: Mode) -> Result<()> {
    install_packages()?;
    models::copy()?;
    samples::provide()?;
    run(&www(), "npm", &["run", "--silent", "build"])?;
    precompress::compress(&dist(), mode)
}

/// `npm ci`, where the lock file changed since the last one.
fn install_packages() -> Result<()> {
    if !is_installed("node") || !is_installed("npm") {
        bail!(
            "the page needs Node.js 20.19 or newer with npm (Debian, Ubuntu: `sudo apt-get install nodejs npm`)"
        );
    }
    let lock = fs::read(www().join("package-lock.json"))?;
    let stamp = www().join("node_modules/.installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    run(&www(), "npm", &["ci", "--no-audit", "--no-fund"])?;
    Ok(fs::write(stamp, lock)?)
}

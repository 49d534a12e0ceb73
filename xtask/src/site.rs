//! From a clean clone to `www/dist`.

use crate::run::{is_installed, output, run};
use crate::{Mode, dist, models, notices, precompress, samples, wasm, www};
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
    notices::write()?;
    run(&www(), "npm", &["run", "--silent", "build"])?;
    precompress::compress(&dist(), mode)
}

/// Fails if what builds the page is not there.
pub fn need_node() -> Result<()> {
    if output("node", &["--version"]).is_some_and(|version| is_recent(&version)) && is_installed("npm") {
        return Ok(());
    }
    bail!("the page needs Node.js 20.19, 22.12 or newer with npm: https://nodejs.org/en/download")
}

/// `npm ci`, where the lock file changed since the last one.
pub fn install_packages() -> Result<()> {
    need_node()?;
    let lock = fs::read(www().join("package-lock.json"))?;
    let stamp = www().join("node_modules/.installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    run(&www(), "npm", &["ci", "--no-audit", "--no-fund"])?;
    Ok(fs::write(stamp, lock)?)
}

/// Whether Vite runs on what says `v20.19.0` of itself.
fn is_recent(version: &str) -> bool {
    let mut parts = version.trim().trim_start_matches('v').split('.').map_while(|part| part.parse().ok());
    let version: (u32, u32) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    matches!(version, (20, 19..) | (22, 12..) | (23.., _))
}

#[cfg(test)]
mod tests {
    use super::is_recent;

    #[test]
    fn old_versions_of_node_are_told() {
        for version in ["v20.19.0", "v20.20.1\n", "v22.12.0", "v24.0.0"] {
            assert!(is_recent(version), "{version}");
        }
        for version in ["v18.19.1", "v20.9.0", "v21.7.3", "v22.11.0", "", "none"] {
            assert!(!is_recent(version), "{version}");
        }
    }
}

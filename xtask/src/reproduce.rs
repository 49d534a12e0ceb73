//! Whether the page's build gives the same bytes twice.

use crate::precompress::files;
use crate::{Mode, dist, site};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;

/// Builds the page again around the module that is there, and compares every file with the last build.
/// Prints one digest of the whole site, to compare with another machine's.
pub fn check(mode: Mode) -> Result<()> {
    let first = digests()?;
    site::build_page(mode)?;
    let second = digests()?;
    let differ: Vec<_> = first
        .keys()
        .chain(second.keys())
        .filter(|name| first.get(*name) != second.get(*name))
        .map(String::as_str)
        .collect();
    if !differ.is_empty() {
        bail!("two builds of the page differ in: {}", differ.join(", "));
    }
    println!("two builds of {} files are the same; SHA-256 of the site: {}", second.len(), whole(&second));
    Ok(())
}

fn digests() -> Result<BTreeMap<String, String>> {
    let folder = dist();
    let digest = |path: std::path::PathBuf| {
        let name = path.strip_prefix(&folder)?.display().to_string();
        Ok((name, hex(&Sha256::digest(fs::read(&path)?))))
    };
    files(&folder).context("build the page first: cargo xtask build")?.into_iter().map(digest).collect()
}

fn whole(digests: &BTreeMap<String, String>) -> String {
    let mut all = Sha256::new();
    for (name, digest) in digests {
        all.update(format!("{digest}  {name}\n"));
    }
    hex(&all.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

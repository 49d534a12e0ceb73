//! What a first visit downloads, against its budget.

use crate::precompress::{brotli, files};
use crate::{Mode, dist};
use anyhow::{Context, Result, bail};
use std::fs;

const BUDGET_MB: f64 = 3.5;

/// Prints the brotli size of every script and module, and fails above the budget.
pub fn report() -> Result<()> {
    let dist = dist();
    let mut total = 0;
    for path in files(&dist).context("build the page first: cargo xtask build")? {
        let name = path.strip_prefix(&dist)?.display().to_string();
        if name.ends_with(".js") || name.ends_with(".wasm") {
            let size = brotli(&fs::read(&path)?, Mode::Release)?.len();
            println!("{:>9.1} kB  {name}", size as f64 / 1e3);
            total += size;
        }
    }
    let megabytes = total as f64 / 1e6;
    println!("{:>9.1} kB  all scripts and modules (budget {BUDGET_MB} MB)", megabytes * 1e3);
    if megabytes > BUDGET_MB {
        bail!("{megabytes:.2} MB is above the budget of {BUDGET_MB} MB")
    } else {
        Ok(())
    }
}

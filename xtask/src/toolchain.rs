//! What of rustup's toolchain is needed and the smallest one lacks.

use crate::root;
use crate::run::{self, run};
use anyhow::Result;

/// Adds a target, so that it can be built for.
pub fn add_target(name: &str) -> Result<()> {
    add("target", name)
}

/// Adds programs of the toolchain.
pub fn add_components(names: &[&str]) -> Result<()> {
    names.iter().try_for_each(|name| add("component", name))
}

fn add(kind: &str, name: &str) -> Result<()> {
    let Some(installed) = run::output("rustup", &[kind, "list", "--installed"]) else {
        println!("rustup was not found; taking {name} for granted");
        return Ok(());
    };
    // Components are listed with the machine that they are for.
    if installed.lines().any(|line| line == name || line.starts_with(&format!("{name}-"))) {
        Ok(())
    } else {
        run(&root(), "rustup", &[kind, "add", name])
    }
}

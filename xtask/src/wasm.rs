//! The page's module: cargo, then wasm-bindgen, then wasm-opt.

use crate::run::run;
use crate::{Mode, relaxed_simd, root, toolchain, www};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;
use wasm_bindgen_cli_support::Bindgen;

/// Where the page's module runs.
pub const TARGET: &str = "wasm32-unknown-unknown";
const NAME: &str = "saswin_web";

/// Features that every browser with WebGPU has, and relaxed SIMD (`relaxed_simd.rs`).
const WASM_OPT: [&str; 11] = [
    "-O1",
    "--enable-simd",
    "--enable-relaxed-simd",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    "--strip-debug",
    "--strip-producers",
];

/// Builds `crates/web` and leaves the module and its glue in `www/src/generated`.
pub fn build(mode: Mode) -> Result<()> {
    toolchain::add_target(TARGET)?;
    let profile = if mode == Mode::Release { "wasm" } else { "release" };
    let paths = without_own_paths()?;
    run(
        &root(),
        "cargo",
        &["build", "--profile", profile, "--target", TARGET, "-p", "saswin-web", "--config", &paths],
    )?;
    let module = target_folder().join(TARGET).join(profile).join(format!("{NAME}.wasm"));
    let generated = www().join("src/generated");
    fs::create_dir_all(&generated)?;
    bind(&module, &generated)?;
    if mode == Mode::Release {
        optimise(&generated)?;
    }
    relaxed_simd::list(&generated.join(format!("{NAME}_bg.wasm")), &generated.join("relaxed.js"))
}

/// Cargo setting that keeps the folders of whoever builds out of the module: panic messages name source files.
fn without_own_paths() -> Result<String> {
    let cargo_home = match std::env::var_os("CARGO_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => std::env::home_dir().context("neither CARGO_HOME nor a home folder is set")?.join(".cargo"),
    };
    let flags = [(cargo_home, "cargo"), (root(), "saswin")]
        .map(|(folder, name)| format!("{:?}", format!("--remap-path-prefix={}={name}", folder.display())));
    Ok(format!("target.{TARGET}.rustflags=[{}]", flags.join(",")))
}

fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

fn bind(module: &PathBuf, generated: &PathBuf) -> Result<()> {
    if !module.is_file() {
        bail!("{} was not built: crates/web must be a `cdylib`", module.display());
    }
    Bindgen::new()
        .input_path(module)
        .web(true)?
        .omit_default_module_path(true)
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(generated)
        .with_context(|| format!("wasm-bindgen refused {}", module.display()))
}

fn optimise(generated: &std::path::Path) -> Result<()> {
    let module = generated.join(format!("{NAME}_bg.wasm")).display().to_string();
    let script = www().join("node_modules/binaryen/bin/wasm-opt").display().to_string();
    let mut arguments = vec![script.as_str(), &module, "-o", &module];
    arguments.extend(WASM_OPT);
    run(&www(), "node", &arguments)
}

//! Every check and every test, in the order in which they fail fastest.

use crate::run::{run, run_with};
use crate::{MOCK, Mode, browser, data_folder, licences, reproduce, root, site, size, toolchain, wasm, www};
use anyhow::{Context, Result, bail};
use std::path::Path;

/// Allowed because one pass covers tests too, where an unwrap that fails is a test that fails.
const TEST_LINTS: [&str; 6] =
    ["-A", "clippy::unwrap_used", "-A", "clippy::expect_used", "-A", "clippy::panic"];

/// Runs all of it; the first failure ends the run, and what was left out is said at the end.
pub fn all() -> Result<()> {
    let root = root();
    site::need_node()?;
    let chromium = browser::find_or_install()?;
    toolchain::add_components(&["rustfmt", "clippy"])?;
    run(&root, "cargo", &["fmt", "--all", "--check"])?;
    site::install_packages()?;
    run(&www(), "npm", &["run", "--silent", "check"])?;
    licences::check()?;
    lint()?;
    run(&root, "cargo", &["test", "--workspace", "--release"])?;
    // What is published is what is tested.
    site::build(Mode::Release)?;
    size::report()?;
    reproduce::check(Mode::Release)?;
    in_browser(&chromium)?;
    println!("\nEvery check and test that could run has passed.");
    say_what_was_skipped();
    Ok(())
}

/// Clippy of everything as it is tested, and of what only a browser or a GPU compiles.
fn lint() -> Result<()> {
    toolchain::add_target(wasm::TARGET)?;
    let ways: [&[&str]; 3] = [
        &["--workspace", "--all-targets"],
        &["-p", "saswin-web", "--target", wasm::TARGET],
        &["-p", "saswin-cli", "--features", "wgpu"],
    ];
    for what in ways {
        let end = ["--release", "--", "-D", "warnings"];
        run(&root(), "cargo", &[&["clippy"], what, &end, &TEST_LINTS].concat())?;
    }
    Ok(())
}

/// How browser tests are run: one at a time, and one that hangs ends after twenty minutes.
const NODE: [&str; 4] = ["--test", "--test-concurrency=1", "--test-timeout=1200000", "--test-force-exit"];

fn in_browser(chromium: &str) -> Result<()> {
    let xtask = std::env::current_exe().context("cannot find this program's own file")?.display().to_string();
    let model = tiny_model()?;
    // The Rust tests before have built it beside this program.
    let cli = Path::new(&xtask).with_file_name("saswin-cli").display().to_string();
    let variables =
        [("CHROMIUM", chromium), ("XTASK", &*xtask), ("SASWIN_CLI", &*cli), ("SASWIN_TINY_MODEL", &*model)];
    run_node(|_| true, &variables)?;
    // States of the page that no model at hand brings about.
    run_with(&www(), "npm", &["run", "--silent", "build"], &[(MOCK, "1")])?;
    let mocked = |name: &str| name.starts_with("mocked") || name.starts_with("privacy");
    run_node(mocked, &[&variables[..], &[(MOCK, "1")]].concat())
}

/// Runs the browser tests whose file names are `wanted`.
fn run_node(wanted: impl Fn(&str) -> bool, variables: &[(&str, &str)]) -> Result<()> {
    let mut names: Vec<String> = std::fs::read_dir(root().join("tests/browser"))?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    names.retain(|name| name.ends_with(".test.mjs") && wanted(name));
    if names.is_empty() {
        bail!("no browser tests in tests/browser");
    }
    names.sort();
    let tests: Vec<String> = names.iter().map(|name| format!("tests/browser/{name}")).collect();
    let arguments: Vec<&str> = NODE.into_iter().chain(tests.iter().map(String::as_str)).collect();
    run_with(&root(), "node", &arguments, variables)
}

/// A folder with a model of random weights, for tests of runs that find nothing.
fn tiny_model() -> Result<String> {
    let folder = root().join("target/tiny-model").display().to_string();
    let example = ["run", "--release", "--quiet", "-p", "saswin-pipeline", "--example", "tiny_model", "--"];
    run(&root(), "cargo", &[&example[..], &[&folder]].concat())?;
    Ok(folder)
}

fn say_what_was_skipped() {
    let data = data_folder();
    for folder in ["synthseg-label-maps", "soop-lesion-masks", "open-ms-patient07", "ge-head-ct"] {
        if !data.join(folder).is_dir() {
            println!(
                "Skipped: tests that read {folder} in {} (set SASWIN_DATA to its place).",
                data.display()
            );
        }
    }
    println!("Left out, as they take long: `cargo test --release -p saswin-training -- --ignored`.");
}

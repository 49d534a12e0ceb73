//! Every check and every test, in the order in which they fail fastest.

use crate::run::{run, run_with};
use crate::{MOCK, Mode, browser, data_folder, licences, reproduce, root, site, www};
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
    run(&root, "cargo", &["fmt", "--all", "--check"])?;
    licences::check()?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--release", "--", "-D", "warnings"];
    run(&root, "cargo", &[&clippy[..], &TEST_LINTS[..]].concat())?;
    run(&root, "cargo", &["test", "--workspace", "--release"])?;
    site::build(Mode::Dev)?;
    reproduce::check(Mode::Dev)?;
    run(&www(), "npm", &["run", "--silent", "check"])?;
    in_browser(&chromium)?;
    println!("\nEvery check and test that could run has passed.");
    say_what_was_skipped();
    Ok(())
}

fn in_browser(chromium: &str) -> Result<()> {
    let xtask = std::env::current_exe().context("cannot find this program's own file")?.display().to_string();
    let mut tests: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(root().join("tests/browser"))? {
        let path = entry?.path().display().to_string();
        if path.ends_with(".test.mjs") {
            tests.push(path);
        }
    }
    if tests.is_empty() {
        bail!("no browser tests in tests/browser");
    }
    tests.sort();
    let mut arguments = vec!["--test", "--test-concurrency=1"];
    arguments.extend(tests.iter().map(String::as_str));
    let model = tiny_model()?;
    // The Rust tests before have built it beside this program.
    let cli = Path::new(&xtask).with_file_name("saswin-cli").display().to_string();
    let variables =
        [("CHROMIUM", chromium), ("XTASK", &*xtask), ("SASWIN_CLI", &*cli), ("SASWIN_TINY_MODEL", &*model)];
    run_with(&root(), "node", &arguments, &variables)?;
    // States of the page that no model at hand brings about.
    run_with(&www(), "npm", &["run", "--silent", "build"], &[(MOCK, "1")])?;
    let mocked = ["mocked", "mocked-trouble", "privacy"].map(|name| format!("tests/browser/{name}.test.mjs"));
    let arguments: Vec<&str> =
        ["--test", "--test-concurrency=1"].into_iter().chain(mocked.iter().map(String::as_str)).collect();
    run_with(&root(), "node", &arguments, &[&variables[..], &[(MOCK, "1")]].concat())
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
    if !data.is_dir() {
        println!("Skipped: tests that read {} (set SASWIN_DATA to its place).", data.display());
    }
}

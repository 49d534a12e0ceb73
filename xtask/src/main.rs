//! `cargo xtask`: sets up, builds, serves, tests and weighs the web app.

mod browser;
mod cranium;
mod evaluation;
mod headers;
mod licences;
mod models;
mod notices;
mod packages;
mod precompress;
mod relaxed_simd;
mod reproduce;
mod run;
mod samples;
mod sbom;
mod server;
mod site;
mod size;
mod test;
mod toolchain;
mod wasm;

use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <command>

  serve [--no-build] [--dev] [--port N]   set up, build and serve the app on http://127.0.0.1:8080
  build [--dev] [--no-wasm]               set up and build www/dist
                                            --dev      quicker and larger
                                            --no-wasm  keep the module of the last build
  test                                    every check and every test
  evaluation                              real scans with truth, for `saswin-cli evaluate`
  size                                    brotli size of the page's code against its budget
  sbom                                    bill of materials of both lock files and the models, CycloneDX JSON
  licences                                licences of all Rust dependencies against deny.toml
  reproduce [--dev]                       builds the page again and compares every byte with the last build
";

fn main() -> ExitCode {
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = if arguments.is_empty() { String::from("help") } else { arguments.remove(0) };
    match command.as_str() {
        "serve" => {
            let port = take_value(&mut arguments, "--port")?.map_or(Ok(8080), |text| text.parse());
            let port = port.context("--port wants a number between 0 and 65535")?;
            let built = take_flag(&mut arguments, "--no-build");
            let mode = take_mode(&mut arguments);
            nothing_left(&arguments)?;
            if !built {
                site::build(mode)?;
            }
            server::serve(port)
        }
        "build" => {
            let mode = take_mode(&mut arguments);
            let page_only = take_flag(&mut arguments, "--no-wasm");
            nothing_left(&arguments)?;
            if page_only { site::build_page(mode) } else { site::build(mode) }
        }
        "test" => nothing_left(&arguments).and_then(|()| test::all()),
        "sbom" => nothing_left(&arguments).and_then(|()| sbom::print()),
        "licences" => nothing_left(&arguments).and_then(|()| licences::check()),
        "reproduce" => {
            let mode = take_mode(&mut arguments);
            nothing_left(&arguments).and_then(|()| reproduce::check(mode))
        }
        "evaluation" => nothing_left(&arguments).and_then(|()| evaluation::provide()),
        "size" => nothing_left(&arguments).and_then(|()| size::report()),
        "help" | "-h" | "--help" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("there is no command `{other}`\n\n{HELP}"),
    }
}

/// How much time to spend on a small and fast module.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What is published: link-time optimised, `wasm-opt`, strongest compression.
    Release,
    /// What tests use: the release profile as it is.
    Dev,
}

fn take_mode(arguments: &mut Vec<String>) -> Mode {
    if take_flag(arguments, "--dev") { Mode::Dev } else { Mode::Release }
}

fn take_flag(arguments: &mut Vec<String>, flag: &str) -> bool {
    let before = arguments.len();
    arguments.retain(|argument| argument != flag);
    arguments.len() < before
}

fn take_value(arguments: &mut Vec<String>, flag: &str) -> Result<Option<String>> {
    let Some(position) = arguments.iter().position(|argument| argument == flag) else { return Ok(None) };
    arguments.remove(position);
    if position >= arguments.len() {
        bail!("{flag} wants a value");
    }
    Ok(Some(arguments.remove(position)))
}

fn nothing_left(arguments: &[String]) -> Result<()> {
    match arguments.first() {
        Some(argument) => bail!("unknown argument `{argument}`\n\n{HELP}"),
        None => Ok(()),
    }
}

/// The root of the repository.
pub fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}

/// The folder of scans and label maps that the repository does not carry, which may be missing.
pub fn data_folder() -> PathBuf {
    std::env::var_os("SASWIN_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from)
}

/// The front end.
pub fn www() -> PathBuf {
    root().join("www")
}

/// What the front end's build leaves behind, ready to be served. Under `SASWIN_MOCK` a stand-in takes the place of the
/// Rust module, and the page lies elsewhere, so that it is never published.
pub fn dist() -> PathBuf {
    www().join(if std::env::var_os(MOCK).is_some() { "dist-mock" } else { "dist" })
}

/// Tells page, server and browser tests that the stand-in is meant.
pub const MOCK: &str = "SASWIN_MOCK";

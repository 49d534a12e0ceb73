//! Running other programs, with errors that name the command.

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Runs a program in `folder`, showing its output; anything but success is an error.
pub fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<()> {
    run_with(folder, program, arguments, &[])
}

/// As [`run`], with environment variables set.
pub fn run_with(folder: &Path, program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Result<()> {
    let line = format!("{program} {}", arguments.join(" "));
    println!("→ {line}");
    let status = Command::new(program)
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(folder)
        .status()
        .with_context(|| format!("cannot start `{program}`: is it installed?"))?;
    if status.success() { Ok(()) } else { bail!("`{line}` failed ({status})") }
}

/// Standard output of a program, or `None` where it is missing or fails.
pub fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program answers to `--version`.
pub fn is_installed(program: &str) -> bool {
    output(program, &["--version"]).is_some()
}

//! Finding a Chromium for the browser tests.

use crate::run;
use anyhow::{Result, bail};
use std::path::Path;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The program of a Chromium; installs Debian's where that is possible.
pub fn find_or_install() -> Result<String> {
    if let Ok(path) = std::env::var("CHROMIUM") {
        return if Path::new(&path).is_file() { Ok(path) } else { bail!("CHROMIUM={path} is not a file") };
    }
    if let Some(path) = find() {
        return Ok(path);
    }
    if may_install() {
        // A fresh image has no lists of packages. What fails here shows below.
        let _ = run::run(Path::new("/"), "apt-get", &["update", "-qq"]);
        let _ =
            run::run(Path::new("/"), "apt-get", &["install", "-y", "--no-install-recommends", "chromium"]);
    }
    match find() {
        Some(path) => Ok(path),
        None => bail!(
            "the browser tests need Chromium, and none was found.\n\
             Install it (Debian, Ubuntu: `sudo apt-get install chromium`), \
             or set CHROMIUM to the path of a Chromium or Chrome."
        ),
    }
}

fn find() -> Option<String> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find(|path| path.is_file())
        .map(|path| path.display().to_string())
}

fn may_install() -> bool {
    run::is_installed("apt-get") && run::output("id", &["-u"]).is_some_and(|id| id.trim() == "0")
}

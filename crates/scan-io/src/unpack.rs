//! Files to blobs of known kind: archives opened, compressed files expanded, all by content.

use std::io::Cursor;

use zip::ZipArchive;
use zip::result::ZipError;

use crate::dicom::is_dicom;
use crate::gzip;
use crate::nifti::is_nifti;
use crate::source::{Blob, Budget};
use crate::unread::Unread;
use crate::{Limits, ScanError, SourceFile};

/// What a blob's first bytes say it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Nifti,
    Dicom,
    Other,
}

/// Longest head that [`is_dicom`] looks at.
const HEAD: usize = 132;

/// What was found in files.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub pieces: Vec<(Kind, Blob)>,
    pub unread: Vec<Unread>,
}

/// Sorts `file`, or everything inside it, into `found`. An error is what keeps the rest of an archive from being read;
/// what was found before it stays.
pub(crate) fn unpack(
    file: SourceFile,
    limits: &Limits,
    budget: &mut Budget,
    depth: usize,
    found: &mut Contents,
) -> Result<(), Unread> {
    budget.file()?;
    let SourceFile { name, bytes } = file;
    if bytes.starts_with(b"PK\x03\x04") {
        check_depth(depth, limits).map_err(|e| e.in_file(&name))?;
        return unpack_zip(&name, bytes, limits, budget, depth, found);
    }
    if !bytes.starts_with(&gzip::MAGIC) {
        let blob = Blob::plain(name, bytes);
        found.pieces.push((kind(&blob.bytes), blob));
        return Ok(());
    }
    // A gzipped NIfTI is streamed when it is read; anything else is expanded now.
    let blob = Blob::gzipped(name, bytes);
    if kind(&blob.head(HEAD)) == Kind::Nifti {
        found.pieces.push((Kind::Nifti, blob));
        return Ok(());
    }
    check_depth(depth, limits).map_err(|e| e.in_file(&blob.name))?;
    let bytes =
        blob.reader_at(0).and_then(|reader| budget.expand(reader)).map_err(|e| e.in_file(&blob.name))?;
    unpack(SourceFile { name: blob.name, bytes }, limits, budget, depth + 1, found)
}

fn kind(bytes: &[u8]) -> Kind {
    // DICOM first: its preamble may hold a header of the other kind.
    if is_dicom(bytes) {
        Kind::Dicom
    } else if is_nifti(bytes) {
        Kind::Nifti
    } else {
        Kind::Other
    }
}

fn check_depth(depth: usize, limits: &Limits) -> Result<(), ScanError> {
    if depth < limits.max_nesting {
        return Ok(());
    }
    Err(ScanError::over_limit(format!("archives are nested deeper than {}", limits.max_nesting)))
}

fn unpack_zip(
    name: &str,
    bytes: Vec<u8>,
    limits: &Limits,
    budget: &mut Budget,
    depth: usize,
    found: &mut Contents,
) -> Result<(), Unread> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| refuse(&e, name))?;
    for index in 0..archive.len() {
        let entry = match archive.by_index(index) {
            Ok(entry) => entry,
            Err(error) => {
                found.unread.push(refuse(&error, name).into());
                continue;
            }
        };
        if entry.is_dir() {
            continue;
        }
        let inner = format!("{name}/{}", entry.name().unwrap_or_default());
        let unpacked = match budget.expand(entry) {
            Ok(bytes) => unpack(SourceFile { name: inner.clone(), bytes }, limits, budget, depth + 1, found),
            Err(error) => Err(error.into()),
        };
        if let Err(Unread { error, files }) = unpacked {
            let error = error.in_file(&inner);
            if matches!(error, ScanError::Limits(_)) {
                return Err(Unread { error, files: files + files_from(&archive, index + 1) });
            }
            found.unread.push(Unread { error, files });
        }
    }
    Ok(())
}

/// How many files are in `archive` from entry `index` on.
fn files_from(archive: &ZipArchive<Cursor<Vec<u8>>>, index: usize) -> usize {
    archive.file_names_raw().skip(index).filter(|name| !name.ends_with(b"/")).count()
}

fn refuse(error: &ZipError, name: &str) -> ScanError {
    let error = match error {
        ZipError::UnsupportedArchive(reason) => {
            ScanError::unsupported(format!("the zip archive cannot be read ({reason})"))
                .with_remedy("Unpack it and open the folder.")
        }
        other => ScanError::decoding(format!("the zip archive is damaged ({other})")),
    };
    error.in_file(name)
}

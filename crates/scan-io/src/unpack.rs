//! Files to blobs of known kind: archives opened, compressed files expanded, all by content.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::dicom::{has_preamble, is_dicom};
use crate::gzip;
use crate::names::Headers;
use crate::nifti::is_nifti;
use crate::source::{Blob, Budget};
use crate::unread::Unread;
use crate::{Limits, ScanError, SourceFile};

/// What a blob is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Nifti,
    Dicom,
    /// Perhaps the voxels of a NIfTI header.
    Image,
    /// Nothing but zeros, as broken transfers leave files.
    Blank,
}

/// Longest head that [`is_dicom`] looks at.
const HEAD: usize = 132;

/// Entries of zip files that are programs (Java) or documents (Office).
const NO_ARCHIVES: [&str; 2] = ["META-INF/MANIFEST.MF", "[Content_Types].xml"];

/// What was found in files.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub pieces: Vec<(Kind, Blob)>,
    /// Names of files that are no scans; their bytes are not kept.
    pub others: Vec<String>,
    pub unread: Vec<Unread>,
}

/// Sorts `files`, and everything inside them.
pub(crate) fn unpack(files: Vec<SourceFile>, limits: &Limits, budget: &mut Budget) -> Contents {
    let mut unpacking = Unpacking { limits, budget, headers: Headers::default(), found: Contents::default() };
    files.iter().for_each(|f| unpacking.headers.note(&f.name));
    for SourceFile { name, bytes } in files {
        if let Err(unread) = unpacking.file(name, bytes, 0) {
            unpacking.found.unread.push(unread);
        }
    }
    unpacking.found
}

struct Unpacking<'a> {
    limits: &'a Limits,
    budget: &'a mut Budget,
    headers: Headers,
    found: Contents,
}

impl Unpacking<'_> {
    /// An error is what keeps the rest of an archive from being read; what was found before it stays.
    fn file(&mut self, name: String, bytes: Vec<u8>, depth: usize) -> Result<(), Unread> {
        if bytes.starts_with(b"PK\x03\x04") {
            self.check_depth(depth).map_err(|e| e.in_file(&name))?;
            return self.zip(name, bytes, depth);
        }
        if !bytes.starts_with(&gzip::MAGIC) {
            return self.keep(self.kind(&name, &bytes), Blob::plain(name, bytes));
        }
        let blob = Blob::gzipped(name, bytes);
        let head = blob.head(HEAD);
        // A gzipped NIfTI is streamed when it is read; anything else is expanded now.
        if self.kind(&blob.name, &head) == Some(Kind::Nifti) {
            return self.keep(Some(Kind::Nifti), blob);
        }
        self.check_depth(depth).map_err(|e| e.in_file(&blob.name))?;
        let reader = blob.reader_at(head.len() as u64).map_err(|e| e.in_file(&blob.name))?;
        self.stream(blob.name.clone(), head, reader, depth)
    }

    /// As [`Self::file`], of compressed content that begins with `head`, which is left alone if it is of no use.
    fn stream(&mut self, name: String, head: Vec<u8>, rest: impl Read, depth: usize) -> Result<(), Unread> {
        if !is_packed(&head) && self.kind(&name, &head).is_none() {
            self.found.others.push(name);
            return Ok(());
        }
        let (pieces, left) = (self.found.pieces.len(), self.budget.bytes_left());
        let bytes = self.budget.expand(Cursor::new(head).chain(rest)).map_err(|e| e.in_file(&name))?;
        let unpacked = self.file(name, bytes, depth + 1);
        if self.found.pieces.len() == pieces {
            self.budget.give_back(left);
        }
        unpacked
    }

    fn keep(&mut self, kind: Option<Kind>, blob: Blob) -> Result<(), Unread> {
        match kind {
            Some(kind) => {
                if matches!(kind, Kind::Nifti | Kind::Dicom) {
                    self.budget.file().map_err(|e| e.in_file(&blob.name))?;
                }
                self.found.pieces.push((kind, blob));
            }
            None => self.found.others.push(blob.name),
        }
        Ok(())
    }

    /// The kind of a file that begins with `head`; none if it is of no use.
    fn kind(&self, name: &str, head: &[u8]) -> Option<Kind> {
        let is_paired = self.headers.has_beside(name);
        // The voxels of a pair may begin as a bare data set does.
        let is_dicom = if is_paired { has_preamble } else { is_dicom };
        // DICOM first: its preamble may hold a header of the other kind.
        if is_dicom(head) {
            Some(Kind::Dicom)
        } else if is_nifti(head) {
            Some(Kind::Nifti)
        } else if is_paired {
            Some(Kind::Image)
        } else {
            head.iter().all(|&b| b == 0).then_some(Kind::Blank)
        }
    }

    fn check_depth(&self, depth: usize) -> Result<(), ScanError> {
        if depth < self.limits.max_nesting {
            return Ok(());
        }
        Err(ScanError::over_limit(format!("archives are nested deeper than {}", self.limits.max_nesting)))
    }

    fn zip(&mut self, name: String, bytes: Vec<u8>, depth: usize) -> Result<(), Unread> {
        self.budget.entries(most_entries(&bytes)).map_err(|e| e.in_file(&name))?;
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| refuse(&e, &name))?;
        if NO_ARCHIVES.iter().any(|entry| archive.index_for_name(entry).is_some()) {
            self.found.others.push(name);
            return Ok(());
        }
        for entry in archive.file_names().flatten() {
            self.headers.note(&format!("{name}/{entry}"));
        }
        for index in 0..archive.len() {
            let Err(Unread { error, files }) = self.entry(&mut archive, index, &name, depth) else {
                continue;
            };
            if matches!(error, ScanError::Limits(_)) {
                return Err(Unread { error, files: files + files_from(&archive, index + 1) });
            }
            self.found.unread.push(Unread { error, files });
        }
        Ok(())
    }

    fn entry(&mut self, archive: &mut Archive, index: usize, name: &str, depth: usize) -> Result<(), Unread> {
        let mut entry = archive.by_index(index).map_err(|e| refuse(&e, name))?;
        if entry.is_dir() {
            return Ok(());
        }
        let inner = format!("{name}/{}", entry.name().unwrap_or_default());
        let mut head = Vec::with_capacity(HEAD);
        let read = entry.by_ref().take(HEAD as u64).read_to_end(&mut head);
        read.map_err(|e| refuse(&e.into(), &inner))?;
        self.stream(inner, head, entry, depth)
    }
}

type Archive = ZipArchive<Cursor<Vec<u8>>>;

/// The most entries that an archive can have, those of archives stored in it included, by their headers. The list of
/// entries takes several times the space of these, so it is not made first.
fn most_entries(archive: &[u8]) -> usize {
    archive.windows(4).filter(|window| window == b"PK\x01\x02").count()
}

/// Whether content may hold further files.
fn is_packed(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(&gzip::MAGIC)
}

/// How many files are in `archive` from entry `index` on.
fn files_from(archive: &Archive, index: usize) -> usize {
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

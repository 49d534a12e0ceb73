//! Input files, and byte buffers shared by the series made from them.

use std::io::{Cursor, Read};
use std::sync::Arc;

use crate::gzip::Members;
use crate::{Limits, ScanError};

/// One file as the user handed it over.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Name, with the path inside the dropped folder if there is one.
    pub name: String,
    /// Contents.
    pub bytes: Vec<u8>,
}

/// A file's bytes, kept compressed when the content can be streamed.
#[derive(Debug, Clone)]
pub(crate) struct Blob {
    pub name: String,
    pub bytes: Arc<Vec<u8>>,
    pub gzip: bool,
}

/// A gzip stream cannot expand by more than this factor.
const MAX_DEFLATE_RATIO: u64 = 1032;

/// How far content is read beyond what is wanted of it, to reach the checksum of its stream.
const MAX_REST: u64 = 1 << 26;

impl Blob {
    pub fn plain(name: String, bytes: Vec<u8>) -> Self {
        Self { name, bytes: Arc::new(bytes), gzip: false }
    }

    pub fn gzipped(name: String, bytes: Vec<u8>) -> Self {
        Self { name, bytes: Arc::new(bytes), gzip: true }
    }

    /// The most bytes the content can have, known without expanding it.
    pub fn most_bytes(&self) -> u64 {
        let len = self.bytes.len() as u64;
        if self.gzip { len.saturating_mul(MAX_DEFLATE_RATIO) } else { len }
    }

    /// A reader whose first byte is byte `offset` of the (expanded) content.
    pub fn reader_at(&self, offset: u64) -> Result<Box<dyn Read + '_>, ScanError> {
        if !self.gzip {
            let mut cursor = Cursor::new(self.bytes.as_slice());
            cursor.set_position(offset);
            return Ok(Box::new(cursor));
        }
        let mut reader = Members::new(&self.bytes);
        let skipped = std::io::copy(&mut reader.by_ref().take(offset), &mut std::io::sink());
        match skipped {
            Ok(n) if n == offset => Ok(Box::new(reader)),
            Ok(n) => Err(self.short(n, offset)),
            Err(e) => Err(self.broken(&e)),
        }
    }

    /// Takes the `rest` of the content as far as a stream's checksum, which is its end.
    pub fn check_rest(&self, rest: impl Read) -> Result<(), ScanError> {
        if !self.gzip {
            return Ok(());
        }
        let end = std::io::copy(&mut rest.take(MAX_REST), &mut std::io::sink());
        end.map(drop).map_err(|e| self.broken(&e))
    }

    /// The first `len` bytes of the (expanded) content, fewer if it is shorter.
    pub fn head(&self, len: usize) -> Vec<u8> {
        let mut head = Vec::with_capacity(len);
        if let Ok(reader) = self.reader_at(0) {
            // A damaged stream gives what could be read; the caller judges it.
            let _ = reader.take(len as u64).read_to_end(&mut head);
        }
        head
    }

    /// The error for content that ends at `end` where `wanted` bytes were promised.
    pub fn short(&self, end: u64, wanted: u64) -> ScanError {
        let message = format!("the data ends after {end} bytes, the header promises {wanted}");
        ScanError::decoding(message).in_file(&self.name).at_byte(end)
    }

    /// The error for a compressed stream that breaks off or fails its checksum.
    pub fn broken(&self, cause: &std::io::Error) -> ScanError {
        ScanError::decoding(format!("the gzip stream is damaged ({cause})")).in_file(&self.name)
    }
}

/// What is left of [`Limits`] that hold for all files together, for one call of [`crate::open`].
#[derive(Debug)]
pub(crate) struct Budget {
    bytes: u64,
    /// As `bytes`, but never given back.
    work: u64,
    entries: usize,
    files: usize,
    planes: usize,
    limits: Limits,
}

impl Budget {
    pub fn new(limits: &Limits) -> Self {
        Self {
            bytes: limits.max_decompressed_bytes,
            work: limits.max_expanded_bytes,
            entries: limits.max_entries,
            files: limits.max_files,
            planes: limits.max_planes,
            limits: *limits,
        }
    }

    /// Everything `reader` gives, unless that passes the budget.
    pub fn expand(&mut self, reader: impl Read) -> Result<Vec<u8>, ScanError> {
        let (most, limit) = if self.work < self.bytes {
            (self.work, self.limits.max_expanded_bytes)
        } else {
            (self.bytes, self.limits.max_decompressed_bytes)
        };
        let mut bytes = Vec::new();
        let read = reader.take(most.saturating_add(1)).read_to_end(&mut bytes);
        let size = bytes.len() as u64;
        self.work = self.work.saturating_sub(size);
        if size > most {
            return Err(ScanError::over_limit(format!("the data expands to more than {limit} bytes")));
        }
        read.map_err(|e| ScanError::decoding(format!("the compressed stream is damaged ({e})")))?;
        self.bytes -= size;
        Ok(bytes)
    }

    /// What may still be expanded.
    pub fn bytes_left(&self) -> u64 {
        self.bytes
    }

    /// Returns to `bytes` that were left, since of what was expanded from then on nothing is kept.
    pub fn give_back(&mut self, bytes: u64) {
        self.bytes = bytes;
    }

    /// Counts the entries of an archive.
    pub fn entries(&mut self, entries: usize) -> Result<(), ScanError> {
        self.entries = self.entries.checked_sub(entries).ok_or_else(|| {
            let message = format!("there are more than {} entries in archives", self.limits.max_entries);
            ScanError::over_limit(message)
        })?;
        Ok(())
    }

    /// Counts one file.
    pub fn file(&mut self) -> Result<(), ScanError> {
        self.files = self.files.checked_sub(1).ok_or_else(|| {
            ScanError::over_limit(format!("there are more than {} files", self.limits.max_files))
        })?;
        Ok(())
    }

    /// Counts `planes` of one file.
    pub fn planes(&mut self, planes: usize) -> Result<(), ScanError> {
        self.planes = self.planes.checked_sub(planes).ok_or_else(|| {
            ScanError::over_limit(format!("there are more than {} slices", self.limits.max_planes))
        })?;
        Ok(())
    }
}

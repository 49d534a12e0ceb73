//! Builders of small NIfTI, DICOM and zip files.
#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test binary uses a part")]

pub mod dicom;
pub mod frames;
pub mod hostile;
pub mod nifti;

use std::io::{Cursor, Write};

use saswin_scan_io::SourceFile;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A file for [`saswin_scan_io::open`].
pub fn file(name: &str, bytes: Vec<u8>) -> SourceFile {
    SourceFile { name: name.to_owned(), bytes }
}

/// A zip archive of `entries`.
pub fn zip(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A zip archive of `count` entries, all of which are the same bytes of the file, and of `more`.
pub fn shared_zip(shared: Vec<u8>, count: usize, more: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = zip(&[&[("00000", shared)], more].concat());
    let at = |bytes: &[u8], magic: &[u8]| bytes.windows(4).rposition(|w| w == magic).unwrap();
    let end = at(&bytes, b"PK\x05\x06");
    let first =
        bytes.windows(51).position(|w| w.starts_with(b"PK\x01\x02") && w.ends_with(b"00000")).unwrap();
    let entry = bytes[first..first + 51].to_vec();
    let more_entries = (1..count).flat_map(|i| [&entry[..46], format!("{i:05}").as_bytes()].concat());
    let more_entries: Vec<u8> = more_entries.collect();
    let total = (count + more.len()) as u16;
    let size = (end - first + more_entries.len()) as u32;
    bytes[end + 8..][..2].copy_from_slice(&total.to_le_bytes());
    bytes[end + 10..][..2].copy_from_slice(&total.to_le_bytes());
    bytes[end + 12..][..4].copy_from_slice(&size.to_le_bytes());
    bytes.splice(first + 51..first + 51, more_entries);
    bytes
}

/// Gzipped bytes.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

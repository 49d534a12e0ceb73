//! A DICOM file: preamble, meta group, transfer syntax, data set.

use std::sync::Arc;

use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};
use dicom_encoding::transfer_syntax::TransferSyntax;
use flate2::read::DeflateDecoder;

use super::codec::{Codec, EXPLICIT_VR_BIG_ENDIAN};
use super::dataset::Dataset;
use super::read::{PixelBytes, read_dataset, tag_name, transfer_syntax};
use super::unknown;
use crate::source::{Blob, Budget};
use crate::{Limits, ScanError};

/// A parsed file whose pixels have not been touched.
#[derive(Debug)]
pub(super) struct File {
    /// The bytes that `pixels` points into: those of the file, or the inflated data set.
    pub blob: Blob,
    pub dataset: Dataset,
    pub codec: Codec,
    pub big_endian: bool,
    pub pixels: Option<(Tag, PixelBytes)>,
}

/// Where the data set begins in bytes that look like DICOM.
enum Start {
    Meta(usize),
    Dataset,
}

/// Whether `bytes` look like a DICOM file, with or without preamble and meta group.
pub(crate) fn is_dicom(bytes: &[u8]) -> bool {
    start_of(bytes).is_some()
}

/// Whether `bytes` begin with the preamble that nothing but a DICOM file has.
pub(crate) fn has_preamble(bytes: &[u8]) -> bool {
    bytes.get(128..132) == Some(b"DICM")
}

fn start_of(bytes: &[u8]) -> Option<Start> {
    if has_preamble(bytes) {
        return Some(Start::Meta(132));
    }
    match bytes.get(..8)? {
        [b'D', b'I', b'C', b'M', ..] => Some(Start::Meta(4)),
        [2, 0, _, 0, vr @ .., _, _] if is_vr(vr) => Some(Start::Meta(0)),
        // A bare data set begins in group 8 with an explicit VR or a short even length.
        [8, 0, _, 0, vr @ .., _, _] | [0, 8, 0, _, vr @ .., _, _] if is_vr(vr) => Some(Start::Dataset),
        [8, 0, _, 0, low, high, 0, 0] if low % 2 == 0 && *high == 0 => Some(Start::Dataset),
        _ => None,
    }
}

fn is_vr(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_uppercase)
}

impl File {
    /// Parses `blob`, inflating it first if its transfer syntax is deflated.
    pub fn parse(blob: Blob, limits: &Limits, budget: &mut Budget) -> Result<Self, ScanError> {
        let name = blob.name.clone();
        Self::parse_inner(blob, limits, budget).map_err(|e| e.in_file(&name))
    }

    fn parse_inner(blob: Blob, limits: &Limits, budget: &mut Budget) -> Result<Self, ScanError> {
        let bytes = blob.bytes.as_slice();
        let (start, uid) = match start_of(bytes) {
            Some(Start::Meta(at)) => read_meta(bytes, at, limits)?,
            Some(Start::Dataset) => (0, None),
            None => return Err(ScanError::not_a_scan("the file does not begin like DICOM")),
        };
        let uid = uid.unwrap_or_else(|| guess_syntax(&bytes[start..]).to_owned());
        let codec = Codec::of(&uid)?;
        if uid == uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN {
            let inflated = inflate(&bytes[start..], budget)?;
            let blob = Blob::plain(blob.name.clone(), inflated);
            return Self::of_dataset(blob, 0, syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN)?, codec, limits);
        }
        // Some writers declare one VR encoding and use the other.
        let uid = match guess_syntax(&bytes[start..]) {
            guess if codec == Codec::Native && uid != EXPLICIT_VR_BIG_ENDIAN => guess,
            _ => uid.as_str(),
        };
        let syntax = syntax(uid)?;
        Self::of_dataset(blob, start, syntax, codec, limits)
    }

    fn of_dataset(
        mut blob: Blob,
        start: usize,
        syntax: &TransferSyntax,
        codec: Codec,
        limits: &Limits,
    ) -> Result<Self, ScanError> {
        let big_endian = syntax.uid() == EXPLICIT_VR_BIG_ENDIAN;
        if syntax.uid() != uids::IMPLICIT_VR_LITTLE_ENDIAN {
            for stated in unknown::lengths(&blob.bytes, start, big_endian, limits)? {
                Arc::make_mut(&mut blob.bytes)[stated.at..][..4].copy_from_slice(&stated.length);
            }
        }
        let parsed = read_dataset(&blob.bytes, start, syntax, limits)?;
        Ok(Self { dataset: parsed.dataset, pixels: parsed.pixels, blob, codec, big_endian })
    }
}

fn syntax(uid: &str) -> Result<&'static TransferSyntax, ScanError> {
    transfer_syntax(uid)
        .ok_or_else(|| ScanError::unsupported(format!("the transfer syntax {uid} is unknown")))
}

/// End of the meta group and the transfer syntax it names.
fn read_meta(bytes: &[u8], at: usize, limits: &Limits) -> Result<(usize, Option<String>), ScanError> {
    let explicit = syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN)?;
    // Only the meta group itself is given to the reader, whose next header would be in another encoding.
    let end = meta_end(bytes, at);
    let parsed = read_dataset(&bytes[..end], at, explicit, limits)?;
    if parsed.dataset.text(tags::MEDIA_STORAGE_SOP_CLASS_UID).as_deref()
        == Some(uids::MEDIA_STORAGE_DIRECTORY_STORAGE)
    {
        return Err(ScanError::not_a_scan("the file is a DICOM directory, not an image"));
    }
    Ok((end, parsed.dataset.text(tags::TRANSFER_SYNTAX_UID)))
}

/// First byte after the explicit-VR little-endian elements of group 2 that begin at `at`.
fn meta_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&[2, 0, _, _, a, b, low, high]) = bytes.get(at..at + 8).and_then(|b| b.first_chunk::<8>())
    {
        let long = matches!(&[a, b], b"OB" | b"OW" | b"UN" | b"UT" | b"SQ" | b"OF" | b"OD" | b"UC" | b"UR");
        let size = match bytes.get(at + 8..at + 12).and_then(|b| b.first_chunk::<4>()) {
            Some(&length) if long => 12usize.checked_add(u32::from_le_bytes(length) as usize),
            _ => Some(8 + usize::from(u16::from_le_bytes([low, high]))),
        };
        match size.and_then(|size| at.checked_add(size)) {
            Some(next) if next <= bytes.len() => at = next,
            _ => return bytes.len(),
        }
    }
    at
}

/// The uncompressed syntax that the first element of a data set is written in.
fn guess_syntax(dataset: &[u8]) -> &'static str {
    match dataset.get(..6) {
        Some([0, group, _, _, vr @ ..]) if *group != 0 && is_vr(vr) => EXPLICIT_VR_BIG_ENDIAN,
        Some([_, _, _, _, vr @ ..]) if is_vr(vr) => uids::EXPLICIT_VR_LITTLE_ENDIAN,
        _ => uids::IMPLICIT_VR_LITTLE_ENDIAN,
    }
}

fn inflate(bytes: &[u8], budget: &mut Budget) -> Result<Vec<u8>, ScanError> {
    budget.expand(DeflateDecoder::new(bytes)).map_err(|e| e.in_field(tag_name(tags::TRANSFER_SYNTAX_UID)))
}

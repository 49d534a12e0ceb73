//! Elements of unknown representation (UN). What they hold is implicit VR little endian whatever the data set is, even
//! a sequence of undefined length (PS3.5 §6.2.2). The token reader does not know that, so it is told their lengths.

use dicom_core::dictionary::DataDictionary;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, uids};
use dicom_parser::dataset::LazyDataToken;

use super::dataset::Dataset;
use super::read::{read_dataset, transfer_syntax};
use crate::{Limits, ScanError};

const UNDEFINED: u32 = u32::MAX;
const ITEM: [u8; 4] = [0xFE, 0xFF, 0x00, 0xE0];
const ITEM_END: [u8; 4] = [0xFE, 0xFF, 0x0D, 0xE0];
const SEQUENCE_END: [u8; 4] = [0xFE, 0xFF, 0xDD, 0xE0];

/// A length to be written over an undefined one.
pub(super) struct Stated {
    pub at: usize,
    pub length: [u8; 4],
}

/// Lengths, delimiters included, of the unknown sequences of the explicit-VR data set that begins at `start`. What
/// breaks the rules ends the search and is left to the reader.
pub(super) fn lengths(
    bytes: &[u8],
    start: usize,
    big_endian: bool,
    limits: &Limits,
) -> Result<Vec<Stated>, ScanError> {
    let mut skipper = Skipper { bytes, at: start, left: limits.max_elements, limits };
    let mut found = Vec::new();
    while let Some(element) = Explicit::at(bytes, skipper.at, big_endian) {
        skipper.count()?;
        skipper.at = element.value;
        match element.length {
            // What sequences and items hold is walked through as if it lay outside.
            _ if element.opens => {}
            UNDEFINED => {
                if skipper.skip_sequence()?.is_none() {
                    break;
                }
                if element.unknown {
                    let length = (skipper.at - element.value) as u32;
                    let length = if big_endian { length.to_be_bytes() } else { length.to_le_bytes() };
                    found.push(Stated { at: element.value - 4, length });
                }
            }
            length => skipper.at = skipper.at.saturating_add(length as usize),
        }
    }
    Ok(found)
}

/// The element with the representation that the standard gives its tag.
pub(super) fn with_known_vr<D>(token: LazyDataToken<D>) -> LazyDataToken<D> {
    match token {
        LazyDataToken::LazyValue { mut header, decoder } => {
            if header.vr == VR::UN {
                let entry = StandardDataDictionary.by_tag(header.tag);
                header.vr = entry.map_or(VR::UN, |e| e.vr.relaxed());
            }
            LazyDataToken::LazyValue { header, decoder }
        }
        other => other,
    }
}

/// Items of the sequence `tag` whose value is `bytes`.
pub(super) fn items(tag: Tag, bytes: &[u8], limits: &Limits) -> Result<Vec<Dataset>, ScanError> {
    let broken = || ScanError::decoding("a sequence of unknown representation cannot be read");
    let implicit = transfer_syntax(uids::IMPLICIT_VR_LITTLE_ENDIAN).ok_or_else(broken)?;
    let length = (bytes.len() as u32).to_le_bytes();
    let element =
        [&tag.group().to_le_bytes(), &tag.element().to_le_bytes(), length.as_slice(), bytes].concat();
    let mut parsed = read_dataset(&element, 0, implicit, limits).map_err(|_| broken())?;
    Ok(parsed.dataset.sequences.remove(&tag).unwrap_or_default())
}

/// Header of an explicit-VR element, item or delimiter.
struct Explicit {
    length: u32,
    /// First byte of its value.
    value: usize,
    /// Whether its value is further elements.
    opens: bool,
    unknown: bool,
}

impl Explicit {
    fn at(bytes: &[u8], at: usize, big_endian: bool) -> Option<Self> {
        let &[a, b, _, _, vr @ .., low, high] = bytes.get(at..)?.first_chunk::<8>()?;
        let long = |at: usize| {
            let word = *bytes.get(at..)?.first_chunk::<4>()?;
            Some(if big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) })
        };
        if matches!((a, b, big_endian), (0xFE, 0xFF, false) | (0xFF, 0xFE, true)) {
            return Some(Self { length: long(at + 4)?, value: at + 8, opens: true, unknown: false });
        }
        let (length, value) = if is_short(vr) {
            let word = [low, high];
            let length = if big_endian { u16::from_be_bytes(word) } else { u16::from_le_bytes(word) };
            (u32::from(length), at + 8)
        } else {
            (long(at + 8)?, at + 12)
        };
        Some(Self { length, value, opens: &vr == b"SQ", unknown: &vr == b"UN" })
    }
}

/// Whether lengths of this representation take two bytes (PS3.5 §7.1.2).
fn is_short(vr: [u8; 2]) -> bool {
    const SHORT: [&[u8; 2]; 21] = [
        b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH",
        b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US",
    ];
    SHORT.contains(&&vr)
}

struct Skipper<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Elements that may still be met.
    left: usize,
    limits: &'a Limits,
}

impl Skipper<'_> {
    fn count(&mut self) -> Result<(), ScanError> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            ScanError::over_limit(format!("the file has more than {} elements", self.limits.max_elements))
        })?;
        Ok(())
    }

    /// Passes the implicit-VR sequence of undefined length whose items begin here; none if it has no end.
    fn skip_sequence(&mut self) -> Result<Option<()>, ScanError> {
        let mut depth = 1;
        while let Some(&[a, b, c, d, length @ ..]) =
            self.bytes.get(self.at..).and_then(|b| b.first_chunk::<8>())
        {
            self.count()?;
            self.at += 8;
            match ([a, b, c, d], u32::from_le_bytes(length)) {
                (SEQUENCE_END, _) if depth == 1 => return Ok(Some(())),
                (SEQUENCE_END, _) => depth -= 1,
                (ITEM, UNDEFINED) | (ITEM_END, _) => {}
                (_, UNDEFINED) => depth += 1,
                (_, length) => self.at = self.at.saturating_add(length as usize),
            }
            if depth > self.limits.max_sequence_depth {
                let message = format!("sequences are nested deeper than {}", self.limits.max_sequence_depth);
                return Err(ScanError::over_limit(message).at_byte(self.at as u64));
            }
        }
        Ok(None)
    }
}

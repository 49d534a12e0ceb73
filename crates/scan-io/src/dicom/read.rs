//! From file bytes to a [`Dataset`] and the place of the pixels, by the token reader of `dicom-parser`.
//!
//! The reader trusts declared lengths and expects balanced delimiters, so both are checked here before it goes on.

use std::io::Cursor;
use std::ops::Range;

use dicom_core::header::DataElementHeader;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_encoding::transfer_syntax::{TransferSyntax, TransferSyntaxIndex};
use dicom_parser::dataset::LazyDataToken;
use dicom_parser::dataset::lazy_read::LazyDataSetReader;
use dicom_parser::stateful::decode::StatefulDecode;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;

use super::dataset::{Dataset, is_wanted, is_wanted_sequence};
use super::{kept, unknown};
use crate::{Limits, ScanError};

/// Where the pixel bytes lie in the file.
#[derive(Debug, Clone)]
pub(super) enum PixelBytes {
    /// Uncompressed, one frame after another.
    Native(Range<usize>),
    /// Compressed: the basic offset table and the fragments.
    Encapsulated { offsets: Vec<u64>, fragments: Vec<Range<usize>> },
}

/// The wanted part of a data set.
#[derive(Debug)]
pub(super) struct Parsed {
    pub dataset: Dataset,
    /// The pixel data element: its tag and place.
    pub pixels: Option<(Tag, PixelBytes)>,
}

/// The transfer syntax of a UID as the registry knows it.
pub(super) fn transfer_syntax(uid: &str) -> Option<&'static TransferSyntax> {
    TransferSyntaxRegistry.get(uid)
}

/// An element's tag as the standard writes it.
pub(super) fn tag_name(tag: Tag) -> String {
    format!("({:04X},{:04X})", tag.group(), tag.element())
}

/// Reads `bytes` from `start` to the pixel data or the end.
pub(super) fn read_dataset(
    bytes: &[u8],
    start: usize,
    syntax: &TransferSyntax,
    limits: &Limits,
) -> Result<Parsed, ScanError> {
    let mut cursor = Cursor::new(bytes);
    cursor.set_position(start as u64);
    let mut reader = LazyDataSetReader::new_with_ts(cursor, syntax)
        .map_err(|e| ScanError::unsupported(format!("the transfer syntax cannot be read ({e})")))?;
    let mut walk = Walk::new(bytes, start, *limits);
    while let Some(token) = reader.advance() {
        let token = token.map_err(|_| walk.broken("an element cannot be read"))?;
        if walk.take(token)? {
            let pixels = walk.pixels.take();
            return Ok(walk.finish(pixels));
        }
    }
    if !walk.levels.is_empty() || walk.fragments.is_some() {
        return Err(walk.broken("the file ends inside a sequence"));
    }
    Ok(walk.finish(None))
}

/// An open sequence or item.
enum Level {
    Sequence { tag: Tag, items: Vec<Dataset> },
    Item(Dataset),
}

/// State between tokens.
struct Walk<'a> {
    limits: Limits,
    bytes: &'a [u8],
    position: usize,
    elements: usize,
    root: Dataset,
    levels: Vec<Level>,
    /// Fragments of the encapsulated pixel data being walked; the first is the offset table.
    fragments: Option<Vec<Range<usize>>>,
    fragment_open: bool,
    offsets: Vec<u64>,
    pixels: Option<(Tag, PixelBytes)>,
}

impl<'a> Walk<'a> {
    fn new(bytes: &'a [u8], position: usize, limits: Limits) -> Self {
        Self {
            limits,
            bytes,
            position,
            elements: 0,
            root: Dataset::default(),
            levels: Vec::new(),
            fragments: None,
            fragment_open: false,
            offsets: Vec::new(),
            pixels: None,
        }
    }

    fn finish(self, pixels: Option<(Tag, PixelBytes)>) -> Parsed {
        Parsed { dataset: self.root, pixels }
    }

    fn broken(&self, message: &str) -> ScanError {
        ScanError::decoding(message).at_byte(self.position as u64)
    }

    /// Takes one token; true when the pixel data of the image has been found.
    fn take<D: StatefulDecode>(&mut self, token: LazyDataToken<D>) -> Result<bool, ScanError> {
        self.elements += 1;
        if self.elements > self.limits.max_elements {
            let message = format!("the file has more than {} elements", self.limits.max_elements);
            return Err(ScanError::over_limit(message));
        }
        match token {
            LazyDataToken::SequenceStart { tag, .. } => self.open_sequence(tag)?,
            LazyDataToken::ItemStart { len } if self.fragments.is_some() => self.open_fragment(len.0),
            LazyDataToken::ItemStart { .. } => self.levels.push(Level::Item(Dataset::default())),
            LazyDataToken::ItemEnd if self.fragment_open => self.fragment_open = false,
            LazyDataToken::ItemEnd => self.close_item()?,
            LazyDataToken::PixelSequenceStart => self.fragments = Some(Vec::new()),
            LazyDataToken::SequenceEnd if self.fragments.is_some() => return Ok(self.close_pixels()),
            LazyDataToken::SequenceEnd => self.close_sequence()?,
            LazyDataToken::LazyValue { header, decoder } => {
                return self.value(header, LazyDataToken::LazyValue { header, decoder });
            }
            LazyDataToken::LazyItemValue { len, decoder } => {
                self.fragment(len, LazyDataToken::LazyItemValue { len, decoder })?;
            }
            _ => {}
        }
        Ok(false)
    }

    fn open_sequence(&mut self, tag: Tag) -> Result<(), ScanError> {
        if self.levels.len() / 2 >= self.limits.max_sequence_depth {
            let message = format!("sequences are nested deeper than {}", self.limits.max_sequence_depth);
            return Err(ScanError::over_limit(message).in_field(tag_name(tag)).at_byte(self.position as u64));
        }
        if matches!(self.levels.last(), Some(Level::Sequence { .. })) {
            return Err(self.broken("a sequence begins outside of an item"));
        }
        self.levels.push(Level::Sequence { tag, items: Vec::new() });
        Ok(())
    }

    fn close_item(&mut self) -> Result<(), ScanError> {
        let Some(Level::Item(item)) = self.levels.pop() else {
            return Err(self.broken("an item ends that never began"));
        };
        match self.levels.last_mut() {
            Some(Level::Sequence { tag, items }) => {
                if is_wanted_sequence(*tag) {
                    items.push(item);
                }
                Ok(())
            }
            _ => Err(self.broken("an item lies outside of a sequence")),
        }
    }

    fn close_sequence(&mut self) -> Result<(), ScanError> {
        let Some(Level::Sequence { tag, items }) = self.levels.pop() else {
            return Err(self.broken("a sequence ends that never began"));
        };
        if let Some(dataset) = self.dataset()
            && is_wanted_sequence(tag)
        {
            dataset.sequences.insert(tag, items);
        }
        Ok(())
    }

    /// The data set that elements go to now.
    fn dataset(&mut self) -> Option<&mut Dataset> {
        match self.levels.last_mut() {
            None => Some(&mut self.root),
            Some(Level::Item(item)) => Some(item),
            Some(Level::Sequence { .. }) => None,
        }
    }

    fn value<D: StatefulDecode>(
        &mut self,
        DataElementHeader { tag, vr, len }: DataElementHeader,
        token: LazyDataToken<D>,
    ) -> Result<bool, ScanError> {
        let len = len.0;
        let range = self.place(len, &token).map_err(|e| e.in_field(tag_name(tag)))?;
        let is_pixels =
            matches!(tag, tags::PIXEL_DATA | tags::FLOAT_PIXEL_DATA | tags::DOUBLE_FLOAT_PIXEL_DATA);
        if is_pixels && self.levels.is_empty() {
            self.pixels = Some((tag, PixelBytes::Native(range)));
            return Ok(true);
        }
        if self.is_kept(tag, &range) {
            let value = unknown::with_known_vr(token).into_value().map_err(|_| {
                ScanError::decoding("a value cannot be read")
                    .in_field(tag_name(tag))
                    .at_byte(range.start as u64)
            })?;
            if let Some(dataset) = self.dataset() {
                dataset.values.insert(tag, value);
            }
        } else {
            token.skip().map_err(|_| self.broken("an element cannot be skipped"))?;
        }
        if vr == VR::UN && is_wanted_sequence(tag) {
            let items = unknown::items(tag, &self.bytes[range.clone()], &self.limits)
                .map_err(|e| e.in_field(tag_name(tag)).at_byte(range.start as u64))?;
            if let Some(dataset) = self.dataset() {
                dataset.sequences.insert(tag, items);
            }
        }
        self.position = range.end;
        Ok(false)
    }

    /// Whether an element whose value lies at `range` is of use.
    fn is_kept(&self, tag: Tag, range: &Range<usize>) -> bool {
        let whole = self.levels.is_empty().then_some(&self.root);
        is_wanted(tag) && kept::is_kept(tag, &self.bytes[range.clone()], whole)
    }

    /// An empty fragment (often the offset table) has no value token of its own.
    fn open_fragment(&mut self, len: u32) {
        self.fragment_open = true;
        if let (0, Some(fragments)) = (len, &mut self.fragments) {
            fragments.push(self.position..self.position);
        }
    }

    fn fragment<D: StatefulDecode>(&mut self, len: u32, token: LazyDataToken<D>) -> Result<(), ScanError> {
        let range = self.place(len, &token).map_err(|e| e.in_field(tag_name(tags::PIXEL_DATA)))?;
        self.position = range.end;
        let first = self.fragments.as_ref().is_some_and(Vec::is_empty);
        if first {
            let table = token.into_owned().map_err(|_| self.broken("the offset table cannot be read"))?;
            if let dicom_parser::dataset::DataToken::ItemValue(bytes) = table {
                let (words, _) = bytes.as_chunks::<4>();
                self.offsets = words.iter().map(|&w| u64::from(u32::from_le_bytes(w))).collect();
            }
        } else {
            token.skip().map_err(|_| self.broken("a fragment cannot be skipped"))?;
        }
        if let Some(fragments) = &mut self.fragments {
            fragments.push(range);
        }
        Ok(())
    }

    /// End of encapsulated pixels; true when they are the image's own and not those of an icon.
    fn close_pixels(&mut self) -> bool {
        let fragments = self.fragments.take().unwrap_or_default();
        if !self.levels.is_empty() {
            return false;
        }
        let offsets = std::mem::take(&mut self.offsets);
        let fragments = fragments.into_iter().skip(1).collect();
        self.pixels = Some((tags::PIXEL_DATA, PixelBytes::Encapsulated { offsets, fragments }));
        true
    }

    /// Byte range of a value, checked to lie inside the file.
    fn place<D: StatefulDecode>(
        &mut self,
        len: u32,
        token: &LazyDataToken<D>,
    ) -> Result<Range<usize>, ScanError> {
        let start = match token {
            LazyDataToken::LazyValue { decoder, .. } | LazyDataToken::LazyItemValue { decoder, .. } => {
                decoder.position() as usize
            }
            _ => self.position,
        };
        self.position = start;
        match start.checked_add(len as usize) {
            Some(end) if end <= self.bytes.len() => Ok(start..end),
            _ => {
                let message = format!("an element of {len} bytes runs past the end of the file");
                Err(ScanError::decoding(message).at_byte(start as u64))
            }
        }
    }
}

//! One DICOM image object: how to get the stored values of a frame.

use std::ops::Range;

use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};

use super::codec::{Codec, FrameShape, colour};
use super::dataset::Dataset;
use super::file::File;
use super::read::{PixelBytes, tag_name};
use crate::source::Blob;
use crate::{Limits, ScanError};

/// How a sample's bits make a number.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sample {
    /// The bits `[shift, shift + bits)`, two's complement if signed.
    Integer {
        shift: u32,
        bits: u32,
        signed: bool,
    },
    Float,
    Double,
}

/// Pixel description of one file. Values are decoded frame by frame on demand.
#[derive(Debug, Clone)]
pub(super) struct Image {
    blob: Blob,
    codec: Codec,
    big_endian: bool,
    pixels: PixelBytes,
    extended_offsets: Vec<u64>,
    pub rows: usize,
    pub columns: usize,
    pub frames: usize,
    bits_allocated: u16,
    sample: Sample,
    /// MONOCHROME1: the smallest value is white.
    pub inverted: bool,
}

impl Image {
    /// Checks the pixel module of a parsed file.
    pub fn new(file: File, limits: &Limits) -> Result<(Self, Dataset), ScanError> {
        let name = file.blob.name.clone();
        Self::new_inner(file, limits).map_err(|e| e.in_file(&name))
    }

    fn new_inner(file: File, limits: &Limits) -> Result<(Self, Dataset), ScanError> {
        let File { blob, dataset, codec, big_endian, pixels } = file;
        let Some((pixel_tag, pixels)) = pixels else {
            return Err(no_pixels(&dataset));
        };
        let size = |tag: Tag| match dataset.int(tag) {
            Some(n @ 1..=65_535) => Ok(n as usize),
            _ => Err(ScanError::decoding("the image size is missing").in_field(tag_name(tag))),
        };
        let (rows, columns) = (size(tags::ROWS)?, size(tags::COLUMNS)?);
        limits.check_dims(&[columns, rows]).map_err(|e| e.in_field(tag_name(tags::ROWS)))?;
        if dataset.int(tags::SAMPLES_PER_PIXEL).unwrap_or(1) != 1 {
            return Err(colour().in_field(tag_name(tags::SAMPLES_PER_PIXEL)));
        }
        let inverted = is_inverted(&dataset)?;
        let (bits_allocated, sample) = sample(&dataset, pixel_tag)?;
        let frames = dataset.int(tags::NUMBER_OF_FRAMES).unwrap_or(1).max(1);
        let frames = usize::try_from(frames).unwrap_or(usize::MAX);
        if frames > limits.max_planes {
            let message = format!("the file claims {frames} frames, the limit is {}", limits.max_planes);
            return Err(ScanError::over_limit(message).in_field(tag_name(tags::NUMBER_OF_FRAMES)));
        }
        let table = dataset.bytes(tags::EXTENDED_OFFSET_TABLE).unwrap_or_default();
        let extended_offsets = table.as_chunks::<8>().0.iter().map(|&b| u64::from_le_bytes(b)).collect();
        let image = Self {
            blob,
            codec,
            big_endian,
            pixels,
            extended_offsets,
            rows,
            columns,
            frames,
            bits_allocated,
            sample,
            inverted,
        };
        image.check_length()?;
        Ok((image, dataset))
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.blob.name
    }

    /// Stored values of `frame` as numbers, row by row, before rescaling.
    pub fn stored(&self, frame: usize) -> Result<Vec<f64>, ScanError> {
        let place = |e: ScanError| e.in_field(tag_name(tags::PIXEL_DATA)).in_file(self.name());
        self.stored_inner(frame).map_err(place)
    }

    fn stored_inner(&self, frame: usize) -> Result<Vec<f64>, ScanError> {
        let fragments = match &self.pixels {
            PixelBytes::Native(range) => {
                let size = self.frame_bytes();
                let start = range.start + frame * size;
                return self.native(start..start + size);
            }
            PixelBytes::Encapsulated { offsets, fragments } => {
                self.fragments_of(frame, offsets, fragments)?
            }
        };
        if let (Codec::Native, [one]) = (self.codec, fragments) {
            return self.native(one.clone());
        }
        let shape =
            FrameShape { rows: self.rows, columns: self.columns, bits_allocated: self.bits_allocated };
        let start = fragments.first().map_or(0, |f| f.start);
        let samples = match fragments {
            [one] => self.codec.decode(self.slice(one), shape),
            many => {
                let joined: Vec<u8> = many.iter().flat_map(|f| self.slice(f)).copied().collect();
                self.codec.decode(&joined, shape)
            }
        };
        let samples = samples.map_err(|e| e.at_byte(start as u64))?;
        Ok(samples.into_iter().map(|s| self.number(s as u32)).collect())
    }

    /// Smallest and largest number the stored bits can say.
    pub fn range(&self) -> [f64; 2] {
        match self.sample {
            Sample::Integer { bits, signed: true, .. } => {
                let half = 2f64.powi(bits as i32 - 1);
                [-half, half - 1.0]
            }
            Sample::Integer { bits, .. } => [0.0, 2f64.powi(bits as i32) - 1.0],
            Sample::Float | Sample::Double => [0.0, 1.0],
        }
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.blob.bytes.get(range.clone()).unwrap_or_default()
    }

    fn frame_bytes(&self) -> usize {
        self.rows * self.columns * usize::from(self.bits_allocated / 8)
    }

    fn check_length(&self) -> Result<(), ScanError> {
        let range = match &self.pixels {
            PixelBytes::Native(range) => range,
            PixelBytes::Encapsulated { fragments, .. } => return self.check_count(fragments.len()),
        };
        if self.codec != Codec::Native {
            return Err(ScanError::decoding("the pixels are not compressed as the transfer syntax says"));
        }
        let wanted = self.frame_bytes().saturating_mul(self.frames);
        if wanted <= range.len() {
            return Ok(());
        }
        let message = format!("the pixels take {wanted} bytes, the file holds {}", range.len());
        Err(ScanError::decoding(message).in_field(tag_name(tags::PIXEL_DATA)).at_byte(range.start as u64))
    }

    fn check_count(&self, fragments: usize) -> Result<(), ScanError> {
        if fragments >= self.frames {
            return Ok(());
        }
        let message = format!("the file claims {} frames and holds {fragments}", self.frames);
        Err(ScanError::decoding(message).in_field(tag_name(tags::PIXEL_DATA)))
    }

    fn native(&self, range: Range<usize>) -> Result<Vec<f64>, ScanError> {
        let bytes = self.slice(&range);
        if bytes.len() < self.frame_bytes() {
            return Err(ScanError::decoding("a frame ends early").at_byte(range.start as u64));
        }
        let bytes = &bytes[..self.frame_bytes()];
        Ok(match (self.bits_allocated, self.sample) {
            (8, _) => bytes.iter().map(|&b| self.number(u32::from(b))).collect(),
            (16, _) => self.words(bytes, |w: [u8; 2]| self.number(u32::from(u16::from_le_bytes(w)))),
            (_, Sample::Float) => self.words(bytes, |w| f64::from(f32::from_le_bytes(w))),
            (_, Sample::Double) => self.words(bytes, f64::from_le_bytes),
            _ => self.words(bytes, |w| self.number(u32::from_le_bytes(w))),
        })
    }

    fn words<const N: usize>(&self, bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        let (words, _) = bytes.as_chunks::<N>();
        let ordered = |mut word: [u8; N]| {
            if self.big_endian {
                word.reverse();
            }
            word
        };
        words.iter().map(|&w| number(ordered(w))).collect()
    }

    fn number(&self, pattern: u32) -> f64 {
        let Sample::Integer { shift, bits, signed } = self.sample else { return f64::from(pattern) };
        let top = 32 - bits;
        let raised = (pattern >> shift) << top;
        if signed { f64::from((raised as i32) >> top) } else { f64::from(raised >> top) }
    }

    /// The fragments that hold `frame`.
    fn fragments_of<'a>(
        &self,
        frame: usize,
        offsets: &[u64],
        fragments: &'a [Range<usize>],
    ) -> Result<&'a [Range<usize>], ScanError> {
        if self.frames == 1 && !fragments.is_empty() {
            return Ok(fragments);
        }
        if fragments.len() == self.frames {
            return Ok(&fragments[frame..=frame]);
        }
        let starts = self.frame_starts(offsets, fragments);
        let from = starts.get(frame).copied();
        let to = starts.get(frame + 1).copied().unwrap_or(fragments.len());
        from.and_then(|from| fragments.get(from..to)).filter(|f| !f.is_empty()).ok_or_else(|| {
            let message = format!("frame {} cannot be found among {} fragments", frame + 1, fragments.len());
            ScanError::decoding(message)
        })
    }

    /// First fragment of each frame: by an offset table, else by the first bytes of a compressed image.
    fn frame_starts(&self, offsets: &[u64], fragments: &[Range<usize>]) -> Vec<usize> {
        // Offsets count from the first fragment's item header, 8 bytes before its data.
        let base = fragments.first().map_or(0, |f| f.start) as u64;
        let by_table = |table: &[u64]| -> Vec<usize> {
            let at = |offset: &u64| {
                let start = base.checked_add(*offset)?;
                fragments.binary_search_by_key(&start, |f| f.start as u64).ok()
            };
            table.iter().map_while(at).collect()
        };
        for table in [self.extended_offsets.as_slice(), offsets] {
            let starts = by_table(table);
            if starts.len() == self.frames {
                return starts;
            }
        }
        let Some(magic) = self.codec.magic() else { return Vec::new() };
        (0..fragments.len()).filter(|&i| self.slice(&fragments[i]).starts_with(magic)).collect()
    }
}

/// The error for an object without pixels: one that should have some was cut off.
fn no_pixels(dataset: &Dataset) -> ScanError {
    match dataset.text(tags::SOP_CLASS_UID).as_deref() {
        Some(
            uids::CT_IMAGE_STORAGE
            | uids::ENHANCED_CT_IMAGE_STORAGE
            | uids::MR_IMAGE_STORAGE
            | uids::ENHANCED_MR_IMAGE_STORAGE,
        ) => ScanError::decoding("the image ends before its pixels").in_field(tag_name(tags::PIXEL_DATA)),
        _ => ScanError::not_a_scan("the DICOM object holds no image"),
    }
}

fn is_inverted(dataset: &Dataset) -> Result<bool, ScanError> {
    match dataset.text(tags::PHOTOMETRIC_INTERPRETATION).as_deref() {
        None | Some("MONOCHROME2") => Ok(false),
        Some("MONOCHROME1") => Ok(true),
        Some(_) => Err(colour().in_field(tag_name(tags::PHOTOMETRIC_INTERPRETATION))),
    }
}

fn sample(dataset: &Dataset, pixel_tag: Tag) -> Result<(u16, Sample), ScanError> {
    let allocated = dataset.int(tags::BITS_ALLOCATED).unwrap_or(16);
    let refuse = |message: String| ScanError::unsupported(message).in_field(tag_name(tags::BITS_ALLOCATED));
    match (pixel_tag, allocated) {
        (tags::FLOAT_PIXEL_DATA, 32) => return Ok((32, Sample::Float)),
        (tags::DOUBLE_FLOAT_PIXEL_DATA, 64) => return Ok((64, Sample::Double)),
        (tags::PIXEL_DATA, 8 | 16 | 32) => {}
        (_, 1) => return Err(refuse("the object is a 1-bit mask, not a scan".to_owned())),
        (_, n) => return Err(refuse(format!("pixels of {n} bits are not read"))),
    }
    let stored = dataset.int(tags::BITS_STORED).filter(|s| (1..=allocated).contains(s)).unwrap_or(allocated);
    let high =
        dataset.int(tags::HIGH_BIT).filter(|h| (stored - 1..allocated).contains(h)).unwrap_or(stored - 1);
    let signed = dataset.int(tags::PIXEL_REPRESENTATION) == Some(1);
    let sample = Sample::Integer { shift: (high + 1 - stored) as u32, bits: stored as u32, signed };
    Ok((allocated as u16, sample))
}

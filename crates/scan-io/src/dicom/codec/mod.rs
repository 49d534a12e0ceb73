//! Compressed frames to stored samples.

mod jpeg;
mod jpeg2000;
mod jpegls;
mod jpegls_scan;
mod rle;

use dicom_dictionary_std::uids;

use super::read::transfer_syntax;
use crate::ScanError;

/// Retired, but still found in archives.
pub(super) const EXPLICIT_VR_BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";

/// How the pixels of a transfer syntax are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Native,
    Rle,
    Jpeg,
    JpegLs,
    Jpeg2000,
}

/// What a decoder must deliver.
#[derive(Debug, Clone, Copy)]
pub(super) struct FrameShape {
    pub rows: usize,
    pub columns: usize,
    /// 8, 16 or 32.
    pub bits_allocated: u16,
}

impl FrameShape {
    pub fn samples(&self) -> usize {
        self.rows * self.columns
    }

    /// Refuses a compressed image whose own header tells another size.
    fn expect(&self, columns: usize, rows: usize, components: usize) -> Result<(), ScanError> {
        if components != 1 {
            return Err(colour());
        }
        if (columns, rows) == (self.columns, self.rows) {
            return Ok(());
        }
        Err(ScanError::decoding(format!(
            "the compressed image is {columns}×{rows}, the header says {}×{}",
            self.columns, self.rows
        )))
    }
}

/// The error for more than one sample per pixel.
pub(super) fn colour() -> ScanError {
    ScanError::unsupported("the image is in colour, so it is a picture and not a scan")
        .with_remedy("Open the original grey-scale series.")
}

impl Codec {
    /// The codec of a transfer syntax; those not read are refused by name.
    pub fn of(uid: &str) -> Result<Self, ScanError> {
        Ok(match uid {
            uids::IMPLICIT_VR_LITTLE_ENDIAN
            | uids::EXPLICIT_VR_LITTLE_ENDIAN
            | EXPLICIT_VR_BIG_ENDIAN
            | uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN
            | uids::ENCAPSULATED_UNCOMPRESSED_EXPLICIT_VR_LITTLE_ENDIAN => Self::Native,
            uids::RLE_LOSSLESS => Self::Rle,
            uids::JPEG_BASELINE8_BIT
            | uids::JPEG_EXTENDED12_BIT
            | uids::JPEG_LOSSLESS
            | uids::JPEG_LOSSLESS_SV1 => Self::Jpeg,
            uids::JPEGLS_LOSSLESS | uids::JPEGLS_NEAR_LOSSLESS => Self::JpegLs,
            uids::JPEG2000_LOSSLESS | uids::JPEG2000 => Self::Jpeg2000,
            other => {
                let name = transfer_syntax(other).map_or("private or unknown", |s| s.name());
                let message = format!("the transfer syntax {other} ({name}) is not read");
                return Err(ScanError::unsupported(message)
                    .in_field("(0002,0010)")
                    .with_remedy("Export the series uncompressed or as JPEG 2000."));
            }
        })
    }

    /// Bytes that a compressed frame begins with, if the format has such.
    pub fn magic(self) -> Option<&'static [u8]> {
        match self {
            Self::Native | Self::Rle => None,
            Self::Jpeg | Self::JpegLs => Some(&[0xFF, 0xD8]),
            Self::Jpeg2000 => Some(&[0xFF, 0x4F]),
        }
    }

    /// Samples of one compressed frame as bit patterns; signed ones keep their sign.
    pub fn decode(self, frame: &[u8], shape: FrameShape) -> Result<Vec<i32>, ScanError> {
        match self {
            Self::Native => Err(ScanError::decoding("uncompressed pixels are packed in fragments")),
            Self::Rle => rle::decode(frame, shape),
            Self::Jpeg => jpeg::decode(frame, shape),
            Self::JpegLs => jpegls::decode(frame, shape),
            Self::Jpeg2000 => jpeg2000::decode(frame, shape),
        }
    }
}

//! JPEG baseline, extended (8 bit) and lossless, by `jpeg-decoder`.

use jpeg_decoder::{Decoder, Error, PixelFormat, UnsupportedFeature};

use super::{FrameShape, colour};
use crate::ScanError;

pub(super) fn decode(frame: &[u8], shape: FrameShape) -> Result<Vec<i32>, ScanError> {
    refuse_misread(frame)?;
    let mut decoder = Decoder::new(frame);
    // Two bytes per sample, and blocks padded to 16×16.
    decoder.set_max_decoding_buffer_size((shape.rows + 16) * (shape.columns + 16) * 2);
    decoder.read_info().map_err(|e| refuse(&e))?;
    let Some(info) = decoder.info() else {
        return Err(ScanError::decoding("the JPEG frame has no header"));
    };
    let components = if matches!(info.pixel_format, PixelFormat::L8 | PixelFormat::L16) { 1 } else { 3 };
    shape.expect(info.width.into(), info.height.into(), components)?;
    let bytes = decoder.decode().map_err(|e| refuse(&e))?;
    match info.pixel_format {
        PixelFormat::L8 => Ok(bytes.into_iter().map(i32::from).collect()),
        PixelFormat::L16 => {
            let (words, _) = bytes.as_chunks::<2>();
            Ok(words.iter().map(|&w| i32::from(u16::from_ne_bytes(w))).collect())
        }
        _ => Err(colour()),
    }
}

/// Refuses lossless JPEG that the decoder would give wrong pixels of without a word: prediction starts anew after each
/// restart interval (its issue 286), and goes on from values before the point transform.
fn refuse_misread(frame: &[u8]) -> Result<(), ScanError> {
    let mut lossless = false;
    let mut unread = None;
    for (marker, content) in segments(frame) {
        match marker {
            0xC3 => lossless = true,
            0xDD if content.iter().any(|&b| b != 0) => unread = Some("restart intervals"),
            0xDA if content.last().is_some_and(|b| b & 0x0F != 0) => unread = Some("a point transform"),
            _ => {}
        }
    }
    let Some(unread) = unread.filter(|_| lossless) else { return Ok(()) };
    Err(ScanError::unsupported(format!("lossless JPEG with {unread} is not read"))
        .with_remedy("Export the series uncompressed or as JPEG 2000."))
}

/// Marker and content of each segment up to the first scan's header. What lies between segments is skipped, as by the
/// decoder.
fn segments(frame: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = frame;
    std::iter::from_fn(move || {
        let bears_length = |w: &[u8]| w[0] == 0xFF && matches!(w[1], 0xC0..=0xCF | 0xD9..=0xFE);
        let at = rest.windows(2).position(bears_length)?;
        let &[_, marker, high, low] = rest.get(at..)?.first_chunk()?;
        let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
        let content = rest.get(at + 4..end)?;
        rest = if marker == 0xDA { &[] } else { &rest[end..] };
        Some((marker, content))
    })
}

fn refuse(error: &Error) -> ScanError {
    match error {
        Error::Unsupported(UnsupportedFeature::SamplePrecision(bits)) => {
            ScanError::unsupported(format!("{bits}-bit lossy JPEG is not read"))
                .with_remedy("Export the series uncompressed or lossless.")
        }
        Error::Unsupported(feature) => {
            ScanError::unsupported(format!("this kind of JPEG is not read ({feature:?})"))
        }
        other => ScanError::decoding(format!("the JPEG frame is damaged ({other})")),
    }
}

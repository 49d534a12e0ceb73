//! JPEG baseline, extended (8 bit) and lossless, by `jpeg-decoder`.

use jpeg_decoder::{Decoder, Error, PixelFormat, UnsupportedFeature};

use super::{FrameShape, colour};
use crate::ScanError;

pub(super) fn decode(frame: &[u8], shape: FrameShape) -> Result<Vec<i32>, ScanError> {
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

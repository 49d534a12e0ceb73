//! JPEG 2000, by `hayro-jpeg2000`.

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};

use super::FrameShape;
use crate::ScanError;

pub(super) fn decode(frame: &[u8], shape: FrameShape) -> Result<Vec<i32>, ScanError> {
    let header = SizeMarker::find(frame)?;
    shape.expect(header.columns, header.rows, header.components)?;
    let damaged = |e| ScanError::decoding(format!("the JPEG 2000 frame is damaged ({e})"));
    let settings = DecodeSettings { resolve_palette_indices: false, strict: false, target_resolution: None };
    let image = Image::new(frame, &settings).map_err(damaged)?;
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(damaged)?;
    let samples = decoded.components().first().map_or(&[][..], |c| c.samples());
    if samples.len() != shape.samples() {
        return Err(ScanError::decoding("the JPEG 2000 frame holds another number of pixels"));
    }
    // The decoder shifts signed samples up as if they were unsigned.
    let largest = (1i32 << header.precision) - 1;
    let shift = if header.signed { 1i32 << (header.precision - 1) } else { 0 };
    Ok(samples.iter().map(|&v| (v.round() as i32).clamp(0, largest) - shift).collect())
}

/// What the SIZ marker says about the image.
struct SizeMarker {
    columns: usize,
    rows: usize,
    components: usize,
    precision: u8,
    signed: bool,
}

impl SizeMarker {
    fn find(frame: &[u8]) -> Result<Self, ScanError> {
        let cut = || ScanError::decoding("the JPEG 2000 frame has no size marker");
        let at = frame.windows(4).position(|w| w == [0xFF, 0x4F, 0xFF, 0x51]).ok_or_else(cut)?;
        let field = |offset: usize| {
            let bytes = frame.get(at + offset..at + offset + 4).and_then(|b| b.first_chunk::<4>());
            bytes.map(|&b| u32::from_be_bytes(b)).ok_or_else(cut)
        };
        let extent = |end: u32, start: u32| end.checked_sub(start).ok_or_else(cut);
        let depth = *frame.get(at + 42).ok_or_else(cut)?;
        let precision = (depth & 0x7F) + 1;
        if precision > 24 {
            return Err(ScanError::unsupported(format!("{precision}-bit JPEG 2000 is not read")));
        }
        Ok(Self {
            columns: extent(field(8)?, field(16)?)? as usize,
            rows: extent(field(12)?, field(20)?)? as usize,
            components: (field(38)? & 0xFFFF) as usize,
            precision,
            signed: depth & 0x80 != 0,
        })
    }
}

//! DICOM RLE (PS3.5 annex G): PackBits segments, one per byte of the sample, the highest first.

use super::FrameShape;
use crate::ScanError;

const HEADER: usize = 64;

pub(super) fn decode(frame: &[u8], shape: FrameShape) -> Result<Vec<i32>, ScanError> {
    let planes = usize::from(shape.bits_allocated / 8);
    let word = |at: usize| {
        frame
            .get(4 * at..4 * at + 4)
            .and_then(|b| b.first_chunk::<4>())
            .map(|&b| u32::from_le_bytes(b) as usize)
    };
    let count = word(0).filter(|_| frame.len() >= HEADER);
    let count = count.ok_or_else(|| ScanError::decoding("the RLE header is cut off"))?;
    if count != planes {
        return Err(ScanError::decoding(format!("the RLE frame has {count} segments, {planes} are needed")));
    }
    let mut samples = vec![0i32; shape.samples()];
    for plane in 0..planes {
        let start = word(plane + 1).unwrap_or(0);
        let end = if plane + 1 < planes { word(plane + 2).unwrap_or(0) } else { frame.len() };
        let segment = frame
            .get(start..end)
            .filter(|_| start >= HEADER)
            .ok_or_else(|| ScanError::decoding("an RLE segment lies outside of its frame"))?;
        unpack(segment, &mut samples)?;
    }
    Ok(samples)
}

/// Shifts every sample up by a byte and fills in the next one from the segment.
fn unpack(segment: &[u8], samples: &mut [i32]) -> Result<(), ScanError> {
    let mut out = samples.iter_mut();
    let mut push = |value: u8| out.next().map(|s| *s = *s << 8 | i32::from(value)).is_some();
    let mut at = 0;
    while let Some(&control) = segment.get(at) {
        at += 1;
        let full = match control {
            0..=127 => {
                let end = (at + usize::from(control) + 1).min(segment.len());
                let all = segment[at..end].iter().all(|&b| push(b));
                at = end;
                !all
            }
            128 => false,
            _ => {
                let Some(&value) = segment.get(at) else { break };
                at += 1;
                !(0..257 - usize::from(control)).all(|_| push(value))
            }
        };
        if full {
            break;
        }
    }
    if push(0) {
        return Err(ScanError::decoding("an RLE segment ends before its pixels do"));
    }
    Ok(())
}

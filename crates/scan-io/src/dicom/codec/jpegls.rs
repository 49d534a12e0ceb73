//! JPEG-LS (ITU-T T.87) for one component, lossless and near-lossless.
//!
//! Own code since the only decoders at hand are C++ or come with a whole DICOM toolkit.

use super::FrameShape;
use super::jpegls_scan::Scan;
use crate::ScanError;

/// Coding parameters of T.87 annex C.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameters {
    pub max_value: i32,
    pub near: i32,
    pub thresholds: [i32; 3],
    pub reset: i32,
}

#[derive(Default)]
struct FrameHeader {
    precision: u8,
    rows: usize,
    columns: usize,
    components: usize,
    /// Preset MAXVAL, T1, T2, T3 and RESET; 0 means the default.
    preset: [i32; 5],
    near: i32,
    scan: usize,
}

pub(super) fn decode(frame: &[u8], shape: FrameShape) -> Result<Vec<i32>, ScanError> {
    let header = FrameHeader::parse(frame)?;
    shape.expect(header.columns, header.rows, header.components)?;
    let parameters = header.parameters()?;
    Scan::new(&frame[header.scan..], parameters)
        .decode(header.columns, header.rows)
        .ok_or_else(|| ScanError::decoding("the JPEG-LS frame ends before its pixels do"))
}

impl FrameHeader {
    fn parse(frame: &[u8]) -> Result<Self, ScanError> {
        let damaged = || ScanError::decoding("the JPEG-LS header is damaged");
        let mut header = Self::default();
        let mut at = 2;
        loop {
            let &[0xFF, marker, high, low] =
                frame.get(at..at + 4).and_then(|b| b.first_chunk()).ok_or_else(damaged)?
            else {
                return Err(damaged());
            };
            let length = usize::from(u16::from_be_bytes([high, low]));
            let segment = frame.get(at + 4..at + 2 + length).ok_or_else(damaged)?;
            at += 2 + length;
            match marker {
                0xF7 => header.frame(segment).ok_or_else(damaged)?,
                0xF8 => header.presets(segment)?,
                0xDD => return Err(ScanError::unsupported("JPEG-LS with restart intervals is not read")),
                0xDA => {
                    // Component list, then NEAR, interleave mode and point transform.
                    let [.., near, _, _] = segment else { return Err(damaged()) };
                    header.near = i32::from(*near);
                    header.scan = at;
                    return if header.rows > 0 { Ok(header) } else { Err(damaged()) };
                }
                _ => {}
            }
        }
    }

    fn frame(&mut self, segment: &[u8]) -> Option<()> {
        let &[precision, y1, y0, x1, x0, components] = segment.first_chunk()?;
        if !(2..=16).contains(&precision) {
            return None;
        }
        self.precision = precision;
        self.rows = usize::from(u16::from_be_bytes([y1, y0]));
        self.columns = usize::from(u16::from_be_bytes([x1, x0]));
        self.components = usize::from(components);
        Some(())
    }

    fn presets(&mut self, segment: &[u8]) -> Result<(), ScanError> {
        let Some((&[1], values)) = segment.split_first_chunk() else {
            return Err(ScanError::unsupported("JPEG-LS with mapping tables is not read"));
        };
        let (words, _) = values.as_chunks::<2>();
        for (preset, &word) in self.preset.iter_mut().zip(words) {
            *preset = i32::from(u16::from_be_bytes(word));
        }
        Ok(())
    }

    fn parameters(&self) -> Result<Parameters, ScanError> {
        let [max_value, t1, t2, t3, reset] = self.preset;
        let largest = (1 << self.precision) - 1;
        let max_value = if max_value == 0 { largest } else { max_value };
        if !(1..=largest).contains(&max_value) || self.near > (max_value / 2).min(255) {
            return Err(ScanError::decoding("the JPEG-LS parameters contradict each other"));
        }
        let defaults = default_thresholds(max_value, self.near);
        let pick = |given: i32, default: i32| if given == 0 { default } else { given };
        Ok(Parameters {
            max_value,
            near: self.near,
            thresholds: [pick(t1, defaults[0]), pick(t2, defaults[1]), pick(t3, defaults[2])],
            reset: pick(reset, 64).max(3),
        })
    }
}

/// T.87 C.2.4.1.1.1.
fn default_thresholds(max_value: i32, near: i32) -> [i32; 3] {
    let clamp = |value: i32, least: i32| if value > max_value || value < least { least } else { value };
    let [t1, t2, t3] = if max_value >= 128 {
        let factor = (max_value.min(4095) + 128) / 256;
        [factor + 2 + 3 * near, factor * 4 + 3 + 5 * near, factor * 17 + 4 + 7 * near]
    } else {
        let factor = 256 / (max_value + 1);
        [(3 / factor + 3 * near).max(2), (7 / factor + 5 * near).max(3), (21 / factor + 7 * near).max(4)]
    };
    let t1 = clamp(t1, near + 1);
    let t2 = clamp(t2, t1);
    [t1, t2, clamp(t3, t2)]
}

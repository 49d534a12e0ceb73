//! The header of either version, checked field by field.

use saswin_volume::Affine;

use super::bytes::Fields;
use super::forms::Forms;
use super::orient::{self, Orientation};
use super::values::DataType;
use crate::{Doubt, Limits, ScanError};

/// Longest header read: NIfTI-2.
pub(crate) const HEADER_BYTES: usize = 540;

/// What a reader needs from a NIfTI header.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub version: u8,
    /// Voxels are in another file (`.hdr` and `.img`).
    pub paired: bool,
    pub big_endian: bool,
    pub dims: [usize; 3],
    /// Volumes in the file: the product of dimensions 4 to 7.
    pub frames: usize,
    pub data_type: DataType,
    /// `value = slope · stored + intercept`, if the file scales at all.
    pub scaling: Option<(f64, f64)>,
    /// First byte of the first voxel.
    pub offset: u64,
    pub affine: Affine,
    pub forms: Option<Forms>,
    /// Display window (centre, width) from `cal_min` and `cal_max`.
    pub window: Option<(f32, f32)>,
    pub notes: Vec<String>,
    pub doubts: Vec<Doubt>,
}

/// Byte offsets of the fields, which differ between the versions only in place and width.
struct Layout {
    version: u8,
    length: usize,
    magic: usize,
    data_type: usize,
    window: usize,
    orientation: orient::Layout,
}

const NIFTI1: Layout =
    Layout { version: 1, length: 348, magic: 344, data_type: 70, window: 124, orientation: orient::NIFTI1 };

const NIFTI2: Layout =
    Layout { version: 2, length: 540, magic: 4, data_type: 12, window: 192, orientation: orient::NIFTI2 };

/// Whether `bytes` begin like a NIfTI or ANALYZE header (`sizeof_hdr` of either byte order).
pub(crate) fn is_nifti(bytes: &[u8]) -> bool {
    layout(bytes).is_some()
}

fn layout(bytes: &[u8]) -> Option<(&'static Layout, bool)> {
    let size: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
    let big_endian = matches!(i32::from_be_bytes(size), 348 | 540);
    let length = if big_endian { i32::from_be_bytes(size) } else { i32::from_le_bytes(size) };
    match length {
        348 => Some((&NIFTI1, big_endian)),
        540 => Some((&NIFTI2, big_endian)),
        _ => None,
    }
}

impl Header {
    /// Reads and checks the header at the start of `bytes`.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, ScanError> {
        let (layout, big_endian) = layout(bytes)
            .ok_or_else(|| ScanError::not_a_scan("the file does not begin with a NIfTI header"))?;
        if bytes.len() < layout.length {
            let message = format!("the header is {} bytes long, the file ends before", layout.length);
            return Err(ScanError::decoding(message).at_byte(bytes.len() as u64));
        }
        let fields = Fields { bytes, big_endian };
        let paired = layout.paired(bytes)?;
        layout.refuse_cifti(fields)?;
        let (dims, frames) = layout.dims(fields, limits)?;
        let data_type = layout.data_type(fields)?;
        let mut notes = Vec::new();
        let scaling = layout.scaling(fields, &mut notes);
        let offset = layout.offset(fields, paired)?;
        let Orientation { affine, forms, notes: orientation_notes, doubts } =
            orient::read(&layout.orientation, fields, dims)?;
        notes.extend(orientation_notes);
        Ok(Self {
            version: layout.version,
            paired,
            big_endian,
            dims,
            frames,
            data_type,
            scaling,
            offset,
            affine,
            forms,
            window: layout.window(fields),
            notes,
            doubts,
        })
    }

    /// Voxels of one volume.
    pub fn voxels(&self) -> usize {
        self.dims.iter().product()
    }

    /// Bytes of one volume.
    pub fn frame_bytes(&self) -> u64 {
        self.voxels() as u64 * self.data_type.bytes() as u64
    }

    /// Bytes the voxel file must have.
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(self.frame_bytes().saturating_mul(self.frames as u64))
    }
}

impl Layout {
    /// Whether the voxels are in a second file, told by the magic.
    fn paired(&self, bytes: &[u8]) -> Result<bool, ScanError> {
        match (self.version, &bytes[self.magic..self.magic + 4]) {
            (1, b"n+1\0") | (2, b"n+2\0") => Ok(false),
            (1, b"ni1\0") | (2, b"ni2\0") => Ok(true),
            (1, _) => Err(ScanError::unsupported(
                "this is an ANALYZE 7.5 header, which does not say left from right",
            )
            .in_field("magic")
            .at_byte(self.magic as u64)
            .with_remedy("Convert the scan to NIfTI with its orientation, for instance with dcm2niix.")),
            _ => Err(ScanError::decoding("the NIfTI-2 magic is damaged")
                .in_field("magic")
                .at_byte(self.magic as u64)),
        }
    }

    /// CIFTI matrices travel in NIfTI-2 headers with intent codes of their own.
    fn refuse_cifti(&self, fields: Fields) -> Result<(), ScanError> {
        if self.version == 1 || !(3000..3100).contains(&fields.i32(504)) {
            return Ok(());
        }
        Err(ScanError::unsupported("this is a CIFTI matrix, not a volume")
            .in_field("intent_code")
            .at_byte(504))
    }

    fn dim(&self, fields: Fields, axis: usize) -> i64 {
        match self.version {
            1 => i64::from(fields.i16(40 + 2 * axis)),
            _ => fields.i64(16 + 8 * axis),
        }
    }

    fn dims(&self, fields: Fields, limits: &Limits) -> Result<([usize; 3], usize), ScanError> {
        let place = |e: ScanError| e.in_field("dim").at_byte(if self.version == 1 { 40 } else { 16 });
        let rank = self.dim(fields, 0);
        if !(1..=7).contains(&rank) {
            return Err(place(ScanError::decoding(format!(
                "the header claims {rank} dimensions, not 1 to 7"
            ))));
        }
        let mut size = [1usize; 8];
        for (axis, size) in size.iter_mut().enumerate().skip(1).take(rank as usize) {
            let extent = self.dim(fields, axis);
            *size = usize::try_from(extent)
                .ok()
                .filter(|&n| n > 0 || axis > 3)
                .ok_or_else(|| place(ScanError::decoding(format!("dimension {axis} is {extent}"))))?
                .max(1);
        }
        let dims = [size[1], size[2], size[3]];
        limits.check_dims(&dims).map_err(place)?;
        let frames = size[4..].iter().try_fold(1usize, |product, &n| product.checked_mul(n));
        let frames = frames.filter(|&n| n <= limits.max_frames).ok_or_else(|| {
            let message = format!("the file claims more than {} volumes", limits.max_frames);
            place(ScanError::over_limit(message))
        })?;
        Ok((dims, frames))
    }

    fn data_type(&self, fields: Fields) -> Result<DataType, ScanError> {
        let code = fields.i16(self.data_type);
        DataType::from_code(code).map_err(|e| e.in_field("datatype").at_byte(self.data_type as u64))
    }

    fn scaling(&self, fields: Fields, notes: &mut Vec<String>) -> Option<(f64, f64)> {
        let (slope, intercept) = match self.version {
            1 => (fields.f32(112), fields.f32(116)),
            _ => (fields.f64(176), fields.f64(184)),
        };
        if slope == 0.0 || !slope.is_finite() {
            return None;
        }
        let intercept = if intercept.is_finite() {
            intercept
        } else {
            notes.push("scl_inter is not a finite number and was taken as 0".to_owned());
            0.0
        };
        (slope != 1.0 || intercept != 0.0).then_some((slope, intercept))
    }

    /// `cal_max` comes first in both versions.
    fn window(&self, fields: Fields) -> Option<(f32, f32)> {
        let (high, low) = match self.version {
            1 => (fields.f32(self.window), fields.f32(self.window + 4)),
            _ => (fields.f64(self.window), fields.f64(self.window + 8)),
        };
        let range = ((low + high) / 2.0, high - low);
        (range.1 > 0.0 && range.0.is_finite() && range.1.is_finite())
            .then_some((range.0 as f32, range.1 as f32))
    }

    fn offset(&self, fields: Fields, paired: bool) -> Result<u64, ScanError> {
        let (at, offset) = match self.version {
            1 => (108, fields.f32(108)),
            _ => (168, fields.i64(168) as f64),
        };
        let least = if paired { 0.0 } else { self.length as f64 };
        let offset = if offset == 0.0 { least } else { offset };
        if offset.is_finite() && offset >= least && offset < 9e15 {
            return Ok(offset as u64);
        }
        Err(ScanError::decoding(format!("the voxels are said to begin at byte {offset}"))
            .in_field("vox_offset")
            .at_byte(at))
    }
}

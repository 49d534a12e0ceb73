//! Stored numbers of every type to `f32`.

use crate::ScanError;

/// Number types a NIfTI file may hold that are scalars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataType {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

impl DataType {
    /// The type of a `datatype` code, or the name of the one that is not read.
    pub fn from_code(code: i16) -> Result<Self, ScanError> {
        let name = match code {
            2 => return Ok(Self::U8),
            256 => return Ok(Self::I8),
            512 => return Ok(Self::U16),
            4 => return Ok(Self::I16),
            768 => return Ok(Self::U32),
            8 => return Ok(Self::I32),
            1280 => return Ok(Self::U64),
            1024 => return Ok(Self::I64),
            16 => return Ok(Self::F32),
            64 => return Ok(Self::F64),
            1 => "1-bit voxels",
            32 => "complex64",
            128 => "RGB24 colours",
            1536 => "128-bit floats",
            1792 => "complex128",
            2048 => "complex256",
            2304 => "RGBA32 colours",
            _ => return Err(ScanError::decoding(format!("{code} is no NIfTI data type"))),
        };
        Err(ScanError::unsupported(format!("the voxels are {name}, not one number each"))
            .with_remedy("Convert the scan to a scalar type (int16 or float32)."))
    }

    /// Bytes per voxel.
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// Decodes `bytes`, scaling in double precision.
    pub fn decode(self, bytes: &[u8], big_endian: bool, scaling: Option<(f64, f64)>) -> Vec<f32> {
        macro_rules! decode {
            ($number:ty) => {
                convert(bytes, big_endian, scaling, <$number>::from_le_bytes, |v| v as f64)
            };
        }
        match self {
            Self::U8 => decode!(u8),
            Self::I8 => decode!(i8),
            Self::U16 => decode!(u16),
            Self::I16 => decode!(i16),
            Self::U32 => decode!(u32),
            Self::I32 => decode!(i32),
            Self::U64 => decode!(u64),
            Self::I64 => decode!(i64),
            Self::F32 => decode!(f32),
            Self::F64 => decode!(f64),
        }
    }
}

fn convert<const N: usize, T>(
    bytes: &[u8],
    big_endian: bool,
    scaling: Option<(f64, f64)>,
    from_le: impl Fn([u8; N]) -> T,
    to_f64: impl Fn(T) -> f64,
) -> Vec<f32> {
    let (slope, intercept) = scaling.unwrap_or((1.0, 0.0));
    let (chunks, _) = bytes.as_chunks::<N>();
    chunks
        .iter()
        .map(|chunk| {
            let mut raw = *chunk;
            if big_endian {
                raw.reverse();
            }
            (to_f64(from_le(raw)) * slope + intercept) as f32
        })
        .collect()
}

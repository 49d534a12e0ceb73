//! Tensors as pickles describe them: a view into a storage.

use std::rc::Rc;

use half::{bf16, f16};

/// Element type of a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    F64,
    F32,
    F16,
    Bf16,
    /// No floating-point type, of this many bytes: such tensors are left out.
    Other(usize),
}

impl Kind {
    /// From the name of the storage's class, such as `FloatStorage`.
    pub(super) fn of_class(name: &str) -> Self {
        match name.rsplit('.').next() {
            Some("DoubleStorage") => Self::F64,
            Some("FloatStorage") => Self::F32,
            Some("HalfStorage") => Self::F16,
            Some("BFloat16Storage") => Self::Bf16,
            Some("LongStorage" | "ComplexFloatStorage") => Self::Other(8),
            Some("ComplexDoubleStorage") => Self::Other(16),
            Some("IntStorage") => Self::Other(4),
            Some("ShortStorage") => Self::Other(2),
            _ => Self::Other(1),
        }
    }

    /// Bytes per element.
    pub(super) fn size(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::Other(size) => size,
        }
    }

    /// How to read an element, or `None` for types without a fraction.
    fn decoder(self) -> Option<fn(&[u8]) -> f32> {
        match self {
            Self::F64 => {
                Some(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32)
            }
            Self::F32 => Some(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])),
            Self::F16 => Some(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()),
            Self::Bf16 => Some(|b| bf16::from_le_bytes([b[0], b[1]]).to_f32()),
            Self::Other(_) => None,
        }
    }
}

/// A storage by its key in the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Storage {
    pub kind: Kind,
    pub key: Rc<str>,
}

/// A strided view into a storage; offset and strides in elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tensor {
    pub storage: Storage,
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
}

impl Tensor {
    /// Values in row-major order, or `None` for types without a fraction.
    pub(super) fn values(&self, bytes: Option<&[u8]>) -> Result<Option<Vec<f32>>, String> {
        let size = self.storage.kind.size();
        let Some(decode) = self.storage.kind.decoder() else { return Ok(None) };
        let key = &self.storage.key;
        let bytes = bytes.ok_or_else(|| format!("lies in storage `{key}`, which is missing"))?;
        let stored = bytes.len() / size;
        let outside = || format!("reaches outside of storage `{key}`");
        let (count, end) = self.extent().ok_or_else(outside)?;
        // A view of more elements than are stored repeats some: no parameter does.
        if end > stored || count > stored {
            return Err(outside());
        }
        let mut values = Vec::with_capacity(count);
        let mut index = vec![0; self.shape.len()];
        for _ in 0..count {
            let at: usize = self.offset + index.iter().zip(&self.strides).map(|(i, s)| i * s).sum::<usize>();
            values.push(decode(&bytes[at * size..]));
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                if index[axis] < self.shape[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
        Ok(Some(values))
    }

    /// Number of elements, and one more than the last position they reach; `None` if either overflows.
    fn extent(&self) -> Option<(usize, usize)> {
        let count = self.shape.iter().try_fold(1_usize, |a, b| a.checked_mul(*b))?;
        if count == 0 {
            return Some((0, 0));
        }
        let last = self.shape.iter().zip(&self.strides).try_fold(self.offset, |at, (n, stride)| {
            (n - 1).checked_mul(*stride).and_then(|step| at.checked_add(step))
        })?;
        Some((count, last.checked_add(1)?))
    }
}

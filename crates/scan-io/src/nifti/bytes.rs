//! Fixed-offset reads from a header of either byte order.

/// Header bytes with their byte order. Reads past the end give zeros; callers check the length first.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub bytes: &'a [u8],
    pub big_endian: bool,
}

impl Fields<'_> {
    fn raw<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut out = [0; N];
        if let Some(source) = self.bytes.get(at..at + N) {
            out.copy_from_slice(source);
        }
        if self.big_endian {
            out.reverse();
        }
        out
    }

    pub fn u8(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    pub fn i16(&self, at: usize) -> i16 {
        i16::from_le_bytes(self.raw(at))
    }

    pub fn i32(&self, at: usize) -> i32 {
        i32::from_le_bytes(self.raw(at))
    }

    pub fn i64(&self, at: usize) -> i64 {
        i64::from_le_bytes(self.raw(at))
    }

    pub fn f32(&self, at: usize) -> f64 {
        f64::from(f32::from_le_bytes(self.raw(at)))
    }

    pub fn f64(&self, at: usize) -> f64 {
        f64::from_le_bytes(self.raw(at))
    }
}

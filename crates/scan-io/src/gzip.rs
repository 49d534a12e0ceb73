//! Reading gzip streams.

use std::io::{Read, Result};

use flate2::bufread::GzDecoder;

pub(crate) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The content of gzip members one after another. What follows them and is none, as the zeros that some media fill up
/// files with, is passed over, as gzip itself does.
pub(crate) struct Members<'a>(GzDecoder<&'a [u8]>);

impl<'a> Members<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(GzDecoder::new(bytes))
    }
}

impl Read for Members<'_> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        loop {
            let count = self.0.read(out)?;
            let rest = *self.0.get_ref();
            if count > 0 || out.is_empty() || !rest.starts_with(&MAGIC) {
                return Ok(count);
            }
            self.0 = GzDecoder::new(rest);
        }
    }
}

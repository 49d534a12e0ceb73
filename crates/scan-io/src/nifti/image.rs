//! A NIfTI image: a checked header and the bytes of its voxels.

use std::io::Read;

use saswin_volume::{Grid, Volume};

use super::header::{HEADER_BYTES, Header};
use crate::finite::fill_not_finite;
use crate::source::Blob;
use crate::{Limits, ScanError};

/// Bytes read and converted at a time; a multiple of every voxel size.
const CHUNK: usize = 1 << 18;

/// A header whose promises the data can keep.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub header: Header,
    data: Blob,
}

impl Image {
    /// The image of a header and the blob that holds its voxels (the same file, or the `.img`).
    pub fn new(header: Header, data: Blob) -> Result<Self, ScanError> {
        if header.end() > data.most_bytes() {
            return Err(data.short(data.most_bytes(), header.end()));
        }
        Ok(Self { header, data })
    }

    /// Parses the header at the start of `blob`.
    pub fn header_of(blob: &Blob, limits: &Limits) -> Result<Header, ScanError> {
        Header::parse(&blob.head(HEADER_BYTES), limits).map_err(|e| e.in_file(&blob.name))
    }

    /// Volume `frame`, and how many of its voxels were not finite and were filled in.
    pub fn load(&self, frame: usize) -> Result<(Volume<f32>, usize), ScanError> {
        let start = self.header.offset + frame as u64 * self.header.frame_bytes();
        let mut voxels = self.read(start, self.header.voxels())?;
        let filled = fill_not_finite(&mut voxels);
        let grid = Grid { dims: self.header.dims, affine: self.header.affine };
        let volume = Volume::new(grid, voxels)
            .map_err(|e| ScanError::decoding(e.to_string()).in_file(&self.data.name).in_field("srow_x"))?;
        Ok((volume, filled))
    }

    /// Slice `k` of the first volume, `i` fastest.
    pub fn slice(&self, k: usize) -> Result<Vec<f32>, ScanError> {
        let count = self.header.dims[0] * self.header.dims[1];
        let bytes = count as u64 * self.header.data_type.bytes() as u64;
        let mut values = self.read(self.header.offset + k as u64 * bytes, count)?;
        fill_not_finite(&mut values);
        Ok(values)
    }

    fn read(&self, start: u64, count: usize) -> Result<Vec<f32>, ScanError> {
        let Header { data_type, big_endian, scaling, .. } = self.header;
        let mut reader = self.data.reader_at(start)?;
        let mut values = Vec::with_capacity(count);
        let mut left = count * data_type.bytes();
        let mut chunk = Vec::with_capacity(CHUNK.min(left));
        while left > 0 {
            chunk.clear();
            let wanted = left.min(CHUNK);
            let got = reader.by_ref().take(wanted as u64).read_to_end(&mut chunk);
            let got = got.map_err(|e| self.data.broken(&e))?;
            if got < wanted {
                let end = start + (count * data_type.bytes() - left + got) as u64;
                return Err(self.data.short(end, self.header.end()));
            }
            values.extend(data_type.decode(&chunk, big_endian, scaling));
            left -= wanted;
        }
        if start + (count * data_type.bytes()) as u64 == self.header.end() {
            self.data.check_rest(reader)?;
        }
        Ok(values)
    }
}

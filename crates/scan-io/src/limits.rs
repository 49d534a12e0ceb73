//! How much of anything the readers accept.

use crate::ScanError;

/// Bounds on what a reader may take in or allocate. Passing one is [`crate::ScanError::Limits`].
///
/// The defaults leave room in a 4 GiB WebAssembly heap for the five copies of a volume that a run holds (scan, mirror,
/// both as files, label map), and fit a head of 512³ voxels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one input file.
    pub max_file_bytes: u64,
    /// Bytes of all input files together.
    pub max_total_bytes: u64,
    /// NIfTI and DICOM files, counting those inside archives.
    pub max_files: usize,
    /// Archives inside archives.
    pub max_nesting: usize,
    /// Bytes that what is kept of everything compressed in one drop may expand to. NIfTI in gzip is not among it: one
    /// volume at a time is expanded.
    pub max_decompressed_bytes: u64,
    /// Bytes that everything compressed in one drop may expand to, whether anything of it is kept or not: it takes time.
    pub max_expanded_bytes: u64,
    /// Entries of all archives of one drop, whatever they are.
    pub max_entries: usize,
    /// Voxels of one 3-D volume.
    pub max_voxels: usize,
    /// Voxels along one axis.
    pub max_dimension: usize,
    /// Volumes of a 4-D series.
    pub max_frames: usize,
    /// DICOM slices of all files together, counting each repetition.
    pub max_planes: usize,
    /// DICOM sequences inside sequences.
    pub max_sequence_depth: usize,
    /// DICOM data elements of one file.
    pub max_elements: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_file_bytes: 1 << 30,
            max_total_bytes: 3 << 29,
            max_files: 20_000,
            max_nesting: 4,
            max_decompressed_bytes: 1 << 30,
            max_expanded_bytes: 1 << 33,
            max_entries: 500_000,
            max_voxels: 150_000_000,
            max_dimension: 4096,
            max_frames: 10_000,
            max_planes: 300_000,
            max_sequence_depth: 16,
            max_elements: 4_000_000,
        }
    }
}

impl Limits {
    /// Checks the sizes of input files, which need not have been read, by their names.
    ///
    /// # Errors
    /// [`ScanError::Limits`] if one of them, or all together, are too large.
    pub fn check_sizes<'a>(&self, files: impl IntoIterator<Item = (&'a str, u64)>) -> Result<(), ScanError> {
        let mut total = 0u64;
        for (name, bytes) in files {
            total = total.saturating_add(bytes);
            if bytes > self.max_file_bytes {
                let message = format!("the file has {bytes} bytes, the limit is {}", self.max_file_bytes);
                return Err(ScanError::over_limit(message).in_file(name));
            }
        }
        if total > self.max_total_bytes {
            let message =
                format!("the files have {total} bytes together, the limit is {}", self.max_total_bytes);
            return Err(ScanError::over_limit(message));
        }
        Ok(())
    }

    /// Voxel count of `dims`, refused when a dimension or the product passes the limits.
    pub(crate) fn check_dims(&self, dims: &[usize]) -> Result<usize, ScanError> {
        let shape = || dims.iter().map(usize::to_string).collect::<Vec<_>>().join("×");
        if dims.contains(&0) {
            return Err(ScanError::decoding(format!("the image has no voxels ({})", shape())));
        }
        if let Some(d) = dims.iter().find(|&&d| d > self.max_dimension) {
            let message = format!("one dimension is {d}, the limit is {} ({})", self.max_dimension, shape());
            return Err(ScanError::over_limit(message));
        }
        dims.iter()
            .try_fold(1usize, |product, &d| product.checked_mul(d))
            .filter(|&n| n <= self.max_voxels)
            .ok_or_else(|| {
                let message = format!("{} voxels pass the limit of {}", shape(), self.max_voxels);
                ScanError::over_limit(message).with_remedy(
                    "Open a reconstruction of the same scan in thicker slices, or resample it to voxels of 1 mm.",
                )
            })
    }
}

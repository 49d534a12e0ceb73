//! How much of anything the readers accept.

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
            max_voxels: 150_000_000,
            max_dimension: 4096,
            max_frames: 10_000,
            max_planes: 300_000,
            max_sequence_depth: 16,
            max_elements: 4_000_000,
        }
    }
}

//! How long a value may be to be kept: a small file must not take much memory or time.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::dataset::{CSA_IMAGE, Dataset};

/// Longer values, in bytes, are not kept.
const MAX_VALUE: usize = 1 << 10;

/// Nor are values of more parts: each takes more memory than its text.
const MAX_PARTS: usize = 32;

/// As [`MAX_VALUE`], of the CSA header and of lists that have a part for each frame.
const MAX_LONG: usize = 1 << 20;

/// Bytes that one frame's part of the offset vector may take: a decimal has at most 16, if it keeps to the standard.
const OFFSET: usize = 32;

/// Whether the value of an element is no longer than it can be meant to be. Elements outside of all sequences come with
/// what has been read of the `whole` data set before them.
pub(super) fn is_kept(tag: Tag, value: &[u8], whole: Option<&Dataset>) -> bool {
    let parts = || 1 + value.iter().filter(|&&b| b == b'\\').count();
    let is_short = || value.len() <= MAX_VALUE && parts() <= MAX_PARTS;
    whole.is_some_and(|whole| value.len() <= longest(tag, whole)) || is_short()
}

/// Bytes that the value of a tag takes if it is long by its nature.
fn longest(tag: Tag, whole: &Dataset) -> usize {
    let frames = || whole.int(tags::NUMBER_OF_FRAMES).and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
    match tag {
        CSA_IMAGE => MAX_LONG,
        tags::EXTENDED_OFFSET_TABLE => frames().saturating_mul(8).min(MAX_LONG),
        tags::GRID_FRAME_OFFSET_VECTOR => frames().saturating_mul(OFFSET).min(MAX_LONG),
        _ => 0,
    }
}

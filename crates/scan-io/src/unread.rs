//! What was opened and could not be read.

use crate::ScanError;

/// Files that could not be read, all for one reason.
#[derive(Debug, Clone)]
pub(crate) struct Unread {
    pub error: ScanError,
    pub files: usize,
}

impl From<ScanError> for Unread {
    fn from(error: ScanError) -> Self {
        Self { error, files: 1 }
    }
}

impl Unread {
    /// Whether they may have been slices of a series that was read: what is no scan or of a kind that is not read, as
    /// dose sheets in colour are, was none.
    pub fn may_be_slices(&self) -> bool {
        matches!(self.error, ScanError::Decoding(_) | ScanError::Limits(_))
    }
}

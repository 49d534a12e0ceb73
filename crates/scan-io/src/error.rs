//! The one error type: what happened, where, and what to do about it.

use std::fmt;

/// Why bytes did not become a scan. The kinds follow those of the `image` crate.
///
/// The message never holds patient data, nor a file name; the file name stays in [`ScanError::place`], so that
/// messages can be logged and places shown on screen only.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScanError {
    /// The bytes break the rules of their format: truncated, contradictory, or damaged.
    #[error("{0}")]
    Decoding(Box<Detail>),
    /// The format, or a part of it, is named but not read here.
    #[error("{0}")]
    Unsupported(Box<Detail>),
    /// Reading on would pass one of the [`crate::Limits`].
    #[error("{0}")]
    Limits(Box<Detail>),
    /// The caller asked for something the data does not have.
    #[error("{0}")]
    Parameter(Box<Detail>),
    /// Nothing in the bytes is a scan.
    #[error("{0}")]
    NotAScan(Box<Detail>),
}

/// What a [`ScanError`] carries.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Detail {
    message: String,
    file: Option<String>,
    field: Option<String>,
    byte: Option<u64>,
    remedy: Option<String>,
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl ScanError {
    /// Short name of the kind, stable across versions.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Decoding(_) => "decoding",
            Self::Unsupported(_) => "unsupported",
            Self::Limits(_) => "limits",
            Self::Parameter(_) => "parameter",
            Self::NotAScan(_) => "not-a-scan",
        }
    }

    /// What happened, in one sentence without file names or patient data.
    pub fn message(&self) -> &str {
        &self.detail().message
    }

    /// Where: file, field or DICOM tag, and byte offset, as far as they are known.
    pub fn place(&self) -> Option<String> {
        let d = self.detail();
        let byte = d.byte.map(|b| format!("byte {b}"));
        let parts: Vec<&str> =
            [d.file.as_deref(), d.field.as_deref(), byte.as_deref()].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// What the user can do.
    pub fn remedy(&self) -> Option<&str> {
        self.detail().remedy.as_deref()
    }

    pub(crate) fn decoding(message: impl Into<String>) -> Self {
        Self::Decoding(Detail::boxed(message)).with_remedy("Export or copy the file again; it looks damaged.")
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::Unsupported(Detail::boxed(message))
            .with_remedy("Convert the series to NIfTI, for instance with dcm2niix, and open that.")
    }

    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        Self::Parameter(Detail::boxed(message))
    }

    pub(crate) fn not_a_scan(message: impl Into<String>) -> Self {
        Self::NotAScan(Detail::boxed(message))
            .with_remedy("Open a NIfTI file, a DICOM folder, or a zip of either.")
    }

    pub(crate) fn over_limit(message: impl Into<String>) -> Self {
        Self::Limits(Detail::boxed(message)).with_remedy("Open a smaller scan, or one series at a time.")
    }

    /// Adds the file name unless a deeper place has set one.
    pub(crate) fn in_file(mut self, name: &str) -> Self {
        self.detail_mut().file.get_or_insert_with(|| name.to_owned());
        self
    }

    /// Adds the header field or DICOM tag unless a deeper place has set one.
    pub(crate) fn in_field(mut self, name: impl Into<String>) -> Self {
        self.detail_mut().field.get_or_insert_with(|| name.into());
        self
    }

    pub(crate) fn at_byte(mut self, byte: u64) -> Self {
        self.detail_mut().byte.get_or_insert(byte);
        self
    }

    pub(crate) fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.detail_mut().remedy = Some(remedy.into());
        self
    }

    fn detail(&self) -> &Detail {
        match self {
            Self::Decoding(d)
            | Self::Unsupported(d)
            | Self::Limits(d)
            | Self::Parameter(d)
            | Self::NotAScan(d) => d,
        }
    }

    fn detail_mut(&mut self) -> &mut Detail {
        match self {
            Self::Decoding(d)
            | Self::Unsupported(d)
            | Self::Limits(d)
            | Self::Parameter(d)
            | Self::NotAScan(d) => d,
        }
    }
}

impl Detail {
    fn boxed(message: impl Into<String>) -> Box<Self> {
        Box::new(Self { message: message.into(), ..Self::default() })
    }
}

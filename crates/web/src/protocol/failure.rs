//! What did not work, in words for the page.

use saswin_model::import::DeclarationError;
use saswin_pipeline::RunError;
use saswin_scan_io::ScanError;
use serde::Serialize;

/// An error as the page shows it.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// Stable name.
    pub kind: String,
    /// What happened.
    pub message: String,
    /// File, tag or byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What the user can do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl From<ScanError> for Failure {
    fn from(e: ScanError) -> Self {
        Self {
            kind: e.kind().to_owned(),
            message: e.message().to_owned(),
            place: e.place(),
            remedy: e.remedy().map(ToOwned::to_owned),
        }
    }
}

impl From<DeclarationError> for Failure {
    fn from(e: DeclarationError) -> Self {
        Self::new("import", e.to_string(), "Check the choices, or open another checkpoint.")
    }
}

impl From<RunError> for Failure {
    fn from(e: RunError) -> Self {
        let place = match &e {
            RunError::Fit(error) => Some(error.lines().join("\n")),
            _ => None,
        };
        Self { kind: e.kind().to_owned(), message: e.to_string(), place, remedy: Some(e.remedy().to_owned()) }
    }
}

impl Failure {
    /// An error of the page's own making.
    pub fn new(kind: &str, message: impl Into<String>, remedy: &str) -> Self {
        Self { kind: kind.to_owned(), message: message.into(), place: None, remedy: Some(remedy.to_owned()) }
    }
}

//! What the worker found of its own shaders and networks.

use saswin_kernels::check::Agreement;
use saswin_model::fidelity::StageError;
use serde::Serialize;

/// One comparison of the self-test.
#[derive(Debug, Serialize)]
pub struct Check {
    /// The operation.
    pub pass: &'static str,
    /// Shape and options.
    pub case: String,
    /// Relative L2 error; `null` if it is not a finite number.
    pub relative_l2: Option<f64>,
    /// Whether it is within the tolerance.
    pub passed: bool,
}

impl From<Agreement> for Check {
    fn from(a: Agreement) -> Self {
        Self {
            pass: a.pass,
            passed: a.holds(),
            relative_l2: Some(a.relative_l2).filter(|e| e.is_finite()),
            case: a.case,
        }
    }
}

/// One stage of a network beside the reference.
#[derive(Debug, Serialize)]
pub struct Stage {
    /// Name.
    pub stage: String,
    /// Relative L2 error; `null` if it is not a finite number.
    pub relative_l2: Option<f64>,
}

impl From<StageError> for Stage {
    fn from(s: StageError) -> Self {
        Self { stage: s.stage, relative_l2: Some(s.relative_l2).filter(|e| e.is_finite()) }
    }
}

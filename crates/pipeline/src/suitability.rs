//! Whether a scan is one that a model can read, before anything is computed.

use saswin_model::Manifest;
use saswin_volume::{Grid, Modality};

/// Largest voxel side that is worth a run, millimetres.
const MAX_SPACING_MM: f64 = 10.0;
/// Slices thicker than this are thick.
const THICK_MM: f64 = 3.0;
/// Smallest and largest field of view of a head, millimetres.
const FIELD_MM: (f64, f64) = (80.0, 450.0);

/// What speaks against a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suitability {
    /// Reasons to refuse, unless the user overrides them.
    pub refusals: Vec<String>,
    /// Reasons to trust the result less.
    pub warnings: Vec<String>,
}

/// Checks modality, field of view and spacing of a scan against a model.
pub fn check(grid: &Grid, modality: Modality, manifest: &Manifest) -> Suitability {
    let mut found = Suitability::default();
    let wanted = if manifest.modality == "ct" { Modality::Ct } else { Modality::Mr };
    match modality {
        Modality::Unknown => found.warnings.push(format!(
            "the file does not say whether it is CT or MR; the model expects {}",
            manifest.modality.to_uppercase()
        )),
        m if m != wanted => found.refusals.push(format!(
            "the scan is {}, the model reads {}",
            name(m),
            manifest.modality.to_uppercase()
        )),
        _ => {}
    }
    let spacing = grid.spacing();
    let field: Vec<f64> = (0..3).map(|a| spacing[a] * grid.dims[a] as f64).collect();
    if let Some(axis) = (0..3).find(|a| grid.dims[*a] < 8) {
        found.refusals.push(format!("only {} voxels along one axis: not a volume", grid.dims[axis]));
    }
    if spacing.iter().any(|s| *s > MAX_SPACING_MM) {
        found.refusals.push(format!("slices are more than {MAX_SPACING_MM} mm apart"));
    } else if spacing.iter().any(|s| *s > THICK_MM) {
        found.warnings.push("thick slices: small structures and volumes are less certain".to_owned());
    }
    if field.iter().any(|mm| *mm < FIELD_MM.0) {
        found.refusals.push(format!("the field of view is under {} mm: not a whole head", FIELD_MM.0));
    }
    if field.iter().any(|mm| *mm > FIELD_MM.1) {
        found
            .refusals
            .push(format!("the field of view is over {} mm: this does not look like a head", FIELD_MM.1));
    }
    found
}

fn name(modality: Modality) -> &'static str {
    match modality {
        Modality::Ct => "CT",
        Modality::Mr => "MR",
        Modality::Unknown => "of unknown kind",
    }
}

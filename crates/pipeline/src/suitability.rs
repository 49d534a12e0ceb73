//! Whether a scan is one that a model can read, before anything is computed.

use saswin_model::Manifest;
use saswin_scan_io::{Doubt, Scan};
use saswin_volume::{Modality, Volume};

use crate::survey;

/// Largest voxel side that is worth a run, millimetres.
const MAX_SPACING_MM: f64 = 10.0;
/// Slices thicker than this are thick.
const THICK_MM: f64 = 3.0;
/// Smallest and largest field of view of a head, millimetres.
const FIELD_MM: (f64, f64) = (80.0, 450.0);
/// Fewest voxels along an axis.
const MIN_VOXELS: usize = 8;
/// Largest share of slices that may be missing.
const MAX_MISSING: f64 = 0.2;
/// A slice thinner than this share of the slice distance leaves gaps.
const GAP_SHARE: f64 = 0.75;
/// Scans with fewer different values are masks or label maps.
const MIN_VALUES: usize = 32;
/// What a CT of a head spans at least, Hounsfield units: from below soft tissue's fat to bone.
const HOUNSFIELD: (f32, f32) = (-50.0, 300.0);
/// Smallest head, millimetres along any axis, and its volume in millilitres; newborns pass.
const MIN_HEAD: (f64, f64) = (70.0, 400.0);
/// Largest head with its neck and what it rests on, millilitres; a chest or belly is more.
const MAX_HEAD_ML: f64 = 9000.0;

/// Something that speaks against a run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Concern {
    /// CT where the model reads MR, or the other way round.
    #[error("the scan is {}, the model reads {}", name(.scan), name(.model))]
    WrongModality {
        /// What the scan is.
        scan: Modality,
        /// What the model reads.
        model: Modality,
    },
    /// The file names no modality.
    #[error("the file does not say whether it is CT or MR; the model expects {}", name(.0))]
    UnknownModality(Modality),
    /// A contrast medium was given.
    #[error("contrast medium was given: what it brightens can be mistaken for blood")]
    ContrastMedium,
    /// Something the file leaves open.
    #[error(transparent)]
    Doubtful(Doubt),
    /// A slice or two, not a volume.
    #[error("it has only {0} voxels along one axis: not a volume")]
    NotAVolume(usize),
    /// Voxels too far apart.
    #[error("its voxels are {0:.1} mm apart along one axis, more than {max} mm", max = MAX_SPACING_MM)]
    Coarse(f64),
    /// Thick slices.
    #[error("slices are {0:.1} mm thick: small structures and volumes are less certain")]
    ThickSlices(f64),
    /// Slices that do not touch.
    #[error("slices are {thickness:.1} mm thick but {distance:.1} mm apart: what lies between was not seen")]
    Gaps {
        /// Thickness, millimetres.
        thickness: f64,
        /// Distance of slice centres, millimetres.
        distance: f64,
    },
    /// Slices that were filled in.
    #[error("{missing} of {of} slices are missing and were filled in by interpolation")]
    MissingSlices {
        /// How many.
        missing: usize,
        /// Slices with them.
        of: usize,
    },
    /// A field of view that no head fits.
    #[error("its field of view is {0:.0} mm along one axis: less than a whole head")]
    SmallField(f64),
    /// A body, or wrong spacing.
    #[error("its field of view is {0:.0} mm along one axis: this does not look like a head")]
    LargeField(f64),
    /// One value everywhere.
    #[error("every voxel has the same value")]
    Constant,
    /// A mask or label map.
    #[error("it holds only {0} different values: a mask or label map, not a scan")]
    FewValues(usize),
    /// CT values on another scale.
    #[error("its values go from {0:.0} to {1:.0}, which are not the Hounsfield units of a head")]
    NotHounsfield(f32, f32),
    /// More than a head.
    #[error("what stands out of the background measures {0:.1} litres: more than a head")]
    MoreThanAHead(f64),
    /// Nothing of a head's size.
    #[error("what stands out of the background measures {} mm: not a head", sides(.0))]
    NoHead([f64; 3]),
}

/// What speaks against a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Suitability {
    /// Reasons to refuse, unless the user overrides them.
    pub refusals: Vec<Concern>,
    /// Reasons to trust the result less.
    pub warnings: Vec<Concern>,
}

/// Checks modality, field of view, spacing, slices, values and contents of a scan against a model.
pub fn check(scan: &Scan, manifest: &Manifest) -> Suitability {
    let mut found = Suitability::default();
    modality(scan, manifest, &mut found);
    found.warnings.extend(scan.doubts.iter().map(|doubt| Concern::Doubtful(*doubt)));
    field(scan, &mut found);
    slices(scan, &mut found);
    let modality = read_as(scan, manifest);
    if modality == Modality::Ct && scan.contrast_medium {
        found.warnings.push(Concern::ContrastMedium);
    }
    if values(scan, modality, &mut found) {
        head(scan, modality, &mut found);
    }
    found
}

/// What `scan` is read as: what its file says, else what the model reads.
pub(crate) fn read_as(scan: &Scan, manifest: &Manifest) -> Modality {
    match scan.modality {
        Modality::Unknown | Modality::Other => wanted(manifest),
        known => known,
    }
}

fn wanted(manifest: &Manifest) -> Modality {
    if manifest.modality == "ct" { Modality::Ct } else { Modality::Mr }
}

fn modality(scan: &Scan, manifest: &Manifest, found: &mut Suitability) {
    let model = wanted(manifest);
    match scan.modality {
        Modality::Unknown => found.warnings.push(Concern::UnknownModality(model)),
        scan if scan != model => found.refusals.push(Concern::WrongModality { scan, model }),
        _ => {}
    }
}

fn field(scan: &Scan, found: &mut Suitability) {
    let (dims, spacing) = (scan.volume.grid.dims, scan.volume.grid.spacing());
    if let Some(few) = dims.into_iter().find(|n| *n < MIN_VOXELS) {
        found.refusals.push(Concern::NotAVolume(few));
    }
    if let Some(wide) = spacing.into_iter().find(|mm| *mm > MAX_SPACING_MM) {
        found.refusals.push(Concern::Coarse(wide));
    }
    let sides: [f64; 3] = std::array::from_fn(|a| spacing[a] * dims[a] as f64);
    if let Some(small) = sides.into_iter().find(|mm| *mm < FIELD_MM.0) {
        found.refusals.push(Concern::SmallField(small));
    }
    if let Some(large) = sides.into_iter().find(|mm| *mm > FIELD_MM.1) {
        found.refusals.push(Concern::LargeField(large));
    }
}

fn slices(scan: &Scan, found: &mut Suitability) {
    let (dims, spacing) = (scan.volume.grid.dims, scan.volume.grid.spacing());
    let widest = spacing.into_iter().fold(0.0, f64::max);
    let thickness = scan.slice_mm();
    if thickness > THICK_MM && widest <= MAX_SPACING_MM {
        found.warnings.push(Concern::ThickSlices(thickness));
    }
    // Slices of a stack lie along k.
    if let Some(thickness) = scan.slices.thickness_mm
        && thickness < GAP_SHARE * spacing[2]
    {
        found.warnings.push(Concern::Gaps { thickness, distance: spacing[2] });
    }
    let (missing, of) = (scan.slices.missing, dims[2]);
    if missing > 0 {
        let concern = Concern::MissingSlices { missing, of };
        let too_many = missing as f64 > MAX_MISSING * of as f64;
        let list = if too_many { &mut found.refusals } else { &mut found.warnings };
        list.push(concern);
    }
}

/// Whether the values are those of a scan at all.
fn values(scan: &Scan, modality: Modality, found: &mut Suitability) -> bool {
    let (low, high) = range(&scan.volume);
    let before = found.refusals.len();
    if low >= high {
        found.refusals.push(Concern::Constant);
    } else if let Some(few) = few_values(&scan.volume) {
        found.refusals.push(Concern::FewValues(few));
    } else if modality == Modality::Ct && (low > HOUNSFIELD.0 || high < HOUNSFIELD.1) {
        found.refusals.push(Concern::NotHounsfield(low, high));
    }
    found.refusals.len() == before
}

fn range(volume: &Volume<f32>) -> (f32, f32) {
    let widen = |(low, high): (f32, f32), v: &f32| (low.min(*v), high.max(*v));
    volume.voxels.iter().fold((f32::INFINITY, f32::NEG_INFINITY), widen)
}

/// The number of different values, if it is small.
fn few_values(volume: &Volume<f32>) -> Option<usize> {
    let mut seen: Vec<u32> = Vec::with_capacity(MIN_VALUES);
    for value in &volume.voxels {
        let bits = value.to_bits();
        if !seen.contains(&bits) {
            seen.push(bits);
            if seen.len() >= MIN_VALUES {
                return None;
            }
        }
    }
    Some(seen.len())
}

fn head(scan: &Scan, modality: Modality, found: &mut Suitability) {
    let blob = survey::foreground(&scan.volume, modality);
    if blob.sides_mm.iter().any(|mm| *mm < MIN_HEAD.0) || blob.millilitres < MIN_HEAD.1 {
        found.refusals.push(Concern::NoHead(blob.sides_mm));
    } else if blob.millilitres > MAX_HEAD_ML {
        found.refusals.push(Concern::MoreThanAHead(blob.millilitres / 1000.0));
    }
}

fn name(modality: &Modality) -> &'static str {
    match modality {
        Modality::Ct => "CT",
        Modality::Mr => "MR",
        Modality::Other => "neither CT nor MR",
        Modality::Unknown => "of unknown kind",
    }
}

fn sides([x, y, z]: &[f64; 3]) -> String {
    format!("{x:.0}×{y:.0}×{z:.0}")
}

#[cfg(test)]
#[path = "suitability_tests.rs"]
mod tests;

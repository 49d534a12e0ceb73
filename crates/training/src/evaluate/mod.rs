//! How good answers are: overlap, surface distance, volume, discrimination, calibration.

#[cfg(feature = "trainer")]
mod card;
mod groups;
mod injury;
mod markdown;
mod moved;
mod overlap;
mod probability;
mod report;
mod surface;

#[cfg(feature = "trainer")]
pub use card::card;
pub use groups::{BOUNDS_ML, ByVolume, SLICES_MM, SliceGroup};
pub use injury::{Injury, lay};
pub use markdown::card_section;
pub use moved::Moved;
pub use overlap::{Overlap, Pieces};
pub use probability::{
    Scored, auc, auc_interval, calibration_error, calibration_error_left_out, temperature,
};
pub use report::{
    CaseResult, ClassSummary, Evaluation, FindingVolume, LabelResult, LabelSummary, Presence, Spread,
    summarise,
};
pub use surface::hausdorff_95;

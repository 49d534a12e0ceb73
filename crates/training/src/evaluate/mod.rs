//! How good answers are: overlap, surface distance, volume, discrimination, calibration.

mod blood;
#[cfg(feature = "trainer")]
mod card;
mod overlap;
mod probability;
mod report;
mod surface;

pub use blood::{Blood, lay};
#[cfg(feature = "trainer")]
pub use card::card;
pub use overlap::{Overlap, overlaps};
pub use probability::{Scored, auc, auc_interval, calibration_error, temperature};
pub use report::{
    CaseResult, ClassSummary, Evaluation, LabelResult, LabelSummary, Spread, card_section, summarise,
};
pub use surface::hausdorff_95;

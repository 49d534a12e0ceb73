//! How often a finding is called in cases of one kind: by its volume, by the thickness of the slices.

use serde::{Deserialize, Serialize};

use super::{CaseResult, Scored, auc};

/// Bounds between small, middle and large findings, mL.
pub const BOUNDS_ML: [f64; 2] = [1.0, 10.0];

/// How often findings of some size are called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ByVolume {
    /// Cases with less than the first of [`BOUNDS_ML`], between the two, and from the last one on; how many of each are called.
    pub called: [[usize; 2]; 3],
    /// Area under the ROC curve if cases with less than the first bound are left out.
    pub auc: Option<f64>,
}

/// Bounds between thin, middle and thick slices, mm. The last is about the thickest that radiologists ask for.
pub const SLICES_MM: [f64; 2] = [2.5, 5.0];

/// Cases whose slices are alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SliceGroup {
    /// Slices are thicker than this, mm; 0 for the thinnest.
    pub above_mm: f64,
    /// And at most this, mm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most_mm: Option<f64>,
    /// Of the cases with the finding: called, all.
    pub with: [usize; 2],
    /// Of those without.
    pub without: [usize; 2],
    /// Area under the ROC curve.
    pub auc: Option<f64>,
}

/// `None` if no case states a volume.
pub(super) fn by_volume(class: &str, cases: &[CaseResult]) -> Option<ByVolume> {
    let (mut called, mut not_small, mut known) = ([[0; 2]; 3], Vec::new(), false);
    for case in cases {
        let Some(scored) = case.scored(class) else { continue };
        let ml = case.truth_ml(class).filter(|_| scored.present);
        known |= ml.is_some();
        let size = ml.map(|ml| BOUNDS_ML.iter().filter(|bound| ml >= **bound).count());
        if let Some(size) = size {
            called[size][0] += usize::from(scored.called());
            called[size][1] += 1;
        }
        if size != Some(0) {
            not_small.push(scored);
        }
    }
    known.then(|| ByVolume { called, auc: auc(&not_small) })
}

/// Empty if the thickness is not known, or puts all cases into one group.
pub(super) fn by_slice(class: &str, cases: &[CaseResult]) -> Vec<SliceGroup> {
    let [thin, thick] = SLICES_MM;
    let bounds = [(0.0, Some(thin)), (thin, Some(thick)), (thick, None)];
    let groups = bounds.map(|(above_mm, at_most_mm)| {
        let inside = |mm: f64| mm > above_mm && at_most_mm.is_none_or(|most| mm <= most);
        let cases = cases.iter().filter(|c| c.slice_mm.is_some_and(inside));
        let scored: Vec<Scored> = cases.filter_map(|c| c.scored(class)).collect();
        let count = |present| {
            let of_kind = || scored.iter().filter(|c| c.present == present);
            [of_kind().filter(|c| c.called()).count(), of_kind().count()]
        };
        SliceGroup { above_mm, at_most_mm, with: count(true), without: count(false), auc: auc(&scored) }
    });
    let filled: Vec<SliceGroup> = groups.into_iter().filter(|g| g.with[1] + g.without[1] > 0).collect();
    if filled.len() > 1 { filled } else { Vec::new() }
}

impl CaseResult {
    pub(super) fn scored(&self, class: &str) -> Option<Scored> {
        let (_, logit, present) = self.classes.iter().find(|(name, ..)| name == class)?;
        Some(Scored { logit: *logit, present: *present })
    }

    /// How much of a finding there is.
    fn truth_ml(&self, class: &str) -> Option<f64> {
        let of_class = self.labels.iter().filter_map(|l| l.finding.as_ref()).filter(|f| f.class == class);
        of_class.map(|f| f.ml).reduce(|a, b| a + b)
    }
}

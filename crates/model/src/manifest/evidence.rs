//! Probabilities that follow what was measured on the segmentation.

use serde::{Deserialize, Serialize};

/// A probability that follows a volume: `logit = gain · ln((v + 0.01 mL) / (half_ml + 0.01 mL))`, and how certain the
/// network is of it. Pieces that are dropped for being uncertain count as certainty, not as volume, but for
/// [`by_piece`](Self::by_piece), where they do not count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VolumeEvidence {
    /// Value of the label.
    pub label: u8,
    /// Volume at which the probability is one half, mL.
    pub half_ml: f64,
    /// How fast the logit grows with the logarithm of the volume.
    pub gain: f64,
    /// What certainty adds to the logit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<CertaintyEvidence>,
    /// Whether only the piece with the highest logit counts, its volume and certainty, of those that are reported: specks all over
    /// the head are no large finding.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_piece: bool,
}

/// Adds `gain · (c − half)` to a logit. The certainty `c` of a label is the most by which the score of a voxel that is
/// marked exceeds those of all other labels and the label's margin; 0 where nothing is marked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CertaintyEvidence {
    /// Certainty that adds nothing.
    pub half: f64,
    /// Logits per unit of the scores.
    pub gain: f64,
}

impl VolumeEvidence {
    /// Keeps the logarithm finite where nothing was segmented, mL.
    const LEAST_ML: f64 = 0.01;

    /// Whether more of it makes it no less likely.
    pub(crate) fn grows(&self) -> bool {
        self.gain > 0.0 && self.certainty.is_none_or(|c| c.gain >= 0.0)
    }

    /// Logit of a volume in mL that was marked with `certainty`.
    pub fn logit(&self, ml: f64, certainty: f64) -> f64 {
        let by_volume = self.gain * ((ml + Self::LEAST_ML) / (self.half_ml + Self::LEAST_ML)).ln();
        by_volume + self.certainty.map_or(0.0, |c| c.gain * (certainty - c.half))
    }
}

/// A probability that follows the midline shift: `logit = gain · (|shift| − half_mm)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ShiftEvidence {
    /// Shift at which the probability is one half, mm.
    pub half_mm: f64,
    /// Logits per mm.
    pub gain: f64,
}

impl ShiftEvidence {
    /// Logit of a shift to either side in mm.
    pub fn logit(&self, mm: f64) -> f64 {
        self.gain * (mm.abs() - self.half_mm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certain_drop_may_weigh_more_than_an_uncertain_puddle() {
        let plain = VolumeEvidence { label: 1, half_ml: 2.0, gain: 1.0, certainty: None, by_piece: false };
        assert!(plain.logit(0.8, 9.0) < 0.0 && plain.logit(4.0, 3.0) > 0.0);
        assert_eq!(plain.logit(2.0, 0.0), 0.0);
        let weighed = VolumeEvidence { certainty: Some(CertaintyEvidence { half: 6.0, gain: 1.0 }), ..plain };
        assert!(weighed.logit(0.8, 9.0) > 0.0 && weighed.logit(4.0, 3.0) < 0.0);
        assert!(weighed.grows() && plain.grows());
        let falling =
            VolumeEvidence { certainty: Some(CertaintyEvidence { half: 6.0, gain: -1.0 }), ..plain };
        assert!(!falling.grows());
    }
}

//! Overlap and volume of labelled regions.

/// Voxels of one label in the answer, in the truth and in both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overlap {
    /// Voxels of the answer.
    pub answer: u64,
    /// Voxels of the truth.
    pub truth: u64,
    /// Voxels of both.
    pub both: u64,
}

impl Overlap {
    /// Adds voxels counted elsewhere.
    pub fn add(&mut self, other: Self) {
        self.answer += other.answer;
        self.truth += other.truth;
        self.both += other.both;
    }

    /// `2·|A∩T| / (|A| + |T|)`; `None` when the label is in neither.
    pub fn dice(&self) -> Option<f64> {
        let sizes = self.answer + self.truth;
        (sizes > 0).then(|| 2.0 * self.both as f64 / sizes as f64)
    }

    /// Signed volume error of the answer relative to the truth, `(|A| − |T|) / |T|`; `None` without truth.
    pub fn volume_error(&self) -> Option<f64> {
        (self.truth > 0).then(|| (self.answer as f64 - self.truth as f64) / self.truth as f64)
    }
}

/// Overlap of every label below `labels`; both maps in one order. Larger values are ignored.
pub fn overlaps(answer: &[u8], truth: &[u8], labels: usize) -> Vec<Overlap> {
    let mut pairs = vec![0u64; 256 * 256];
    for (a, t) in answer.iter().zip(truth) {
        pairs[usize::from(*a) * 256 + usize::from(*t)] += 1;
    }
    let row = |a: usize| pairs[a * 256..(a + 1) * 256].iter().sum();
    let column = |t: usize| (0..256).map(|a| pairs[a * 256 + t]).sum();
    (0..labels.min(256)).map(|l| Overlap { answer: row(l), truth: column(l), both: pairs[l * 257] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_counts_each_label() {
        let found = overlaps(&[0, 1, 1, 2, 2, 9], &[0, 1, 2, 2, 2, 1], 4);
        assert_eq!(found[1], Overlap { answer: 2, truth: 2, both: 1 });
        assert_eq!(found[2], Overlap { answer: 2, truth: 3, both: 2 });
        assert_eq!(found[1].dice(), Some(0.5));
        assert_eq!(found[2].volume_error(), Some(-1.0 / 3.0));
        assert_eq!(found[3].dice(), None);
    }
}

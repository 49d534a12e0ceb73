//! Outputs, to be compared.

/// Output of one sample, class by class.
pub(super) struct Logits {
    pub classes: usize,
    pub values: Vec<f32>,
}

impl Logits {
    /// The class of the largest logit, position by position.
    fn argmax(&self) -> Vec<usize> {
        let count = self.values.len() / self.classes;
        let best = |at: usize| {
            let logit = |class: &usize| self.values[class * count + at];
            (0..self.classes).max_by(|a, b| logit(a).total_cmp(&logit(b))).unwrap_or_default()
        };
        (0..count).map(best).collect()
    }

    /// Share of positions whose class is that of `other`.
    pub(super) fn same_argmax(&self, other: &Self) -> f64 {
        let (own, other) = (self.argmax(), other.argmax());
        let same = own.iter().zip(&other).filter(|(a, b)| a == b).count();
        same as f64 / own.len().max(1) as f64
    }
}

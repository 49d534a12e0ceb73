//! The learning rate over the budget.

use std::f64::consts::PI;

use crate::recipe::{Budget, OptimiserRecipe};

/// Fraction of the budget used after `steps` steps and `seconds` of training, at most 1.
pub fn used(budget: Budget, steps: u64, seconds: f64) -> f64 {
    let used = match budget {
        Budget::Minutes(minutes) => seconds / (60.0 * minutes),
        Budget::Steps(total) => steps as f64 / total.max(1) as f64,
    };
    used.min(1.0)
}

/// Learning rate at this fraction of the budget: linear warm-up, then half a cosine down.
pub fn rate(optimiser: &OptimiserRecipe, used: f64) -> f64 {
    if used < optimiser.warm_up {
        // Not from 0: the first step would be lost.
        return optimiser.rate * (0.05 + 0.95 * used / optimiser.warm_up);
    }
    let down = (used - optimiser.warm_up) / (1.0 - optimiser.warm_up).max(1e-9);
    let end = optimiser.rate_end;
    optimiser.rate * (end + (1.0 - end) * 0.5 * (1.0 + (PI * down).cos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_rises_peaks_and_ends_where_stated() {
        let o = OptimiserRecipe {
            rate: 2.0,
            encoder_rate: None,
            rate_end: 0.01,
            warm_up: 0.1,
            weight_decay: 0.0,
            clip: 1.0,
            average: 0.9,
        };
        assert!((rate(&o, 0.05) - 2.0 * 0.525).abs() < 1e-9);
        assert!((rate(&o, 0.1) - 2.0).abs() < 1e-9);
        assert!((rate(&o, 0.55) - 1.01).abs() < 1e-9);
        assert!((rate(&o, 1.0) - 0.02).abs() < 1e-9);
    }

    #[test]
    fn budgets_are_used_by_time_or_steps() {
        assert!((used(Budget::Minutes(2.0), 7, 30.0) - 0.25).abs() < 1e-9);
        assert!((used(Budget::Steps(10), 7, 30.0) - 0.7).abs() < 1e-9);
        assert!((used(Budget::Steps(10), 70, 0.0) - 1.0).abs() < 1e-9);
    }
}

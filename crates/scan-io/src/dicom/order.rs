//! The order of planes in time.

use std::cmp::Ordering;

/// When a plane was taken, most telling first; 0 where the file does not say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub temporal: f64,
    pub acquisition: f64,
    pub trigger: f64,
    pub time: f64,
    pub instance: f64,
    pub frame: f64,
}

impl Order {
    pub fn compare(&self, other: &Self) -> Ordering {
        let keys = |o: &Self| [o.temporal, o.acquisition, o.trigger, o.time, o.instance, o.frame];
        by_keys(keys(self), keys(other))
    }

    /// As numbered. For slices whose place is not stated, since interleaved ones lie in another order than they were
    /// taken in.
    pub fn compare_numbers(&self, other: &Self) -> Ordering {
        let numbers = |o: &Self| [o.instance, o.frame];
        by_keys(numbers(self), numbers(other)).then_with(|| self.compare(other))
    }
}

/// The first of the keys that differ decides.
fn by_keys<const N: usize>(a: [f64; N], b: [f64; N]) -> Ordering {
    a.iter().zip(&b).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

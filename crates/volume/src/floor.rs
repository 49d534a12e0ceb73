//! The value that what is no background exceeds.

/// Share of values below zero from which they belong to the scan: fewer are left by interpolation.
const NEGATIVE_SHARE: f64 = 0.01;

/// What the foreground of `values` exceeds: 0, or the lowest value if a real share is below zero.
pub fn floor(values: &[f32]) -> f32 {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let negative = finite().filter(|v| *v < 0.0).count() as f64;
    if negative < NEGATIVE_SHARE * finite().count() as f64 { 0.0 } else { finite().fold(0.0, f32::min) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_negative_values_make_no_foreground_of_zeros() {
        let mut values = vec![0.0; 1000];
        values[..9].fill(-0.5);
        values[999] = f32::NAN;
        assert_eq!(floor(&values), 0.0);
        values[..10].fill(-0.5);
        assert_eq!(floor(&values), -0.5);
        assert_eq!(floor(&[]), 0.0);
    }
}

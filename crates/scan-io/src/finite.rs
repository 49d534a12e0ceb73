//! Values that are no numbers.

/// Sets values that are not finite to the lowest of the others, since that is background in CT, too, where 0 is water;
/// to 0 if there are no others. Gives their number.
pub(crate) fn fill_not_finite(values: &mut [f32]) -> usize {
    let lowest = values.iter().copied().filter(|v| v.is_finite()).reduce(f32::min).unwrap_or(0.0);
    let mut count = 0;
    for value in values.iter_mut().filter(|v| !v.is_finite()) {
        *value = lowest;
        count += 1;
    }
    count
}

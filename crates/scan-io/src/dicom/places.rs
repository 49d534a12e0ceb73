//! Parts of a series by the places of their planes along a normal, in rising order.

use super::geometry::{SAME_PLACE, regular_gap, whole_gap};

/// Whether two parts cover the same region, or most of that of the smaller one.
pub(super) fn are_crossing(a: &[f64], b: &[f64]) -> bool {
    let (Some(a0), Some(a1), Some(b0), Some(b1)) = (a.first(), a.last(), b.first(), b.last()) else {
        return false;
    };
    a1.min(*b1) - a0.max(*b0) >= 0.5 * (a1 - a0).min(b1 - b0)
}

/// Whether two parts cover the same region and have no place in common.
pub(super) fn are_apart(a: &[f64], b: &[f64]) -> bool {
    let in_b = |d: &f64| {
        let above = b.partition_point(|e| *e <= d - SAME_PLACE);
        b.get(above).is_some_and(|e| *e < d + SAME_PLACE)
    };
    are_crossing(a, b) && !a.iter().any(in_b)
}

/// Whether parts fill each other's gaps: together they are evenly as many times as dense as each is, but for lost
/// planes. They may do so repeatedly.
pub(super) fn are_interleaved(parts: &[&[f64]]) -> bool {
    let mut all = parts.concat();
    all.sort_by(f64::total_cmp);
    all.dedup_by(|here, before| *here - *before <= SAME_PLACE);
    let own: Option<Vec<f64>> = parts.iter().map(|part| even_gap(part)).collect();
    let (Some(gap), Some(own)) = (even_gap(&all), own) else { return false };
    let turns = (own[0] / gap).round();
    let is_wide = |own: &f64| (own - turns * gap).abs() <= 0.05 * turns * gap;
    if !(2.0..=parts.len() as f64).contains(&turns) || !own.iter().all(is_wide) {
        return false;
    }
    let mut times = vec![0; turns as usize];
    for part in parts {
        let turn = ((part[0] - all[0]) / gap).round() as usize % times.len();
        times[turn] += 1;
    }
    times.iter().all(|&n| n == times[0])
}

/// The gap of places that are even but for lost planes.
fn even_gap(places: &[f64]) -> Option<f64> {
    regular_gap(places).or_else(|| whole_gap(places))
}

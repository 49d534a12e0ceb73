//! Repetitions that lie beside each other along the normal, as where a scanner follows a head that moves. By their
//! places they would be shuffled into one volume.

use std::collections::BTreeMap;

use super::geometry::SAME_PLACE;
use super::places::{are_apart, are_crossing, are_interleaved};
use super::plane::SlicePlane;
use super::repeats::{MARKS, Mark, repetition};

/// Fewer planes are no stack of their own.
pub(super) const FEWEST: usize = 4;

/// Repetitions in order, each in the order of its places.
pub(super) struct Moved {
    pub volumes: Vec<Vec<SlicePlane>>,
    /// How many others lack slices.
    pub left_out: usize,
}

/// Planes with one value of a mark, in the order of their places.
#[derive(Default)]
struct Part<'a> {
    places: Vec<f64>,
    planes: Vec<&'a SlicePlane>,
}

/// The repetitions that `planes` are, if they are such; all planes must have a pose.
pub(super) fn moved(planes: &[SlicePlane]) -> Option<Moved> {
    let normal = planes.first()?.pose?.normal();
    let place = |plane: &SlicePlane| plane.pose.map(|pose| pose.depth(normal));
    let mut placed: Vec<(f64, &SlicePlane)> =
        planes.iter().map(|plane| Some((place(plane)?, plane))).collect::<Option<_>>()?;
    placed.sort_by(|a, b| a.0.total_cmp(&b.0));
    MARKS.iter().find_map(|&mark| moved_by(&placed, mark))
}

fn moved_by(placed: &[(f64, &SlicePlane)], mark: Mark) -> Option<Moved> {
    let mut parts: BTreeMap<u64, Part> = BTreeMap::new();
    for &(place, plane) in placed {
        let part = parts.entry(repetition(mark, plane)).or_default();
        part.places.push(place);
        part.planes.push(plane);
    }
    let most = parts.values().map(|part| part.planes.len()).max()?;
    let (whole, short): (Vec<Part>, Vec<Part>) =
        parts.into_values().partition(|part| part.planes.len() == most);
    if most < FEWEST || !are_beside(&places_of(&whole), &places_of(&short)) {
        return None;
    }
    let volumes = whole.iter().map(|part| part.planes.iter().map(|&plane| plane.clone()).collect());
    Some(Moved { volumes: volumes.collect(), left_out: short.len() })
}

fn places_of<'a>(parts: &'a [Part]) -> Vec<&'a [f64]> {
    parts.iter().map(|part| part.places.as_slice()).collect()
}

/// Whether `whole` parts are one that was moved along the normal, by less than half of its length, and none of several
/// that fill each other's gaps; `short` ones cover its region, and are the fewer.
fn are_beside(whole: &[&[f64]], short: &[&[f64]]) -> bool {
    let Some((first, others)) = whole.split_first() else { return false };
    short.len() < whole.len()
        && has_one_plane_a_place(first)
        && others.iter().all(|other| is_copy(first, other) && are_crossing(first, other))
        && others.iter().any(|other| are_apart(first, other))
        && short.iter().all(|part| are_crossing(first, part))
        && !are_interleaved(&[whole, short].concat())
}

fn has_one_plane_a_place(part: &[f64]) -> bool {
    part.windows(2).all(|pair| pair[1] - pair[0] > SAME_PLACE)
}

/// Whether the gaps of two parts of equally many planes are alike.
fn is_copy(a: &[f64], b: &[f64]) -> bool {
    let gap = (a[a.len() - 1] - a[0]) / (a.len() - 1) as f64;
    a.iter().zip(b).all(|(x, y)| ((x - a[0]) - (y - b[0])).abs() <= 0.05 * gap)
}

//! Planes of one series parted into volumes that were taken one after the other.

use std::collections::BTreeMap;

use super::geometry::SAME_PLACE;
use super::moved::{Moved, moved};
use super::plane::SlicePlane;
use super::stack::by_order;

/// Something by which repetitions may differ.
pub(super) type Mark = fn(&SlicePlane) -> f64;

/// Most telling first.
pub(super) const MARKS: [Mark; 5] =
    [|p| p.order.temporal, |p| p.b_value, |p| p.order.acquisition, |p| p.order.trigger, |p| p.order.time];

/// Repetitions that lie beside each other are volumes. Other planes are grouped by place along the normal; the n-th
/// plane of every place makes up volume n. Where places have unequal numbers of planes, repetitions are told apart by a
/// mark, and only whole ones are kept.
pub(super) fn into_volumes(planes: Vec<SlicePlane>, notes: &mut Vec<String>) -> Vec<Vec<SlicePlane>> {
    if let Some(Moved { volumes, left_out }) = moved(&planes) {
        notes.extend((left_out > 0).then(|| incomplete(left_out)));
        return volumes;
    }
    let places = places(planes);
    let count = places.iter().map(Vec::len).min().unwrap_or(0);
    if places.iter().all(|same| same.len() == count) {
        return by_rank(places, count);
    }
    for mark in MARKS {
        let (whole, left_out) = by_mark(&places, mark);
        if !whole.is_empty() {
            notes.push(incomplete(left_out));
            return whole;
        }
    }
    let surplus: usize = places.iter().map(|same| same.len() - count).sum();
    notes.push(format!("{surplus} slice(s) repeat a position and were left out"));
    by_rank(places, count)
}

fn incomplete(repetitions: usize) -> String {
    format!("{repetitions} repetition(s) lack slices and were left out")
}

/// The repetition that a plane is of by a mark, in a number that rises with the mark.
pub(super) fn repetition(mark: Mark, plane: &SlicePlane) -> u64 {
    // Bits of positive numbers are in the order of the numbers.
    mark(plane).abs().to_bits()
}

/// Planes of each place along the normal of the first plane.
fn places(planes: Vec<SlicePlane>) -> Vec<Vec<SlicePlane>> {
    let Some(normal) = planes.first().and_then(|p| p.pose).map(|p| p.normal()) else { return Vec::new() };
    let mut placed: Vec<(f64, SlicePlane)> =
        planes.into_iter().map(|p| (p.pose.map_or(0.0, |pose| pose.depth(normal)), p)).collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut places: Vec<(f64, Vec<SlicePlane>)> = Vec::new();
    for (depth, plane) in placed {
        match places.last_mut() {
            Some((at, same)) if depth - *at <= SAME_PLACE => same.push(plane),
            _ => places.push((depth, vec![plane])),
        }
    }
    places.into_iter().map(|(_, same)| by_order(same)).collect()
}

fn by_rank(places: Vec<Vec<SlicePlane>>, count: usize) -> Vec<Vec<SlicePlane>> {
    let mut volumes = vec![Vec::with_capacity(places.len()); count];
    for same in places {
        for (volume, plane) in volumes.iter_mut().zip(same) {
            volume.push(plane);
        }
    }
    volumes
}

/// The repetitions with one plane at every place, and how many others there are. None if the mark puts two planes
/// of one place together: it does not tell repetitions apart.
fn by_mark(places: &[Vec<SlicePlane>], mark: Mark) -> (Vec<Vec<SlicePlane>>, usize) {
    let mut repeats: BTreeMap<u64, Vec<(usize, &SlicePlane)>> = BTreeMap::new();
    for (at, plane) in places.iter().enumerate().flat_map(|(at, same)| same.iter().map(move |p| (at, p))) {
        let repeat = repeats.entry(repetition(mark, plane)).or_default();
        if repeat.last().is_some_and(|(last, _)| *last == at) {
            return (Vec::new(), 0);
        }
        repeat.push((at, plane));
    }
    let all = repeats.len();
    let whole = repeats.into_values().filter(|repeat| repeat.len() == places.len());
    let volumes: Vec<Vec<SlicePlane>> =
        whole.map(|repeat| repeat.into_iter().map(|(_, p)| p.clone()).collect()).collect();
    let left_out = all - volumes.len();
    (volumes, left_out)
}

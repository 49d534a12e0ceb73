//! Files to stacks: parse, split into planes, gather the planes that belong together.

use std::collections::HashMap;
use std::sync::Arc;

use super::file::File;
use super::geometry::Pose;
use super::image::Image;
use super::key::Key;
use super::moved::{FEWEST, moved};
use super::places::{are_apart, are_interleaved};
use super::plane::{SlicePlane, planes};
use super::stack::{Stack, count_files};
use crate::source::{Blob, Budget};
use crate::unread::Unread;
use crate::{Limits, ScanError};

/// What became of the DICOM files of a drop.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub stacks: Vec<Stack>,
    pub unread: Vec<Unread>,
    /// The files of series that make no volume.
    pub refused: Vec<Unread>,
    /// DICOM objects that are no images: directories, reports, presentation states.
    pub ignored: usize,
}

/// Groups of one series and size, with pixels of one size in one direction each, that are told apart: every plane may be
/// compared with each.
const MOST_ALIKE: usize = 1000;

/// Parses `blobs` and gathers their planes into stacks, in order of first appearance.
pub(crate) fn group(blobs: Vec<Blob>, limits: &Limits, budget: &mut Budget) -> Files {
    let mut files = Files::default();
    let mut groups = Groups::default();
    for blob in blobs {
        if let Err(error) = planes_of(blob, limits, budget).and_then(|planes| groups.gather(planes)) {
            files.ignored += usize::from(matches!(error, ScanError::NotAScan(_)));
            files.unread.push(error.into());
        }
    }
    for planes in groups.all.into_iter().flat_map(split_acquisitions) {
        let count = count_files(&planes);
        match Stack::new(planes, limits) {
            Ok(stack) => files.stacks.push(stack),
            Err(error) => files.refused.push(Unread { error, files: count }),
        }
    }
    files
}

fn planes_of(blob: Blob, limits: &Limits, budget: &mut Budget) -> Result<Vec<SlicePlane>, ScanError> {
    let name = blob.name.clone();
    let (image, dataset) = Image::new(File::parse(blob, limits, budget)?, limits)?;
    let planes = planes(image, &dataset);
    budget.planes(planes.len()).map_err(|e| e.in_file(&name))?;
    Ok(planes)
}

/// Planes that belong together, in order of first appearance.
#[derive(Default)]
struct Groups {
    all: Vec<Vec<SlicePlane>>,
    /// Where the groups are that planes may belong to.
    alike: HashMap<Alike, Vec<usize>>,
    /// The group last added to.
    last: usize,
}

/// What all planes of a group have exactly in common.
#[derive(PartialEq, Eq, Hash)]
struct Alike {
    key: Arc<Key>,
    size: [usize; 2],
    is_placed: bool,
    /// Of planes that nothing but their image holds together.
    image: Option<*const Image>,
}

impl Alike {
    fn of(plane: &SlicePlane) -> Self {
        let is_placed = plane.pose.is_some();
        let alone = !is_placed && plane.key.file.series.is_empty();
        let image = alone.then_some(Arc::as_ptr(&plane.image));
        Self { key: Arc::clone(&plane.key), size: plane.size, is_placed, image }
    }
}

impl Groups {
    fn gather(&mut self, planes: Vec<SlicePlane>) -> Result<(), ScanError> {
        planes.into_iter().try_for_each(|plane| self.add(plane))
    }

    fn add(&mut self, plane: SlicePlane) -> Result<(), ScanError> {
        let is_of = |&group: &usize| {
            self.all.get(group).and_then(|g| g.first()).is_some_and(|first| first.belongs_with(&plane))
        };
        // Files come in series.
        if is_of(&self.last) {
            self.all[self.last].push(plane);
            return Ok(());
        }
        let alike = self.alike.entry(Alike::of(&plane)).or_default();
        let found = alike.iter().rev().copied().find(is_of);
        if found.is_none() && alike.len() == MOST_ALIKE {
            let message = format!("a series has slices of more than {MOST_ALIKE} directions or pixel sizes");
            return Err(ScanError::over_limit(message).in_file(plane.image.name()));
        }
        self.last = found.unwrap_or(self.all.len());
        match found {
            Some(group) => self.all[group].push(plane),
            None => {
                alike.push(self.all.len());
                self.all.push(vec![plane]);
            }
        }
        Ok(())
    }
}

impl SlicePlane {
    fn belongs_with(&self, other: &Self) -> bool {
        let same_image = Arc::ptr_eq(&self.image, &other.image);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-3 * a.max(b);
        let same_pose = match (&self.pose, &other.pose) {
            (Some(a), Some(b)) => a.is_parallel(b),
            (None, None) => same_image || !self.key.file.series.is_empty(),
            _ => false,
        };
        same_pose
            && self.size == other.size
            && near(self.spacing[0], other.spacing[0])
            && near(self.spacing[1], other.spacing[1])
            && self.image.inverted == other.image.inverted
            && self.key == other.key
    }
}

/// Splits planes of several acquisitions that cover the same region at different places, which would otherwise
/// be shuffled into each other; those that were taken in turns make up one volume, and those that are alike are its
/// repetitions.
fn split_acquisitions(planes: Vec<SlicePlane>) -> Vec<Vec<SlicePlane>> {
    let Some(numbers) = acquisitions(&planes) else { return vec![planes] };
    let places: Vec<Vec<f64>> = numbers.iter().map(|&n| sorted_places(&planes, n)).collect();
    let whole = places.iter().all(|part| part.len() >= FEWEST);
    let any_apart = || (0..places.len()).any(|i| (0..i).any(|j| are_apart(&places[i], &places[j])));
    let interleaved = || are_interleaved(&places.iter().map(Vec::as_slice).collect::<Vec<_>>());
    if !whole || !any_apart() || interleaved() || moved(&planes).is_some() {
        return vec![planes];
    }
    let mut parts = vec![Vec::new(); numbers.len()];
    for plane in planes {
        let part = numbers.iter().position(|&n| n == plane.order.acquisition).unwrap_or(0);
        parts[part].push(plane);
    }
    parts
}

/// The acquisitions of planes in order of first appearance, if they are few: more are no series of their own.
fn acquisitions(planes: &[SlicePlane]) -> Option<Vec<f64>> {
    let mut numbers = Vec::new();
    for number in planes.iter().map(|p| p.order.acquisition) {
        if !numbers.contains(&number) {
            numbers.push(number);
        }
        if numbers.len() > 16 {
            return None;
        }
    }
    Some(numbers)
}

/// Places of the planes of one acquisition along the normal.
fn sorted_places(planes: &[SlicePlane], acquisition: f64) -> Vec<f64> {
    let part = planes.iter().filter(|p| p.order.acquisition == acquisition);
    let poses: Vec<Pose> = part.filter_map(|p| p.pose).collect();
    let Some(normal) = poses.first().map(Pose::normal) else { return Vec::new() };
    let mut places: Vec<f64> = poses.iter().map(|pose| pose.depth(normal)).collect();
    places.sort_by(f64::total_cmp);
    places
}

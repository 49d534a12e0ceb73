//! Files to stacks: parse, split into planes, gather the planes that belong together.

use super::dataset::Dataset;
use super::file::File;
use super::geometry::regular_gap;
use super::image::Image;
use super::plane::{Plane, planes};
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

/// Parses `blobs` and gathers their planes into stacks, in order of first appearance.
pub(crate) fn group(blobs: Vec<Blob>, limits: &Limits, budget: &mut Budget) -> Files {
    let mut files = Files::default();
    let mut groups: Vec<Vec<Plane>> = Vec::new();
    for blob in blobs {
        let parsed = File::parse(blob, limits, budget).and_then(|file| Image::new(file, limits));
        match parsed {
            Ok((image, dataset)) => gather(image, &dataset, &mut groups),
            Err(error) => {
                files.ignored += usize::from(matches!(error, ScanError::NotAScan(_)));
                files.unread.push(error.into());
            }
        }
    }
    for planes in groups.into_iter().flat_map(split_acquisitions) {
        let count = count_files(&planes);
        match Stack::new(planes, limits) {
            Ok(stack) => files.stacks.push(stack),
            Err(error) => files.refused.push(Unread { error, files: count }),
        }
    }
    files
}

fn gather(image: Image, dataset: &Dataset, groups: &mut Vec<Vec<Plane>>) {
    for plane in planes(image, dataset) {
        // Files come in series, so the group last added to is likely.
        match groups.iter_mut().rev().find(|g| g.first().is_some_and(|first| first.belongs_with(&plane))) {
            Some(group) => group.push(plane),
            None => groups.push(vec![plane]),
        }
    }
}

impl Plane {
    fn belongs_with(&self, other: &Self) -> bool {
        let same_image = std::sync::Arc::ptr_eq(&self.image, &other.image);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-3 * a.max(b);
        let same_pose = match (&self.pose, &other.pose) {
            (Some(a), Some(b)) => a.is_parallel(b),
            (None, None) => same_image || !self.key.series.is_empty(),
            _ => false,
        };
        same_pose
            && self.size == other.size
            && near(self.spacing[0], other.spacing[0])
            && near(self.spacing[1], other.spacing[1])
            && self.image.inverted == other.image.inverted
            && (std::sync::Arc::ptr_eq(&self.key, &other.key) || self.key == other.key)
    }
}

/// Splits planes of several acquisitions that cover the same region at different places, which would otherwise
/// be shuffled into each other; those that were taken in turns make up one volume.
fn split_acquisitions(planes: Vec<Plane>) -> Vec<Vec<Plane>> {
    let mut parts: Vec<Vec<Plane>> = Vec::new();
    let acquisition = |p: &Plane| p.order.acquisition();
    for plane in &planes {
        match parts.iter().position(|part| acquisition(&part[0]) == acquisition(plane)) {
            Some(part) => parts[part].push(plane.clone()),
            None if parts.len() < 16 => parts.push(vec![plane.clone()]),
            None => return vec![planes],
        }
    }
    let depths: Vec<Vec<f64>> = parts.iter().map(|part| sorted_depths(part)).collect();
    let apart = |a: &[f64], b: &[f64]| {
        let (Some(a0), Some(a1), Some(b0), Some(b1)) = (a.first(), a.last(), b.first(), b.last()) else {
            return false;
        };
        let shared = a1.min(*b1) - a0.max(*b0);
        let crossing = shared > 0.5 * (a1 - a0).min(b1 - b0);
        crossing && !a.iter().any(|d| b.iter().any(|e| (d - e).abs() < 0.02))
    };
    let whole = depths.iter().all(|d| d.len() >= 4);
    let any_apart = (0..depths.len()).any(|i| (0..i).any(|j| apart(&depths[i], &depths[j])));
    if whole && any_apart && !are_interleaved(&depths) { parts } else { vec![planes] }
}

/// Whether parts fill each other's gaps: together they are as even as each is, and as many times as dense.
fn are_interleaved(parts: &[Vec<f64>]) -> bool {
    let mut all = parts.concat();
    all.sort_by(f64::total_cmp);
    let Some(gap) = regular_gap(&all) else { return false };
    let wide = gap * parts.len() as f64;
    parts.iter().all(|part| regular_gap(part).is_some_and(|own| (own - wide).abs() <= 0.05 * wide))
}

fn sorted_depths(planes: &[Plane]) -> Vec<f64> {
    let Some(normal) = planes.first().and_then(|p| p.pose).map(|p| p.normal()) else { return Vec::new() };
    let mut depths: Vec<f64> = planes.iter().filter_map(|p| Some(p.pose?.depth(normal))).collect();
    depths.sort_by(f64::total_cmp);
    depths
}

//! Whether a scan ends within the brain.

use std::collections::BTreeSet;
use std::f64::consts::TAU;

use saswin_model::Manifest;
use saswin_volume::Volume;

/// Area of the brain on a face of the scan from which on it was cut, mm²: more than the brain stem has.
const LEAST_AREA_MM2: f64 = 1000.0;
/// Radius of the brain's curvature, mm: a last slice within the scan's step of the brain's end cuts a cap off a ball of it.
const RADIUS_MM: f64 = 70.0;

/// An end of the scan that cuts the brain.
pub(crate) struct Cut {
    /// Where it is, for the reader.
    pub words: String,
    /// Labels that it goes through.
    pub labels: BTreeSet<u8>,
}

/// Where the brain is cut off by an end of the scan; `map` has all labels of the network, also those that are not
/// reported.
pub(crate) fn cuts(manifest: &Manifest, map: &Volume<u8>) -> Vec<Cut> {
    let mut of_brain = [false; 256];
    brain(manifest).into_iter().for_each(|label| of_brain[usize::from(label)] = true);
    let (dims, spacing) = (map.grid.dims, map.grid.spacing());
    let letters: Vec<char> = map.orientation().to_string().chars().collect();
    let mut ends = Vec::new();
    for (axis, letter) in letters.into_iter().enumerate().filter(|(axis, _)| dims[*axis] > 1) {
        let area = spacing.iter().product::<f64>() / spacing[axis];
        let cap = TAU * RADIUS_MM * 1.5 * spacing[axis];
        for (at, end) in [(0, opposite(letter)), (dims[axis] - 1, letter)] {
            let mm2 = face(map, axis, at).filter(|v| of_brain[usize::from(*v)]).count() as f64 * area;
            if mm2 > LEAST_AREA_MM2.max(cap) {
                let words = format!(
                    "the scan ends within the brain at its {} ({:.0} cm² there): what lies beyond is in no result",
                    name(end),
                    mm2 / 100.0
                );
                ends.push(Cut { words, labels: face(map, axis, at).collect() });
            }
        }
    }
    ends
}

/// Labels that are brain, also those that are not reported, without findings.
fn brain(manifest: &Manifest) -> Vec<u8> {
    if let Some(region) = manifest.brain() {
        return region.labels.clone();
    }
    manifest.pieces.iter().flatten().copied().filter(|label| !manifest.is_finding(*label)).collect()
}

/// Voxels of `map` whose index along `axis` is `at`.
fn face(map: &Volume<u8>, axis: usize, at: usize) -> impl Iterator<Item = u8> {
    let dims = map.grid.dims;
    let strides = [1, dims[0], dims[0] * dims[1]];
    let [one, other] = [[1, 2], [0, 2], [0, 1]][axis];
    let along = move |i: usize| {
        (0..dims[other]).map(move |j| at * strides[axis] + i * strides[one] + j * strides[other])
    };
    (0..dims[one]).flat_map(along).map(|voxel| map.voxels[voxel])
}

fn opposite(letter: char) -> char {
    match letter {
        'R' => 'L',
        'L' => 'R',
        'A' => 'P',
        'P' => 'A',
        'S' => 'I',
        _ => 'S',
    }
}

fn name(letter: char) -> &'static str {
    match letter {
        'R' => "right",
        'L' => "left",
        'A' => "front",
        'P' => "back",
        'S' => "top",
        _ => "lower end",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_volume::{Affine, Grid};

    /// Warnings for a block of brain with these columns along j and slices along k, in 20×20×20 voxels of 5 mm; the scan
    /// is in the order RPI, so slices go down.
    fn ends(columns: [usize; 2], slices: [usize; 2], thick_mm: f64) -> Vec<String> {
        let mut manifest = Manifest::from_json(include_str!("../tests/tiny-manifest.json")).unwrap();
        (manifest.regions, manifest.pieces) = (vec![], vec![vec![7]]);
        let linear = [[5.0, 0.0, 0.0], [0.0, -5.0, 0.0], [0.0, 0.0, -thick_mm]];
        let grid = Grid { dims: [20; 3], affine: Affine { linear, ..Affine::IDENTITY } };
        let mut map = Volume::filled(grid, 0);
        for k in slices[0]..slices[1] {
            for j in columns[0]..columns[1] {
                map.voxels[(k * 20 + j) * 20 + 3..][..14].fill(7);
            }
        }
        let cuts = cuts(&manifest, &map);
        assert!(cuts.iter().all(|cut| cut.labels == BTreeSet::from([0, 7])));
        cuts.into_iter().map(|cut| cut.words).collect()
    }

    #[test]
    fn a_brain_that_ends_within_the_scan_is_whole() {
        assert_eq!(ends([2, 18], [1, 19], 2.0), [] as [&str; 0]);
        assert_eq!(ends([9, 11], [1, 20], 2.0), [] as [&str; 0], "a brain stem leaves the scan");
        assert_eq!(
            ends([2, 10], [0, 19], 7.5),
            [] as [&str; 0],
            "a thick slice takes the brain's end with it"
        );
    }

    #[test]
    fn an_end_within_the_brain_is_named() {
        let top =
            "the scan ends within the brain at its top (56 cm² there): what lies beyond is in no result";
        assert_eq!(ends([2, 18], [0, 19], 2.0), [top]);
        let down = "the scan ends within the brain at its lower end (56 cm² there): what lies beyond is in no result";
        assert_eq!(ends([2, 18], [1, 20], 2.0), [down]);
        let back =
            "the scan ends within the brain at its back (50 cm² there): what lies beyond is in no result";
        assert_eq!(ends([2, 20], [1, 19], 4.0), [back]);
    }
}

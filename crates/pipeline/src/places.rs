//! Where the findings are: the separate pieces of what was segmented.

use saswin_model::Manifest;
use saswin_volume::{Grid, Volume, for_each_piece};

use crate::report::{Alignment, Place};

/// Largest number of places in a report.
const MOST: usize = 20;

/// The pieces of all labels that a finding is read off, largest first; at most [`MOST`], and how many there are.
pub(crate) fn places(manifest: &Manifest, labels: &Volume<u8>, alignment: &Alignment) -> (Vec<Place>, usize) {
    let mut found = Vec::new();
    for label in manifest.labels.iter().filter(|l| manifest.is_finding(l.value)) {
        let mask = labels.mask(label.value);
        for_each_piece(&mask, labels.grid.dims, |piece| {
            let volume_ml = piece.len() as f64 * labels.grid.voxel_volume() / 1000.0;
            let at = centre(piece, &labels.grid);
            let right_mm = alignment.aligned.then(|| alignment.plane.distance(at));
            found.push(Place { name: label.name.clone(), volume_ml, at, right_mm });
        });
    }
    found.sort_by(|a, b| b.volume_ml.total_cmp(&a.volume_ml));
    let count = found.len();
    found.truncate(MOST);
    (found, count)
}

/// The voxel of a piece nearest to its centre of mass, in scanner RAS millimetres: a curved piece's own centre may lie
/// outside of it.
fn centre(piece: &[usize], grid: &Grid) -> [f64; 3] {
    let mut mean = [0.0; 3];
    for at in piece.iter().map(|i| grid.place(*i)) {
        mean.iter_mut().zip(at).for_each(|(m, v)| *m += v / piece.len() as f64);
    }
    let off = |at: &[f64; 3]| at.iter().zip(mean).map(|(a, m)| (a - m).powi(2)).sum::<f64>();
    piece.iter().map(|i| grid.place(*i)).min_by(|a, b| off(a).total_cmp(&off(b))).unwrap_or(mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_model::VolumeEvidence;
    use saswin_volume::{Affine, Plane};

    #[test]
    fn a_curved_piece_is_shown_at_one_of_its_voxels() {
        let affine = Affine { translation: [-10.0, 0.0, 5.0], ..Affine::IDENTITY };
        let grid = Grid { dims: [3, 3, 1], affine };
        // An L: its centre of mass, (0.6, 1.4), lies beside it.
        assert_eq!(centre(&[0, 3, 6, 7, 8], &grid), [-10.0, 1.0, 5.0]);
    }

    #[test]
    fn sides_are_those_of_the_head_and_not_of_the_scanner() {
        let mut manifest = Manifest::from_json(include_str!("../tests/tiny-manifest.json")).unwrap();
        let value = manifest.labels[0].value;
        let volume =
            VolumeEvidence { label: value, half_ml: 1.0, gain: 1.0, certainty: None, by_piece: false };
        manifest.classes[0].volume = Some(volume);
        // The head lies 20 mm to the right of the scanner's middle, the piece 12 mm to the left of the head's.
        let plane = Plane { point: [20.0, 0.0, 0.0], normal: [1.0, 0.0, 0.0] };
        let unknown = Alignment::not_found(plane.point, String::new());
        let known = Alignment { aligned: true, plane, ..unknown.clone() };
        let affine = Affine { translation: [8.0, 0.0, 0.0], ..Affine::IDENTITY };
        let labels = Volume { grid: Grid { dims: [1; 3], affine }, voxels: vec![value] };
        let side = |alignment| places(&manifest, &labels, alignment).0[0].right_mm;
        assert_eq!((side(&known), side(&unknown)), (Some(-12.0), None));
        manifest.classes.push(manifest.classes[0].clone());
        assert_eq!(places(&manifest, &labels, &known).1, 1, "two classes read it");
    }
}

//! Borders of findings where the scan has half of their contrast.
//!
//! A network that learnt from synthetic scans finds a lesion and draws it roughly; the scan shows where it ends. As in
//! the full-width-at-half-maximum method (Amado et al., JACC 44, 2004), piece by piece and only near the drawn border.

use std::collections::BTreeSet;

use saswin_model::HalfContrast;
use saswin_volume::{Volume, for_each_piece};

use crate::levels::{Levels, Look};
use crate::neighbours::{FACES, around, ball, neighbour, within};

/// Least volume of a piece, or of what it falls into, cubic millimetres: a ball 3 mm wide.
const MIN_PART_MM3: f64 = 14.0;

/// Moves the borders of a label's pieces, by no more than the wanted reach, to where `scan` (in the map's order) is
/// halfway between what lies around a piece and its inside. What is too small then goes; neither background nor what does
/// not look like the label is ever taken in; pieces without contrast of its kind stay, but for those that do not stand out
/// as wanted, whose voxels are returned.
pub(crate) fn move_borders(
    map: &mut Volume<u8>,
    scan: &[f32],
    look: Look,
    wanted: &HalfContrast,
) -> Vec<usize> {
    let mask = map.mask(wanted.label);
    let dims = map.grid.dims;
    let reach = ball(&map.grid, wanted.reach_mm, 0.0);
    // A sample tells the median around a piece.
    let wide = ball(&map.grid, wanted.around_mm, wanted.around_mm / 4.0);
    let fewest = (MIN_PART_MM3 / map.grid.voxel_volume()).ceil() as usize;
    let mut seen = vec![false; mask.len()];
    let (mut moved, mut faint) = (Vec::new(), Vec::new());
    for_each_piece(&mask, dims, |piece| {
        let near = around(piece, &mask, &mut seen, dims, &reach);
        let mut far = around(piece, &mask, &mut seen, dims, &wide);
        near.iter().for_each(|n| seen[*n] = true);
        far.retain(|f| !seen[*f] && wanted.among.contains(&map.voxels[*f]));
        near.iter().for_each(|n| seen[*n] = false);
        let Some(levels) = Levels::of(piece, &far, scan, look) else { return };
        if !levels.stand_out(wanted.least_ratio) {
            faint.extend_from_slice(piece);
            return;
        }
        if !levels.differ() {
            return;
        }
        let alike = |i: &usize| levels.is_inside(scan[*i]);
        let beside = around(piece, &mask, &mut seen, dims, &FACES);
        let border = within(beside, |n| mask[n], &mut seen, dims, &reach);
        let lost: BTreeSet<usize> = border.into_iter().filter(|i| !alike(i)).collect();
        let inner = piece.iter().filter(|i| !lost.contains(i));
        let may_be = |v: &u8| *v > 0 && (!look.dark || wanted.among.contains(v));
        let won = near.iter().filter(|i| alike(i) && may_be(&map.voxels[**i]));
        let kept = parts(inner.chain(won).copied().collect(), dims, fewest);
        moved.extend(piece.iter().filter(|i| !kept.contains(i)).map(|i| (*i, 0)));
        moved.extend(kept.into_iter().map(|i| (i, wanted.label)));
    });
    faint.iter().for_each(|voxel| map.voxels[*voxel] = 0);
    moved.into_iter().for_each(|(voxel, label)| map.voxels[voxel] = label);
    faint
}

/// Those of `voxels` that hang together by faces in parts of `fewest` or more.
fn parts(mut voxels: BTreeSet<usize>, dims: [usize; 3], fewest: usize) -> BTreeSet<usize> {
    let mut kept = BTreeSet::new();
    while let Some(first) = voxels.pop_first() {
        let (mut part, mut next) = (vec![first], vec![first]);
        while let Some(i) = next.pop() {
            let beside = FACES.iter().filter_map(|step| neighbour(i, *step, dims));
            let more: Vec<usize> = beside.filter(|n| voxels.remove(n)).collect();
            part.extend(&more);
            next.extend(more);
        }
        if part.len() >= fewest {
            kept.extend(part);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_volume::{Affine, Grid};

    const SIDE: usize = 13;
    const DARK: Look = Look { dark: true, ..Look::BRIGHT };

    /// A cube of label 1 with its corner at 4 and `side` voxels long in tissue 2, on a scan whose bright cube is 5 long.
    fn volume_after(side: usize, spacing: f64, contrast: f32) -> usize {
        volume_if(side, spacing, contrast, 0.0, Look::BRIGHT)
    }

    /// The same if its inside must stand out by `least_ratio`.
    fn volume_if(side: usize, spacing: f64, contrast: f32, least_ratio: f32, look: Look) -> usize {
        let affine = Affine {
            linear: [[spacing, 0.0, 0.0], [0.0, spacing, 0.0], [0.0, 0.0, spacing]],
            ..Affine::IDENTITY
        };
        let within = |i: usize, side: usize| {
            [i % SIDE, i / SIDE % SIDE, i / SIDE / SIDE].iter().all(|at| (4..4 + side).contains(at))
        };
        let mut map = Volume::filled(Grid { dims: [SIDE; 3], affine }, 2);
        let count = map.voxels.len();
        (0..count).filter(|i| within(*i, side)).for_each(|i| map.voxels[i] = 1);
        let scan: Vec<f32> = (0..count).map(|i| if within(i, 5) { 10.0 + contrast } else { 10.0 }).collect();
        let wanted = HalfContrast { label: 1, among: vec![2], reach_mm: 1.0, around_mm: 3.0, least_ratio };
        let faint = move_borders(&mut map, &scan, look, &wanted);
        let left = map.voxels.iter().filter(|v| **v == 1).count();
        assert_eq!(faint.len(), if left == 0 { side.pow(3) } else { 0 });
        left
    }

    #[test]
    fn a_border_moves_in_and_out_to_where_the_scan_has_it() {
        assert_eq!(volume_after(6, 1.0, 1.0), 125);
        // Faces move out, edges and corners are farther off than the reach.
        assert_eq!(volume_after(4, 1.0, 1.0), 64 + 3 * 16);
        assert_eq!(volume_after(5, 1.0, 1.0), 125);
    }

    #[test]
    fn it_moves_no_farther_than_the_reach_in_millimetres() {
        assert_eq!(volume_after(4, 1.2, 1.0), 64);
        assert!(volume_after(8, 1.0, 1.0) > 125);
    }

    #[test]
    fn what_is_not_brighter_than_its_surroundings_stays() {
        assert_eq!(volume_after(6, 1.0, -1.0), 216);
        assert_eq!(volume_after(5, 1.0, -30.0), 125, "less than 0 HU");
    }

    #[test]
    fn what_does_not_stand_out_as_wanted_goes() {
        assert_eq!(volume_if(5, 1.0, 1.0, 1.05, Look::BRIGHT), 125);
        assert_eq!(volume_if(5, 1.0, 1.0, 1.15, Look::BRIGHT), 0);
        assert_eq!(volume_if(5, 1.0, -1.0, 1.0, Look::BRIGHT), 0);
    }

    #[test]
    fn dark_labels_move_to_where_the_dark_ends() {
        assert_eq!(volume_if(6, 1.0, -1.0, 0.0, DARK), 125);
        assert_eq!(volume_if(6, 1.0, 1.0, 0.0, DARK), 216);
        assert_eq!(volume_if(5, 1.0, -1.0, 1.05, DARK), 125);
        assert_eq!(volume_if(5, 1.0, -1.0, 1.15, DARK), 0);
    }

    #[test]
    fn of_what_falls_apart_the_large_parts_stay() {
        let kept = |fewest| parts(BTreeSet::from([0, 1, 3, 4, 5, 7]), [8, 1, 1], fewest);
        assert_eq!(kept(2), BTreeSet::from([0, 1, 3, 4, 5]));
        assert_eq!(kept(4), BTreeSet::new());
    }

    /// The label of each column of a slice of such columns, once the border of label 1 moved.
    fn line_after(labels: [u8; SIDE], scan: [f32; SIDE], look: Look) -> Vec<u8> {
        let grid = Grid { dims: [SIDE, SIDE, 1], affine: Affine::IDENTITY };
        let mut map = Volume { grid, voxels: labels.repeat(SIDE) };
        let wanted =
            HalfContrast { label: 1, among: vec![2], reach_mm: 1.0, around_mm: 6.0, least_ratio: 0.0 };
        move_borders(&mut map, &scan.repeat(SIDE), look, &wanted);
        assert_eq!(map.voxels, map.voxels[..SIDE].repeat(SIDE));
        map.voxels[..SIDE].to_vec()
    }

    #[test]
    fn neither_background_nor_what_is_too_bright_is_taken_in() {
        let labels = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2];
        let mut scan = [60.0, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0, 30.0, 30.0, 30.0, 30.0, 30.0];
        let blood = Look { at_most: 130.0, ..Look::BRIGHT };
        assert_eq!(line_after(labels, scan, blood), [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
        scan[6] = 500.0;
        assert_eq!(line_after(labels, scan, blood), labels, "bone is no blood");
    }

    #[test]
    fn a_dark_label_takes_in_the_compared_classes_alone() {
        let labels = [3, 3, 3, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2];
        let scan = [20.0, 20.0, 20.0, 20.0, 20.0, 20.0, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0];
        assert_eq!(line_after(labels, scan, DARK), [3, 3, 3, 1, 1, 1, 0, 2, 2, 2, 2, 2, 2], "fluid stays");
        let labels = [3, 3, 3, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2];
        assert_eq!(line_after(labels, scan, DARK), [3, 3, 3, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2]);
    }
}

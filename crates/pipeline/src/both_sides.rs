//! Findings that healthy heads have on both sides.

use saswin_model::BothSides;
use saswin_volume::Volume;

use crate::levels::{Levels, Look};
use crate::neighbours::{around, ball, for_each_small_piece, neighbour};

/// Small pieces whose place on the other side looks alike become background; `scan` and its mirror image are in the map's
/// order.
pub(crate) fn drop_paired(
    map: &mut Volume<u8>,
    scan: &[f32],
    mirrored: &[f32],
    look: Look,
    wanted: &BothSides,
) {
    let mask = map.mask(wanted.label);
    let dims = map.grid.dims;
    let [wide, near] = [wanted.around_mm, wanted.reach_mm].map(|reach| ball(&map.grid, reach, 0.0));
    let mut seen = vec![false; mask.len()];
    let mut paired = Vec::new();
    for_each_small_piece(&mask, &map.grid, wanted.below_ml, |piece| {
        let mut around = around(piece, &mask, &mut seen, dims, &wide);
        around.retain(|i| wanted.among.contains(&map.voxels[*i]));
        let Some(levels) = Levels::of(piece, &around, scan, look).filter(Levels::differ) else { return };
        let alike_there = |i: &&usize| {
            let mut beside = near.iter().filter_map(|step| neighbour(**i, *step, dims));
            beside.any(|n| levels.is_inside(mirrored[n]))
        };
        if piece.iter().filter(alike_there).count() as f64 >= wanted.share * piece.len() as f64 {
            paired.extend_from_slice(piece);
        }
    });
    paired.into_iter().for_each(|i| map.voxels[i] = 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_volume::{Affine, Grid};

    const SIDE: usize = 11;

    /// Whether a bright cube, 3 mm wide, of label 1 in tissue 2 stays, if the mirror image has it `off` voxels away,
    /// `bright` there.
    fn stays(off: usize, bright: f32, below_ml: f64) -> bool {
        stays_as(Look { at_most: 20.0, ..Look::BRIGHT }, [14.0, bright], off, below_ml)
    }

    /// The same with a cube as bright as told here and there, in tissue of 10.
    fn stays_as(look: Look, [here, there]: [f32; 2], off: usize, below_ml: f64) -> bool {
        let grid = Grid { dims: [SIDE; 3], affine: Affine::IDENTITY };
        let mut map = Volume::filled(grid, 2);
        let (mut scan, mut mirrored) = (vec![10.0; map.voxels.len()], vec![10.0; map.voxels.len()]);
        for i in 0..scan.len() {
            let at = [i % SIDE, i / SIDE % SIDE, i / SIDE / SIDE];
            if at.iter().all(|v| (3..6).contains(v)) {
                (map.voxels[i], scan[i]) = (1, here);
                mirrored[i + off] = there;
            }
        }
        let wanted =
            BothSides { label: 1, among: vec![2], around_mm: 3.0, reach_mm: 1.0, share: 0.6, below_ml };
        drop_paired(&mut map, &scan, &mirrored, look, &wanted);
        map.voxels.contains(&1)
    }

    #[test]
    fn what_both_sides_have_goes() {
        assert!(!stays(0, 14.0, 1.0));
        assert!(!stays(1, 13.0, 1.0), "no head is quite symmetric");
    }

    #[test]
    fn what_is_dark_is_compared_with_what_is_dark_there() {
        let dark = Look { dark: true, ..Look::BRIGHT };
        assert!(!stays_as(dark, [6.0, 7.0], 0, 1.0));
        assert!(stays_as(dark, [6.0, 9.0], 0, 1.0));
        assert!(stays_as(dark, [6.0, 14.0], 0, 1.0));
    }

    #[test]
    fn what_is_fainter_there_too_bright_elsewhere_or_large_stays() {
        assert!(stays(0, 11.0, 1.0));
        assert!(stays(0, 21.0, 1.0), "bone is no blood");
        assert!(stays(4, 14.0, 1.0));
        assert!(stays(0, 14.0, 0.02));
    }

    #[test]
    fn what_does_not_look_like_the_label_here_is_not_looked_for_there() {
        assert!(stays_as(Look::BRIGHT, [8.0, 14.0], 0, 1.0));
        let dark = Look { dark: true, ..Look::BRIGHT };
        assert!(stays_as(dark, [12.0, 6.0], 0, 1.0));
    }
}

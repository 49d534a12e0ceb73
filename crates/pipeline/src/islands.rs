//! Findings that the network takes for another tissue, told by where they lie.

use saswin_model::Islands;
use saswin_volume::Volume;

use crate::levels::{Levels, Look};
use crate::neighbours::{around, ball, for_each_small_piece};

/// Marks small pieces of the wanted classes that look like the label and lie alone; `scan` is in the map's order.
pub(crate) fn mark(map: &mut Volume<u8>, scan: &[f32], look: Look, wanted: &Islands) {
    let is_one = |v: &u8| *v == wanted.label || wanted.of.contains(v);
    let mask: Vec<bool> = map.voxels.iter().map(is_one).collect();
    let dims = map.grid.dims;
    let ball = ball(&map.grid, wanted.reach_mm, 0.0);
    // One piece at a time, so that the others count as what lies around it.
    let (mut alone, mut seen) = (vec![false; mask.len()], vec![false; mask.len()]);
    let mut islands = Vec::new();
    for_each_small_piece(&mask, &map.grid, wanted.below_ml, |piece| {
        piece.iter().for_each(|i| alone[*i] = true);
        let mut around = around(piece, &alone, &mut seen, dims, &ball);
        piece.iter().for_each(|i| alone[*i] = false);
        let all = around.len();
        around.retain(|i| wanted.among.contains(&map.voxels[*i]));
        let lies_among = around.len() as f64 >= wanted.share * all as f64;
        let stands_out =
            || Levels::of(piece, &around, scan, look).is_some_and(|l| l.stand_out(wanted.least_ratio));
        if lies_among && stands_out() {
            islands.extend_from_slice(piece);
        }
    });
    islands.into_iter().for_each(|i| map.voxels[i] = wanted.label);
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_volume::{Affine, Grid};

    const SIDE: usize = 9;

    /// Whether a cube of tissue 2, 2 mm wide, in tissue 3 becomes label 1, as bright as told and with tissue 2 from the
    /// plane `from` on.
    fn is_marked(bright: f32, from: usize, below_ml: f64) -> bool {
        let grid = Grid { dims: [SIDE; 3], affine: Affine::IDENTITY };
        let mut map = Volume::filled(grid, 3);
        let mut scan = vec![10.0; map.voxels.len()];
        for (i, (label, value)) in map.voxels.iter_mut().zip(&mut scan).enumerate() {
            let at = [i % SIDE, i / SIDE % SIDE, i / SIDE / SIDE];
            if at.iter().all(|v| (3..5).contains(v)) || at[0] >= from {
                (*label, *value) = (2, bright);
            }
        }
        let wanted = Islands {
            label: 1,
            of: vec![2],
            among: vec![3],
            share: 0.97,
            reach_mm: 2.0,
            least_ratio: 1.2,
            below_ml,
        };
        mark(&mut map, &scan, Look { dark: bright < 10.0, ..Look::BRIGHT }, &wanted);
        assert!(
            map.voxels.iter().enumerate().all(|(i, label)| i % SIDE < from || *label == 2),
            "what is no island stays"
        );
        map.voxels[3 + 3 * SIDE + 3 * SIDE * SIDE] == 1
    }

    #[test]
    fn an_island_that_stands_out_is_marked() {
        assert!(is_marked(13.0, SIDE, 0.1));
        assert!(is_marked(8.0, SIDE, 0.1), "a dark one");
    }

    #[test]
    fn what_is_faint_large_or_near_its_own_kind_is_not() {
        assert!(!is_marked(11.0, SIDE, 0.1));
        assert!(!is_marked(9.0, SIDE, 0.1));
        assert!(!is_marked(13.0, SIDE, 0.008));
        assert!(!is_marked(13.0, 6, 0.1));
    }
}

//! Findings that lie where such findings do not occur.

use saswin_model::Surroundings;
use saswin_volume::Volume;

use crate::neighbours::{around, ball, for_each_small_piece};

/// Small pieces of the label that do not lie among its tissues become background.
pub(crate) fn drop_strays(map: &mut Volume<u8>, wanted: &Surroundings) {
    let mask = map.mask(wanted.label);
    let dims = map.grid.dims;
    // Where voxels are coarser than the reach, those that share a face are looked at.
    let nearest = map.grid.spacing().into_iter().fold(f64::INFINITY, f64::min);
    let ball = ball(&map.grid, wanted.reach_mm.max(nearest), 0.0);
    let mut seen = vec![false; mask.len()];
    let mut strays = Vec::new();
    for_each_small_piece(&mask, &map.grid, wanted.below_ml, |piece| {
        let around = around(piece, &mask, &mut seen, dims, &ball);
        let inside = around.iter().filter(|i| wanted.among.contains(&map.voxels[**i])).count();
        if (inside as f64) < wanted.share * around.len() as f64 {
            strays.extend_from_slice(piece);
        }
    });
    strays.into_iter().for_each(|i| map.voxels[i] = 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_volume::{Affine, Grid};

    const WANTED: Surroundings =
        Surroundings { label: 1, among: Vec::new(), share: 0.5, reach_mm: 2.0, below_ml: 0.004 };

    /// A line of voxels of 1 mm³, looked at with `among` 3.
    fn kept(line: &[u8]) -> Vec<u8> {
        kept_in(1.0, line, WANTED.below_ml)
    }

    /// The same in voxels of `side` mm.
    fn kept_in(side: f64, line: &[u8], below_ml: f64) -> Vec<u8> {
        let affine =
            Affine { linear: [[side, 0.0, 0.0], [0.0, side, 0.0], [0.0, 0.0, side]], ..Affine::IDENTITY };
        let grid = Grid { dims: [line.len(), 1, 1], affine };
        let mut map = Volume { voxels: line.to_vec(), ..Volume::filled(grid, 0) };
        drop_strays(&mut map, &Surroundings { among: vec![3], below_ml, ..WANTED });
        map.voxels
    }

    #[test]
    fn a_small_piece_stays_where_half_around_it_is_among_its_tissues() {
        assert_eq!(kept(&[2, 2, 1, 3, 3]), [2, 2, 1, 3, 3]);
        assert_eq!(kept(&[2, 2, 1, 2, 3]), [2, 2, 0, 2, 3]);
        assert_eq!(kept(&[1, 3, 2, 2]), [1, 3, 2, 2], "the grid's end does not count");
        assert_eq!(kept(&[3, 1, 2, 1, 2]), [3, 1, 2, 0, 2], "another piece does not count");
    }

    #[test]
    fn voxels_coarser_than_the_reach_have_neighbours_nevertheless() {
        assert_eq!(kept_in(4.0, &[2, 2, 1, 3, 3], 1.0), [2, 2, 1, 3, 3]);
        assert_eq!(kept_in(4.0, &[2, 2, 1, 2, 3], 1.0), [2, 2, 0, 2, 3]);
        assert_eq!(kept_in(4.0, &[1], 1.0), [1], "nothing lies around it");
    }

    #[test]
    fn a_large_piece_may_lie_anywhere() {
        assert_eq!(kept(&[2, 1, 1, 1, 1, 2]), [2, 1, 1, 1, 1, 2]);
        assert_eq!(kept(&[2, 1, 1, 1, 2]), [2, 0, 0, 0, 2]);
    }
}

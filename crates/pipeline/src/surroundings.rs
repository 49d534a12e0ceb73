//! Findings that lie where such findings do not occur.

use saswin_model::Surroundings;
use saswin_volume::{Grid, Volume, for_each_piece};

/// Small pieces of the label that do not lie among its tissues become background.
pub(crate) fn drop_strays(map: &mut Volume<u8>, wanted: &Surroundings) {
    let mask: Vec<bool> = map.voxels.iter().map(|v| *v == wanted.label).collect();
    let (dims, voxel_ml) = (map.grid.dims, map.grid.voxel_volume() / 1000.0);
    let ball = ball(&map.grid, wanted.reach_mm);
    let mut seen = vec![false; mask.len()];
    let mut strays = Vec::new();
    for_each_piece(&mask, dims, |piece| {
        if piece.len() as f64 * voxel_ml >= wanted.below_ml {
            return;
        }
        let around = around(piece, &mask, &mut seen, dims, &ball);
        let inside = around.iter().filter(|i| wanted.among.contains(&map.voxels[**i])).count();
        if (inside as f64) < wanted.share * around.len().max(1) as f64 {
            strays.extend_from_slice(piece);
        }
    });
    strays.into_iter().for_each(|i| map.voxels[i] = 0);
}

const FACES: [[isize; 3]; 6] = [[-1, 0, 0], [1, 0, 0], [0, -1, 0], [0, 1, 0], [0, 0, -1], [0, 0, 1]];

/// The voxels within the ball around any voxel of a piece, but for those of pieces. `seen` is false everywhere, before
/// and after.
fn around(
    piece: &[usize],
    mask: &[bool],
    seen: &mut [bool],
    dims: [usize; 3],
    ball: &[[isize; 3]],
) -> Vec<usize> {
    let outside = |i: usize, step: &[isize; 3]| neighbour(i, *step, dims).filter(|n| !mask[*n]);
    let mut found = Vec::new();
    // What is nearest to a voxel outside lies on the piece's border.
    for i in piece.iter().filter(|i| FACES.iter().any(|step| outside(**i, step).is_some())) {
        for n in ball.iter().filter_map(|step| outside(*i, step)) {
            if !seen[n] {
                seen[n] = true;
                found.push(n);
            }
        }
    }
    found.iter().for_each(|n| seen[*n] = false);
    found
}

/// Steps to all voxels whose centres are no further than `reach` mm.
fn ball(grid: &Grid, reach: f64) -> Vec<[isize; 3]> {
    let spacing = grid.spacing();
    let [ri, rj, rk] = spacing.map(|s| (reach / s) as isize);
    let length = |step: [isize; 3]| (0..3).map(|a| (step[a] as f64 * spacing[a]).powi(2)).sum::<f64>().sqrt();
    let all = (-rk..=rk).flat_map(|k| (-rj..=rj).flat_map(move |j| (-ri..=ri).map(move |i| [i, j, k])));
    all.filter(|step| length(*step) <= reach).collect()
}

/// Index of the voxel `step` away, if it is on the grid.
fn neighbour(index: usize, step: [isize; 3], dims: [usize; 3]) -> Option<usize> {
    let [ni, nj, _] = dims;
    let at = [index % ni, index / ni % nj, index / (ni * nj)];
    let mut to = [0; 3];
    for axis in 0..3 {
        to[axis] = at[axis].checked_add_signed(step[axis]).filter(|v| *v < dims[axis])?;
    }
    Some(to[0] + ni * (to[1] + nj * to[2]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_volume::Affine;

    const WANTED: Surroundings =
        Surroundings { label: 1, among: Vec::new(), share: 0.5, reach_mm: 2.0, below_ml: 0.004 };

    /// A line of voxels of 1 mm³, looked at with `among` 3.
    fn kept(line: &[u8]) -> Vec<u8> {
        let grid = Grid { dims: [line.len(), 1, 1], affine: Affine::IDENTITY };
        let mut map = Volume { voxels: line.to_vec(), ..Volume::filled(grid, 0) };
        drop_strays(&mut map, &Surroundings { among: vec![3], ..WANTED });
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
    fn a_large_piece_may_lie_anywhere() {
        assert_eq!(kept(&[2, 1, 1, 1, 1, 2]), [2, 1, 1, 1, 1, 2]);
        assert_eq!(kept(&[2, 1, 1, 1, 2]), [2, 0, 0, 0, 2]);
    }

    #[test]
    fn what_lies_around_is_counted_once() {
        let dims = [5; 3];
        let inner = |i: usize| [i % 5, i / 5 % 5, i / 25].iter().all(|v| (1..4).contains(v));
        let mask: Vec<bool> = (0..125).map(inner).collect();
        let piece: Vec<usize> = (0..125).filter(|i| mask[*i]).collect();
        let mut seen = vec![false; 125];
        let ball = ball(&Grid { dims, affine: Affine::IDENTITY }, 1.0);
        assert_eq!(around(&piece, &mask, &mut seen, dims, &ball).len(), 6 * 9);
        assert!(!seen.contains(&true));
    }

    #[test]
    fn reach_is_in_millimetres() {
        let affine =
            Affine { linear: [[0.5, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 5.0]], ..Affine::IDENTITY };
        let steps = ball(&Grid { dims: [9; 3], affine }, 1.0);
        assert_eq!(steps.len(), 7, "{steps:?}");
    }
}

//! Voxels around voxels.

use saswin_volume::{Grid, for_each_piece};

/// Steps to the voxels that share a face.
pub(crate) const FACES: [[isize; 3]; 6] =
    [[-1, 0, 0], [1, 0, 0], [0, -1, 0], [0, 1, 0], [0, 0, -1], [0, 0, 1]];

/// Calls `each` with the voxels of every piece of `mask` that has less than `below_ml` millilitres.
pub(crate) fn for_each_small_piece(
    mask: &[bool],
    grid: &Grid,
    below_ml: f64,
    mut each: impl FnMut(&[usize]),
) {
    let voxel_ml = grid.voxel_volume() / 1000.0;
    for_each_piece(mask, grid.dims, |piece| {
        if (piece.len() as f64 * voxel_ml) < below_ml {
            each(piece);
        }
    });
}

/// The voxels within the ball around any voxel of a piece, but for those of pieces. `seen` is false everywhere, before
/// and after.
pub(crate) fn around(
    piece: &[usize],
    mask: &[bool],
    seen: &mut [bool],
    dims: [usize; 3],
    ball: &[[isize; 3]],
) -> Vec<usize> {
    // What is nearest to a voxel outside lies on the piece's border.
    let outside = |step: &[isize; 3], i: usize| neighbour(i, *step, dims).is_some_and(|n| !mask[n]);
    let border = piece.iter().copied().filter(|i| FACES.iter().any(|step| outside(step, *i)));
    within(border, |n| !mask[n], seen, dims, ball)
}

/// The voxels that are `wanted`, within the ball around any of `from`. `seen` is false everywhere, before and after.
pub(crate) fn within(
    from: impl IntoIterator<Item = usize>,
    wanted: impl Fn(usize) -> bool,
    seen: &mut [bool],
    dims: [usize; 3],
    ball: &[[isize; 3]],
) -> Vec<usize> {
    let mut found = Vec::new();
    for i in from {
        for n in ball.iter().filter_map(|step| neighbour(i, *step, dims)) {
            if wanted(n) && !seen[n] {
                seen[n] = true;
                found.push(n);
            }
        }
    }
    found.iter().for_each(|n| seen[*n] = false);
    found
}

/// Steps to all voxels whose centres are no further than `reach` mm, or to some of them, not more than `apart` mm from
/// each other along an axis.
pub(crate) fn ball(grid: &Grid, reach: f64, apart: f64) -> Vec<[isize; 3]> {
    let spacing = grid.spacing();
    let length = |step: [isize; 3]| (0..3).map(|a| (step[a] as f64 * spacing[a]).powi(2)).sum::<f64>().sqrt();
    let [i, j, k] = spacing.map(|s| {
        let (most, stride) = ((reach / s) as isize, (apart / s).max(1.0) as usize);
        move || (-most..=most).filter(move |step| step.unsigned_abs() % stride == 0)
    });
    let all = k().flat_map(|k| {
        j().flat_map({
            let i = &i;
            move |j| i().map(move |i| [i, j, k])
        })
    });
    all.filter(|step| length(*step) <= reach).collect()
}

/// Where a voxel lies, along the three axes.
fn indices(index: usize, [ni, nj, _]: [usize; 3]) -> [usize; 3] {
    [index % ni, index / ni % nj, index / (ni * nj)]
}

/// Index of the voxel `step` away, if it is on the grid.
pub(crate) fn neighbour(index: usize, step: [isize; 3], dims: [usize; 3]) -> Option<usize> {
    let [ni, nj, _] = dims;
    let at = indices(index, dims);
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

    #[test]
    fn what_lies_around_is_counted_once() {
        let dims = [5; 3];
        let inner = |i: usize| [i % 5, i / 5 % 5, i / 25].iter().all(|v| (1..4).contains(v));
        let mask: Vec<bool> = (0..125).map(inner).collect();
        let piece: Vec<usize> = (0..125).filter(|i| mask[*i]).collect();
        let mut seen = vec![false; 125];
        let ball = ball(&Grid { dims, affine: Affine::IDENTITY }, 1.0, 0.0);
        assert_eq!(around(&piece, &mask, &mut seen, dims, &ball).len(), 6 * 9);
        assert!(!seen.contains(&true));
    }

    #[test]
    fn reach_is_in_millimetres() {
        let affine =
            Affine { linear: [[0.5, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 5.0]], ..Affine::IDENTITY };
        let grid = Grid { dims: [9; 3], affine };
        let steps = ball(&grid, 1.0, 0.0);
        assert_eq!(steps.len(), 7, "{steps:?}");
        let some = ball(&grid, 1.0, 1.0);
        assert_eq!(some.len(), 5, "every second along the first axis: {some:?}");
    }
}

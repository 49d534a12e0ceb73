//! Axis orders: the nearest anatomical axis codes of an affine, and exact reordering of voxels.

use std::fmt;

use crate::{Affine, Grid, Volume};

/// Which anatomical direction each voxel axis points to, e.g. `LIA`.
///
/// The three letters name the direction in which `i`, `j` and `k` grow, as in nibabel:
/// `R`/`L` along world x, `A`/`P` along y, `S`/`I` along z. There are 48 of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Orientation {
    world_axis: [usize; 3],
    positive: [bool; 3],
}

const PERMUTATIONS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

impl Orientation {
    /// Voxel axes along +x, +y, +z.
    pub const RAS: Self = Self { world_axis: [0, 1, 2], positive: [true; 3] };

    /// The orientation nearest to `affine`: the axis assignment with the largest sum of absolute cosines.
    pub fn of(affine: &Affine) -> Self {
        let spacing = affine.spacing();
        let cosine = |world: usize, voxel: usize| affine.linear[world][voxel] / spacing[voxel];
        let score = |p: &[usize; 3]| (0..3).map(|voxel| cosine(p[voxel], voxel).abs()).sum::<f64>();
        let mut world_axis = PERMUTATIONS[0];
        for candidate in &PERMUTATIONS[1..] {
            if score(candidate) > score(&world_axis) + 1e-9 {
                world_axis = *candidate;
            }
        }
        let positive = std::array::from_fn(|voxel| affine.linear[world_axis[voxel]][voxel] > 0.0);
        Self { world_axis, positive }
    }

    /// All 48 orientations.
    pub fn all() -> impl Iterator<Item = Self> {
        PERMUTATIONS.into_iter().flat_map(|world_axis| {
            (0..8).map(move |bits| Self { world_axis, positive: std::array::from_fn(|a| bits >> a & 1 == 0) })
        })
    }
}

impl fmt::Display for Orientation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LETTERS: [[char; 2]; 3] = [['L', 'R'], ['P', 'A'], ['I', 'S']];
        for (&axis, &positive) in self.world_axis.iter().zip(&self.positive) {
            write!(f, "{}", LETTERS[axis][usize::from(positive)])?;
        }
        Ok(())
    }
}

/// For each axis of the reordered grid: the source axis it is, and whether it runs backwards.
fn axis_plan(from: Orientation, to: Orientation) -> [(usize, bool); 3] {
    std::array::from_fn(|new| {
        let old = (0..3).find(|&old| from.world_axis[old] == to.world_axis[new]).unwrap_or(new);
        (old, from.positive[old] != to.positive[new])
    })
}

fn reordered_grid(grid: &Grid, plan: [(usize, bool); 3]) -> Grid {
    let mut corner = [0.0; 3];
    for (old, flipped) in plan {
        if flipped {
            corner[old] = grid.dims[old].saturating_sub(1) as f64;
        }
    }
    let column = |row: usize, (old, flipped): (usize, bool)| {
        let value = grid.affine.linear[row][old];
        if flipped { -value } else { value }
    };
    let linear = std::array::from_fn(|row| plan.map(|axis| column(row, axis)));
    let affine = Affine { linear, translation: grid.affine.apply(corner) };
    Grid { dims: plan.map(|(old, _)| grid.dims[old]), affine }
}

impl<T: Copy> Volume<T> {
    /// The nearest axis codes of this volume's grid.
    pub fn orientation(&self) -> Orientation {
        Orientation::of(&self.grid.affine)
    }

    /// The same voxels in axis order `to`: a pure permutation, with the affine following, so that every
    /// value stays at its place in the world. An oblique grid stays oblique.
    #[must_use]
    pub fn reoriented(&self, to: Orientation) -> Self {
        let plan = axis_plan(self.orientation(), to);
        let grid = reordered_grid(&self.grid, plan);
        let strides = [1, self.grid.dims[0], self.grid.dims[0] * self.grid.dims[1]];
        let source = |axis: usize, index: usize| {
            let (old, flipped) = plan[axis];
            strides[old] * if flipped { grid.dims[axis] - 1 - index } else { index }
        };
        let mut voxels = Vec::with_capacity(grid.len());
        for k in 0..grid.dims[2] {
            for j in 0..grid.dims[1] {
                let row = source(2, k) + source(1, j);
                voxels.extend((0..grid.dims[0]).map(|i| self.voxels[row + source(0, i)]));
            }
        }
        Self { grid, voxels }
    }

    /// The same voxels with `i`, `j`, `k` running (nearly) to the right, to anterior and to superior.
    #[must_use]
    pub fn to_ras(&self) -> Self {
        self.reoriented(Orientation::RAS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Volume<u16> {
        let affine = Affine {
            linear: [[0.9, 0.1, 0.0], [-0.1, 1.1, 0.3], [0.0, -0.3, 2.0]],
            translation: [5.0, -7.0, 11.0],
        };
        let grid = Grid { dims: [3, 4, 5], affine };
        Volume::new(grid, (0..60).collect()).unwrap()
    }

    #[test]
    fn codes_read_like_nibabel() {
        let conformed = Affine {
            linear: [[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]],
            translation: [128.0, -128.0, 128.0],
        };
        assert_eq!(Orientation::of(&conformed).to_string(), "LIA");
        assert_eq!(Orientation::of(&Affine::IDENTITY), Orientation::RAS);
    }

    #[test]
    fn all_48_orders_differ_and_come_back_exactly() {
        let original = sample();
        let mut seen = std::collections::HashSet::new();
        for order in Orientation::all() {
            let turned = original.reoriented(order);
            assert_eq!(turned.orientation(), order);
            let back = turned.to_ras();
            assert_eq!(back.voxels, original.voxels, "{order}");
            assert_eq!(back.grid.dims, original.grid.dims);
            assert_eq!(back.grid.affine.linear, original.grid.affine.linear);
            seen.insert(order.to_string());
        }
        assert_eq!(seen.len(), 48);
    }

    #[test]
    fn every_value_keeps_its_place_in_the_world() {
        let original = sample();
        let to_index = original.grid.affine.inverse().unwrap();
        for order in Orientation::all() {
            let turned = original.reoriented(order);
            let [ni, nj, nk] = turned.grid.dims;
            for index in (0..nk).flat_map(|k| (0..nj).flat_map(move |j| (0..ni).map(move |i| [i, j, k]))) {
                let world = turned.grid.affine.apply(index.map(|v| v as f64));
                let source = to_index.apply(world).map(|v| v.round() as usize);
                assert_eq!(turned.at(index), original.at(source), "{order} {index:?}");
            }
        }
    }
}

//! Walking a target grid line by line in the voxel coordinates of a source grid.

use crate::{Affine, AffineError, Grid};

/// Slack in voxels, so that rounding in the affines does not lose a border voxel.
const SLACK: f64 = 1e-6;

/// The map from the voxels of one grid to the voxel coordinates of another.
pub(crate) struct GridMap {
    pub(crate) target: Grid,
    source_dims: [usize; 3],
    /// Target voxel index to source voxel coordinates.
    pub(crate) map: Affine,
}

fn snap(value: f64) -> f64 {
    if (value - value.round()).abs() < 1e-9 { value.round() } else { value }
}

/// The part of a target row (constant `j`, `k`) that lies inside the source.
pub(crate) struct Line {
    /// Target offset of the row's voxel `i = 0`.
    pub(crate) offset: usize,
    /// The `i` whose points lie in the source's box of voxel cells.
    pub(crate) inside: std::ops::Range<usize>,
    base: [f64; 3],
    step: [f64; 3],
}

impl Line {
    /// Source voxel coordinates of target voxel `i` of this row.
    pub(crate) fn point(&self, i: usize) -> [f64; 3] {
        let i = i as f64;
        [self.base[0] + i * self.step[0], self.base[1] + i * self.step[1], self.base[2] + i * self.step[2]]
    }
}

impl GridMap {
    pub(crate) fn new(source: &Grid, target: &Grid) -> Result<Self, AffineError> {
        target.affine.inverse()?;
        let map = source.affine.inverse()?.compose(&target.affine);
        // Grids that share their points must do so exactly, whatever rounding their affines went through.
        let map =
            Affine { linear: map.linear.map(|row| row.map(snap)), translation: map.translation.map(snap) };
        Ok(Self { target: *target, source_dims: source.dims, map })
    }

    /// All rows of the target grid, in memory order.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line> + '_ {
        let [_, nj, nk] = self.target.dims;
        (0..nk).flat_map(move |k| (0..nj).map(move |j| self.line(j, k)))
    }

    /// All rows of the target grid, those of one `j` after each other: neighbours in a source in tensor order.
    pub(crate) fn lines_by_plane(&self) -> impl Iterator<Item = Line> + '_ {
        let [_, nj, nk] = self.target.dims;
        (0..nj).flat_map(move |j| (0..nk).map(move |k| self.line(j, k)))
    }

    fn line(&self, j: usize, k: usize) -> Line {
        let base = self.map.apply([0.0, j as f64, k as f64]);
        let step = self.map.linear.map(|row| row[0]);
        let (mut first, mut last) = (0.0_f64, self.target.dims[0] as f64 - 1.0);
        for axis in 0..3 {
            let (low, high) = (-0.5 - SLACK, self.source_dims[axis] as f64 - 0.5 + SLACK);
            if step[axis].abs() < 1e-12 {
                if base[axis] < low || base[axis] > high {
                    last = -1.0;
                }
                continue;
            }
            let (a, b) = ((low - base[axis]) / step[axis], (high - base[axis]) / step[axis]);
            first = first.max(a.min(b).ceil());
            last = last.min(a.max(b).floor());
        }
        let inside = if last >= first { first as usize..last as usize + 1 } else { 0..0 };
        Line { offset: self.target.offset([0, j, k]), inside, base, step }
    }
}

/// The eight voxels round a point and where it lies between them.
pub(crate) struct Cell {
    /// Offsets of the corners; bit 0 of the index steps along `i`, bit 1 along `j`, bit 2 along `k`.
    pub(crate) corners: [usize; 8],
    fraction: [f32; 3],
}

impl Cell {
    /// The cell of `point` (voxel coordinates) in a grid of `dims`; points beyond it move to its edge.
    #[inline(always)]
    pub(crate) fn at(point: [f64; 3], dims: [usize; 3]) -> Self {
        let mut low = [0; 3];
        let mut next = [0; 3];
        let mut fraction = [0.0; 3];
        for axis in 0..3 {
            let clamped = point[axis].clamp(0.0, (dims[axis] - 1) as f64);
            low[axis] = clamped as usize;
            next[axis] = usize::from(low[axis] + 1 < dims[axis]);
            fraction[axis] = (clamped - low[axis] as f64) as f32;
        }
        let origin = low[0] + dims[0] * (low[1] + dims[1] * low[2]);
        let (di, dj, dk) = (next[0], next[1] * dims[0], next[2] * dims[0] * dims[1]);
        let corners =
            [0, di, dj, di + dj, dk, di + dk, dj + dk, di + dj + dk].map(|corner: usize| origin + corner);
        Self { corners, fraction }
    }

    /// Trilinear value of `values` at the point.
    #[inline(always)]
    pub(crate) fn interpolate(&self, values: &[f32]) -> f32 {
        let [u, v, w] = self.fraction;
        let mix = |a: f32, b: f32, t: f32| a + t * (b - a);
        let along_i = |corner: usize| mix(values[self.corners[corner]], values[self.corners[corner + 1]], u);
        mix(mix(along_i(0), along_i(2), v), mix(along_i(4), along_i(6), v), w)
    }
}

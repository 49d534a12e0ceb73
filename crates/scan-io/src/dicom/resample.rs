//! Bringing tilted or unevenly spaced planes onto a right-angled, even grid.

use std::sync::Arc;

use super::geometry::{Pose, Spread, add};
use crate::ScanError;

/// The even grid and where each source plane lies in it.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub dims: [usize; 3],
    pub gap: f64,
    spread: Spread,
    size: [usize; 2],
    /// First output pixel, counted in pixels from that of the first plane.
    start: [f64; 2],
}

impl Plan {
    /// A plan, if the planes need one.
    pub fn new(spread: &Spread, size: [usize; 2]) -> Result<Option<Self>, ScanError> {
        let regular = spread.regular_gap();
        if spread.depths.len() < 2 || (regular.is_some() && !spread.is_sheared()) {
            return Ok(None);
        }
        let gap = regular.or_else(|| spread.finest_gap()).unwrap_or(1.0);
        let last = spread.depths.last().copied().unwrap_or(0.0);
        let planes = (last / gap).round() + 1.0;
        if planes > 8.0 * spread.depths.len() as f64 {
            let message =
                format!("the slices lie too far apart for one volume ({last:.0} mm, gap {gap:.2} mm)");
            return Err(ScanError::unsupported(message).in_field("(0020,0032)"));
        }
        let range = |axis: usize| {
            let shifts = spread.shifts.iter().map(|s| s[axis]);
            let low = shifts.clone().fold(0.0, f64::min).floor();
            (low, shifts.fold(0.0, f64::max).ceil() - low)
        };
        let [(x, more_x), (y, more_y)] = [range(0), range(1)];
        if more_x.max(more_y) > 10.0 * size[0].max(size[1]) as f64 {
            return Err(ScanError::unsupported("the slices lie too far sideways for one volume")
                .in_field("(0020,0032)"));
        }
        let dims = [size[0] + more_x as usize, size[1] + more_y as usize, planes as usize];
        Ok(Some(Self { dims, gap, spread: spread.clone(), size, start: [x, y] }))
    }

    /// Pose of the first output slice.
    pub fn pose(&self, first: &Pose, spacing: [f64; 2]) -> Pose {
        let corner = add(first.position, self.start[0] * spacing[0], first.across);
        Pose { position: add(corner, self.start[1] * spacing[1], first.down), ..*first }
    }

    /// The resampled voxels: linear between planes and between pixels, the smallest value outside of all planes and
    /// where values are NaN.
    pub fn apply(
        &self,
        load: impl FnMut(usize) -> Result<Vec<f32>, ScanError>,
    ) -> Result<Vec<f32>, ScanError> {
        let mut planes = Recent { load, held: Vec::new() };
        let slice = self.dims[0] * self.dims[1];
        let mut out = Vec::with_capacity(slice * self.dims[2]);
        let mut lowest = f32::INFINITY;
        for k in 0..self.dims[2] {
            let (below, above, weight) = self.bracket(k as f64 * self.gap);
            let mut values = self.slide(&planes.get(below)?, below, &mut lowest);
            if weight > 1e-3 {
                let upper = self.slide(&planes.get(above)?, above, &mut lowest);
                for (a, b) in values.iter_mut().zip(upper) {
                    *a = if a.is_nan() {
                        b
                    } else if b.is_nan() {
                        *a
                    } else {
                        *a + (b - *a) * weight as f32
                    };
                }
            }
            out.extend(values);
        }
        let outside = if lowest.is_finite() { lowest } else { 0.0 };
        out.iter_mut().filter(|v| v.is_nan()).for_each(|v| *v = outside);
        Ok(out)
    }

    /// The planes on either side of `depth` and the weight of the upper one.
    fn bracket(&self, depth: f64) -> (usize, usize, f64) {
        let depths = &self.spread.depths;
        let above = depths.partition_point(|&d| d <= depth + 1e-6).min(depths.len() - 1);
        let below = above.saturating_sub(1);
        let gap = depths[above] - depths[below];
        let weight = if gap > 0.0 { ((depth - depths[below]) / gap).clamp(0.0, 1.0) } else { 0.0 };
        (below, above, weight)
    }

    /// A plane on the output pixels; NaN outside of it, and where it is itself.
    fn slide(&self, plane: &[f32], index: usize, lowest: &mut f32) -> Vec<f32> {
        *lowest = plane.iter().copied().fold(*lowest, f32::min);
        let [columns, rows] = self.size;
        let taps = |axis: usize, out: usize, size: usize| {
            let at = out as f64 + self.start[axis] - self.spread.shifts[index][axis];
            // Rounding of stated positions must not blank a border.
            let at = if (-1e-3..0.0).contains(&at) { 0.0 } else { at };
            let first = at.floor();
            let inside = first >= 0.0 && at <= (size - 1) as f64 + 1e-3;
            // A place on a pixel takes nothing of the next, which may be unknown.
            inside.then(|| (first as usize, (at.ceil() as usize).min(size - 1), (at - first) as f32))
        };
        let across: Vec<_> = (0..self.dims[0]).map(|i| taps(0, i, columns)).collect();
        let mut out = Vec::with_capacity(self.dims[0] * self.dims[1]);
        for j in 0..self.dims[1] {
            let Some((top, bottom, v)) = taps(1, j, rows) else {
                out.extend(std::iter::repeat_n(f32::NAN, self.dims[0]));
                continue;
            };
            let (top, bottom) = (&plane[top * columns..][..columns], &plane[bottom * columns..][..columns]);
            out.extend(across.iter().map(|tap| {
                let Some((left, right, u)) = *tap else { return f32::NAN };
                let mix = |row: &[f32]| row[left] + (row[right] - row[left]) * u;
                mix(top) + (mix(bottom) - mix(top)) * v
            }));
        }
        out
    }
}

/// Loads planes, keeping the last two.
struct Recent<F> {
    load: F,
    held: Vec<(usize, Arc<Vec<f32>>)>,
}

impl<F: FnMut(usize) -> Result<Vec<f32>, ScanError>> Recent<F> {
    fn get(&mut self, index: usize) -> Result<Arc<Vec<f32>>, ScanError> {
        if let Some((_, plane)) = self.held.iter().find(|(held, _)| *held == index) {
            return Ok(Arc::clone(plane));
        }
        let plane = Arc::new((self.load)(index)?);
        if self.held.len() == 2 {
            self.held.remove(0);
        }
        self.held.push((index, Arc::clone(&plane)));
        Ok(plane)
    }
}

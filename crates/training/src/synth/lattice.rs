//! Smooth random fields: random knots, cubic B-splines between them, kept on a coarse lattice.

use std::ops::Range;

use super::Rng;
use super::region::Canvas;

/// A smooth scalar field over the canvas and some margin around it.
#[derive(Debug, Clone)]
pub(crate) struct Lattice {
    /// Canvas position of the first node, the same on all axes.
    origin: f32,
    spacing: f32,
    dims: [usize; 3],
    values: Vec<f32>,
}

/// The lattice starts this far before the canvas, so that margins are covered.
const MARGIN: f32 = 32.0;

impl Lattice {
    /// Standard normal knots every `knots` mm, interpolated smoothly; the field has about unit
    /// standard deviation.
    pub fn random(rng: &mut Rng, knots: f32) -> Self {
        let extent = Canvas::DIMS.map(|n| n as f32 + 2.0 * MARGIN);
        let coarse = extent.map(|e| (e / knots).ceil() as usize + 4);
        let mut values: Vec<f32> = (0..coarse.iter().product()).map(|_| rng.normal()).collect();
        // A cubic B-spline leaves white knots 48 % of their variance per axis.
        let gain = 2.08f32.sqrt().powi(3);
        values.iter_mut().for_each(|v| *v *= gain);
        let spacing = knots / 4.0;
        let dims = extent.map(|e| (e / spacing).ceil() as usize + 2);
        let mut size = coarse;
        for (axis, count) in dims.into_iter().enumerate() {
            values = spline_axis(&values, &mut size, axis, count);
        }
        Self { origin: -MARGIN, spacing, dims, values }
    }

    /// Standard normal knots every `knots` mm, linear in between: cheap texture.
    pub fn rough(rng: &mut Rng, knots: f32) -> Self {
        let dims = Canvas::DIMS.map(|n| ((n as f32 + 2.0 * MARGIN) / knots).ceil() as usize + 2);
        let values = (0..dims.iter().product()).map(|_| rng.normal()).collect();
        Self { origin: -MARGIN, spacing: knots, dims, values }
    }

    /// Known values every `spacing` mm from the canvas's first voxel on.
    pub fn sampled(values: Vec<f32>, dims: [usize; 3], spacing: f32) -> Self {
        Self { origin: 0.0, spacing, dims, values }
    }

    /// This field plus `factor` times one with half the spacing, which is evaluated here.
    pub fn plus(self, fine: &Self, factor: f32) -> Self {
        let mut sum = Self { values: Vec::with_capacity(fine.values.len()), ..*fine };
        let len = fine.dims[2];
        let mut row = vec![0.0; len];
        let mut reader = self.reader(fine.origin, fine.spacing, len);
        for x in 0..fine.dims[0] {
            for y in 0..fine.dims[1] {
                let [px, py] = [x, y].map(|v| v as f32 * fine.spacing + fine.origin);
                reader.read(px, py, 0..len, &mut row);
                let start = (x * fine.dims[1] + y) * fine.dims[2];
                sum.values.extend(row.iter().zip(&fine.values[start..]).map(|(a, b)| a + factor * b));
            }
        }
        sum
    }

    /// Each value changed by `change`.
    pub fn map(mut self, change: impl Fn(f32) -> f32) -> Self {
        self.values.iter_mut().for_each(|v| *v = change(*v));
        self
    }

    /// Prepares reading rows along `z`: value `i` of a row lies at canvas position `z0 + i * step`.
    pub fn reader(&self, z0: f32, step: f32, len: usize) -> RowReader<'_> {
        let top = (self.dims[2] - 2) as f32 + 0.999;
        let taps: Vec<(u32, f32)> = (0..len)
            .map(|i| {
                let u = ((z0 + i as f32 * step - self.origin) / self.spacing).clamp(0.0, top);
                (u as u32, u.fract())
            })
            .collect();
        RowReader { lattice: self, taps, line: Vec::new() }
    }

    /// Field value at a canvas position.
    pub fn at(&self, position: [f32; 3]) -> f32 {
        let [(ix, fx), (iy, fy), (iz, fz)] = std::array::from_fn(|a| self.place(position[a], a));
        let column = |dx: usize, dy: usize| {
            let i = ((ix + dx) * self.dims[1] + iy + dy) * self.dims[2] + iz;
            self.values[i] + fz * (self.values[i + 1] - self.values[i])
        };
        let near = column(0, 0) + fy * (column(0, 1) - column(0, 0));
        let far = column(1, 0) + fy * (column(1, 1) - column(1, 0));
        near + fx * (far - near)
    }

    /// Adds to each value what `change` gives for its index and canvas position.
    pub fn add(&mut self, mut change: impl FnMut(usize, [f32; 3]) -> f32) {
        let [_, ny, nz] = self.dims;
        for i in 0..self.values.len() {
            let node = [i / (ny * nz), i / nz % ny, i % nz];
            self.values[i] += change(i, node.map(|v| v as f32 * self.spacing + self.origin));
        }
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    fn place(&self, position: f32, axis: usize) -> (usize, f32) {
        let top = (self.dims[axis] - 2) as f32 + 0.999;
        let u = ((position - self.origin) / self.spacing).clamp(0.0, top);
        (u as usize, u.fract())
    }
}

/// Reads rows of a lattice that differ in `x` and `y` only.
pub(crate) struct RowReader<'a> {
    lattice: &'a Lattice,
    taps: Vec<(u32, f32)>,
    line: Vec<[f32; 2]>,
}

impl RowReader<'_> {
    /// Writes the values with indices in `part` of the row at `(x, y)` to the same places of `out`.
    pub fn read(&mut self, x: f32, y: f32, part: Range<usize>, out: &mut [f32]) {
        let (Some(first), Some(last)) = (self.taps.get(part.start), self.taps[..part.end].last()) else {
            return;
        };
        let (first, last) = (first.0 as usize, last.0 as usize + 2);
        let field = self.lattice;
        let ((ix, fx), (iy, fy)) = (field.place(x, 0), field.place(y, 1));
        let at = |dx: usize, dy: usize| {
            let start = ((ix + dx) * field.dims[1] + iy + dy) * field.dims[2];
            &field.values[start + first..start + last]
        };
        let w = [(1.0 - fx) * (1.0 - fy), (1.0 - fx) * fy, fx * (1.0 - fy), fx * fy];
        let columns = at(0, 0).iter().zip(at(0, 1)).zip(at(1, 0).iter().zip(at(1, 1)));
        self.line.clear();
        self.line.extend(columns.map(|((a, b), (c, d))| [w[0] * a + w[1] * b + w[2] * c + w[3] * d, 0.0]));
        for k in 1..self.line.len() {
            self.line[k - 1][1] = self.line[k][0] - self.line[k - 1][0];
        }
        for (o, (node, f)) in out[part.clone()].iter_mut().zip(&self.taps[part]) {
            let [value, slope] = self.line[*node as usize - first];
            *o = value + f * slope;
        }
    }
}

/// Cubic B-spline through `count` places four times as dense as the knots along `axis`.
fn spline_axis(values: &[f32], size: &mut [usize; 3], axis: usize, count: usize) -> Vec<f32> {
    let from = *size;
    size[axis] = count;
    let inner: usize = from[axis + 1..].iter().product();
    let outer: usize = from[..axis].iter().product();
    let weights: [[f32; 4]; 4] = std::array::from_fn(|q| basis(q as f32 / 4.0));
    let mut out = Vec::with_capacity(size.iter().product());
    for o in 0..outer {
        for i in 0..count {
            let (w, knot) = (weights[i % 4], (i / 4).min(from[axis] - 4));
            let start = (o * from[axis] + knot) * inner;
            let taps: [&[f32]; 4] =
                std::array::from_fn(|t| &values[start + t * inner..start + (t + 1) * inner]);
            out.extend(
                (0..inner)
                    .map(|k| w[0] * taps[0][k] + w[1] * taps[1][k] + w[2] * taps[2][k] + w[3] * taps[3][k]),
            );
        }
    }
    out
}

fn basis(f: f32) -> [f32; 4] {
    let g = 1.0 - f;
    [
        g * g * g / 6.0,
        (3.0 * f * f * f - 6.0 * f * f + 4.0) / 6.0,
        (3.0 * g * g * g - 6.0 * g * g + 4.0) / 6.0,
        f * f * f / 6.0,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_is_smooth_and_about_unit_size() {
        let field = Lattice::random(&mut Rng::new(3), 32.0);
        let (mut reader, mut row) = (field.reader(0.0, 1.0, 224), vec![0.0; 224]);
        let (mut sum, mut count, mut jump) = (0.0f64, 0, 0.0f32);
        for x in (0..192).step_by(8) {
            for y in (0..240).step_by(8) {
                reader.read(x as f32, y as f32, 0..224, &mut row);
                sum += row.iter().map(|v| f64::from(v * v)).sum::<f64>();
                count += row.len();
                jump = row.windows(2).fold(jump, |j, w| j.max((w[1] - w[0]).abs()));
            }
        }
        let size = (sum / count as f64).sqrt();
        assert!((0.7..1.3).contains(&size), "standard deviation {size}");
        assert!(jump < 0.25, "largest step per mm {jump}");
    }
}

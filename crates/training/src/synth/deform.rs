//! The way from a place on the canvas to a voxel of the head map.

use super::lattice::{Lattice, RowReader};
use super::region::Canvas;
use super::{HeadMap, Rng, SampleSpec};

/// Affine map and elastic displacement from canvas positions to voxel indices of a head map.
#[derive(Debug, Clone)]
pub(crate) struct Deform {
    linear: [[f32; 3]; 3],
    translation: [f32; 3],
    elastic: [Lattice; 3],
}

/// Maps rows of canvas places that differ in `x` and `y` only.
pub(crate) struct RowMapper<'a> {
    deform: &'a Deform,
    readers: [RowReader<'a>; 3],
    z0: f32,
    step: f32,
    /// Map voxel coordinates of the row mapped last.
    pub at: [Vec<f32>; 3],
}

type Matrix = [[f32; 3]; 3];

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    std::array::from_fn(|r| std::array::from_fn(|c| (0..3).map(|k| a[r][k] * b[k][c]).sum()))
}

fn rotation(axis: usize, degrees: f32) -> Matrix {
    let (s, c) = degrees.to_radians().sin_cos();
    let (a, b) = ((axis + 1) % 3, (axis + 2) % 3);
    let mut m = [[0.0; 3]; 3];
    m[axis][axis] = 1.0;
    (m[a][a], m[b][b], m[a][b], m[b][a]) = (c, c, -s, s);
    m
}

impl Deform {
    /// Draws the elastic part and completes the affine part that `spec` gives.
    pub fn new(spec: &SampleSpec, map: &HeadMap, rng: &mut Rng) -> Self {
        let [pitch, roll, yaw] = spec.rotation;
        let turn = product(&rotation(0, pitch), &product(&rotation(1, roll), &rotation(2, yaw)));
        let [xy, xz, yz] = spec.shear;
        let shear = [[1.0, xy, xz], [0.0, 1.0, yz], [0.0, 0.0, 1.0]];
        let side = if spec.flipped { -1.0 } else { 1.0 };
        let mut size = [[0.0; 3]; 3];
        for (axis, row) in size.iter_mut().enumerate() {
            // The map is pulled from the canvas, hence the inverse scale.
            row[axis] = 1.0 / spec.scale[axis];
        }
        size[0][0] *= side;
        let head = product(&size, &product(&shear, &turn));
        let to_voxel = map.voxel_of_head.linear.map(|r| r.map(|v| v as f32));
        let linear = product(&to_voxel, &head);
        let offset = map.voxel_of_head.translation.map(|v| v as f32);
        let start: [f32; 3] = std::array::from_fn(|a| -Canvas::ORIGIN[a] - spec.shift[a]);
        let translation = std::array::from_fn(|r| {
            offset[r] + linear[r][0] * start[0] + linear[r][1] * start[1] + linear[r][2] * start[2]
        });
        let [coarse, fine] = spec.elastic;
        let elastic = std::array::from_fn(|_| {
            let wide = Lattice::random(rng, 40.0).map(|v| v * coarse);
            wide.plus(&Lattice::random(rng, 24.0), fine)
        });
        Self { linear, translation, elastic }
    }

    /// Map voxel coordinates of a canvas place.
    pub fn voxel_of(&self, place: [f32; 3]) -> [f32; 3] {
        let q: [f32; 3] = std::array::from_fn(|a| place[a] + self.elastic[a].at(place));
        let (m, t) = (&self.linear, &self.translation);
        std::array::from_fn(|r| m[r][0] * q[0] + m[r][1] * q[1] + m[r][2] * q[2] + t[r])
    }

    /// Canvas place of a map voxel coordinate, to about 0.1 mm.
    pub fn canvas_of(&self, voxel: [f32; 3]) -> [f32; 3] {
        let mut place = Canvas::ORIGIN;
        for _ in 0..40 {
            let at = self.voxel_of(place);
            let off: [f32; 3] = std::array::from_fn(|a| voxel[a] - at[a]);
            // The linear part is nearly a rotation, whose inverse is its transpose.
            for (a, p) in place.iter_mut().enumerate() {
                *p += 0.7 * (0..3).map(|r| self.linear[r][a] * off[r]).sum::<f32>();
            }
        }
        place
    }

    /// Moves tissue by `moved(place)` mm, where `place` is where it ends.
    pub fn push(&mut self, moved: impl Fn([f32; 3]) -> [f32; 3]) {
        let mut by = Vec::with_capacity(self.elastic[0].len());
        self.elastic[0].add(|_, place| {
            let moved = moved(place);
            by.push(moved);
            -moved[0]
        });
        for (axis, field) in self.elastic.iter_mut().enumerate().skip(1) {
            field.add(|i, _| -by[i][axis]);
        }
    }

    /// Prepares mapping rows of `len` places from `z0` on.
    pub fn mapper(&self, z0: f32, step: f32, len: usize) -> RowMapper<'_> {
        let readers = std::array::from_fn(|a| self.elastic[a].reader(z0, step, len));
        RowMapper { deform: self, readers, z0, step, at: std::array::from_fn(|_| vec![0.0; len]) }
    }
}

impl RowMapper<'_> {
    /// Maps the row at `(x, y)` into `self.at`.
    pub fn map(&mut self, x: f32, y: f32) {
        for (reader, out) in self.readers.iter_mut().zip(&mut self.at) {
            reader.read(x, y, 0..out.len(), out);
        }
        let [ax, ay, az] = &mut self.at;
        let (m, t) = (&self.deform.linear, &self.deform.translation);
        for (i, ((px, py), pz)) in ax.iter_mut().zip(ay).zip(az).enumerate() {
            let (qx, qy, qz) = (x + *px, y + *py, self.z0 + i as f32 * self.step + *pz);
            *px = m[0][0] * qx + m[0][1] * qy + m[0][2] * qz + t[0];
            *py = m[1][0] * qx + m[1][1] * qy + m[1][2] * qz + t[1];
            *pz = m[2][0] * qx + m[2][1] * qy + m[2][2] * qz + t[2];
        }
    }
}

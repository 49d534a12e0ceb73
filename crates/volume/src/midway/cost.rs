//! How well a level matches its own mirror image in a plane.

use super::level::Level;

/// A trial plane: angles in degrees, `shift` in millimetres along the normal from the search centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pose {
    pub(super) yaw: f64,
    pub(super) roll: f64,
    pub(super) shift: f64,
}

impl Pose {
    /// Unit normal, towards the patient's right: x̂ rolled about y, then yawed about z.
    pub(super) fn normal(&self) -> [f64; 3] {
        let (sin_yaw, cos_yaw) = self.yaw.to_radians().sin_cos();
        let (sin_roll, cos_roll) = self.roll.to_radians().sin_cos();
        [cos_yaw * cos_roll, sin_yaw * cos_roll, -sin_roll]
    }
}

/// The samples of one level that are compared with their mirror images.
pub(super) struct Mirror<'a> {
    level: &'a Level,
    /// Voxel coordinates and value.
    samples: Vec<([f32; 3], f32)>,
    centre: [f64; 3],
}

/// A mirror image must fall into the field of view for at least this share of the samples.
const LEAST_OVERLAP: f64 = 0.6;

impl<'a> Mirror<'a> {
    /// Takes at most about `most` of the voxels in `near` as samples; `centre` (world) is where shift is 0.
    pub(super) fn new(level: &'a Level, near: &[bool], centre: [f64; 3], most: usize) -> Self {
        let usable = |offset: &usize| near[*offset] && !level.values[*offset].is_nan();
        let count = (0..near.len()).filter(usable).count();
        // A multiplicative hash picks an even, patternless subset.
        let keep = (most as f64 / count.max(1) as f64 * f64::from(u32::MAX)) as u32;
        let samples = (0..near.len())
            .filter(usable)
            .filter(|&offset| scramble(offset as u32) <= keep)
            .map(|offset| {
                let [ni, nj, _] = level.dims;
                let index = [offset % ni, offset / ni % nj, offset / (ni * nj)];
                (index.map(|v| v as f32), level.values[offset])
            })
            .collect();
        Self { level, samples, centre }
    }

    /// Correlation of the samples with their mirror images, −1…1; −1 where too few can be compared.
    pub(super) fn correlation(&self, pose: &Pose) -> f64 {
        let normal = pose.normal();
        let along: f64 = (0..3).map(|a| normal[a] * (self.centre[a] - self.level.origin[a])).sum();
        let distance = ((along + pose.shift) / self.level.step) as f32;
        let normal = normal.map(|v| v as f32);
        let mut sums = [0.0_f64; 6];
        for &(p, value) in &self.samples {
            let twice = 2.0 * (normal[0] * p[0] + normal[1] * p[1] + normal[2] * p[2] - distance);
            let image = [p[0] - twice * normal[0], p[1] - twice * normal[1], p[2] - twice * normal[2]];
            let mirrored = self.interpolate(image);
            if !mirrored.is_nan() {
                let (a, b) = (f64::from(value), f64::from(mirrored));
                let terms = [1.0, a, b, a * a, b * b, a * b];
                sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
            }
        }
        let [n, a, b, aa, bb, ab] = sums;
        if n < LEAST_OVERLAP * self.samples.len() as f64 {
            return -1.0;
        }
        let spread = (n * aa - a * a) * (n * bb - b * b);
        if spread > 0.0 { (n * ab - a * b) / spread.sqrt() } else { -1.0 }
    }

    /// Trilinear value at voxel coordinates; NaN outside the field of view.
    #[inline(always)]
    fn interpolate(&self, p: [f32; 3]) -> f32 {
        let [ni, nj, nk] = self.level.dims;
        let last = [(ni - 1) as f32, (nj - 1) as f32, (nk - 1) as f32];
        if !(0..3).all(|a| p[a] >= 0.0 && p[a] < last[a]) {
            return f32::NAN;
        }
        let (i, j, k) = (p[0] as usize, p[1] as usize, p[2] as usize);
        let (u, v, w) = (p[0] - i as f32, p[1] - j as f32, p[2] - k as f32);
        let mix = |a: f32, b: f32, t: f32| a + t * (b - a);
        let row = |j: usize, k: usize| {
            let at = i + ni * (j + nj * k);
            mix(self.level.values[at], self.level.values[at + 1], u)
        };
        mix(mix(row(j, k), row(j + 1, k), v), mix(row(j, k + 1), row(j + 1, k + 1), v), w)
    }
}

fn scramble(value: u32) -> u32 {
    let value = (value ^ value >> 16).wrapping_mul(0x7feb_352d);
    let value = (value ^ value >> 15).wrapping_mul(0x846c_a68b);
    value ^ value >> 16
}

//! Irregular round shapes.

use crate::synth::Rng;
use crate::synth::lattice::Lattice;

/// An ellipsoid in any direction with a ragged border.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blob {
    pub centre: [f32; 3],
    radii: [f32; 3],
    axes: [[f32; 3]; 3],
    ragged: f32,
}

impl Blob {
    /// A blob of about this radius; `stretch` is how far the radii differ, `ragged` how uneven the
    /// border is (both 0 for a ball).
    pub fn random(centre: [f32; 3], radius: f32, stretch: f32, ragged: f32, rng: &mut Rng) -> Self {
        let radii = std::array::from_fn(|_| radius * (stretch * rng.normal()).exp());
        Self { centre, radii, axes: random_axes(rng), ragged }
    }

    /// The same blob, larger by `mm`.
    pub fn grown(&self, mm: f32) -> Self {
        Self { radii: self.radii.map(|r| (r + mm).max(0.5)), ..*self }
    }

    /// Mean radius.
    pub fn radius(&self) -> f32 {
        self.radii.iter().sum::<f32>() / 3.0
    }

    /// How far the blob may reach.
    pub fn reach(&self) -> [f32; 3] {
        [self.radii.iter().fold(0.0f32, |m, r| m.max(*r)) * (1.0 + 2.5 * self.ragged) + 2.0; 3]
    }

    /// Signed depth in mm below the blob's border, negative outside.
    pub fn depth(&self, place: [f32; 3], noise: &Lattice) -> f32 {
        let v: [f32; 3] = std::array::from_fn(|a| place[a] - self.centre[a]);
        let r = (0..3)
            .map(|i| ((0..3).map(|a| self.axes[i][a] * v[a]).sum::<f32>() / self.radii[i]).powi(2))
            .sum::<f32>()
            .sqrt();
        let border = if self.ragged > 0.0 { self.ragged * noise.at(place) } else { 0.0 };
        (1.0 + border - r) * self.radius()
    }

    /// 1 inside, 0 outside, over a border of 1 mm.
    pub fn share(&self, place: [f32; 3], noise: &Lattice) -> f32 {
        self.depth(place, noise) + 0.5
    }
}

/// A random right-handed frame.
fn random_axes(rng: &mut Rng) -> [[f32; 3]; 3] {
    let a = unit(std::array::from_fn(|_| rng.normal()));
    let other = unit(std::array::from_fn(|_| rng.normal()));
    let b = unit(cross(a, other));
    [a, b, cross(a, b)]
}

/// The vector scaled to length 1; x when it has none.
pub(crate) fn unit(v: [f32; 3]) -> [f32; 3] {
    let norm = v.iter().map(|c| c * c).sum::<f32>().sqrt();
    if norm < 1e-6 { [1.0, 0.0, 0.0] } else { v.map(|c| c / norm) }
}

pub(crate) fn cross(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

pub(crate) fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

//! 4×4 affine maps with the last row `[0, 0, 0, 1]` left out.

use serde::{Deserialize, Serialize};

/// An affine map of 3-D points: `p ↦ linear · p + translation`.
///
/// As the affine of a [`crate::Grid`] it maps voxel indices to RAS+ millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Affine {
    /// Row-major 3×3 linear part.
    pub linear: [[f64; 3]; 3],
    /// Translation in the units of the target space.
    pub translation: [f64; 3],
}

/// Why an affine cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum AffineError {
    /// The linear part has no inverse.
    #[error("the affine is singular (determinant {determinant:e}): the file's orientation is unusable")]
    Singular {
        /// Determinant of the linear part.
        determinant: f64,
    },
    /// An entry is NaN or infinite.
    #[error("the affine has an entry that is not a finite number")]
    NotFinite,
}

impl Affine {
    /// The identity map.
    pub const IDENTITY: Self =
        Self { linear: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], translation: [0.0; 3] };

    /// Image of `p`.
    pub fn apply(&self, p: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|r| {
            let l = self.linear[r];
            l[0] * p[0] + l[1] * p[1] + l[2] * p[2] + self.translation[r]
        })
    }

    /// `self ∘ inner`: first `inner`, then `self`.
    pub fn compose(&self, inner: &Self) -> Self {
        let linear = std::array::from_fn(|r| {
            std::array::from_fn(|c| (0..3).map(|k| self.linear[r][k] * inner.linear[k][c]).sum())
        });
        Self { linear, translation: self.apply(inner.translation) }
    }

    /// Determinant of the linear part.
    pub fn determinant(&self) -> f64 {
        let m = &self.linear;
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
            + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    }

    /// The inverse map.
    ///
    /// # Errors
    /// If the map is singular or not finite.
    pub fn inverse(&self) -> Result<Self, AffineError> {
        let finite = self.linear.iter().flatten().chain(&self.translation).all(|v| v.is_finite());
        if !finite {
            return Err(AffineError::NotFinite);
        }
        let determinant = self.determinant();
        let scale: f64 = self.spacing().iter().product();
        if scale == 0.0 || (determinant / scale).abs() < 1e-6 {
            return Err(AffineError::Singular { determinant });
        }
        let m = &self.linear;
        let cofactor = |r: usize, c: usize| {
            let (r1, r2, c1, c2) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
            m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
        };
        let linear = std::array::from_fn(|r| std::array::from_fn(|c| cofactor(c, r) / determinant));
        let back = Self { linear, translation: [0.0; 3] };
        let t = back.apply(self.translation);
        Ok(Self { linear, translation: t.map(|v| -v) })
    }

    /// Lengths of the columns: voxel spacing in millimetres when the map is a grid's affine.
    pub fn spacing(&self) -> [f64; 3] {
        std::array::from_fn(|c| (0..3).map(|r| self.linear[r][c].powi(2)).sum::<f64>().sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_undoes_apply() {
        let a = Affine {
            linear: [[0.9, 0.2, 0.0], [-0.1, 1.1, 0.3], [0.0, 0.4, 2.0]],
            translation: [5.0, -7.0, 11.0],
        };
        let p = [3.0, 4.0, -5.0];
        let q = a.inverse().unwrap().apply(a.apply(p));
        for axis in 0..3 {
            assert!((p[axis] - q[axis]).abs() < 1e-12);
        }
    }

    #[test]
    fn singular_is_refused() {
        let mut a = Affine::IDENTITY;
        a.linear[2] = [0.0; 3];
        assert!(matches!(a.inverse(), Err(AffineError::Singular { .. })));
    }
}

//! The sampling grid and the volume on it.

use serde::{Deserialize, Serialize};

use crate::{Affine, AffineError};

/// A sampling grid: how many voxels, and where they lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// Voxel counts along `i`, `j`, `k`.
    pub dims: [usize; 3],
    /// Voxel index to RAS+ millimetres.
    pub affine: Affine,
}

/// Why a grid or a volume on it cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GridError {
    /// The affine cannot be used.
    #[error(transparent)]
    Affine(#[from] AffineError),
    /// Voxel count and dimensions disagree.
    #[error("{got} voxels given for a grid of {}×{}×{}", .dims[0], .dims[1], .dims[2])]
    Length {
        /// Dimensions of the grid.
        dims: [usize; 3],
        /// Voxels given.
        got: usize,
    },
}

impl Grid {
    /// Number of voxels.
    pub fn len(&self) -> usize {
        self.dims.iter().product()
    }

    /// Whether the grid has no voxel.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory offset of voxel `(i, j, k)`.
    pub fn offset(&self, [i, j, k]: [usize; 3]) -> usize {
        i + self.dims[0] * (j + self.dims[1] * k)
    }

    /// Voxel `(i, j, k)` at this memory offset.
    pub fn indices(&self, offset: usize) -> [usize; 3] {
        let [ni, nj, _] = self.dims;
        [offset % ni, offset / ni % nj, offset / (ni * nj)]
    }

    /// Where the centre of the voxel at this memory offset lies, RAS+ millimetres.
    pub fn place(&self, offset: usize) -> [f64; 3] {
        self.affine.apply(self.indices(offset).map(|i| i as f64))
    }

    /// The grid with its three axes in reverse order, over the same points of the world.
    ///
    /// Memory in tensor order (`[X, Y, Z]`, Z fastest) of this grid is memory in volume order (`i`
    /// fastest) of the transposed one.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let [ni, nj, nk] = self.dims;
        let linear = self.affine.linear.map(|[a, b, c]| [c, b, a]);
        Self { dims: [nk, nj, ni], affine: Affine { linear, translation: self.affine.translation } }
    }

    /// Voxel spacing in millimetres along `i`, `j`, `k`.
    pub fn spacing(&self) -> [f64; 3] {
        self.affine.spacing()
    }

    /// Volume of one voxel in mm³.
    pub fn voxel_volume(&self) -> f64 {
        self.affine.determinant().abs()
    }
}

/// What kind of scan the voxel values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    /// Computed tomography, values in Hounsfield units.
    Ct,
    /// Magnetic resonance, values in arbitrary units.
    Mr,
    /// Stated by the file, and neither: PET, ultrasound, a picture of a screen.
    Other,
    /// Not stated by the file.
    Unknown,
}

/// Voxel values on a grid. `T` is `f32` for images and `u8` for label maps.
#[derive(Debug, Clone, PartialEq)]
pub struct Volume<T = f32> {
    /// Where the voxels lie.
    pub grid: Grid,
    /// Values, `i` fastest.
    pub voxels: Vec<T>,
}

impl<T: Copy> Volume<T> {
    /// A volume on `grid`.
    ///
    /// # Errors
    /// If the number of voxels does not fit the grid or its affine is not invertible.
    pub fn new(grid: Grid, voxels: Vec<T>) -> Result<Self, GridError> {
        grid.affine.inverse()?;
        if grid.len() != voxels.len() {
            return Err(GridError::Length { dims: grid.dims, got: voxels.len() });
        }
        Ok(Self { grid, voxels })
    }

    /// A volume with the same value everywhere.
    pub fn filled(grid: Grid, value: T) -> Self {
        Self { voxels: vec![value; grid.len()], grid }
    }

    /// Value of voxel `(i, j, k)`; the caller keeps the index inside the grid.
    pub fn at(&self, index: [usize; 3]) -> T {
        self.voxels[self.grid.offset(index)]
    }
}

impl Volume<u8> {
    /// Where a label map has `label`, in memory order.
    pub fn mask(&self, label: u8) -> Vec<bool> {
        self.voxels.iter().map(|v| *v == label).collect()
    }
}

impl Volume<f32> {
    /// The lowest finite value: what empty space has in most scans.
    pub fn lowest(&self) -> f32 {
        self.voxels.iter().copied().filter(|v| v.is_finite()).fold(f32::INFINITY, f32::min)
    }
}

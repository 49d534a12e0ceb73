//! Sliding windows over a tensor: where they start, what they hold, how their outputs are blended.
//!
//! The window grid, padding and importance maps are those of MONAI 1.4
//! (`monai/inferers/utils.py`, `monai/data/utils.py`), so that a model sees here what it saw there.
//!
//! All tensors are in **tensor order**: `[C, X, Y, Z]`, X (left to right) slowest and Z fastest, of a volume
//! whose axes i, j, k are X, Y, Z. [`to_tensor_order`] and [`from_tensor_order`] convert.

mod blend;
mod grid;

pub use blend::{Blend, Blender, importance_map};
pub use grid::{WindowError, WindowGrid, starts};

use crate::{Grid, GridError, Volume};

/// The voxels of `volume` in tensor order: `[X, Y, Z]`, Z fastest.
pub fn to_tensor_order<T: Copy>(volume: &Volume<T>) -> Vec<T> {
    reversed_axes(&volume.voxels, volume.grid.dims)
}

/// The volume on `grid` whose voxels in tensor order (`[X, Y, Z]`, Z fastest) are `tensor`.
///
/// # Errors
/// If the lengths disagree or the grid's affine has no inverse.
pub fn from_tensor_order<T: Copy>(tensor: &[T], grid: Grid) -> Result<Volume<T>, GridError> {
    if tensor.len() != grid.len() {
        return Err(GridError::Length { dims: grid.dims, got: tensor.len() });
    }
    Volume::new(grid, reversed_axes(tensor, grid.transposed().dims))
}

/// `values` of `dims`, first axis fastest, with the last axis fastest.
fn reversed_axes<T: Copy>(values: &[T], [ni, nj, nk]: [usize; 3]) -> Vec<T> {
    let mut out = Vec::with_capacity(values.len());
    for i in 0..ni {
        for j in 0..nj {
            out.extend((0..nk).map(|k| values[i + ni * (j + nj * k)]));
        }
    }
    out
}

#[cfg(test)]
#[path = "windows/tests.rs"]
mod tests;

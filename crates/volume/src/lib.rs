//! Volumes with geometry: affine, orientation, resampling, mid-sagittal alignment, window grids.
//!
//! Conventions, everywhere in this workspace:
//! - voxel index `(i, j, k)`, `i` fastest in memory (NIfTI order): `voxels[i + nx * (j + ny * k)]`;
//! - [`Affine`] maps voxel indices (voxel centres) to millimetres in RAS+ world space
//!   (x grows to the patient's right, y to anterior, z to superior);
//! - lengths in millimetres, angles in degrees.

mod affine;
mod coarse;
mod floor;
mod grid;
mod lines;
mod midway;
mod orient;
pub mod phantom;
mod pieces;
mod resample;
mod smooth;
pub mod windows;

pub use affine::{Affine, AffineError};
pub use coarse::CoarseField;
pub use floor::floor;
pub use grid::{Grid, GridError, Modality, Volume};
pub use midway::{Midway, NotAligned, Plane, midway};
pub use orient::Orientation;
pub use pieces::{for_each_piece, keep_largest_piece};
pub use resample::{ScoresError, argmax, resample, resample_argmax};

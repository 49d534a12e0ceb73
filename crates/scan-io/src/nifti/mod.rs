//! NIfTI-1 and NIfTI-2, single files and pairs, plain or gzipped.
//!
//! The header is read by own checked code, since the `nifti` crate knows version 1 only, panics on some hostile
//! headers and does not say which byte is wrong.

mod bytes;
mod forms;
mod header;
mod image;
mod orient;
mod values;
mod write;

pub use forms::Forms;
pub(crate) use header::{Header, is_nifti};
pub(crate) use image::Image;
pub use write::{NiftiOptions, write_nifti_f32, write_nifti_u8};

//! NIfTI and DICOM in and out, under limits, with errors that say where.
//!
//! [`open`] takes dropped files of any mixture and gives the [`Series`] found in them; [`Series::load`] gives a
//! [`Scan`]: voxels on their native grid with the way to RAS+ millimetres. Types are told by content, never by
//! file name. Everything works on byte buffers and never panics on input.

mod dicom;
mod error;
mod finite;
mod gzip;
mod hounsfield;
mod limits;
mod names;
mod nifti;
mod open;
mod series;
mod source;
mod thumbnail;
mod unpack;
mod unread;

pub use error::{Detail, ScanError};
pub use limits::Limits;
pub use nifti::{Forms, NiftiOptions, write_nifti_f32, write_nifti_u8};
pub use open::open;
pub use series::{Doubt, Format, Scan, Series, Slices};
pub use source::SourceFile;
pub use thumbnail::Gray;

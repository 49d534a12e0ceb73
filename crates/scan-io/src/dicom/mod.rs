//! DICOM: classic and multi-frame images, Siemens mosaics, every common transfer syntax.
//!
//! A file becomes a [`file::File`] (wanted attributes, place of the pixels), then an [`image::Image`] with its
//! [`plane::SlicePlane`]s; planes of one series and geometry are gathered into [`group`]s, parted into
//! volumes by [`repeats`] and [`moved`] and sorted into a [`stack::Stack`], which loads them.

mod codec;
mod csa;
mod dataset;
mod file;
mod geometry;
mod group;
mod image;
mod kept;
mod kernel;
mod key;
mod mosaic;
mod moved;
mod order;
mod places;
mod plane;
mod read;
mod repeats;
mod resample;
mod stack;
mod unknown;

pub(crate) use file::{has_preamble, is_dicom};
pub(crate) use group::group;
pub(crate) use stack::Stack;

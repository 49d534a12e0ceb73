//! The messages between page and worker. Every request has an `id`; every reply carries it back.

mod check;
mod failure;
mod pickers;
mod reply;
mod request;

pub use check::{Check, Stage};
pub use failure::Failure;
pub use pickers::{ModelOffer, SeriesInfo, Thumbnail};
pub use reply::Reply;
pub use request::{BackendChoice, FileBytes, Request};

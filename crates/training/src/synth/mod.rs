//! Synthetic head scans with exact truth, drawn from label maps.
//!
//! A label map becomes a [`HeadMap`]; a [`HeadSynth`] holds many of them and turns a seed into a
//! [`Sample`]: an image, its target classes and what was put into it. A [`ContactSheet`] shows them side by side;
//! `saswin-cli contact-sheet` makes one for a recipe.
//!
//! Conventions of this module:
//! - arrays are in tensor order `[X, Y, Z]` with **Z fastest**: `data[(x * ny + y) * nz + z]`;
//! - axes are RAS+: `x` grows to the right, `y` to anterior, `z` to superior; spacing is 1 mm;
//! - samples lie on the [`Canvas`], whose mid-sagittal plane is the middle of the `x` axis, so that
//!   reversing `x` is the mirror image.

mod acquire;
mod classes;
mod contact_sheet;
mod contrast;
mod deform;
mod filters;
mod hardening;
mod head_map;
mod head_synth;
mod hounsfield;
mod intensity;
mod lattice;
mod midline;
mod pack;
mod paint;
mod patches;
mod pathology;
mod refine;
mod region;
mod rng;
mod sample;
mod scene;
mod spec;
mod streaks;
pub mod targets;
mod vault;

pub use classes::{CLASSES, Class, Tissue};
pub use contact_sheet::{ContactSheet, SheetStyle};
pub use head_map::{HeadMap, HeadMapError};
pub use head_synth::HeadSynth;
pub use intensity::MrScale;
pub use pack::{load_or_pack, read_pack, write_pack};
pub use patches::{Patch, patches};
pub(crate) use pathology::BROKEN_MM;
pub use pathology::{LesionShape, Pathology, finding, load_or_pack_shapes};
#[cfg(feature = "trainer")]
pub(crate) use region::flip_x;
pub use region::{Canvas, Region};
pub use rng::Rng;
pub use sample::{Crop, Sample, SampleTruth};
pub use spec::{Contrast, CtSpec, SampleSpec, SynthConfig, SynthKind};

/// Raised with every change of what the same settings draw, so that kept heads of before are not taken for new ones.
#[cfg(feature = "trainer")]
pub(crate) const VERSION: u32 = 11;

//! The training loop: samples in, checkpoints, metrics and model folders out.

mod average;
mod channels;
mod error;
mod feed;
mod kept;
mod masks;
mod optimiser;
mod priors;
mod run;
mod schedule;
mod session;
mod source;
mod start;
mod steady;
mod target;
mod validate;
mod views;

pub use error::TrainError;
pub use feed::Feed;
pub use run::{Options, Report, train};
pub use schedule::{rate, used};
pub use session::{Session, StepReport, loss_of};
pub use source::{Batch, Example, HeadSource, Source, example_seed, head_synth};
pub use target::{SHIFT_UNIT_MM, Seen};
pub use validate::{HeldOut, mean_foreground};

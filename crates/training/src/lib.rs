//! Synthesis of training scans, losses, trainer and evaluation.

#[cfg(feature = "trainer")]
pub mod checkpoint;
pub mod evaluate;
#[cfg(feature = "trainer")]
pub mod losses;
pub mod metrics;
#[cfg(feature = "trainer")]
pub mod recipe;
pub mod synth;
#[cfg(feature = "trainer")]
pub mod trainer;

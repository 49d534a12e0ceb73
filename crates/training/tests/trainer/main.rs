//! The trainer learns, at the rates that recipes state, and goes on after a stop as if there had been none.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![cfg(feature = "trainer")]

mod learning;
mod pretraining;
mod rates;
mod resume;
mod task;

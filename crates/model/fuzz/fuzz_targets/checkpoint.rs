//! A PyTorch checkpoint, zip or legacy pickle, as `saswin-cli convert` reads it.
#![no_main]
#[path = "../../tests/support/hostile.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::swallow_checkpoint(bytes));

//! A weight file as the page downloads it.
#![no_main]
#[path = "../../tests/support/hostile.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::swallow_weights(bytes));

//! A model's manifest.
#![no_main]
#[path = "../../tests/support/hostile.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::swallow_manifest(bytes));

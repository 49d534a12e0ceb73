//! A compressed frame.
#![no_main]
#[path = "../../tests/support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| support::hostile::swallow_frame(bytes));

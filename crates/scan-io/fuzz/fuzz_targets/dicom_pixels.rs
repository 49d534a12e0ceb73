//! The first byte picks the transfer syntax, the next two the image size; the rest is the compressed frame.
#![no_main]
#[path = "../../tests/support/mod.rs"]
mod support;

use support::hostile::{SYNTAXES, compressed, swallow};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let [syntax, columns, rows, frame @ ..] = bytes else { return };
    let syntax = SYNTAXES[usize::from(*syntax) % SYNTAXES.len()];
    swallow(compressed(syntax, (*columns, *rows, frame.to_vec())));
});

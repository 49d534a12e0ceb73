//! wasm-bindgen adapter between the page's worker and the pipeline. No logic of its own.

mod adapter;
mod crew;
mod fetch;
mod measure;
mod models;
mod monitor;
mod protocol;
mod session;
mod watch;

pub use session::Session;

use wasm_bindgen::prelude::wasm_bindgen;

/// Runs once when the module is instantiated.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

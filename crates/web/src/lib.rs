//! wasm-bindgen adapter between the page's worker and the pipeline. No logic of its own.

mod adapter;
mod crew;
mod fetch;
mod models;
mod monitor;
mod protocol;
mod session;
mod watch;

pub use session::Session;

use wasm_bindgen::prelude::wasm_bindgen;

/// Lets this module use its relaxed SIMD instructions. Until then it never reaches them.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen(js_name = useRelaxedSimd)]
pub fn use_relaxed_simd() {
    saswin_kernels::use_relaxed_simd();
}

/// Runs once when the module is instantiated.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

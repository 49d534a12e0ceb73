//! Progress out, cancel in.

use std::cell::Cell;
use std::rc::Rc;

use gloo::timers::callback::Timeout;
use js_sys::Promise;
use saswin_pipeline::{Monitor, Step};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::protocol::Reply;

/// Posts steps to the page and lets its messages in between.
pub struct PageMonitor<F: FnMut(Reply)> {
    /// Sends a reply for the running request.
    pub post: F,
    /// Set by a cancel request.
    pub cancelled: Rc<Cell<bool>>,
}

impl<F: FnMut(Reply)> Monitor for PageMonitor<F> {
    fn step(&mut self, step: Step) {
        (self.post)(Reply::Progress {
            stage: step.stage.to_owned(),
            done: step.done,
            total: step.total,
            text: step.text,
        });
    }

    async fn proceed(&mut self) -> bool {
        timer_turn().await;
        !self.cancelled.get()
    }
}

/// One turn of the worker's timers, in which a waiting cancel message runs.
async fn timer_turn() {
    let turn = Promise::new(&mut |resolve, _| {
        Timeout::new(0, move || {
            let _ = resolve.call0(&JsValue::NULL);
        })
        .forget();
    });
    // A timer never rejects.
    let _ = JsFuture::from(turn).await;
}

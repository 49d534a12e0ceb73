//! Progress out, cancel in, another device when one fails, and helpers.

use gloo::timers::callback::Timeout;
use js_sys::Promise;
use saswin_pipeline::{Monitor, Rig, SharedCrew, Step, Wanted};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::protocol::Reply;
use crate::session::State;

/// Posts the steps of request `id` to the page and lets its messages in between.
pub struct PageMonitor<'a> {
    /// The worker's state.
    pub state: &'a State,
    /// Number of the running request.
    pub id: f64,
}

impl Monitor for PageMonitor<'_> {
    fn step(&mut self, step: Step) {
        let Step { stage, done, total, text } = step;
        self.state.send(self.id, &Reply::Progress { stage: stage.to_owned(), done, total, text });
    }

    async fn proceed(&mut self) -> bool {
        timer_turn().await;
        !self.state.is_cancelled(self.id)
    }

    async fn replace(&mut self, wanted: Wanted) -> Option<Rig> {
        self.state.replace_device(self.id, wanted).await
    }

    async fn crew(&mut self, windows: usize) -> Option<SharedCrew> {
        self.state.hire(windows)
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

//! Helpers: workers beside this one, each with the model, among whom a run on the CPU shares its windows.

use std::rc::Rc;

use js_sys::{Array, Reflect, Uint8Array};
use saswin_model::Manifest;
use saswin_pipeline::{Answer, Crew, Engine, LoadedModel, RunError, WindowInput, WindowOutput};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use crate::fetch::words;
use crate::protocol::{Failure, Reply};
use crate::session::State;

#[wasm_bindgen]
extern "C" {
    /// `www/src/helpers.js`.
    #[derive(Clone)]
    pub type Helpers;

    /// Starts as many as `windows` and the machine ask for, at most `limit`, from this compiled `module`, and tells
    /// each `first`; returns their number.
    #[wasm_bindgen(method)]
    fn hire(this: &Helpers, module: &JsValue, first: &JsValue, windows: usize, limit: Option<u32>) -> usize;

    /// The reply of whoever is free next.
    #[wasm_bindgen(method, catch)]
    async fn ask(this: &Helpers, request: &JsValue, transfer: &Array) -> Result<JsValue, JsValue>;

    /// Ends them all; whoever waits for one is told.
    #[wasm_bindgen(method)]
    pub fn dismiss(this: &Helpers);
}

/// Helpers that run windows of one model; their memory is given back when it is dropped.
pub struct PageCrew {
    helpers: Helpers,
    size: usize,
}

impl PageCrew {
    /// Helpers for `windows` of a model, or `None` where they would gain nothing.
    pub fn hire(
        helpers: &Helpers,
        (manifest, weights): (&Manifest, &[u8]),
        windows: usize,
        limit: Option<u32>,
    ) -> Option<Self> {
        let manifest = serde_json::to_string(manifest).ok()?;
        let weights = Uint8Array::from(weights);
        let first = message("assist", &[("manifest", &manifest.into()), ("weights", &weights)]).ok()?;
        let size = helpers.hire(&wasm_bindgen::module(), &first, windows, limit);
        (size > 0).then(|| Self { helpers: helpers.clone(), size })
    }

    async fn ask(&self, window: WindowInput) -> Result<WindowOutput, JsValue> {
        let roi: Array = window.roi.iter().map(|side| JsValue::from(*side as u32)).collect();
        let [scan, mirror] = [window.scan, window.mirror].map(|v| Uint8Array::from(to_bytes(&v).as_slice()));
        let request = message("window", &[("roi", &roi), ("scan", &scan), ("mirror", &mirror)])?;
        let reply = self.helpers.ask(&request, &Array::of2(&scan.buffer(), &mirror.buffer())).await?;
        let logits = floats(&Reflect::get(&reply, &"logits".into())?);
        let classes: Vec<f32> = serde_wasm_bindgen::from_value(Reflect::get(&reply, &"classes".into())?)?;
        let some = |values: Vec<f32>| (!values.is_empty()).then_some(values);
        Ok(WindowOutput { segmentation: some(logits), classes: some(classes) })
    }
}

impl Drop for PageCrew {
    fn drop(&mut self) {
        self.helpers.dismiss();
    }
}

impl Crew for PageCrew {
    fn size(&self) -> usize {
        self.size
    }

    fn run(&self, window: WindowInput) -> Answer<'_> {
        Box::pin(async move { self.ask(window).await.map_err(|e| words(&e)) })
    }
}

/// A request of `kind`.
fn message(kind: &str, fields: &[(&str, &JsValue)]) -> Result<JsValue, JsValue> {
    let request = js_sys::Object::new();
    Reflect::set(&request, &"type".into(), &kind.into())?;
    for (key, value) in fields {
        Reflect::set(&request, &(*key).into(), value)?;
    }
    Ok(request.into())
}

fn to_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

pub(crate) fn from_bytes(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

/// Floats of a buffer that a message brought.
fn floats(buffer: &JsValue) -> Vec<f32> {
    js_sys::Float32Array::new(buffer.unchecked_ref()).to_vec()
}

impl State {
    /// Makes this worker a helper: the CPU with a model on it.
    pub(crate) fn assist(&self, manifest: &str, weights: &[u8]) -> Result<Reply, Failure> {
        let engine = Engine::cpu(None);
        let manifest = Manifest::from_json(manifest).map_err(RunError::from)?;
        let model = LoadedModel::new(manifest, 0, weights, &engine)?;
        self.engine.replace(Some(Rc::new(engine)));
        self.model.replace(Some(Rc::new(model)));
        Ok(Reply::Assisting)
    }

    /// A helper's work: one window.
    pub(crate) async fn window(&self, window: WindowInput) -> Result<Reply, Failure> {
        let (engine, model) = (self.engine.borrow().clone(), self.model.borrow().clone());
        let (Some(engine), Some(model)) = (engine, model) else {
            return Err(Failure::new("parameter", "this worker has no model", "Reload the page."));
        };
        let output = model.forward(&engine, window, "a helper's window").await?;
        Ok(Reply::Window {
            logits: to_bytes(&output.segmentation.unwrap_or_default()).into(),
            classes: output.classes.unwrap_or_default(),
        })
    }
}

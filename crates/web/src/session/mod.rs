//! State of one worker, and which part of it answers a request.

mod device;
mod measure;
mod model;
mod run;
mod scan;
mod views;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, Reflect, Uint8Array};
use saswin_model::Manifest;
use saswin_pipeline::{Engine, LoadedModel, WindowInput};
use saswin_scan_io::{Limits, Scan, Series, SourceFile};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use crate::crew::{Helpers, from_bytes};
use crate::fetch;
use crate::protocol::{BackendChoice, Failure, Reply, Request};
use run::Refused;
use scan::{Selected, shown, source_file};

/// Fields of replies that hold files; they move to the page without a copy.
const FILES: [&str; 5] = ["nifti", "segmentation", "logits", "mask", "brain"];

/// The worker's end of the protocol.
#[wasm_bindgen]
pub struct Session {
    state: Rc<State>,
}

/// What the worker knows between requests.
pub(crate) struct State {
    post: Function,
    helpers: Helpers,
    most_helpers: Cell<Option<u32>>,
    choice: Cell<BackendChoice>,
    max_buffer_mb: Cell<Option<u64>>,
    pub(crate) engine: RefCell<Option<Rc<Engine>>>,
    manifests: RefCell<Vec<Manifest>>,
    series: RefCell<Rc<Vec<Series>>>,
    /// What is opened, if it is the generated one: it comes of no series.
    phantom: RefCell<Option<Rc<Scan>>>,
    scan: RefCell<Option<Selected>>,
    pub(crate) model: RefCell<Option<Rc<LoadedModel>>>,
    /// The file that `model` was made of, for helpers.
    weights: RefCell<Vec<u8>>,
    imported: RefCell<Option<Rc<LoadedModel>>>,
    /// What the last run read, if it refused to report it.
    refused: RefCell<Option<Refused>>,
    /// Name of the model that was run last.
    current: RefCell<String>,
    running: Cell<bool>,
    /// The request that the page asked to stop last.
    cancelled: Cell<Option<f64>>,
}

#[wasm_bindgen]
impl Session {
    /// A session that answers through `post(message, transfer)` and shares windows among `helpers`.
    pub fn create(post: Function, helpers: Helpers) -> Self {
        Self {
            state: Rc::new(State {
                post,
                helpers,
                most_helpers: Cell::default(),
                choice: Cell::default(),
                max_buffer_mb: Cell::default(),
                engine: RefCell::default(),
                manifests: RefCell::default(),
                series: RefCell::default(),
                phantom: RefCell::default(),
                scan: RefCell::default(),
                model: RefCell::default(),
                weights: RefCell::default(),
                imported: RefCell::default(),
                refused: RefCell::default(),
                current: RefCell::default(),
                running: Cell::new(false),
                cancelled: Cell::new(None),
            }),
        }
    }

    /// Bytes of files that may be handed over at once.
    #[wasm_bindgen(getter)]
    pub fn most_bytes(&self) -> f64 {
        Limits::default().max_total_bytes as f64
    }

    /// Answers one request; every answer goes through `post`.
    pub async fn handle(&self, request: JsValue) {
        let state = Rc::clone(&self.state);
        let id = Reflect::get(&request, &"id".into()).ok().and_then(|v| v.as_f64()).unwrap_or(0.0);
        let reply = match serde_wasm_bindgen::from_value::<Request>(request) {
            Ok(request) => state.answer(id, request).await,
            Err(e) => {
                Err(Failure::new("protocol", format!("request not understood: {e}"), "Reload the page."))
            }
        };
        state.send(id, &reply.unwrap_or_else(|error| Reply::Error { error }));
    }
}

impl State {
    pub(crate) fn send(&self, id: f64, reply: &Reply) {
        let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
        let Ok(message) = reply.serialize(&serializer) else { return };
        let transfer = Array::new();
        for key in FILES.map(JsValue::from) {
            if let Ok(array) = Reflect::get(&message, &key).and_then(JsCast::dyn_into::<Uint8Array>) {
                let buffer = array.buffer();
                transfer.push(&buffer);
                let _ = Reflect::set(&message, &key, &buffer);
            }
        }
        let _ = Reflect::set(&message, &"id".into(), &id.into());
        let _ = self.post.call2(&JsValue::NULL, &message, &transfer);
    }

    async fn answer(&self, id: f64, request: Request) -> Result<Reply, Failure> {
        match request {
            Request::Init { backend, max_buffer_mb, helpers } => {
                self.most_helpers.set(helpers);
                self.init(backend, max_buffer_mb).await
            }
            Request::Open { files } => self.open(files.into_iter().map(source_file).collect()),
            Request::OpenUrl { url, name } => {
                let bytes = fetch::download(&url).await.map_err(|reason| {
                    let message = format!("the sample could not be loaded: {reason}");
                    Failure::new("network", message, "Check the connection, or open a file of your own.")
                })?;
                self.open(vec![SourceFile { name, bytes }])
            }
            Request::Import { files, said } => self.import(files, &said).await,
            Request::Forget => {
                self.imported.take();
                Ok(Reply::Forgotten)
            }
            Request::Phantom => Ok(self.phantom()),
            Request::Select { index, volume, scan } => self.select(index, volume, scan),
            Request::Show { scan } => self.selected(scan).and_then(|scan| shown(&scan)),
            Request::Run { model, ignore_warnings } => self.run(id, &model, ignore_warnings).await,
            Request::Keep { model } => self.keep(id, &model).await,
            Request::Warm { model } => self.warm(&model).await,
            Request::Mirror { scan, plane } => self.mirror(scan, &plane),
            Request::Strip { scan, model, files } => self.strip(scan, &model, files),
            Request::Assist { manifest, weights } => self.assist(&manifest, &weights),
            Request::Window { roi, scan, mirror } => {
                let [scan, mirror] = [&scan, &mirror].map(|bytes| from_bytes(bytes));
                self.window(WindowInput { scan, mirror, roi }).await
            }
            Request::Cancel { run } => {
                self.cancelled.set(Some(run));
                self.helpers.dismiss();
                Ok(Reply::Cancelled)
            }
            Request::Selftest => self.selftest().await,
            Request::Fidelity { fixture } => self.fidelity(&fixture).await,
            Request::Suite { options } => self.suite(options).await,
            Request::Bench { options, ceiling } => self.bench(id, options, ceiling).await,
        }
    }
}

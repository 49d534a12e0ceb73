//! State of one worker: device, series, scan, model, last report.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, Reflect, Uint8Array};
use saswin_model::Manifest;
use saswin_model::import::{Declaration, import};
use saswin_pipeline::{
    Engine, Findings, LoadedModel, Options, PlaneInfo, Reading, Rig, RunError, SharedCrew, Wanted,
    WindowInput, brain_mask, masked, mirrored, nifti_options, scan_info, warm,
};
use saswin_scan_io::{
    Gray, Limits, NiftiOptions, Scan, Series, SourceFile, open, write_nifti_f32, write_nifti_u8,
};
use saswin_volume::Volume;
use serde::Serialize;
use serde_bytes::ByteBuf;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use crate::crew::{Helpers, PageCrew, from_bytes};
use crate::monitor::PageMonitor;
use crate::protocol::{BackendChoice, Failure, FileBytes, Reply, Request, SeriesInfo, Thumbnail};
use crate::{adapter, fetch, models};

/// Pixels of a thumbnail's longer side.
const THUMBNAIL: usize = 96;
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

/// The scan on screen.
#[derive(Clone)]
struct Selected {
    /// The page's number for it.
    number: u32,
    scan: Rc<Scan>,
}

/// What a model read of a scan that it did not learn from.
struct Refused {
    scan: Rc<Scan>,
    model: Rc<LoadedModel>,
    reading: Reading,
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

    async fn init(&self, backend: BackendChoice, max_buffer_mb: Option<u64>) -> Result<Reply, Failure> {
        self.choice.set(backend);
        self.max_buffer_mb.set(max_buffer_mb);
        let engine = adapter::open(backend, max_buffer_mb).await?;
        let adapter = engine.adapter.clone();
        self.engine.replace(Some(Rc::new(engine)));
        let manifests = models::list().await?;
        models::tidy(&manifests).await;
        let mut offers = Vec::new();
        for manifest in &manifests {
            offers.push(models::offer(manifest).await);
        }
        self.manifests.replace(manifests);
        Ok(Reply::Ready { adapter, version: env!("CARGO_PKG_VERSION"), models: offers })
    }

    fn open(&self, files: Vec<SourceFile>) -> Result<Reply, Failure> {
        let series = open(files, &Limits::default())?;
        let infos = series.iter().enumerate().map(|(index, s)| series_info(index, s)).collect();
        self.series.replace(Rc::new(series));
        self.phantom.replace(None);
        Ok(Reply::Series { series: infos })
    }

    async fn import(&self, files: Vec<FileBytes>, said: &Declaration) -> Result<Reply, Failure> {
        let missing = |what: &str| Failure::new("parameter", what, "Reload the page and try again.");
        let engine = self.sound_engine().await?;
        let file = files.into_iter().next().ok_or_else(|| missing("there is no file to import"))?;
        let mut import = import(&file.name, &file.bytes, said)?;
        let notes = std::mem::take(&mut import.notes);
        let model = LoadedModel::imported(import, &engine)?;
        let reply = Reply::Imported {
            model: models::imported_offer(&model),
            summary: model.manifest.architecture.summary(),
            notes,
        };
        self.imported.replace(Some(Rc::new(model)));
        Ok(reply)
    }

    fn phantom(&self) -> Reply {
        let scan = saswin_pipeline::phantom_scan();
        let info = SeriesInfo {
            index: 0,
            modality: scan.modality,
            description: scan.name.clone(),
            dims: scan.volume.grid.dims,
            spacing: scan.volume.grid.spacing(),
            files: 0,
            frames: 1,
            preferred: true,
            problems: Vec::new(),
            thumbnail: Some(thumbnail(Gray::middle_of(&scan.volume, THUMBNAIL))),
        };
        self.series.replace(Rc::default());
        self.phantom.replace(Some(Rc::new(scan)));
        Reply::Series { series: vec![info] }
    }

    fn select(&self, index: usize, volume: usize, number: u32) -> Result<Reply, Failure> {
        let series = Rc::clone(&self.series.borrow());
        let scan = match (series.get(index), &*self.phantom.borrow()) {
            (Some(series), _) => Rc::new(series.load(volume)?),
            (None, Some(phantom)) => Rc::clone(phantom),
            _ => {
                return Err(Failure::new(
                    "parameter",
                    format!("there is no series {index}"),
                    "Open a scan first.",
                ));
            }
        };
        let reply = shown(&scan)?;
        self.scan.replace(Some(Selected { number, scan }));
        self.refused.take();
        Ok(reply)
    }

    async fn run(&self, id: f64, model: &str, ignore_warnings: bool) -> Result<Reply, Failure> {
        if self.running.replace(true) {
            return Err(Failure::new("busy", "a run is under way", "Wait for it or cancel it."));
        }
        let result = self.run_model(id, model, Options { ignore_warnings }).await;
        self.running.set(false);
        match result {
            Err(failure) if failure.kind == "cancelled" => Ok(Reply::Cancelled),
            other => other,
        }
    }

    async fn run_model(&self, id: f64, name: &str, options: Options) -> Result<Reply, Failure> {
        let missing = |what: &str| Failure::new("parameter", what, "Open a scan and choose a model first.");
        let engine = self.sound_engine().await?;
        let selected = self.scan.borrow().clone();
        let scan = selected.ok_or_else(|| missing("no scan is selected"))?.scan;
        self.current.replace(name.to_owned());
        // Its model and scores would lie beside the next model's.
        self.refused.borrow_mut().take_if(|last| last.model.manifest.name != name);
        let model = self.model(id, name, &engine).await?;
        let mut monitor = PageMonitor { state: self, id };
        let reading = match self.refused(&scan, &model) {
            Some(reading) => reading,
            None => Reading::of(&scan, &model, &engine, options, &mut monitor).await?,
        };
        if let Some(refusal) = reading.refusal(options) {
            self.refused.replace(Some(Refused { scan, model, reading }));
            return Err(refusal.into());
        }
        let Findings { report, segmentation } = reading.findings(&scan, &model, &mut monitor).await?;
        let segmentation = write_nifti_u8(&segmentation, &nifti_options(&model.manifest))?;
        Ok(Reply::Result {
            header: scan.forms.map(|forms| ByteBuf::from(forms.header_of(&segmentation))),
            segmentation: ByteBuf::from(segmentation),
            csv: report.to_csv(),
            kept: models::is_kept(&model.manifest).await,
            strips: model.manifest.brain().is_some(),
            report: Box::new(report),
        })
    }

    /// What was read last and refused, if that was the same.
    fn refused(&self, scan: &Rc<Scan>, model: &Rc<LoadedModel>) -> Option<Reading> {
        let last = self.refused.take()?;
        (Rc::ptr_eq(&last.scan, scan) && Rc::ptr_eq(&last.model, model)).then_some(last.reading)
    }

    /// Whether the page asked to stop request `id`, perhaps before it began.
    pub(crate) fn is_cancelled(&self, id: f64) -> bool {
        self.cancelled.get() == Some(id)
    }

    /// The open device, or another one if it ever complained.
    pub(crate) async fn sound_engine(&self) -> Result<Rc<Engine>, Failure> {
        let open = self.engine.borrow().clone();
        let open =
            open.ok_or_else(|| Failure::new("parameter", "the device is not open", "Reload the page."))?;
        if open.watch.trouble().is_none() {
            return Ok(open);
        }
        open.close();
        let fresh = adapter::open(self.choice.get(), self.max_buffer_mb.get()).await?;
        let fresh = Rc::new(fresh);
        self.engine.replace(Some(Rc::clone(&fresh)));
        self.model.replace(None);
        self.imported.replace(None);
        Ok(fresh)
    }

    /// Another device in place of one that failed, with the model of the last run on it. `?backend=webgpu`
    /// never falls back to the CPU.
    pub(crate) async fn replace_device(&self, id: f64, wanted: Wanted) -> Option<Rig> {
        let name = self.current.borrow().clone();
        self.model.replace(None);
        // Imported weights are kept nowhere here but on the device that is gone; the page still has their file.
        if self.imported.replace(None).is_some_and(|m| m.manifest.name == name) {
            return None;
        }
        // Its memory would be held beside the next one's. It stays here as one that complained.
        if let Some(old) = self.engine.borrow().as_ref() {
            old.close();
        }
        let gpu = match wanted {
            Wanted::Gpu => adapter::webgpu(self.max_buffer_mb.get()).await.ok(),
            Wanted::Cpu => None,
        };
        let engine = match gpu {
            Some(engine) => engine,
            None if self.choice.get() == BackendChoice::Webgpu => return None,
            None => Engine::cpu(Some("the graphics device failed in a run, or was too small".to_owned())),
        };
        let engine = Rc::new(engine);
        self.engine.replace(Some(Rc::clone(&engine)));
        let model = self.model(id, &name, &engine).await.ok()?;
        Some(Rig { engine, model })
    }

    /// Helpers for the run under way. Weights of one's own are held on the device alone, so they run without.
    pub(crate) fn hire(&self, windows: usize) -> Option<SharedCrew> {
        let model = self.model.borrow().clone().filter(|m| m.manifest.name == *self.current.borrow())?;
        let held = (&model.manifest, &**self.weights.borrow());
        let crew = PageCrew::hire(&self.helpers, held, windows, self.most_helpers.get())?;
        Some(Rc::new(crew))
    }

    async fn keep(&self, id: f64, name: &str) -> Result<Reply, Failure> {
        let manifest = self.manifest(name)?;
        models::keep(&manifest, |done| self.told_loading(id, &manifest, done)).await?;
        Ok(Reply::Kept)
    }

    fn mirror(&self, number: u32, plane: &PlaneInfo) -> Result<Reply, Failure> {
        let scan = self.selected(number)?;
        let mirror = mirrored(&scan.volume, plane).map_err(RunError::from)?;
        Ok(Reply::Mirrored { nifti: ByteBuf::from(write_nifti_f32(&mirror, &NiftiOptions::default())?) })
    }

    /// The scan that the page means: another one may have been selected since it asked.
    fn selected(&self, number: u32) -> Result<Rc<Scan>, Failure> {
        let selected = self.scan.borrow().clone().filter(|selected| selected.number == number);
        let gone = || Failure::new("another_scan", "another scan is open by now", "Open this one again.");
        Ok(selected.ok_or_else(gone)?.scan)
    }

    /// The page holds the labels, so that they are here once only, and after a restart, too.
    fn strip(&self, number: u32, model: &str, files: Vec<FileBytes>) -> Result<Reply, Failure> {
        let unfit = |what: &str| Failure::new("parameter", what, "Analyse the scan again.");
        let scan = self.selected(number)?;
        let imported = self.imported.borrow().as_ref().map(|m| m.manifest.clone());
        let manifest = imported.filter(|m| m.name == model).map_or_else(|| self.manifest(model), Ok)?;
        let region = manifest.brain().ok_or_else(|| unfit("the model has no brain mask"))?;
        let series = open(files.into_iter().map(source_file).collect(), &Limits::default())?;
        let labels = series.first().ok_or_else(|| unfit("there are no labels"))?.load(0)?.volume;
        if labels.grid.dims != scan.volume.grid.dims {
            return Err(unfit("the labels are not of the selected scan"));
        }
        let voxels = labels.voxels.into_iter().map(|v| v as u8).collect();
        let mask = brain_mask(region, &Volume { grid: scan.volume.grid, voxels });
        let brain = masked(&scan.volume, &mask);
        let how = NiftiOptions { forms: scan.forms, ..NiftiOptions::default() };
        Ok(Reply::Stripped {
            brain: ByteBuf::from(write_nifti_f32(&brain, &how)?),
            mask: ByteBuf::from(write_nifti_u8(&mask, &how)?),
        })
    }

    async fn warm(&self, name: &str) -> Result<Reply, Failure> {
        let (manifest, engine) = (self.manifest(name)?, self.engine.borrow().clone());
        let loaded = self.model.borrow().as_ref().is_some_and(|model| model.manifest.name == name);
        if let Some(engine) = engine.filter(|_| !loaded) {
            warm(&manifest, &engine).await?;
        }
        Ok(Reply::Warm)
    }

    fn manifest(&self, name: &str) -> Result<Manifest, Failure> {
        let found = self.manifests.borrow().iter().find(|m| m.name == name).cloned();
        // The page knows by the kind that imported weights went with their device, and brings them again.
        found.ok_or_else(|| {
            Failure::new("no_model", format!("there is no model `{name}`"), "Choose another model.")
        })
    }

    async fn model(&self, id: f64, name: &str, engine: &Engine) -> Result<Rc<LoadedModel>, Failure> {
        for held in [&self.imported, &self.model] {
            if let Some(model) = held.borrow().as_ref().filter(|m| m.manifest.name == name) {
                return Ok(Rc::clone(model));
            }
        }
        let manifest = self.manifest(name)?;
        let go_on = |done| self.told_loading(id, &manifest, done);
        let weights = models::weights(&manifest, go_on).await?;
        let model = Rc::new(LoadedModel::new(manifest.clone(), 0, &weights, engine)?);
        self.weights.replace(weights);
        self.model.replace(Some(Rc::clone(&model)));
        Ok(model)
    }

    /// Tells how much of a model has come; whether the rest is wanted.
    fn told_loading(&self, id: f64, manifest: &Manifest, done: usize) -> bool {
        self.send(id, &loading(manifest, done));
        !self.is_cancelled(id)
    }
}

fn loading(manifest: &Manifest, done: usize) -> Reply {
    let total = usize::try_from(manifest.files[0].bytes).unwrap_or(usize::MAX);
    let text = format!("Loading the model, {:.1} of {:.1} MB", done as f64 / 1e6, total as f64 / 1e6);
    Reply::Progress { stage: "model".to_owned(), done, total, text }
}

/// A scan for the page to draw.
fn shown(scan: &Scan) -> Result<Reply, Failure> {
    let nifti = write_nifti_f32(&scan.volume, &NiftiOptions::default())?;
    Ok(Reply::Scan { info: scan_info(scan), nifti: ByteBuf::from(nifti) })
}

fn source_file(file: FileBytes) -> SourceFile {
    SourceFile { name: file.name, bytes: file.bytes.into_vec() }
}

fn thumbnail(gray: Gray) -> Thumbnail {
    Thumbnail { width: gray.width, height: gray.height, gray: ByteBuf::from(gray.pixels) }
}

fn series_info(index: usize, series: &Series) -> SeriesInfo {
    let thumbnail = series.thumbnail(THUMBNAIL).ok().map(thumbnail);
    SeriesInfo {
        index,
        modality: series.modality,
        description: series.description.clone(),
        dims: series.dims,
        spacing: series.spacing,
        files: series.files,
        frames: series.frames,
        preferred: series.preferred,
        problems: series.problems.clone(),
        thumbnail,
    }
}

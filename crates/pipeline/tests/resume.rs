//! A run whose device fails, or that others help with, has the result of a run that nothing disturbed.

use std::cell::Cell;
use std::rc::Rc;

use burn::tensor::Device;
use saswin_kernels::Arithmetic;
use saswin_model::Manifest;
use saswin_model::nets::Network;
use saswin_pipeline::{
    Answer, Crew, DeviceTrouble, DeviceWatch, Engine, Findings, LoadedModel, Monitor, Options, Rig, RunError,
    SharedCrew, Step, Wanted, WindowInput, phantom_scan, run,
};

/// A model with random weights; every clone has the same ones.
#[derive(Clone)]
struct Tiny {
    manifest: Manifest,
    network: Network,
    /// Arithmetic that the first device goes by; it is only said, not done.
    first: Option<Arithmetic>,
}

impl Tiny {
    fn new(roi: usize) -> Self {
        let mut manifest = Manifest::from_json(include_str!("tiny-manifest.json")).unwrap();
        manifest.preprocessing.roi = [roi; 3];
        let network = Network::new(&manifest.architecture, &Device::flex()).unwrap();
        Self { manifest, network, first: None }
    }

    fn loaded(&self) -> LoadedModel {
        let Self { manifest, network, .. } = self.clone();
        LoadedModel { manifest, network, sha256: String::new(), arithmetic: None }
    }
}

/// Makes the first device fail at window `at`; what replaces it works.
struct Saboteur {
    model: Tiny,
    watch: DeviceWatch,
    at: usize,
    trouble: DeviceTrouble,
    windows: Vec<usize>,
    wanted: Vec<Wanted>,
}

impl Monitor for Saboteur {
    fn step(&mut self, step: Step) {
        if step.stage == "network" && step.text.starts_with("Reading") {
            self.windows.push(step.done);
            if step.done == self.at && self.wanted.is_empty() {
                self.watch.report(self.trouble.clone());
            }
        }
    }

    async fn proceed(&mut self) -> bool {
        true
    }

    async fn replace(&mut self, wanted: Wanted) -> Option<Rig> {
        self.wanted.push(wanted);
        Some(Rig { engine: Rc::new(Engine::cpu(None)), model: Rc::new(self.model.loaded()) })
    }
}

/// The CPU under the name of a card: `compute` gives up on nothing but a CPU.
fn card() -> Engine {
    let mut engine = Engine::cpu(None);
    "wgpu".clone_into(&mut engine.adapter.backend);
    engine
}

fn disturbed(model: &Tiny, at: usize, trouble: DeviceTrouble) -> (Result<Findings, RunError>, Saboteur) {
    disturbed_on(card(), model, at, trouble)
}

fn disturbed_on(
    engine: Engine,
    model: &Tiny,
    at: usize,
    trouble: DeviceTrouble,
) -> (Result<Findings, RunError>, Saboteur) {
    let (watch, model) = (engine.watch.clone(), model.clone());
    let loaded = LoadedModel { arithmetic: model.first, ..model.loaded() };
    let mut saboteur = Saboteur { model, watch, at, trouble, windows: vec![], wanted: vec![] };
    let found = pollster::block_on(run(&phantom_scan(), &loaded, &engine, Options::default(), &mut saboteur));
    (found, saboteur)
}

#[test]
fn a_lost_device_costs_one_window_and_changes_nothing() {
    let model = Tiny::new(32);
    let (whole, calm) = disturbed(&model, usize::MAX, DeviceTrouble::OutOfMemory);
    let (whole, total) = (whole.unwrap(), calm.windows.len());
    assert!(total > 3 && calm.wanted.is_empty(), "{total}");
    let (resumed, seen) = disturbed(&model, 2, DeviceTrouble::Lost("reset".to_owned()));
    let resumed = resumed.unwrap();
    assert_eq!(seen.wanted, [Wanted::Gpu]);
    let again: Vec<usize> = [0, 1, 2].into_iter().chain(2..total).collect();
    assert_eq!(seen.windows, again);
    assert_eq!(resumed.segmentation.voxels, whole.segmentation.voxels);
    let values = |f: &Findings| f.report.probabilities.iter().map(|p| p.value).collect::<Vec<_>>();
    assert_eq!(values(&resumed), values(&whole));
    assert!(whole.report.warnings.is_empty());
    assert!(resumed.report.warnings[0].contains("lost: reset; the run went on at window 3"));
}

#[test]
fn full_memory_takes_smaller_windows_and_says_so() {
    let (found, seen) = disturbed(&Tiny::new(96), 0, DeviceTrouble::OutOfMemory);
    assert_eq!(seen.wanted, [Wanted::Gpu]);
    assert!(found.unwrap().report.warnings[0].contains("windows of 64×64×64 voxels"));
}

#[test]
fn memory_that_is_known_to_be_short_is_treated_like_memory_that_runs_out() {
    let on = |mebibytes| {
        let engine = card().with_max_buffer(Some(mebibytes));
        disturbed_on(engine, &Tiny::new(96), usize::MAX, DeviceTrouble::OutOfMemory)
    };
    let (found, seen) = on(8);
    assert!(seen.wanted.is_empty());
    let warning = &found.unwrap().report.warnings[0];
    assert!(warning.contains("takes 8 MiB") && warning.contains("windows of 64×64×64 voxels"), "{warning}");
    let (found, seen) = on(5);
    assert_eq!(seen.wanted, [Wanted::Cpu]);
    let report = found.unwrap().report;
    assert!(report.warnings[0].contains("on the CPU"), "{:?}", report.warnings);
}

#[test]
fn a_report_names_the_arithmetic_of_all_that_took_part() {
    let mut model = Tiny::new(32);
    model.first = Some(Arithmetic::Halves);
    let precision = |at, trouble| disturbed(&model, at, trouble).0.unwrap().report.adapter.precision;
    let lost = || DeviceTrouble::Lost("reset".to_owned());
    assert_eq!(precision(usize::MAX, lost()), "f16");
    assert_eq!(precision(2, lost()), "f16 and f32");
    assert_eq!(precision(0, lost()), "f32");
}

#[test]
fn a_refused_program_goes_on_on_the_cpu() {
    let (found, seen) = disturbed(&Tiny::new(32), 1, DeviceTrouble::Shader("no".to_owned()));
    assert_eq!(seen.wanted, [Wanted::Cpu]);
    let report = found.unwrap().report;
    assert_eq!(report.adapter.backend, "cpu");
    assert!(report.warnings[0].contains("on the CPU"), "{:?}", report.warnings);
}

/// Two helpers, the first of whom never comes back from window `stops`.
struct Helpers {
    model: LoadedModel,
    engine: Engine,
    stops: usize,
    handed: Cell<usize>,
}

impl Crew for Helpers {
    fn size(&self) -> usize {
        2
    }

    fn run(&self, window: WindowInput) -> Answer<'_> {
        let index = self.handed.replace(self.handed.get() + 1);
        Box::pin(async move {
            if index == self.stops {
                return Err("gone".to_owned());
            }
            self.model.forward(&self.engine, window, "a helper").await.map_err(|e| e.to_string())
        })
    }
}

/// Brings helpers, and follows who reads what.
struct Foreman {
    crew: Rc<Helpers>,
    steps: Vec<Step>,
}

impl Monitor for Foreman {
    fn step(&mut self, step: Step) {
        self.steps.push(step);
    }

    async fn proceed(&mut self) -> bool {
        true
    }

    async fn crew(&mut self, _: usize) -> Option<SharedCrew> {
        Some(Rc::clone(&self.crew) as SharedCrew)
    }
}

fn helped(model: &Tiny, stops: usize) -> (Findings, Foreman) {
    let crew = Helpers { model: model.loaded(), engine: Engine::cpu(None), stops, handed: Cell::new(0) };
    let mut foreman = Foreman { crew: Rc::new(crew), steps: vec![] };
    let (engine, loaded) = (Engine::cpu(None), model.loaded());
    let found = pollster::block_on(run(&phantom_scan(), &loaded, &engine, Options::default(), &mut foreman));
    (found.unwrap(), foreman)
}

#[test]
fn helpers_change_nothing_even_if_one_stops() {
    let model = Tiny::new(32);
    let (alone, calm) = disturbed(&model, usize::MAX, DeviceTrouble::OutOfMemory);
    let (alone, total) = (alone.unwrap(), calm.windows.len());
    let (shared, foreman) = helped(&model, usize::MAX);
    assert_eq!(foreman.crew.handed.get(), total);
    assert_eq!(shared.segmentation.voxels, alone.segmentation.voxels);
    let (left, foreman) = helped(&model, 2);
    assert!(foreman.crew.handed.get() < total);
    assert!(foreman.steps.iter().any(|s| s.text.contains("a helper stopped: gone")));
    assert_eq!(left.segmentation.voxels, alone.segmentation.voxels);
}

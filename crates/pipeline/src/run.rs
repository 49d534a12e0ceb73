//! One run from scan to report.

use saswin_model::Manifest;
use saswin_scan_io::{NiftiOptions, Scan};
use saswin_volume::Volume;
use web_time::Instant;

use crate::contrast::Doubt;
use crate::report::{App, DISCLAIMER, DisplayWindow, Report, ScanInfo, Timing};
use crate::suitability::read_as;
use crate::{
    Concern, Engine, LoadedModel, Monitor, RunError, Step, check, contrast, interpret, places, prepare,
    recover, tissue,
};

/// How a model's label map is written as NIfTI: with the names of its labels.
pub fn nifti_options(manifest: &Manifest) -> NiftiOptions {
    let labels = manifest.labels.iter().map(|l| (l.value, l.full_name())).collect();
    NiftiOptions { description: "SA-Swin Web".to_owned(), labels, gzip: false }
}

/// Choices of the user.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Run although the suitability check refuses.
    pub ignore_warnings: bool,
}

/// What a run yields.
#[derive(Debug, Clone)]
pub struct Findings {
    /// Numbers and words.
    pub report: Report,
    /// Labels on the scan's own grid.
    pub segmentation: Volume<u8>,
}

/// Wall-clock time by stage.
struct Clock {
    last: Instant,
    timing: Vec<Timing>,
}

impl Clock {
    fn lap(&mut self, stage: &str) {
        let milliseconds = self.last.elapsed().as_secs_f64() * 1000.0;
        self.timing.push(Timing { stage: stage.to_owned(), milliseconds });
        self.last = Instant::now();
    }
}

/// Describes a scan for the screen.
pub fn scan_info(scan: &Scan) -> ScanInfo {
    ScanInfo {
        name: scan.name.clone(),
        modality: scan.modality,
        dims: scan.volume.grid.dims,
        spacing: scan.volume.grid.spacing(),
        notes: scan.notes.clone(),
        window: scan
            .window
            .map(|(center, width)| DisplayWindow { center: center.into(), width: width.into() }),
    }
}

fn words(concerns: &[Concern]) -> Vec<String> {
    concerns.iter().map(ToString::to_string).collect()
}

/// Runs `model` on `scan`.
///
/// # Errors
/// See [`RunError`]; nothing of an earlier result is touched.
pub async fn run(
    scan: &Scan,
    model: &LoadedModel,
    engine: &Engine,
    options: Options,
    monitor: &mut impl Monitor,
) -> Result<Findings, RunError> {
    let manifest = &model.manifest;
    let suitability = check(scan, manifest);
    if !suitability.refusals.is_empty() && !options.ignore_warnings {
        return Err(RunError::Unsuitable { reasons: words(&suitability.refusals) });
    }
    if let Some(plan) = &model.memory {
        engine.accommodates(plan)?;
    }
    let mut clock = Clock { last: Instant::now(), timing: Vec::new() };
    monitor.step(Step { stage: "prepare", done: 0, total: 1, text: "Finding the midline".to_owned() });
    if !monitor.proceed().await {
        return Err(RunError::Cancelled);
    }
    let prepared = prepare(&scan.volume, read_as(scan, manifest), &manifest.preprocessing)?;
    clock.lap("prepare");
    let recover::Computed { mut scores, adapter, notes } =
        recover::compute(model, engine, &prepared, monitor).await?;
    clock.lap("network");
    monitor.step(Step { stage: "interpret", done: 0, total: 1, text: "Measuring".to_owned() });
    if !monitor.proceed().await {
        return Err(RunError::Cancelled);
    }
    let doubt = contrast::doubt(manifest, &scores, &prepared);
    let other_contrast = doubt.as_ref().and_then(Doubt::refusal).cloned();
    if let Some(reason) = other_contrast.as_ref().filter(|_| !options.ignore_warnings) {
        return Err(RunError::Unsuitable { reasons: vec![reason.clone()] });
    }
    let mut steps = prepared.steps.clone();
    if tissue::weigh(manifest, &mut scores, &prepared) {
        steps.push("borders of tissues set by the network and the scan's own intensities".to_owned());
    }
    if !manifest.half_contrast.is_empty() {
        steps.push("borders of findings set where the scan has half of their contrast".to_owned());
    }
    interpret::apply_margins(manifest, &mut scores);
    let segmentation = interpret::label_map(manifest, &scores, &prepared, &scan.volume)?;
    let labels = interpret::volumes(manifest, &segmentation);
    let (places, places_in_all) = places::places(manifest, &segmentation);
    let shift_mm = interpret::midline_shift(manifest, &scores, &prepared);
    clock.lap("interpret");
    let mut warnings = words(&suitability.warnings);
    let refusals = words(&suitability.refusals).into_iter().chain(other_contrast);
    let named = warnings.len();
    warnings.extend(refusals.map(|r| format!("run although {r}")));
    let overridden = warnings.len() > named;
    if let Some(Doubt::Warns(reason)) = doubt {
        warnings.push(reason);
    }
    warnings.extend(notes);
    if manifest.midline.is_some() && shift_mm.is_none() {
        warnings.push("the midline shift was not measured: septum or falx were not found".to_owned());
    }
    if let Some(reason) = &prepared.alignment.reason {
        warnings.push(format!("{reason}; left-right comparisons are less certain"));
    }
    let report = Report {
        app: App::default(),
        disclaimer: DISCLAIMER.to_owned(),
        // The report travels; the file's name, which may be a person's, does not.
        scan: ScanInfo { name: String::new(), ..scan_info(scan) },
        model: model.info(),
        adapter,
        alignment: prepared.alignment.clone(),
        preprocessing: steps,
        warnings,
        overridden,
        probabilities: interpret::probabilities(manifest, &labels, &scores, shift_mm),
        asymmetry: interpret::asymmetry(&labels),
        measures: interpret::measures(manifest, &labels, &scores, shift_mm),
        labels,
        places,
        places_in_all,
        timing: clock.timing,
    };
    Ok(Findings { report, segmentation })
}

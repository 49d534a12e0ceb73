//! One run from scan to report.

use saswin_model::{DisplayWindow, Manifest};
use saswin_scan_io::{NiftiOptions, Scan};
use saswin_volume::Volume;
use web_time::Instant;

use crate::certainty::Certainty;
use crate::contrast::Mismatch;
use crate::interpret::Labelled;
use crate::left_out::Why;
use crate::prepare::believable;
use crate::report::{Alignment, App, DISCLAIMER, Report, ScanInfo, Timing};
use crate::suitability::read_as;
use crate::{
    Concern, Engine, LoadedModel, Monitor, Prepared, RunError, Step, Suitability, check, contrast, coverage,
    interpret, left_out, one_sided, places, prepare, recover, tissue,
};

/// How a model's label map is written as NIfTI: with the names of its labels.
pub fn nifti_options(manifest: &Manifest) -> NiftiOptions {
    let labels = manifest.labels.iter().map(|l| (l.value, l.full_name())).collect();
    NiftiOptions { description: "SA-Swin Web".to_owned(), labels, ..NiftiOptions::default() }
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

/// Why the result may not be trusted, in the order in which it was found out. `notes` are those of the devices and of what was
/// found.
fn warnings(
    suitability: &Suitability,
    doubt: Option<Mismatch>,
    notes: Vec<String>,
    without_shift: bool,
    alignment: &Alignment,
) -> Vec<String> {
    let (overridden, doubted) = match doubt {
        Some(Mismatch::Refuses(reason)) => (Some(reason), None),
        Some(Mismatch::Warns(reason)) => (None, Some(reason)),
        None => (None, None),
    };
    let overridden = words(&suitability.refusals).into_iter().chain(overridden);
    let shift = "the midline shift was not measured: septum or falx were not found";
    let sides = |reason: &String| format!("{reason}; left-right comparisons are less certain");
    let mut all = words(&suitability.warnings);
    all.extend(overridden.map(|reason| format!("run although {reason}")));
    all.extend(doubted);
    all.extend(notes);
    all.extend(without_shift.then(|| shift.to_owned()));
    all.extend(alignment.reason.as_ref().map(sides));
    all
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
    let reading = Reading::of(scan, model, engine, options, monitor).await?;
    match reading.refusal(options) {
        Some(refusal) => Err(refusal),
        None => reading.findings(scan, model, monitor).await,
    }
}

/// What a network says of a scan, before it is known whether the scan is one that it learnt from: who asks for findings
/// nevertheless need not wait for the network again.
pub struct Reading {
    suitability: Suitability,
    prepared: Prepared,
    computed: recover::Computed,
    doubt: Option<Mismatch>,
    clock: Clock,
}

impl Reading {
    /// Prepares `scan` and runs the network of `model` on it.
    ///
    /// # Errors
    /// See [`RunError`].
    pub async fn of(
        scan: &Scan,
        model: &LoadedModel,
        engine: &Engine,
        options: Options,
        monitor: &mut impl Monitor,
    ) -> Result<Self, RunError> {
        let manifest = &model.manifest;
        // Before refusals that can be overridden, so that nobody overrides one in vain.
        believable(&scan.volume.grid)?;
        let suitability = check(scan, manifest);
        if !suitability.refusals.is_empty() && !options.ignore_warnings {
            return Err(RunError::Unsuitable { reasons: words(&suitability.refusals) });
        }
        let mut clock = Clock { last: Instant::now(), timing: Vec::new() };
        begin(monitor, "prepare", "Finding the midline").await?;
        let prepared = prepare(&scan.volume, read_as(scan, manifest), &manifest.preprocessing)?;
        clock.lap("prepare");
        let computed = recover::compute(model, engine, &prepared, monitor).await?;
        clock.lap("network");
        let doubt = contrast::doubt(manifest, &computed.scores, &prepared);
        Ok(Self { suitability, prepared, computed, doubt, clock })
    }

    fn other_contrast(&self) -> Option<&String> {
        self.doubt.as_ref().and_then(Mismatch::refusal)
    }

    /// Why there are no findings, unless they are asked for nevertheless.
    pub fn refusal(&self, options: Options) -> Option<RunError> {
        let reason = self.other_contrast().filter(|_| !options.ignore_warnings)?;
        Some(RunError::Unsuitable { reasons: vec![reason.clone()] })
    }

    /// Measures what the network found; `scan` and `model` are those that were read.
    ///
    /// # Errors
    /// If the monitor stops it, or the labels do not fit on the scan's grid.
    pub async fn findings(
        mut self,
        scan: &Scan,
        model: &LoadedModel,
        monitor: &mut impl Monitor,
    ) -> Result<Findings, RunError> {
        let manifest = &model.manifest;
        self.clock.last = Instant::now();
        begin(monitor, "interpret", "Measuring").await?;
        let overridden = !self.suitability.refusals.is_empty() || self.other_contrast().is_some();
        let Self { suitability, prepared, computed, doubt, mut clock } = self;
        let recover::Computed { mut scores, adapter, notes } = computed;
        let mut steps = prepared.steps.clone();
        if tissue::weigh(manifest, &mut scores, &prepared) {
            steps.push("borders of tissues set by the network and the scan's own intensities".to_owned());
        }
        if !manifest.half_contrast.is_empty() {
            steps.push("borders of findings set where the scan has half of their contrast".to_owned());
        }
        if !manifest.one_sided.is_empty() && prepared.alignment.aligned {
            steps.push("findings count by how much more one side has of them".to_owned());
            steps.extend(manifest.one_sided.iter().filter_map(|wanted| {
                let label = manifest.label(wanted.label)?;
                let ml = one_sided::weigh(&mut scores, &prepared.grid, wanted, label.margin);
                left_out::step(ml, label, Why::OtherSide)
            }));
        }
        interpret::apply_margins(manifest, &mut scores);
        let mut labelled = interpret::label_map(manifest, &scores, &prepared, &scan.volume)?;
        let cuts = coverage::cuts(manifest, &labelled.map);
        let certainty = Certainty { scores: &scores, grid: &prepared.grid };
        // What is dropped for being uncertain still counts, unless it is a piece that counts.
        let all = interpret::marked(manifest, &certainty, &labelled.map, false);
        interpret::refine(manifest, &certainty, &scan.volume, &mut labelled);
        let Labelled { map: segmentation, masks, left_out } = labelled;
        steps.extend(left_out.steps(&segmentation));
        let mut concerns = left_out.warnings(&segmentation, &certainty);
        concerns.extend(cuts.iter().map(|cut| cut.words.clone()));
        let pieces = interpret::marked(manifest, &certainty, &segmentation, true);
        let marked: Vec<_> = all.into_iter().zip(pieces).map(|(all, piece)| piece.or(all)).collect();
        let labels = interpret::volumes(manifest, &segmentation, masks);
        let (places, places_in_all) = places::places(manifest, &segmentation, &prepared.alignment);
        let shift_mm = interpret::midline_shift(manifest, &scores, &prepared);
        let probabilities = interpret::probabilities(manifest, &labels, &scores, &marked, shift_mm);
        clock.lap("interpret");
        let without_shift = manifest.midline.is_some() && shift_mm.is_none();
        let report = Report {
            app: App::default(),
            disclaimer: DISCLAIMER.to_owned(),
            // The report travels; the file's name, which may be a person's, does not.
            scan: ScanInfo { name: String::new(), ..scan_info(scan) },
            model: model.info(),
            adapter,
            alignment: prepared.alignment.clone(),
            preprocessing: steps,
            warnings: warnings(
                &suitability,
                doubt,
                [notes, concerns].concat(),
                without_shift,
                &prepared.alignment,
            ),
            overridden,
            probabilities,
            asymmetry: interpret::asymmetry(&labels, |value| {
                cuts.iter().any(|cut| cut.labels.contains(&value))
            }),
            measures: interpret::measures(manifest, &segmentation, &scores, shift_mm),
            labels,
            places,
            places_in_all,
            timing: clock.timing,
        };
        Ok(Findings { report, segmentation })
    }
}

/// Says which stage begins, unless it is not wanted any more.
async fn begin(monitor: &mut impl Monitor, stage: &'static str, text: &str) -> Result<(), RunError> {
    monitor.step(Step { stage, done: 0, total: 1, text: text.to_owned() });
    if monitor.proceed().await { Ok(()) } else { Err(RunError::Cancelled) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Silent, phantom_scan};

    #[test]
    fn a_size_that_no_head_has_is_not_offered_to_be_run_anyway() {
        let manifest = Manifest::from_json(include_str!("../tests/tiny-manifest.json")).unwrap();
        let engine = Engine::cpu(None);
        let model = LoadedModel::of_chance(manifest, &engine).unwrap();
        let mut scan = phantom_scan();
        scan.volume.grid.affine.linear = [[1e-3, 0.0, 0.0], [0.0, 1e-3, 0.0], [0.0, 0.0, 1e-3]];
        for ignore_warnings in [false, true] {
            let options = Options { ignore_warnings };
            let found = pollster::block_on(run(&scan, &model, &engine, options, &mut Silent));
            assert_eq!(found.unwrap_err().kind(), "no_head");
        }
    }

    #[test]
    fn warnings_say_what_was_overridden_and_what_is_missing() {
        let suitability =
            Suitability { refusals: vec![Concern::Constant], warnings: vec![Concern::ThickSlices(5.0)] };
        let alignment = Alignment::not_found([0.0; 3], "not aligned".to_owned());
        let doubt = Some(Mismatch::Refuses("it is a T2".to_owned()));
        let all = warnings(&suitability, doubt, vec!["lost".to_owned()], true, &alignment);
        assert_eq!(
            all,
            [
                "slices are 5.0 mm thick: small structures and volumes are less certain",
                "run although every voxel has the same value",
                "run although it is a T2",
                "lost",
                "the midline shift was not measured: septum or falx were not found",
                "not aligned; left-right comparisons are less certain",
            ]
        );
    }
}

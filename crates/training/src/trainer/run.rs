//! A run from its recipe to its model folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use burn::tensor::Device;

use super::{
    Example, Feed, HeadSource, HeldOut, Session, Source, StepReport, TrainError, mean_foreground, rate, used,
};
use crate::checkpoint;
use crate::metrics::{Log, Record, curve};
use crate::recipe::Recipe;

/// Steps per metrics record.
const RECORD_EVERY: u64 = 20;

/// Where and how to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of the run: `checkpoint/`, `model/`, `metrics.jsonl`, `curve.svg`.
    pub out: PathBuf,
    /// Go on from the folder's checkpoint, if it has one.
    pub resume: bool,
    /// The device to train on, without automatic differentiation.
    pub device: Device,
}

/// Sees every metrics record before it is written, and may say why training must stop.
pub type Report<'a> = dyn FnMut(&Record) -> Result<(), String> + 'a;

/// Trains until the recipe's budget is used up.
///
/// # Errors
/// If data, checkpoint or files fail, training diverges, or `report` stops it.
pub fn train(recipe: &Recipe, options: &Options, report: &mut Report<'_>) -> Result<(), TrainError> {
    let out = &options.out;
    std::fs::create_dir_all(out).map_err(|e| TrainError::io(out, e))?;
    if checkpoint::exists(out) && !options.resume {
        return Err(TrainError::Occupied { path: out.clone() });
    }
    let cache = out.parent().unwrap_or(out);
    let [training, validation] = HeadSource::pair(recipe, cache)?;
    // Windows as at the end of the training: smaller ones tell another story.
    let held_out = HeldOut::draw(&validation.with_windows(recipe.data.crop_at(1.0)), recipe);
    let session = open(recipe, held_out.examples(), options)?;
    training.fill()?;
    let log_path = out.join("metrics.jsonl");
    let log = Log::open(&log_path).map_err(|e| TrainError::io(&log_path, e))?;
    let started = session.seconds;
    Run { recipe, out, held_out, session, log, report, clock: Instant::now(), started }.go(&training)
}

fn open(recipe: &Recipe, held_out: &[Example], options: &Options) -> Result<Session, TrainError> {
    let session = Session::new(recipe, held_out, &options.device.clone().autodiff())?;
    if checkpoint::exists(&options.out) { checkpoint::resume(session, &options.out) } else { Ok(session) }
}

struct Run<'a> {
    recipe: &'a Recipe,
    out: &'a Path,
    held_out: HeldOut,
    session: Session,
    log: Log,
    report: &'a mut Report<'a>,
    clock: Instant,
    started: f64,
}

impl Run<'_> {
    fn go(mut self, source: &HeadSource) -> Result<(), TrainError> {
        let data = &self.recipe.data;
        let mut crop = data.crop_at(used(self.recipe.budget, self.session.step, self.session.seconds));
        let mut feed = self.feed(source, crop);
        let mut means = Means::default();
        let [mut looked, mut saved] = [self.session.seconds; 2];
        loop {
            let used = used(self.recipe.budget, self.session.step, self.session.seconds);
            if used >= 1.0 {
                break;
            }
            if data.crop_at(used) != crop {
                crop = data.crop_at(used);
                feed = self.feed(source, crop);
            }
            let rate = rate(&self.recipe.optimiser, used);
            let before = self.clock.elapsed().as_secs_f64();
            let batch = self.session.batch(&feed.take(data.batch))?;
            let waited = self.clock.elapsed().as_secs_f64() - before;
            let step = self.session.step(&batch, rate)?;
            self.session.seconds = self.started + self.clock.elapsed().as_secs_f64();
            means.add(&step, self.clock.elapsed().as_secs_f64() - before, waited);
            if self.session.step.is_multiple_of(RECORD_EVERY) {
                let record = std::mem::take(&mut means).record(&self.session, rate);
                self.write(&record)?;
            }
            if self.session.seconds - looked >= 60.0 * self.recipe.validation.minutes {
                self.look()?;
                looked = self.session.seconds;
            }
            if self.session.seconds - saved >= 60.0 * self.recipe.validation.checkpoint_minutes {
                self.save()?;
                saved = self.session.seconds;
            }
        }
        self.look()?;
        self.save()
    }

    /// Examples from the next step on.
    fn feed(&self, source: &HeadSource, crop: [usize; 3]) -> Feed {
        let data = &self.recipe.data;
        let source = Arc::new(source.with_windows(crop)) as Arc<dyn Source>;
        Feed::start(&source, self.recipe.seed, self.session.step * data.batch as u64, data.threads)
    }

    fn write(&mut self, record: &Record) -> Result<(), TrainError> {
        (self.report)(record).map_err(TrainError::Stopped)?;
        self.log.write(record).map_err(|e| TrainError::io(self.out, e))
    }

    fn look(&mut self) -> Result<(), TrainError> {
        let device = self.session.device().clone().inner();
        let dice = self.held_out.dice(self.session.averaged(), self.recipe, &device);
        self.write(&Record::Validation {
            step: self.session.step,
            minutes: self.session.seconds / 60.0,
            mean_dice: mean_foreground(&dice),
            dice,
        })
    }

    fn save(&mut self) -> Result<(), TrainError> {
        checkpoint::save(&self.session, self.out)?;
        checkpoint::export(self.session.averaged(), self.recipe, &self.out.join("model"))?;
        let path = self.out.join("curve.svg");
        let records = self.log.records().map_err(|e| TrainError::io(self.out, e))?;
        std::fs::write(&path, curve(&records)).map_err(|e| TrainError::io(&path, e))
    }
}

/// Sums over steps.
#[derive(Default)]
struct Means {
    steps: f64,
    loss: f64,
    parts: BTreeMap<String, f64>,
    norm: f64,
    seconds: f64,
    waited: f64,
}

impl Means {
    fn add(&mut self, step: &StepReport, seconds: f64, waited: f64) {
        self.steps += 1.0;
        self.loss += f64::from(step.loss);
        self.norm += f64::from(step.norm);
        self.seconds += seconds;
        self.waited += waited;
        for (name, value) in &step.parts {
            *self.parts.entry((*name).to_owned()).or_default() += f64::from(*value);
        }
    }

    fn record(self, session: &Session, rate: f64) -> Record {
        let mean = |sum: f64| sum / self.steps.max(1.0);
        Record::Steps {
            step: session.step,
            minutes: session.seconds / 60.0,
            rate,
            loss: mean(self.loss),
            parts: self.parts.iter().map(|(name, sum)| (name.clone(), mean(*sum))).collect(),
            norm: mean(self.norm),
            seconds_per_step: mean(self.seconds),
            waiting: mean(self.waited),
        }
    }
}

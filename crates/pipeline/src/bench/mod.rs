//! Speed and agreement of the networks on a device, by a fixed suite (`docs/benchmark.md` is its method).

mod ceiling;
mod logits;
mod options;
mod profile;
mod ready;
mod result;
mod subject;
#[cfg(test)]
mod tests;
mod way;

pub use ceiling::Ceiling;
pub use options::{BenchOptions, Entry, Network};
pub use profile::{PassTime, Profile};
pub use result::{Bench, Failed, Measurement, SUITE};
pub use subject::BenchModel;
pub use way::Unavailable;

use burn::tensor::Device;
use saswin_kernels::check::relative_l2;
use saswin_kernels::held_bytes;
use saswin_model::Room;

use crate::{Engine, Monitor, RunError, Step};
use logits::Logits;
use ready::Ready;
use subject::Subject;
use way::Way;

/// Runs the suite on `engine`. `known` is what the device reaches at best, if that was measured before.
///
/// # Errors
/// If the ceilings cannot be measured, or the monitor stops it. A subject that fails is among the results.
pub async fn bench(
    engine: &Engine,
    options: BenchOptions,
    known: Option<Ceiling>,
    monitor: &mut impl Monitor,
) -> Result<Bench, RunError> {
    options.check()?;
    let entries = options.entries();
    let ceiling = match known {
        Some(ceiling) => Some(ceiling),
        None => ceiling(engine, &options).await?,
    };
    let mut bench = Bench { ceiling, ..Bench::empty(engine, options) };
    for (done, entry) in entries.iter().enumerate() {
        let Entry { network, feature, precision } = entry;
        let text = format!("{network:?}, feature size {feature}, {precision:?}");
        monitor.step(Step { stage: "bench", done, total: entries.len(), text });
        if !monitor.proceed().await {
            return Err(RunError::Cancelled);
        }
        let measured = measure_random(engine, &bench.options, ceiling, *entry).await;
        bench.add(*entry, measured);
    }
    Ok(bench)
}

/// Runs a model's own weights on `engine`.
///
/// # Errors
/// If its network cannot be built, or the device fails.
pub async fn bench_model(
    engine: &Engine,
    options: BenchOptions,
    model: &BenchModel<'_>,
) -> Result<Bench, RunError> {
    options.check()?;
    let subject = Subject::of_model(model, options.side)?;
    let ceiling = ceiling(engine, &options).await?;
    let mut bench = Bench::new(engine, options, &model.manifest.name, ceiling);
    bench.measurements = measure(engine, &bench.options, ceiling, &subject).await?;
    Ok(bench)
}

async fn ceiling(engine: &Engine, options: &BenchOptions) -> Result<Option<Ceiling>, RunError> {
    if options.ceiling { Ceiling::measure(engine).await.map(Some) } else { Ok(None) }
}

async fn measure_random(
    engine: &Engine,
    options: &BenchOptions,
    ceiling: Option<Ceiling>,
    entry: Entry,
) -> Result<Vec<Measurement>, RunError> {
    // A device that failed computes nothing more.
    if let Some(trouble) = engine.watch.trouble().cloned() {
        return Err(RunError::Device { trouble, place: "an earlier measurement".to_owned() });
    }
    let subject = Subject::random(entry, options.side)?;
    measure(engine, options, ceiling, &subject).await
}

/// All ways of computing one network, taking turns so that a busy machine burdens them alike.
async fn measure(
    engine: &Engine,
    options: &BenchOptions,
    ceiling: Option<Ceiling>,
    subject: &Subject,
) -> Result<Vec<Measurement>, RunError> {
    let memory = subject.memory(engine.room());
    engine.accommodates(&memory)?;
    engine.device.memory_cleanup();
    let expected = match options.agreement {
        true => Some(Ready::new(subject, Way::Plain, &Device::flex(), Room::ANY)?.run(engine).await?.0),
        false => None,
    };
    let ready = |way| Ready::new(subject, way, &engine.device, engine.room());
    let ready: Vec<Ready> =
        Way::all(options, subject, engine).into_iter().map(ready).collect::<Result<_, _>>()?;
    let mut runs = Vec::new();
    for ready in &ready {
        let (logits, cold_ms) = ready.run(engine).await?;
        runs.push(Runs { logits, cold_ms, times: Vec::new() });
    }
    for _ in 0..options.runs {
        for (ready, runs) in ready.iter().zip(&mut runs) {
            runs.times.push(ready.run(engine).await?.1);
        }
    }
    let held_bytes = held_bytes(&engine.device);
    let gflop = subject.gflop();
    let mut all = Vec::new();
    for (ready, mut runs) in ready.iter().zip(runs) {
        runs.times.sort_by(f64::total_cmp);
        let median_ms = runs.median();
        let gflops = gflop.map(|gflop| gflop / median_ms * 1000.0);
        let profile = if options.profile { ready.profile(engine).await? } else { None };
        let gbps = profile.as_ref().map(|profile| profile.gigabytes() / median_ms * 1000.0);
        let against = expected.as_ref();
        all.push(Measurement {
            entry: subject.entry,
            route: ready.way.name(),
            cold_ms: runs.cold_ms,
            median_ms,
            min_ms: runs.at(0),
            max_ms: runs.at(runs.times.len().saturating_sub(1)),
            gflop,
            gflops,
            share: gflops.zip(ceiling).map(|(gflops, ceiling)| gflops / ceiling.gflops),
            gbps,
            bandwidth_share: gbps.zip(ceiling).map(|(gbps, ceiling)| gbps / ceiling.gbps),
            planned_bytes: memory.peak,
            planned_largest_bytes: memory.largest,
            held_bytes,
            profile,
            relative_l2: against.map(|expected| relative_l2(&expected.values, &runs.logits.values)),
            same_argmax: against.filter(|e| e.classes > 1).map(|expected| runs.logits.same_argmax(expected)),
        });
    }
    Ok(all)
}

/// What one way of computing took and made.
struct Runs {
    logits: Logits,
    cold_ms: f64,
    /// Milliseconds of the timed runs.
    times: Vec<f64>,
}

impl Runs {
    /// Of an even number of runs, the mean of the two in the middle.
    fn median(&self) -> f64 {
        let count = self.times.len();
        f64::midpoint(self.at(count.saturating_sub(1) / 2), self.at(count / 2))
    }

    fn at(&self, index: usize) -> f64 {
        self.times.get(index).copied().unwrap_or(self.cold_ms)
    }
}

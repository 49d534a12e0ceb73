//! The network over the volume, whatever its device does.

use std::rc::Rc;

use crate::{
    Adapter, DeviceTrouble, Engine, Inference, LoadedModel, Monitor, Prepared, RunError, Scores, Step, Wanted,
};

/// Smallest window side that a step down may reach, voxels.
const SMALLEST_SIDE: usize = 64;
/// What window sides are multiples of.
const SIDE_STEP: usize = 32;

/// A device with a model on it.
#[derive(Debug, Clone)]
pub struct Rig {
    /// The device.
    pub engine: Rc<Engine>,
    /// The model, its weights on that device.
    pub model: Rc<LoadedModel>,
}

/// What the network found, and what its devices went through.
pub(crate) struct Computed {
    pub scores: Scores,
    /// The device that finished.
    pub adapter: Adapter,
    /// One sentence for every time a device failed.
    pub notes: Vec<String>,
}

/// How to go on after trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    /// Another GPU device; finished windows stay.
    Again,
    /// Another GPU device, from the start with smaller windows.
    Smaller([usize; 3]),
    /// The CPU; finished windows stay.
    Cpu,
}

/// Runs all windows. A lost device is replaced and the run goes on at the window it was at; where memory runs
/// out the windows become smaller; a device that fails again at the same window, or refuses a program, gives
/// way to the CPU. Every such step is told.
///
/// # Errors
/// If the monitor stops it, has no other device, or an output is not a result.
pub(crate) async fn compute(
    model: &LoadedModel,
    engine: &Engine,
    prepared: &Prepared,
    monitor: &mut impl Monitor,
) -> Result<Computed, RunError> {
    let mut inference = Inference::new(model, prepared, model.manifest.preprocessing.roi)?;
    let mut replaced: Option<Rig> = None;
    let mut failed_at = None;
    let mut notes = Vec::new();
    loop {
        let (engine, model) = replaced.as_ref().map_or((engine, model), |rig| (&*rig.engine, &*rig.model));
        let error = match inference.advance(model, engine, monitor).await {
            Ok(()) => {
                let adapter = Adapter { precision: model.precision().to_owned(), ..engine.adapter.clone() };
                return Ok(Computed { scores: inference.finish(), adapter, notes });
            }
            Err(error) => error,
        };
        let RunError::Device { trouble, .. } = &error else { return Err(error) };
        if engine.adapter.backend == "cpu" {
            return Err(error);
        }
        let again = failed_at.replace(inference.done()) == Some(inference.done());
        let remedy = remedy(trouble, inference.roi(), again);
        let wanted = if remedy == Remedy::Cpu { Wanted::Cpu } else { Wanted::Gpu };
        let Some(rig) = monitor.replace(wanted).await else { return Err(error) };
        let note = sentence(trouble, remedy, &inference, &rig.engine);
        if let Remedy::Smaller(roi) = remedy {
            inference = Inference::new(&rig.model, prepared, roi)?;
            // Other windows: none of them has failed yet.
            failed_at = None;
        }
        let (done, total) = (inference.done(), inference.total());
        monitor.step(Step { stage: "network", done, total, text: note.clone() });
        notes.push(note);
        replaced = Some(rig);
    }
}

/// What to do about `trouble` with windows of `roi`; `again` if the same window failed before.
fn remedy(trouble: &DeviceTrouble, roi: [usize; 3], again: bool) -> Remedy {
    match trouble {
        DeviceTrouble::OutOfMemory => smaller(roi).map_or(Remedy::Cpu, Remedy::Smaller),
        DeviceTrouble::Lost(_) if !again => Remedy::Again,
        _ => Remedy::Cpu,
    }
}

/// The next smaller window, or `None` where it would see too little of the head.
fn smaller(roi: [usize; 3]) -> Option<[usize; 3]> {
    let next = roi.map(|side| if side > SMALLEST_SIDE { side - SIDE_STEP } else { side });
    (next != roi).then_some(next)
}

/// What happened, and how the run goes on, on `engine`.
fn sentence(trouble: &DeviceTrouble, remedy: Remedy, inference: &Inference<'_>, engine: &Engine) -> String {
    let (at, total) = (inference.done() + 1, inference.total());
    let place = if engine.adapter.backend == "cpu" { "the CPU" } else { "a new one" };
    match remedy {
        Remedy::Smaller([x, y, z]) => {
            format!("{trouble}; windows of {x}×{y}×{z} voxels were used instead, which see less at a time")
        }
        Remedy::Again | Remedy::Cpu => {
            format!("{trouble}; the run went on at window {at} of {total} on {place}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_device_is_replaced_once_per_window() {
        let lost = DeviceTrouble::Lost("reset".to_owned());
        assert_eq!(remedy(&lost, [96; 3], false), Remedy::Again);
        assert_eq!(remedy(&lost, [96; 3], true), Remedy::Cpu);
    }

    #[test]
    fn full_memory_steps_down_to_the_cpu() {
        let mut roi = [128, 96, 64];
        let mut sides = Vec::new();
        while let Remedy::Smaller(next) = remedy(&DeviceTrouble::OutOfMemory, roi, true) {
            sides.push(next);
            roi = next;
        }
        assert_eq!(sides, [[96, 64, 64], [64, 64, 64]]);
    }

    #[test]
    fn a_refused_program_goes_to_the_cpu_at_once() {
        assert_eq!(remedy(&DeviceTrouble::Shader(String::new()), [96; 3], false), Remedy::Cpu);
        assert_eq!(remedy(&DeviceTrouble::Invalid(String::new()), [96; 3], false), Remedy::Cpu);
    }
}

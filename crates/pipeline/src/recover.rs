//! The network over the volume, whatever its device does.

use std::fmt::Display;
use std::rc::Rc;

use saswin_volume::windows::WindowError;

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
    /// The device that finished, with the arithmetic of all that took part.
    pub adapter: Adapter,
    /// One sentence for every time a device failed or was too small.
    pub notes: Vec<String>,
}

/// How to go on after trouble, or before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Another GPU device; finished windows stay.
    Again,
    /// From the start with smaller windows, on another GPU device if one failed.
    Smaller([usize; 3]),
    /// The CPU; finished windows stay.
    Cpu,
}

/// A run on its way.
struct Course<'a> {
    prepared: &'a Prepared,
    inference: Inference<'a>,
    /// What replaced the device that the run began with.
    rig: Option<Rig>,
    /// How the windows that count were computed.
    arithmetic: Vec<&'static str>,
    notes: Vec<String>,
}

impl<'a> Course<'a> {
    fn new(model: &LoadedModel, prepared: &'a Prepared) -> Result<Self, WindowError> {
        let inference = Inference::new(model, prepared, model.manifest.preprocessing.roi)?;
        Ok(Self { prepared, inference, rig: None, arithmetic: Vec::new(), notes: Vec::new() })
    }

    /// Runs windows until all are done or the device fails.
    async fn advance(
        &mut self,
        model: &LoadedModel,
        engine: &Engine,
        monitor: &mut impl Monitor,
    ) -> Result<(), RunError> {
        let before = self.inference.done();
        let result = self.inference.advance(model, engine, monitor).await;
        let how = model.precision();
        if self.inference.done() > before && !self.arithmetic.contains(&how) {
            self.arithmetic.push(how);
        }
        result
    }

    /// Goes on after `what` as `remedy` says, on `rig` if the device is another one.
    fn turn(
        &mut self,
        what: &impl Display,
        remedy: Remedy,
        rig: Option<Rig>,
        model: &LoadedModel,
        monitor: &mut impl Monitor,
    ) -> Result<(), RunError> {
        let cpu = rig.as_ref().is_some_and(|rig| rig.engine.adapter.backend == "cpu");
        let note = sentence(what, remedy, &self.inference, cpu);
        if let Remedy::Smaller(roi) = remedy {
            self.inference = Inference::new(model, self.prepared, roi)?;
            self.arithmetic.clear();
        }
        let (done, total) = (self.inference.done(), self.inference.total());
        monitor.step(Step { stage: "network", done, total, text: note.clone() });
        self.notes.push(note);
        self.rig = rig.or(self.rig.take());
        Ok(())
    }

    fn finish(self, engine: &Engine) -> Computed {
        let mut adapter = engine.adapter.clone();
        adapter.precision = self.arithmetic.join(" and ");
        Computed { scores: self.inference.finish(), adapter, notes: self.notes }
    }
}

/// Runs all windows. Where they are known not to fit, or memory runs out, they become smaller; a lost device is replaced
/// and the run goes on at the window it was at; a device that fails again at the same window, refuses a program, or
/// holds not even the smallest windows, gives way to the CPU. Every such step is told.
///
/// # Errors
/// If the monitor stops it, has no other device, or an output is not a result.
pub(crate) async fn compute(
    model: &LoadedModel,
    engine: &Engine,
    prepared: &Prepared,
    monitor: &mut impl Monitor,
) -> Result<Computed, RunError> {
    let mut course = Course::new(model, prepared)?;
    if let Some((error, remedy)) = shortage(model, engine) {
        let rig = if remedy == Remedy::Cpu { monitor.replace(Wanted::Cpu).await } else { None };
        if remedy == Remedy::Cpu && rig.is_none() {
            return Err(error);
        }
        course.turn(&error, remedy, rig, model, monitor)?;
    }
    let mut failed_at = None;
    loop {
        let rig = course.rig.clone();
        let (engine, model) = rig.as_ref().map_or((engine, model), |rig| (&*rig.engine, &*rig.model));
        let error = match course.advance(model, engine, monitor).await {
            Ok(()) => return Ok(course.finish(engine)),
            Err(error) => error,
        };
        let RunError::Device { trouble, .. } = &error else { return Err(error) };
        if engine.adapter.backend == "cpu" {
            return Err(error);
        }
        let done = course.inference.done();
        let again = failed_at.replace(done) == Some(done);
        let remedy = remedy(trouble, course.inference.roi(), again);
        let wanted = if remedy == Remedy::Cpu { Wanted::Cpu } else { Wanted::Gpu };
        let Some(rig) = monitor.replace(wanted).await else { return Err(error) };
        course.turn(trouble, remedy, Some(rig), model, monitor)?;
        if let Remedy::Smaller(_) = remedy {
            // Other windows: none of them has failed yet.
            failed_at = None;
        }
    }
}

/// Why windows of the manifest's size do not fit on `engine`, and what to do about it; nothing if they do.
pub(crate) fn shortage(model: &LoadedModel, engine: &Engine) -> Option<(RunError, Remedy)> {
    let own = model.manifest.preprocessing.roi;
    let fits = |roi: [usize; 3]| engine.accommodates(&model.memory(engine, roi));
    let error = fits(own).err()?;
    let mut rest = std::iter::successors(smaller(own), |roi| smaller(*roi));
    let remedy = rest.find(|roi| fits(*roi).is_ok()).map_or(Remedy::Cpu, Remedy::Smaller);
    Some((error, remedy))
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

/// What happened, and how the run goes on: on another device, which is the CPU or not.
fn sentence(what: &impl Display, remedy: Remedy, inference: &Inference<'_>, cpu: bool) -> String {
    let (at, total) = (inference.done() + 1, inference.total());
    let place = if cpu { "the CPU" } else { "a new one" };
    match remedy {
        Remedy::Smaller([x, y, z]) => {
            format!("{what}; windows of {x}×{y}×{z} voxels were used instead, which see less at a time")
        }
        Remedy::Again | Remedy::Cpu => {
            format!("{what}; the run went on at window {at} of {total} on {place}")
        }
    }
}

#[cfg(test)]
mod tests {
    use saswin_model::Manifest;

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
    fn what_is_known_not_to_fit_steps_down_as_what_fails() {
        let mut manifest = Manifest::from_json(include_str!("../tests/tiny-manifest.json")).unwrap();
        manifest.preprocessing.roi = [96; 3];
        let engine = |mebibytes| Engine::cpu(None).with_max_buffer(Some(mebibytes));
        let model = LoadedModel::of_chance(manifest, &engine(5)).unwrap();
        let remedy = |mebibytes| shortage(&model, &engine(mebibytes)).map(|(_, remedy)| remedy);
        assert_eq!([5, 8, 32].map(remedy), [Some(Remedy::Cpu), Some(Remedy::Smaller([64; 3])), None]);
        let (error, _) = shortage(&model, &engine(8)).unwrap();
        assert_eq!(error.kind(), "memory");
        assert!(error.to_string().contains("the device takes 8 MiB"), "{error}");
    }

    #[test]
    fn a_refused_program_goes_to_the_cpu_at_once() {
        assert_eq!(remedy(&DeviceTrouble::Shader(String::new()), [96; 3], false), Remedy::Cpu);
        assert_eq!(remedy(&DeviceTrouble::Invalid(String::new()), [96; 3], false), Remedy::Cpu);
    }
}

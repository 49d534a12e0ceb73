//! How a run tells of its progress, learns that it should stop, and gets another device or help.

use crate::Rig;
use crate::crew::SharedCrew;

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Stage, e.g. `network`.
    pub stage: &'static str,
    /// Parts finished.
    pub done: usize,
    /// Parts in all.
    pub total: usize,
    /// Plain words.
    pub text: String,
}

/// What a run needs in place of a device that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A fresh GPU device.
    Gpu,
    /// The CPU.
    Cpu,
}

/// Watches a run. The page posts messages, the command line prints a line.
pub trait Monitor {
    /// A step begins or ends.
    fn step(&mut self, step: Step);

    /// Gives other work a turn, then says whether to go on.
    fn proceed(&mut self) -> impl Future<Output = bool>;

    /// Another device with the run's model on it, or `None` to let the run fail.
    fn replace(&mut self, _: Wanted) -> impl Future<Output = Option<Rig>> {
        async { None }
    }

    /// Others who may run the `windows` that are left, or `None` to run them alone.
    fn crew(&mut self, _windows: usize) -> impl Future<Output = Option<SharedCrew>> {
        async { None }
    }
}

/// Watches nothing and never stops.
#[derive(Debug, Default, Clone, Copy)]
pub struct Silent;

impl Monitor for Silent {
    fn step(&mut self, _: Step) {}

    async fn proceed(&mut self) -> bool {
        true
    }
}

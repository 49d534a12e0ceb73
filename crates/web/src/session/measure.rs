//! What the worker measures of itself: agreement of the shaders, fidelity to the reference, speed.

use saswin_kernels::check::{TOLERANCE, agreement};
use saswin_model::fidelity::compare;
use saswin_pipeline::{Bench, BenchOptions, Ceiling, bench};

use super::State;
use crate::monitor::PageMonitor;
use crate::protocol::{Failure, Reply};

impl State {
    pub(super) async fn selftest(&self) -> Result<Reply, Failure> {
        let engine = self.sound_engine().await?;
        let agreements = agreement(&engine.device, &engine.adapter.capabilities().ways())
            .await
            .map_err(|e| Failure::new("device_lost", e.to_string(), "Use ?backend=cpu."))?;
        let checks = agreements.into_iter().map(Into::into).collect();
        Ok(Reply::Selftest { adapter: engine.adapter.clone(), tolerance: TOLERANCE, checks })
    }

    pub(super) async fn suite(&self, options: BenchOptions) -> Result<Reply, Failure> {
        let engine = self.sound_engine().await?;
        let entries = options.entries();
        Ok(Reply::Suite { entries, bench: Box::new(Bench::empty(&engine, options)) })
    }

    pub(super) async fn bench(
        &self,
        id: f64,
        options: BenchOptions,
        ceiling: Option<Ceiling>,
    ) -> Result<Reply, Failure> {
        let engine = self.sound_engine().await?;
        let bench = bench(&engine, options, ceiling, &mut PageMonitor { state: self, id }).await?;
        Ok(Reply::Bench { bench: Box::new(bench) })
    }

    /// Compares a network with a fixture of the reference, stage by stage.
    pub(super) async fn fidelity(&self, fixture: &[u8]) -> Result<Reply, Failure> {
        let engine = self.sound_engine().await?;
        let stages = compare(fixture, &engine.device)
            .await
            .map_err(|e| Failure::new("fidelity", e.to_string(), "Take a fixture of tests/golden."))?;
        let stages = stages.into_iter().map(Into::into).collect();
        Ok(Reply::Fidelity { adapter: engine.adapter.clone(), stages })
    }
}

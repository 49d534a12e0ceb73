//! A run of a model on the scan on screen.

use std::rc::Rc;

use saswin_pipeline::{Findings, LoadedModel, Options, Reading, SharedCrew, nifti_options};
use saswin_scan_io::{Scan, write_nifti_u8};
use serde_bytes::ByteBuf;

use super::State;
use crate::crew::PageCrew;
use crate::models;
use crate::monitor::PageMonitor;
use crate::protocol::{Failure, Reply};

/// What a model read of a scan that it did not learn from.
pub(super) struct Refused {
    scan: Rc<Scan>,
    model: Rc<LoadedModel>,
    reading: Reading,
}

impl State {
    pub(super) async fn run(&self, id: f64, model: &str, ignore_warnings: bool) -> Result<Reply, Failure> {
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

    /// Helpers for the run under way. Weights of one's own are held on the device alone, so they run without.
    pub(crate) fn hire(&self, windows: usize) -> Option<SharedCrew> {
        let model = self.model.borrow().clone().filter(|m| m.manifest.name == *self.current.borrow())?;
        let held = (&model.manifest, &**self.weights.borrow());
        let crew = PageCrew::hire(&self.helpers, held, windows, self.most_helpers.get())?;
        Some(Rc::new(crew))
    }
}

//! The models on offer, the one that is loaded and the one that was imported.

use std::rc::Rc;

use saswin_model::Manifest;
use saswin_model::import::{Declaration, import};
use saswin_pipeline::{Engine, LoadedModel, warm};

use super::State;
use crate::models;
use crate::protocol::{Failure, FileBytes, Reply};

impl State {
    pub(super) async fn import(&self, files: Vec<FileBytes>, said: &Declaration) -> Result<Reply, Failure> {
        let missing = |what: &str| Failure::new("parameter", what, "Reload the page and try again.");
        let engine = self.sound_engine().await?;
        let file = files.into_iter().next().ok_or_else(|| missing("there is no file to import"))?;
        let mut import = import(&file.name, &file.bytes, said)?;
        let notes = std::mem::take(&mut import.notes);
        let model = LoadedModel::imported(import, &engine)?;
        let reply = Reply::Imported {
            model: models::imported_offer(&model),
            summary: model.manifest.architecture.summary(),
            notes,
        };
        self.imported.replace(Some(Rc::new(model)));
        Ok(reply)
    }

    pub(super) async fn keep(&self, id: f64, name: &str) -> Result<Reply, Failure> {
        let manifest = self.manifest(name)?;
        models::keep(&manifest, |done| self.told_loading(id, &manifest, done)).await?;
        Ok(Reply::Kept)
    }

    pub(super) async fn warm(&self, name: &str) -> Result<Reply, Failure> {
        let (manifest, engine) = (self.manifest(name)?, self.engine.borrow().clone());
        let loaded = self.model.borrow().as_ref().is_some_and(|model| model.manifest.name == name);
        if let Some(engine) = engine.filter(|_| !loaded) {
            warm(&manifest, &engine).await?;
        }
        Ok(Reply::Warm)
    }

    pub(super) fn manifest(&self, name: &str) -> Result<Manifest, Failure> {
        let found = self.manifests.borrow().iter().find(|m| m.name == name).cloned();
        // The page knows by the kind that imported weights went with their device, and brings them again. Their name is
        // that of a file, which no message tells.
        found.ok_or_else(|| {
            Failure::new("no_model", "the chosen model is not loaded".to_owned(), "Choose another model.")
        })
    }

    pub(super) async fn model(
        &self,
        id: f64,
        name: &str,
        engine: &Engine,
    ) -> Result<Rc<LoadedModel>, Failure> {
        for held in [&self.imported, &self.model] {
            if let Some(model) = held.borrow().as_ref().filter(|m| m.manifest.name == name) {
                return Ok(Rc::clone(model));
            }
        }
        let manifest = self.manifest(name)?;
        let go_on = |done| self.told_loading(id, &manifest, done);
        let weights = models::weights(&manifest, go_on).await?;
        let model = Rc::new(LoadedModel::new(manifest.clone(), 0, &weights, engine)?);
        self.weights.replace(weights);
        self.model.replace(Some(Rc::clone(&model)));
        Ok(model)
    }

    /// Tells how much of a model has come; whether the rest is wanted.
    fn told_loading(&self, id: f64, manifest: &Manifest, done: usize) -> bool {
        self.send(id, &loading(manifest, done));
        !self.is_cancelled(id)
    }
}

fn loading(manifest: &Manifest, done: usize) -> Reply {
    let total = usize::try_from(manifest.files[0].bytes).unwrap_or(usize::MAX);
    let text = format!("Loading the model, {:.1} of {:.1} MB", done as f64 / 1e6, total as f64 / 1e6);
    Reply::Progress { stage: "model".to_owned(), done, total, text }
}

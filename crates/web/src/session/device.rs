//! The device that computes, and another one in place of one that failed.

use std::rc::Rc;

use saswin_pipeline::{Engine, Rig, Wanted};

use super::State;
use crate::protocol::{BackendChoice, Failure, Reply};
use crate::{adapter, models};

impl State {
    pub(super) async fn init(
        &self,
        backend: BackendChoice,
        max_buffer_mb: Option<u64>,
    ) -> Result<Reply, Failure> {
        self.choice.set(backend);
        self.max_buffer_mb.set(max_buffer_mb);
        let engine = adapter::open(backend, max_buffer_mb).await?;
        let adapter = engine.adapter.clone();
        self.engine.replace(Some(Rc::new(engine)));
        let manifests = models::list().await?;
        models::tidy(&manifests).await;
        let mut offers = Vec::new();
        for manifest in &manifests {
            offers.push(models::offer(manifest).await);
        }
        self.manifests.replace(manifests);
        Ok(Reply::Ready { adapter, version: env!("CARGO_PKG_VERSION"), models: offers })
    }

    /// The open device, or another one if it ever complained.
    pub(crate) async fn sound_engine(&self) -> Result<Rc<Engine>, Failure> {
        let open = self.engine.borrow().clone();
        let open =
            open.ok_or_else(|| Failure::new("parameter", "the device is not open", "Reload the page."))?;
        if open.watch.trouble().is_none() {
            return Ok(open);
        }
        open.close();
        let fresh = adapter::open(self.choice.get(), self.max_buffer_mb.get()).await?;
        let fresh = Rc::new(fresh);
        self.engine.replace(Some(Rc::clone(&fresh)));
        self.model.replace(None);
        self.imported.replace(None);
        Ok(fresh)
    }

    /// Another device in place of one that failed, with the model of the last run on it. `?backend=webgpu`
    /// never falls back to the CPU.
    pub(crate) async fn replace_device(&self, id: f64, wanted: Wanted) -> Option<Rig> {
        let name = self.current.borrow().clone();
        self.model.replace(None);
        // Imported weights are kept nowhere here but on the device that is gone; the page still has their file.
        if self.imported.replace(None).is_some_and(|m| m.manifest.name == name) {
            return None;
        }
        // Its memory would be held beside the next one's. It stays here as one that complained.
        if let Some(old) = self.engine.borrow().as_ref() {
            old.close();
        }
        let gpu = match wanted {
            Wanted::Gpu => adapter::webgpu(self.max_buffer_mb.get()).await.ok(),
            Wanted::Cpu => None,
        };
        let engine = match gpu {
            Some(engine) => engine,
            None if self.choice.get() == BackendChoice::Webgpu => return None,
            None => Engine::cpu(Some("the graphics device failed in a run, or was too small".to_owned())),
        };
        let engine = Rc::new(engine);
        self.engine.replace(Some(Rc::clone(&engine)));
        let model = self.model(id, &name, &engine).await.ok()?;
        Some(Rig { engine, model })
    }
}

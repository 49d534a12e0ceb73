//! A network's programs, compiled before its weights are there.

use saswin_model::Manifest;

use crate::recover::{Remedy, shortage};
use crate::{DeviceTier, Engine, LoadedModel, RunError, WindowInput};

/// Runs the network of `manifest` on `engine` once, with weights and a window of chance, so that its programs are
/// compiled when a scan comes: drivers take seconds for that. The answer is dropped. The CPU compiles nothing, and a
/// software adapter would take the processor from whoever looks at the scan, so neither is bothered.
///
/// # Errors
/// If the network does not fit the device, or the device fails.
pub async fn warm(manifest: &Manifest, engine: &Engine) -> Result<(), RunError> {
    if engine.adapter.backend == "cpu" || engine.adapter.tier() == DeviceTier::Software {
        return Ok(());
    }
    let model = LoadedModel::of_chance(manifest.clone(), engine)?;
    let roi = match shortage(&model, engine) {
        Some((error, Remedy::Cpu)) => return Err(error),
        Some((_, Remedy::Smaller(roi))) => roi,
        Some((_, Remedy::Again)) | None => manifest.preprocessing.roi,
    };
    model.forward(engine, window(manifest, roi), "the window that compiles").await?;
    drop(model);
    engine.device.memory_cleanup();
    Ok(())
}

/// Numbers of no meaning; an even window would be nothing once normalised.
pub(crate) fn window(manifest: &Manifest, roi: [usize; 3]) -> WindowInput {
    let count = manifest.preprocessing.channels.len() * roi.iter().product::<usize>();
    let scan: Vec<f32> = (0..count).map(|i| (i % 17) as f32 / 17.0).collect();
    WindowInput { mirror: scan.clone(), scan, roi }
}

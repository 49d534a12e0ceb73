//! A network's programs, compiled before its weights are there.

use saswin_model::Manifest;

use crate::{Engine, LoadedModel, RunError, WindowInput};

/// Longest side of the window that a CPU tries, voxels: browsers compile loops better once they ran a while.
const CPU_SIDE: usize = 32;

/// Runs the network of `manifest` on `engine` once, with weights and a window of chance, so that its programs are
/// compiled when a scan comes: drivers take seconds for that. The answer is dropped. On the CPU the window is a small
/// one, so that nobody waits for it; a software adapter would take the processor from whoever looks at the scan, and
/// is left alone.
///
/// # Errors
/// If the network does not fit the device, or the device fails.
pub async fn warm(manifest: &Manifest, engine: &Engine) -> Result<(), RunError> {
    let roi = match (engine.adapter.backend.as_str(), engine.adapter.software) {
        ("cpu", _) => manifest.preprocessing.roi.map(|side| side.min(CPU_SIDE)),
        (_, false) => manifest.preprocessing.roi,
        (_, true) => return Ok(()),
    };
    let model = LoadedModel::of_chance(manifest.clone(), engine)?;
    if let Some(plan) = &model.memory {
        engine.accommodates(plan)?;
    }
    model.forward(engine, window(manifest, roi), "the window that compiles").await?;
    drop(model);
    engine.device.memory_cleanup();
    Ok(())
}

/// Numbers of no meaning; an even window would be nothing once normalised.
fn window(manifest: &Manifest, roi: [usize; 3]) -> WindowInput {
    let count = manifest.preprocessing.channels.len() * roi.iter().product::<usize>();
    let scan: Vec<f32> = (0..count).map(|i| (i % 17) as f32 / 17.0).collect();
    WindowInput { mirror: scan.clone(), scan, roi }
}

//! A WebGPU device whose errors outside of any call are noted.

use saswin_pipeline::{DeviceTrouble, Engine};

/// Opens another WebGPU device; see [`Engine::gpu`].
///
/// # Errors
/// If there is none.
pub async fn open(max_buffer: Option<u64>) -> Result<Engine, DeviceTrouble> {
    #[cfg(target_arch = "wasm32")]
    return Engine::gpu_watched(max_buffer, browser::note_errors).await;
    // Only lints and documentation build this crate for another target.
    #[cfg(not(target_arch = "wasm32"))]
    Engine::gpu(max_buffer).await
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use burn::tensor::wgpu::wgpu;
    use js_sys::Reflect;
    use saswin_pipeline::{DeviceTrouble, DeviceWatch};
    use wasm_bindgen::JsValue;
    use wasm_bindgen::closure::Closure;

    /// Reports what the browser says of `device` to `watch`. Set on the browser's own object, since wgpu
    /// panics at errors that it does not know, and a panic ends the worker.
    pub fn note_errors(device: &wgpu::Device, watch: &DeviceWatch) {
        let Some(handle) = device.as_webgpu() else { return };
        let watch = watch.clone();
        let report = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let error = Reflect::get(&event, &"error".into()).unwrap_or(JsValue::UNDEFINED);
            watch.report(trouble(&error));
        });
        let handle: &JsValue = handle.as_ref();
        let _ = Reflect::set(handle, &"onuncapturederror".into(), report.as_ref());
        // It lives as long as the device.
        report.forget();
    }

    fn trouble(error: &JsValue) -> DeviceTrouble {
        let text = |path: &[&str]| {
            let end = path.iter().try_fold(error.clone(), |at, key| Reflect::get(&at, &(*key).into()).ok());
            end.and_then(|value| value.as_string()).unwrap_or_default()
        };
        if text(&["constructor", "name"]) == "GPUOutOfMemoryError" {
            DeviceTrouble::OutOfMemory
        } else {
            DeviceTrouble::from_validation(&text(&["message"]))
        }
    }
}

//! The device that computes.

use burn::tensor::Device;

use crate::{Adapter, RunError};

/// A device and its name. Made once per process or worker.
#[derive(Debug, Clone)]
pub struct Engine {
    /// Where tensors live.
    pub device: Device,
    /// What the report says of it.
    pub adapter: Adapter,
}

impl Engine {
    /// The CPU. `reason` says why it was chosen, when it was not asked for.
    pub fn cpu(reason: Option<String>) -> Self {
        let adapter = Adapter {
            name: "CPU (burn flex)".to_owned(),
            backend: "cpu".to_owned(),
            software: true,
            reason,
            precision: "f32".to_owned(),
        };
        Self { device: Device::flex(), adapter }
    }

    /// A GPU through wgpu.
    ///
    /// # Errors
    /// If there is no adapter, it refuses a device, or this build has no GPU support.
    #[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
    pub async fn gpu() -> Result<Self, RunError> {
        let (device, setup) = Device::wgpu_options()
            .init_with_setup_async()
            .await
            .map_err(|e| RunError::Device(e.to_string()))?;
        let info = setup.adapter.get_info();
        let cpu_type = format!("{:?}", info.device_type) == "Cpu";
        let adapter = Adapter {
            software: cpu_type || is_software(&info.name),
            name: if info.name.is_empty() { "unnamed adapter".to_owned() } else { info.name },
            backend: if cfg!(target_arch = "wasm32") { "webgpu" } else { "wgpu" }.to_owned(),
            reason: None,
            precision: "f32".to_owned(),
        };
        Ok(Self { device, adapter })
    }

    /// A GPU through wgpu.
    ///
    /// # Errors
    /// Always: this build has no GPU support.
    #[cfg(not(any(feature = "wgpu", target_arch = "wasm32")))]
    pub async fn gpu() -> Result<Self, RunError> {
        Err(RunError::Device("this build has none; build with `--features wgpu`".to_owned()))
    }
}

/// Whether an adapter's name is that of a CPU emulation.
pub fn is_software(name: &str) -> bool {
    let name = name.to_lowercase();
    ["swiftshader", "llvmpipe", "lavapipe", "basic render"].iter().any(|s| name.contains(s))
}

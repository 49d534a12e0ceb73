//! The device that computes.

use burn::tensor::Device;
use saswin_model::MemoryPlan;

use crate::{Adapter, RunError};

/// A device and its name. Made once per process or worker.
#[derive(Debug, Clone)]
pub struct Engine {
    /// Where tensors live.
    pub device: Device,
    /// What the report says of it.
    pub adapter: Adapter,
    /// Bytes that fit into one tensor; nothing if only the machine's memory bounds it.
    pub max_buffer: Option<u64>,
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
        Self { device: Device::flex(), adapter, max_buffer: None }
    }

    /// The same device, treated as one whose buffers hold no more than `mebibytes`, to rehearse weak devices.
    #[must_use]
    pub fn with_max_buffer(mut self, mebibytes: Option<u64>) -> Self {
        if let Some(limit) = mebibytes.map(|m| m.saturating_mul(1 << 20)) {
            self.max_buffer = Some(self.max_buffer.map_or(limit, |own| own.min(limit)));
        }
        self
    }

    /// Whether a forward pass fits.
    ///
    /// # Errors
    /// If a tensor is larger than the device takes.
    pub fn accommodates(&self, plan: &MemoryPlan) -> Result<(), RunError> {
        Ok(self.max_buffer.map_or(Ok(()), |limit| plan.fits(limit))?)
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
        let limits = setup.device.limits();
        let max_buffer = Some(limits.max_storage_buffer_binding_size.min(limits.max_buffer_size));
        Ok(Self { device, adapter, max_buffer })
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

#[cfg(test)]
mod tests {
    use saswin_model::{Architecture, Merge};

    use super::*;

    #[test]
    fn a_lowered_limit_refuses_what_is_too_large() {
        let plan = MemoryPlan::new(&Architecture::encoder(1, 12, Merge::Fixed), 0, [96; 3]);
        assert!(Engine::cpu(None).accommodates(&plan).is_ok());
        let small = Engine::cpu(None).with_max_buffer(Some(64)).with_max_buffer(Some(1024));
        assert_eq!(small.max_buffer, Some(64 << 20));
        assert!(small.accommodates(&plan).is_ok());
        let error = small.with_max_buffer(Some(8)).accommodates(&plan).unwrap_err();
        assert_eq!(error.kind(), "memory");
    }
}

//! The device that computes.

use burn::tensor::Device;
#[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
use burn::tensor::wgpu::{WgpuSetup, wgpu};
use saswin_kernels::Arithmetic;
use saswin_model::weights::Precision;
use saswin_model::{MemoryPlan, Room};

use crate::capabilities::multiplies;
use crate::{Adapter, Capabilities, DeviceTrouble, DeviceWatch, RunError};

/// A device, its name, and what it complained of. A lost one is replaced by a new one, never repaired.
#[derive(Debug, Clone)]
pub struct Engine {
    /// Where tensors live.
    pub device: Device,
    /// What the report says of it.
    pub adapter: Adapter,
    /// What the driver said since the device was opened.
    pub watch: DeviceWatch,
    /// How it multiplies integer weights whatever suits it, where that was asked for.
    wanted: Option<Arithmetic>,
    /// What closes it; the CPU has nothing to close.
    #[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
    handle: Option<wgpu::Device>,
}

impl Engine {
    /// The CPU. `reason` says why it was chosen, when it was not asked for.
    pub fn cpu(reason: Option<String>) -> Self {
        let mut adapter = Adapter::new("CPU (burn flex)", "cpu", Capabilities::default());
        adapter.reason = reason;
        Self {
            device: Device::flex(),
            adapter,
            watch: DeviceWatch::default(),
            wanted: None,
            #[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
            handle: None,
        }
    }

    /// Gives back what a GPU holds for this device, which dropping does not: the runtime keeps every device until the
    /// process ends. A browser frees it at once, a native driver when it is next polled. Clones are closed, too, and
    /// what is computed from then on fails as on a lost device; tensors may still be dropped. Nothing happens to the
    /// CPU.
    pub fn close(&self) {
        #[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
        if let Some(handle) = &self.handle {
            self.watch.report(DeviceTrouble::Lost("it was closed".to_owned()));
            handle.destroy();
        }
    }

    /// The same device, treated as one whose buffers hold no more than `mebibytes`, to rehearse weak devices.
    #[must_use]
    pub fn with_max_buffer(mut self, mebibytes: Option<u64>) -> Self {
        if let Some(limit) = mebibytes.map(|m| m.saturating_mul(1 << 20)) {
            let own = self.adapter.capabilities();
            let max_buffer = Some(own.max_buffer.map_or(limit, |own| own.min(limit)));
            self.adapter.set_capabilities(Capabilities { max_buffer, ..own });
        }
        self
    }

    /// The same device, which multiplies integer weights as `wanted` says, to see what that does to answers.
    #[must_use]
    pub fn with_arithmetic(self, wanted: Option<Arithmetic>) -> Self {
        Self { wanted, ..self }
    }

    /// How large a tensor may be here.
    pub fn room(&self) -> Room {
        Room::new(self.adapter.capabilities().max_buffer)
    }

    /// Whether a forward pass fits.
    ///
    /// # Errors
    /// If a tensor is larger than the device takes.
    pub fn accommodates(&self, plan: &MemoryPlan) -> Result<(), RunError> {
        Ok(self.adapter.capabilities().max_buffer.map_or(Ok(()), |limit| plan.fits(limit))?)
    }

    /// How this device multiplies weights stored at `precision`: as was asked for, or else as its
    /// [`DeviceTier`](crate::DeviceTier) does.
    pub fn arithmetic(&self, precision: Precision) -> Option<Arithmetic> {
        let wanted = self.wanted.filter(|way| multiplies(*way, precision));
        wanted.or_else(|| self.adapter.tier().arithmetic(precision))
    }

    /// A GPU through wgpu. Every call opens another device. One of `max_buffer` MiB rehearses weak devices: it has the
    /// limits that every WebGPU device has, and storage bindings of no more than that (buffers of twice as much).
    ///
    /// # Errors
    /// If there is no adapter, it refuses a device, or this build has no GPU support.
    #[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
    pub async fn gpu(max_buffer: Option<u64>) -> Result<Self, DeviceTrouble> {
        Self::gpu_watched(max_buffer, watch_errors).await
    }

    /// [`Engine::gpu`] whose errors outside of any call are reported by what `watch` installs.
    ///
    /// # Errors
    /// If there is no adapter, or it refuses a device.
    #[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
    pub async fn gpu_watched(
        max_buffer: Option<u64>,
        watch: impl FnOnce(&wgpu::Device, &DeviceWatch),
    ) -> Result<Self, DeviceTrouble> {
        let setup = acquire(max_buffer).await?;
        let info = setup.adapter.get_info();
        let handle = setup.device.clone();
        let refused = |e: burn::tensor::wgpu::WgpuInitError| DeviceTrouble::Refused(e.to_string());
        let device = Device::wgpu_options().setup(setup).init().map_err(refused)?;
        let name = if info.name.is_empty() { "unnamed adapter" } else { &info.name };
        let backend = if cfg!(target_arch = "wasm32") { "webgpu" } else { "wgpu" };
        let adapter = Adapter::new(name, backend, capabilities(&handle, &info));
        let noted = DeviceWatch::default();
        // After burn, which installs a handler that panics.
        watch(&handle, &noted);
        // A browser gives no device less than every device has.
        Ok(Self { device, adapter, watch: noted, wanted: None, handle: Some(handle) }
            .with_max_buffer(max_buffer))
    }

    /// A GPU through wgpu.
    ///
    /// # Errors
    /// Always: this build has no GPU support.
    #[cfg(not(any(feature = "wgpu", target_arch = "wasm32")))]
    pub async fn gpu(_: Option<u64>) -> Result<Self, DeviceTrouble> {
        Err(DeviceTrouble::Absent("this build has no GPU support; build with `--features wgpu`".to_owned()))
    }
}

/// What `device` can do. In a browser, only the page knows the features of WGSL: there, `dot` is not set.
#[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
fn capabilities(device: &wgpu::Device, info: &wgpu::AdapterInfo) -> Capabilities {
    let (limits, features) = (device.limits(), device.features());
    Capabilities {
        gpu: true,
        software: info.device_type == wgpu::DeviceType::Cpu || is_software(&info.name),
        max_buffer: Some(limits.max_storage_buffer_binding_size.min(limits.max_buffer_size)),
        f16: features.contains(wgpu::Features::SHADER_F16),
        dot: cfg!(not(target_arch = "wasm32")),
        timestamps: features.contains(wgpu::Features::TIMESTAMP_QUERY),
    }
}

/// A fresh device with everything that the adapter offers, as burn would ask for it. Burn's own way opens
/// one device per process and could not replace it. `weak` takes only the limits that every device has, with storage
/// bindings of so many MiB; features stay, because the runtime asks the adapter for them and not the device.
#[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
async fn acquire(weak: Option<u64>) -> Result<WgpuSetup, DeviceTrouble> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let wanted = wgpu::RequestAdapterOptions {
        power_preference: wgpu::PowerPreference::HighPerformance,
        ..wgpu::RequestAdapterOptions::default()
    };
    let adapter =
        instance.request_adapter(&wanted).await.map_err(|e| DeviceTrouble::NoAdapter(e.to_string()))?;
    let descriptor = wgpu::DeviceDescriptor {
        required_features: adapter.features().difference(wgpu::Features::MAPPABLE_PRIMARY_BUFFERS)
            & !wgpu::Features::all_experimental_mask(),
        required_limits: weak.map_or(adapter.limits(), |mebibytes| weak_limits(&adapter.limits(), mebibytes)),
        memory_hints: wgpu::MemoryHints::MemoryUsage,
        ..wgpu::DeviceDescriptor::default()
    };
    // Browsers put a whole stack under the reason.
    let reason = |e: wgpu::RequestDeviceError| e.to_string().lines().next().unwrap_or_default().to_owned();
    let (device, queue) =
        adapter.request_device(&descriptor).await.map_err(|e| DeviceTrouble::Refused(reason(e)))?;
    let backend = adapter.get_info().backend;
    Ok(WgpuSetup { instance, adapter, device, queue, backend })
}

#[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
fn weak_limits(own: &wgpu::Limits, mebibytes: u64) -> wgpu::Limits {
    let bytes = mebibytes.saturating_mul(1 << 20);
    wgpu::Limits {
        max_storage_buffer_binding_size: bytes.min(own.max_storage_buffer_binding_size),
        max_buffer_size: bytes.saturating_mul(2).min(own.max_buffer_size),
        ..own.clone().or_worse_values_from(&wgpu::Limits::default())
    }
}

/// Reports the driver's errors to `watch` through wgpu.
#[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
fn watch_errors(device: &wgpu::Device, watch: &DeviceWatch) {
    let watch = watch.clone();
    device.on_uncaptured_error(std::sync::Arc::new(move |error| {
        watch.report(match error {
            wgpu::Error::OutOfMemory { .. } => DeviceTrouble::OutOfMemory,
            wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => {
                DeviceTrouble::from_validation(&description)
            }
        });
    }));
}

/// Whether an adapter's name is that of a CPU emulation.
pub fn is_software(name: &str) -> bool {
    let name = name.to_lowercase();
    ["swiftshader", "llvmpipe", "lavapipe", "basic render"].iter().any(|s| name.contains(s))
}

#[cfg(test)]
mod tests {
    use saswin_model::{Merge, SwinConfig};

    use super::*;

    #[test]
    fn a_lowered_limit_refuses_what_is_too_large() {
        let plan = MemoryPlan::new(&SwinConfig::encoder(1, 12, Merge::Fixed), 0, [96; 3], Room::ANY);
        assert!(Engine::cpu(None).accommodates(&plan).is_ok());
        let small = Engine::cpu(None).with_max_buffer(Some(64)).with_max_buffer(Some(1024));
        assert_eq!(small.adapter.capabilities().max_buffer, Some(64 << 20));
        assert!(small.accommodates(&plan).is_ok());
        let error = small.with_max_buffer(Some(8)).accommodates(&plan).unwrap_err();
        assert_eq!(error.kind(), "memory");
    }

    #[test]
    fn arithmetic_that_is_asked_for_is_that_of_integer_weights() {
        let integers = Some(Arithmetic::Integers { native: false });
        let engine = Engine::cpu(None).with_arithmetic(integers);
        assert_eq!(engine.arithmetic(Precision::Q8), integers);
        assert_eq!([Precision::Q4, Precision::F32].map(|p| engine.arithmetic(p)), [None; 2]);
        assert_eq!(engine.with_arithmetic(None).arithmetic(Precision::Q8), None);
    }

    #[test]
    fn a_cpu_computes_on_after_it_was_closed() {
        let engine = Engine::cpu(None);
        engine.close();
        assert_eq!(engine.watch.trouble(), None);
    }
}

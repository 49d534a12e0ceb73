//! Choice of the device.

use saswin_pipeline::Engine;

/// Where to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum BackendArg {
    /// A GPU if there is one, else the CPU.
    Auto,
    /// burn's CPU backend.
    Cpu,
    /// Vulkan, Metal or DirectX through wgpu.
    Wgpu,
}

/// Opens the device; `max_buffer_mb` rehearses one that takes no more in a tensor.
///
/// # Errors
/// If `wgpu` was asked for and there is no adapter.
pub fn open(backend: BackendArg, max_buffer_mb: Option<u64>) -> Result<Engine, saswin_pipeline::RunError> {
    let gpu = || match max_buffer_mb {
        Some(mebibytes) => pollster::block_on(Engine::weak_gpu(mebibytes)),
        None => pollster::block_on(Engine::gpu()),
    };
    let engine = match backend {
        BackendArg::Cpu => Engine::cpu(None),
        BackendArg::Wgpu => gpu()?,
        BackendArg::Auto => match gpu() {
            Ok(engine) if !engine.adapter.software => engine,
            Ok(engine) => {
                Engine::cpu(Some(format!("the only adapter is software ({})", engine.adapter.name)))
            }
            Err(error) => Engine::cpu(Some(error.to_string())),
        },
    };
    Ok(engine.with_max_buffer(max_buffer_mb))
}

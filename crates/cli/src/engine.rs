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

/// Opens the device.
///
/// # Errors
/// If `wgpu` was asked for and there is no adapter.
pub fn open(backend: BackendArg) -> Result<Engine, saswin_pipeline::RunError> {
    match backend {
        BackendArg::Cpu => Ok(Engine::cpu(None)),
        BackendArg::Wgpu => Ok(pollster::block_on(Engine::gpu())?),
        BackendArg::Auto => match pollster::block_on(Engine::gpu()) {
            Ok(engine) if !engine.adapter.software => Ok(engine),
            Ok(engine) => {
                Ok(Engine::cpu(Some(format!("the only adapter is software ({})", engine.adapter.name))))
            }
            Err(error) => Ok(Engine::cpu(Some(error.to_string()))),
        },
    }
}

//! Choice of the device.

use saswin_kernels::Arithmetic;
use saswin_pipeline::{DeviceTier, Engine, LoadedModel};

/// Where to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum BackendArg {
    /// A GPU if there is one, else the CPU.
    Auto,
    /// burn's CPU backend.
    Cpu,
    /// Vulkan, Metal or DirectX through wgpu.
    #[value(alias = "gpu")]
    Wgpu,
}

/// How integer weights are multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ArithmeticArg {
    /// Inputs of most layers are rounded to bytes, as GPUs that multiply integers do; on the CPU by the definition.
    Int8,
    /// Inputs stay floats.
    Floats,
}

impl ArithmeticArg {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int8 => "int8",
            Self::Floats => "floats",
        }
    }

    /// Emulated, since only a GPU's own `dot4I8Packed` differs from that, and only in speed.
    pub fn arithmetic(self) -> Arithmetic {
        match self {
            Self::Int8 => Arithmetic::Integers { native: false },
            Self::Floats => Arithmetic::Floats,
        }
    }

    /// # Errors
    /// If `model` does not compute so, because its weights are not 8-bit integers.
    pub fn holds(self, model: &LoadedModel) -> Result<(), String> {
        if self == Self::Int8 && model.precision() != self.name() {
            return Err(format!("{}: only 8-bit weights are multiplied as int8", model.manifest.name));
        }
        Ok(())
    }
}

/// Opens the device; `max_buffer_mb` rehearses one that takes no more in a tensor.
///
/// # Errors
/// If `wgpu` was asked for and there is no adapter.
pub fn open(backend: BackendArg, max_buffer_mb: Option<u64>) -> Result<Engine, saswin_pipeline::RunError> {
    let gpu = || pollster::block_on(Engine::gpu(max_buffer_mb));
    let engine = match backend {
        BackendArg::Cpu => Engine::cpu(None),
        BackendArg::Wgpu => gpu()?,
        BackendArg::Auto => match gpu() {
            Ok(engine) if engine.adapter.tier() != DeviceTier::Software => engine,
            Ok(engine) => {
                Engine::cpu(Some(format!("the only adapter is software ({})", engine.adapter.name)))
            }
            Err(error) => Engine::cpu(Some(error.to_string())),
        },
    };
    Ok(engine.with_max_buffer(max_buffer_mb))
}

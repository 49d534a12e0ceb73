//! One pass: its inputs' buffers, its dispatch and its output.

use std::collections::BTreeMap;

use burn::backend::wgpu::{
    CubeBackend, CubeTensor, KernelSource, SourceKernel, SourceTemplate, into_contiguous,
};
use burn::backend::{DispatchDevice, TensorMetadata};
use burn::cubecl::prelude::{CubeCount, CubeDim, KernelId};
use burn::cubecl::server::KernelArguments;
use burn::tensor::{DType, Device, Int, Tensor};

use crate::operations::poisoned;
use crate::passes::Pass;
use crate::profile::timed;

/// Tensors of a native device share pages, so that reading and writing the same buffer in one dispatch must
/// be declared; in a browser each tensor has its own buffer.
const ACCESS: &str = if cfg!(target_arch = "wasm32") { "read" } else { "read_write" };

impl KernelSource for Pass {
    fn source(&self) -> SourceTemplate {
        SourceTemplate::new(Self::source(self, ACCESS))
    }

    fn id(&self) -> KernelId {
        let values: Vec<String> = self.constants.iter().map(|(_, value)| value.clone()).collect();
        KernelId::new::<Self>().info((self.name, values))
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}

/// A contiguous 32-bit tensor on the GPU, or nothing.
pub(super) fn buffer<const D: usize>(x: Tensor<D>) -> Option<CubeTensor> {
    let x = x.try_into_primitive::<CubeBackend>().ok()?;
    (x.dtype() == DType::F32).then(|| into_contiguous(x))
}

/// Contiguous words on the GPU, or nothing.
pub(super) fn words<const D: usize>(x: Tensor<D, Int>) -> Option<CubeTensor> {
    let x = x.try_into_primitive::<CubeBackend>().ok()?;
    (x.dtype() == DType::I32).then(|| into_contiguous(x))
}

/// Runs `pass` over `inputs`, bound in order, and returns what it writes into the binding after them.
pub(super) fn launch<const D: usize>(
    pass: Pass,
    inputs: &[&CubeTensor],
    shape: [usize; D],
) -> Option<Tensor<D>> {
    launch_raw(pass, inputs, shape).map(Tensor::from_primitive::<CubeBackend>)
}

/// [`launch`] whose result need not hold floats, though its type says so.
pub(super) fn launch_raw<const D: usize>(
    pass: Pass,
    inputs: &[&CubeTensor],
    shape: [usize; D],
) -> Option<CubeTensor> {
    let first = inputs.first()?;
    let client = &first.client;
    let output = if poisoned() {
        let device = Device::new(DispatchDevice::Cube(first.device.clone()));
        buffer(Tensor::<D>::full(shape, f32::NAN, &device))?
    } else {
        let handle = client.empty(shape.iter().product::<usize>() * size_of::<f32>());
        CubeTensor::new_contiguous(client.clone(), first.device.clone(), shape.into(), handle, DType::F32)
    };
    let buffers = inputs.iter().copied().chain([&output]).map(|t| t.handle.clone().binding()).collect();
    let [x, y] = pass.threads;
    let [gx, gy, gz] = pass.groups;
    let name = pass.name;
    let kernel = SourceKernel::new(pass, CubeDim::new_2d(x, y));
    let bytes = || moved(inputs.iter().copied().chain([&output]));
    timed(client, name, bytes, || {
        client.launch(
            Box::new(kernel),
            CubeCount::Static(gx, gy, gz),
            KernelArguments::new().with_buffers(buffers),
        );
    });
    Some(output)
}

/// Bytes of different buffers: one in the place of a missing input is counted once.
fn moved<'a>(buffers: impl Iterator<Item = &'a CubeTensor>) -> u64 {
    let buffers = buffers.map(|t| &t.handle);
    let sizes = buffers.map(|h| ((h.clone().binding().memory.id(), h.offset_start), h.size_in_used()));
    sizes.collect::<BTreeMap<_, _>>().into_values().sum()
}

/// An optional input; a pass without it binds `x` in its place and does not read it.
pub(super) fn optional<const D: usize>(input: Option<Tensor<D>>, x: &CubeTensor) -> Option<CubeTensor> {
    match input {
        Some(input) => buffer(input),
        None => Some(x.clone()),
    }
}

//! Launching the passes through burn's GPU backend.

use std::collections::BTreeMap;

use burn::backend::wgpu::{
    CubeBackend, CubeTensor, KernelSource, SourceKernel, SourceTemplate, into_contiguous,
};
use burn::backend::{DispatchDevice, TensorMetadata};
use burn::cubecl::MemoryScope;
use burn::cubecl::prelude::{CubeCount, CubeDim, KernelId};
use burn::cubecl::server::KernelArguments;
use burn::tensor::{DType, Device, Int, Tensor};

use crate::linear::Product;
use crate::operations::{Operations, poisoned};
use crate::packed::Packed;
use crate::passes::{self, Elements, Epilogue, Inputs, Normalise, Pass};
use crate::profile::timed;
use crate::{
    Arithmetic, LEAKY_SLOPE, LayerWeight, MergeMode, NORM_EPS, WindowAttention, conv3x3x3, cross_attention,
    instance_norm, layer_norm, patch_merge, window_attention,
};

/// Tensors of a native device share pages, so that reading and writing the same buffer in one dispatch must
/// be declared; in a browser each tensor has its own buffer.
const ACCESS: &str = if cfg!(target_arch = "wasm32") { "read" } else { "read_write" };

/// Whether `device` is a GPU without automatic differentiation.
pub(crate) fn is_gpu(device: &Device) -> bool {
    matches!(device.as_dispatch(), DispatchDevice::Cube(_))
}

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
fn buffer<const D: usize>(x: Tensor<D>) -> Option<CubeTensor> {
    let x = x.try_into_primitive::<CubeBackend>().ok()?;
    (x.dtype() == DType::F32).then(|| into_contiguous(x))
}

/// See [`crate::gemm`].
pub(crate) fn gemm(a: &Tensor<2>, b: &Tensor<2>) -> Option<Tensor<2>> {
    let [side, _] = a.dims();
    if !side.is_multiple_of(passes::TILE) || !is_gpu(&a.device()) {
        return None;
    }
    launch(passes::gemm(side), &[&buffer(a.clone())?, &buffer(b.clone())?], [side, side])
}

/// See [`crate::stream`].
pub(crate) fn stream(x: &Tensor<1>) -> Option<Tensor<1>> {
    let [elements] = x.dims();
    if !elements.is_multiple_of(4) || !is_gpu(&x.device()) {
        return None;
    }
    launch(passes::stream(elements), &[&buffer(x.clone())?], [elements])
}

/// See [`crate::held_bytes`].
pub(crate) fn held_bytes(device: &Device) -> Option<u64> {
    let x = buffer(Tensor::<1>::zeros([1], device))?;
    Some(x.client.memory_report(MemoryScope::Device).usage().bytes_reserved)
}

/// Contiguous words on the GPU, or nothing.
fn words<const D: usize>(x: Tensor<D, Int>) -> Option<CubeTensor> {
    let x = x.try_into_primitive::<CubeBackend>().ok()?;
    (x.dtype() == DType::I32).then(|| into_contiguous(x))
}

/// `x` with its elements in memory in the order of `axes`, and `back` the inverse permutation.
pub(crate) fn reorder<const D: usize>(x: Tensor<D>, axes: [isize; 5], back: [isize; 5]) -> Tensor<D> {
    if !is_gpu(&x.device()) {
        return x;
    }
    let take = |axes: [isize; 5]| -> [isize; D] { std::array::from_fn(|i| axes[i]) };
    match buffer(x.clone().permute(take(axes))) {
        Some(ordered) => Tensor::<D>::from_primitive::<CubeBackend>(ordered).permute(take(back)),
        None => x,
    }
}

/// Runs `pass` over `inputs`, bound in order, and returns what it writes into the binding after them.
fn launch<const D: usize>(pass: Pass, inputs: &[&CubeTensor], shape: [usize; D]) -> Option<Tensor<D>> {
    launch_raw(pass, inputs, shape).map(Tensor::from_primitive::<CubeBackend>)
}

/// [`launch`] whose result need not hold floats, though its type says so.
fn launch_raw<const D: usize>(pass: Pass, inputs: &[&CubeTensor], shape: [usize; D]) -> Option<CubeTensor> {
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
fn optional<const D: usize>(input: Option<Tensor<D>>, x: &CubeTensor) -> Option<CubeTensor> {
    match input {
        Some(input) => buffer(input),
        None => Some(x.clone()),
    }
}

/// The shaders.
pub(crate) struct Shaders;

impl Operations for Shaders {
    fn conv3x3x3(&self, x: Tensor<5>, skip: Option<Tensor<5>>, weight: LayerWeight<5>) -> Tensor<5> {
        let found = convolve(x.clone(), skip.clone(), weight.clone());
        or_composed(found, || conv3x3x3::composed(x, skip, weight))
    }

    fn linear(&self, product: Product) -> Tensor<5> {
        or_composed(multiply(product.clone()), || product.composed())
    }

    fn instance_norm(&self, x: Tensor<5>, residual: Option<Tensor<5>>, activate: bool) -> Tensor<5> {
        let found = normalise(x.clone(), residual.clone(), activate);
        or_composed(found, || instance_norm::composed(x, residual, activate))
    }

    fn layer_norm(&self, x: Tensor<5>, affine: Option<(Tensor<1>, Tensor<1>)>, epsilon: f64) -> Tensor<5> {
        let found = normalise_rows(x.clone(), affine.clone(), epsilon);
        or_composed(found, || layer_norm::composed(x, affine, epsilon))
    }

    fn patch_merge(
        &self,
        x: Tensor<5>,
        mode: MergeMode,
        gamma: Tensor<1>,
        beta: Tensor<1>,
        epsilon: f64,
    ) -> Tensor<5> {
        let found = merge(x.clone(), mode, gamma.clone(), beta.clone(), epsilon);
        or_composed(found, || patch_merge::composed(x, mode, gamma, beta, epsilon))
    }

    fn cross_attention(&self, q: Tensor<5>, k: Tensor<5>, v: Tensor<5>, heads: usize) -> Tensor<5> {
        let found = attend_to(q.clone(), k.clone(), v.clone(), heads);
        or_composed(found, || cross_attention::composed(q, k, v, heads))
    }

    fn window_attention(
        &self,
        x: Tensor<5>,
        qkv_weight: LayerWeight<2>,
        qkv_bias: Tensor<1>,
        table: Tensor<2>,
        spec: &WindowAttention,
    ) -> Tensor<5> {
        let found = attend(x.clone(), qkv_weight.clone(), qkv_bias.clone(), table.clone(), spec);
        or_composed(found, || window_attention::composed(x, qkv_weight, qkv_bias, table, spec))
    }
}

/// What no shader takes, by burn's operations; where shaders are checked that is none of their answers.
fn or_composed(found: Option<Tensor<5>>, composed: impl FnOnce() -> Tensor<5>) -> Tensor<5> {
    found.unwrap_or_else(|| {
        let y = composed();
        if poisoned() { y * f32::NAN } else { y }
    })
}

/// A weight, its inputs and their layout, as a product or convolution binds them.
struct Operands {
    inputs: Inputs,
    /// `x`, `skip`, the weight, and its scales if it has any.
    buffers: Vec<CubeTensor>,
}

impl Operands {
    fn floats(x: Tensor<5>, skip: Option<Tensor<5>>, weight: CubeTensor) -> Option<Self> {
        Self::of_floats(x, skip, Elements::Floats, vec![weight])
    }

    fn packed(x: Tensor<5>, skip: Option<Tensor<5>>, weight: &Packed) -> Option<Self> {
        let buffers = vec![words(weight.words.clone())?, buffer(weight.scales.clone())?];
        if let Some(native) = weight.integers() {
            let (x, skip) = weight.apart(x, skip);
            return Self::of_bytes(x, skip, native, buffers);
        }
        let half = weight.arithmetic == Arithmetic::Halves;
        let elements = Elements::Packed { bits: 32 / weight.bits.per_word(), group: weight.group, half };
        Self::of_floats(x, skip, elements, buffers)
    }

    fn of_floats(
        x: Tensor<5>,
        skip: Option<Tensor<5>>,
        weight: Elements,
        buffers: Vec<CubeTensor>,
    ) -> Option<Self> {
        let inputs =
            Inputs::Floats { x: x.dims()[4], skip: skip.as_ref().map_or(0, |s| s.dims()[4]), weight };
        let x = buffer(x)?;
        let skip = optional(skip, &x)?;
        Some(Self { inputs, buffers: [vec![x, skip], buffers].concat() })
    }

    fn of_bytes(
        x: Tensor<5>,
        skip: Option<Tensor<5>>,
        native: bool,
        buffers: Vec<CubeTensor>,
    ) -> Option<Self> {
        let channels = |t: &Tensor<5>| t.dims()[4];
        let inputs = Inputs::Bytes { x: channels(&x), skip: skip.as_ref().map_or(0, channels), native };
        let x = quantise(x)?;
        let skip = match skip {
            Some(skip) => quantise(skip)?,
            None => x.clone(),
        };
        Some(Self { inputs, buffers: [vec![x, skip], buffers].concat() })
    }
}

/// The voxels of `x` as bytes, in the layout of `shaders/quantise.wgsl`.
fn quantise(x: Tensor<5>) -> Option<CubeTensor> {
    let [b, dx, dy, dz, c] = x.dims();
    let rows = b * dx * dy * dz;
    launch_raw(passes::quantise(rows, c), &[&buffer(x)?], [rows, c.div_ceil(4) + 1])
}

fn convolve(x: Tensor<5>, skip: Option<Tensor<5>>, weight: LayerWeight<5>) -> Option<Tensor<5>> {
    let [b, dx, dy, dz, _] = x.dims();
    let (out, operands) = match weight {
        LayerWeight::Floats(weight) => {
            let [out, ..] = weight.dims();
            (out, Operands::floats(x, skip, buffer(weight.permute([2, 3, 4, 1, 0]))?)?)
        }
        LayerWeight::Packed(weight) => (weight.shape[2], Operands::packed(x, skip, &weight)?),
    };
    let buffers: Vec<_> = operands.buffers.iter().collect();
    launch(passes::conv3x3x3([b, dx, dy, dz], operands.inputs, out), &buffers, [b, dx, dy, dz, out])
}

fn multiply(p: Product) -> Option<Tensor<5>> {
    let [b, dx, dy, dz, _] = p.x.dims();
    let out = p.weight.out();
    let after = Epilogue {
        bias: p.bias.is_some(),
        gelu: p.gelu,
        residual: p.residual.is_some(),
        to_space: p.to_space,
    };
    let operands = match p.weight {
        LayerWeight::Floats(weight) => Operands::floats(p.x, p.skip, buffer(weight)?)?,
        LayerWeight::Packed(weight) => Operands::packed(p.x, p.skip, &weight)?,
    };
    let [x, ..] = operands.buffers.as_slice() else { return None };
    let (bias, residual) = (optional(p.bias, x)?, optional(p.residual, x)?);
    let to = if p.to_space { [b, 2 * dx, 2 * dy, 2 * dz, out / 8] } else { [b, dx, dy, dz, out] };
    let buffers: Vec<_> = operands.buffers.iter().chain([&bias, &residual]).collect();
    launch(passes::linear([b, dx, dy, dz], operands.inputs, out, after), &buffers, to)
}

fn normalise(x: Tensor<5>, residual: Option<Tensor<5>>, activate: bool) -> Option<Tensor<5>> {
    let shape @ [b, dx, dy, dz, c] = x.dims();
    let voxels = dx * dy * dz;
    let how = Normalise { residual: residual.is_some(), activate, epsilon: NORM_EPS, slope: LEAKY_SLOPE };
    let x = buffer(x)?;
    let residual = optional(residual, &x)?;
    let moments = launch(passes::instance_moments(b, voxels, c), &[&x], [b, passes::chunks(voxels), c, 2])?;
    launch(passes::instance_norm(b, voxels, c, how), &[&x, &buffer(moments)?, &residual], shape)
}

fn normalise_rows(x: Tensor<5>, affine: Option<(Tensor<1>, Tensor<1>)>, epsilon: f64) -> Option<Tensor<5>> {
    let shape @ [b, dx, dy, dz, c] = x.dims();
    let pass = passes::layer_norm(b * dx * dy * dz, c, affine.is_some(), epsilon);
    let x = buffer(x)?;
    let (gamma, beta) = affine.unzip();
    let (gamma, beta) = (optional(gamma, &x)?, optional(beta, &x)?);
    launch(pass, &[&x, &gamma, &beta], shape)
}

fn merge(
    x: Tensor<5>,
    mode: MergeMode,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> Option<Tensor<5>> {
    let shape @ [b, dx, dy, dz, c] = x.dims();
    let to = [b, dx.div_ceil(2), dy.div_ceil(2), dz.div_ceil(2), 8 * c];
    launch(passes::patch_merge(shape, mode, epsilon), &[&buffer(x)?, &buffer(gamma)?, &buffer(beta)?], to)
}

fn attend(
    x: Tensor<5>,
    qkv_weight: LayerWeight<2>,
    qkv_bias: Tensor<1>,
    table: Tensor<2>,
    spec: &WindowAttention,
) -> Option<Tensor<5>> {
    let shape = x.dims();
    let pass = passes::window_attention(shape, spec)?;
    let qkv = crate::linear(x, qkv_weight, Some(qkv_bias.clone()));
    launch(pass, &[&buffer(qkv)?, &buffer(qkv_bias)?, &buffer(table)?], shape)
}

fn attend_to(q: Tensor<5>, k: Tensor<5>, v: Tensor<5>, heads: usize) -> Option<Tensor<5>> {
    let shape @ [batch, queries, _, _, c] = q.dims();
    let pass = passes::cross_attention(batch, [queries, k.dims()[1]], c, heads)?;
    launch(pass, &[&buffer(q)?, &buffer(k)?, &buffer(v)?], shape)
}

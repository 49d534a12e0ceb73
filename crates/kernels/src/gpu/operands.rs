//! What a product or convolution binds.

use burn::backend::wgpu::CubeTensor;
use burn::tensor::Tensor;

use super::launch::{buffer, launch_raw, optional, words};
use crate::Arithmetic;
use crate::packed::Packed;
use crate::passes::{self, Elements, Inputs};

/// A weight, its inputs and their layout, as a product or convolution binds them.
pub(super) struct Operands {
    pub(super) inputs: Inputs,
    /// `x`, `skip`, the weight, and its scales if it has any.
    pub(super) buffers: Vec<CubeTensor>,
}

impl Operands {
    pub(super) fn floats(x: Tensor<5>, skip: Option<Tensor<5>>, weight: CubeTensor) -> Option<Self> {
        Self::of_floats(x, skip, Elements::Floats, vec![weight])
    }

    pub(super) fn packed(x: Tensor<5>, skip: Option<Tensor<5>>, weight: &Packed) -> Option<Self> {
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

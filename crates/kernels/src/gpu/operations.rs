//! Each operation as launches of its passes; nothing where no shader takes it.

use burn::tensor::Tensor;

use super::launch::{buffer, launch, optional};
use super::operands::Operands;
use crate::linear::Product;
use crate::passes::{self, Epilogue, Normalise};
use crate::{LEAKY_SLOPE, LayerWeight, MergeMode, NORM_EPS, WindowAttention};

pub(super) fn convolve(x: Tensor<5>, skip: Option<Tensor<5>>, weight: LayerWeight<5>) -> Option<Tensor<5>> {
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

pub(super) fn multiply(p: Product) -> Option<Tensor<5>> {
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

pub(super) fn normalise(x: Tensor<5>, residual: Option<Tensor<5>>, activate: bool) -> Option<Tensor<5>> {
    let shape @ [b, dx, dy, dz, c] = x.dims();
    let voxels = dx * dy * dz;
    let how = Normalise { residual: residual.is_some(), activate, epsilon: NORM_EPS, slope: LEAKY_SLOPE };
    let x = buffer(x)?;
    let residual = optional(residual, &x)?;
    let moments = launch(passes::instance_moments(b, voxels, c), &[&x], [b, passes::chunks(voxels), c, 2])?;
    launch(passes::instance_norm(b, voxels, c, how), &[&x, &buffer(moments)?, &residual], shape)
}

pub(super) fn normalise_rows(
    x: Tensor<5>,
    affine: Option<(Tensor<1>, Tensor<1>)>,
    epsilon: f64,
) -> Option<Tensor<5>> {
    let shape @ [b, dx, dy, dz, c] = x.dims();
    let pass = passes::layer_norm(b * dx * dy * dz, c, affine.is_some(), epsilon);
    let x = buffer(x)?;
    let (gamma, beta) = affine.unzip();
    let (gamma, beta) = (optional(gamma, &x)?, optional(beta, &x)?);
    launch(pass, &[&x, &gamma, &beta], shape)
}

pub(super) fn merge(
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

pub(super) fn attend(
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

pub(super) fn attend_to(q: Tensor<5>, k: Tensor<5>, v: Tensor<5>, heads: usize) -> Option<Tensor<5>> {
    let shape @ [batch, queries, _, _, c] = q.dims();
    let pass = passes::cross_attention(batch, [queries, k.dims()[1]], c, heads)?;
    launch(pass, &[&buffer(q)?, &buffer(k)?, &buffer(v)?], shape)
}

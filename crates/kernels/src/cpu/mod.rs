//! Operations on the processor for which burn's compositions rearrange all voxels several times, or call `exp` for one
//! value at a time.
//!
//! Written once for vectors of any width (`pulp`): AVX where the processor has it, 128 bits in a browser.

mod conv3x3x3;
mod exp;
mod gelu;
mod instance_norm;
mod planes;
mod window_attention;

use burn::tensor::{Tensor, TensorData};
use pulp::{Simd, WithSimd};

use crate::linear::Product;
use crate::operations::Operations;
use crate::{LayerWeight, WindowAttention};

/// Our own loops over 32-bit floats; the definitions for all that has none.
pub(crate) struct Loops;

impl Operations for Loops {
    fn conv3x3x3(&self, x: Tensor<5>, skip: Option<Tensor<5>>, weight: LayerWeight<5>) -> Tensor<5> {
        let (x, skip) = weight.seen_beside(x, skip);
        conv3x3x3::run(x, skip, weight.expanded())
    }

    fn linear(&self, product: Product) -> Tensor<5> {
        let last = product.residual.is_none() && !product.to_space;
        if !(product.gelu && last) {
            return product.composed();
        }
        gelu::run(Product { gelu: false, ..product }.composed())
    }

    fn instance_norm(&self, x: Tensor<5>, residual: Option<Tensor<5>>, activate: bool) -> Tensor<5> {
        instance_norm::run(x, residual, activate)
    }

    fn window_attention(
        &self,
        x: Tensor<5>,
        qkv_weight: LayerWeight<2>,
        qkv_bias: Tensor<1>,
        table: Tensor<2>,
        spec: &WindowAttention,
    ) -> Tensor<5> {
        window_attention::run(x, qkv_weight, qkv_bias, table, spec)
    }
}

/// From now on products are added by relaxed SIMD, which a browser must have: `pulp` cannot ask it.
#[cfg(target_arch = "wasm32")]
pub fn use_relaxed_simd() {
    pulp::wasm::enable_relaxed_simd();
}

/// Contiguous values of a tensor whose elements are `f32`.
fn values(data: &TensorData) -> &[f32] {
    data.as_slice().unwrap_or_default()
}

/// Values in a vector.
struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

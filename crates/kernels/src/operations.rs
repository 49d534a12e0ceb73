//! The operations that have a shader or a loop of their own, and the choice between these and the composition.

use std::cell::Cell;

use burn::tensor::{DType, Device, Tensor};

use crate::linear::Product;
use crate::{
    LayerWeight, MergeMode, WindowAttention, conv3x3x3, cross_attention, instance_norm, layer_norm,
    patch_merge, window_attention,
};

/// Every operation that a device may compute in its own way. A default body is the operation's definition.
pub(crate) trait Operations {
    fn conv3x3x3(&self, x: Tensor<5>, skip: Option<Tensor<5>>, weight: LayerWeight<5>) -> Tensor<5> {
        conv3x3x3::composed(x, skip, weight)
    }

    fn linear(&self, product: Product) -> Tensor<5> {
        product.composed()
    }

    fn instance_norm(&self, x: Tensor<5>, residual: Option<Tensor<5>>, activate: bool) -> Tensor<5> {
        instance_norm::composed(x, residual, activate)
    }

    fn layer_norm(&self, x: Tensor<5>, affine: Option<(Tensor<1>, Tensor<1>)>, epsilon: f64) -> Tensor<5> {
        layer_norm::composed(x, affine, epsilon)
    }

    fn patch_merge(
        &self,
        x: Tensor<5>,
        mode: MergeMode,
        gamma: Tensor<1>,
        beta: Tensor<1>,
        epsilon: f64,
    ) -> Tensor<5> {
        patch_merge::composed(x, mode, gamma, beta, epsilon)
    }

    fn cross_attention(&self, q: Tensor<5>, k: Tensor<5>, v: Tensor<5>, heads: usize) -> Tensor<5> {
        cross_attention::composed(q, k, v, heads)
    }

    fn window_attention(
        &self,
        x: Tensor<5>,
        qkv_weight: LayerWeight<2>,
        qkv_bias: Tensor<1>,
        table: Tensor<2>,
        spec: &WindowAttention,
    ) -> Tensor<5> {
        window_attention::composed(x, qkv_weight, qkv_bias, table, spec)
    }
}

/// Definitions only: for automatic differentiation, and to compare with.
struct Composed;

impl Operations for Composed {}

/// What computes the operations of this thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Route {
    /// Our shaders, on the CPU our loops.
    #[default]
    Own,
    /// The same, with output buffers full of NaN beforehand, so that nothing stays unwritten unnoticed on a GPU.
    Poisoned,
    /// Plain burn operations, to compare with.
    Composed,
}

thread_local! {
    static ROUTE: Cell<Route> = const { Cell::new(Route::Own) };
}

/// Runs `work` with `route` in force on this thread.
pub fn route<T>(route: Route, work: impl FnOnce() -> T) -> T {
    let before = ROUTE.replace(route);
    let result = work();
    ROUTE.set(before);
    result
}

#[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
pub(crate) fn poisoned() -> bool {
    ROUTE.get() == Route::Poisoned
}

/// Who computes an operation on `x`.
pub(crate) fn operations(x: &Tensor<5>) -> &'static dyn Operations {
    if ROUTE.get() == Route::Composed {
        return &Composed;
    }
    #[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
    if crate::gpu::is_gpu(&x.device()) {
        return &crate::gpu::Shaders;
    }
    let device = x.device();
    // Devices are equal whether they differentiate or not, and loops leave no gradient behind.
    let loops = !device.is_autodiff() && device == Device::flex() && x.dtype() == DType::F32;
    if loops { &crate::cpu::Loops } else { &Composed }
}

//! What a device reaches at best.

use burn::tensor::Tensor;

use super::is_gpu;
use super::launch::{buffer, launch};
use crate::passes;

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

//! What a device reaches at best: work whose only purpose is to be timed.

use burn::tensor::Tensor;

/// Product of two square matrices `[n, n]`, n a multiple of 64; by `shaders/gemm.wgsl` on a GPU.
pub fn gemm(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    #[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
    if let Some(y) = crate::gpu::gemm(&a, &b) {
        return y;
    }
    a.matmul(b)
}

/// Every element of `[n]` plus one, n a multiple of four; by `shaders/stream.wgsl` on a GPU.
pub fn stream(x: Tensor<1>) -> Tensor<1> {
    #[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
    if let Some(y) = crate::gpu::stream(&x) {
        return y;
    }
    x + 1.0
}

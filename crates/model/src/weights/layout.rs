//! The order in which a GPU holds weights.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;
use saswin_kernels::lay_out_kernel;

struct LayOut;

impl ModuleMapper for LayOut {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(lay_out_kernel)
    }
}

/// Holds convolution kernels in the order that the shaders read, once, instead of at every use.
///
/// Shapes and values stay what they are; only strides change. On the CPU nothing does.
pub fn lay_out<M: Module>(network: M) -> M {
    network.map(&mut LayOut)
}

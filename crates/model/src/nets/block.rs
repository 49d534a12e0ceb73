//! The convolution blocks of UNETR decoders.

use burn::module::Module;
use burn::nn::conv::{Conv3d, ConvTranspose3d, ConvTranspose3dConfig};
use burn::tensor::{Device, Tensor};
use saswin_kernels::{conv3x3x3, instance_norm, pointwise, pointwise_to_space, upsample2};

use super::conv;
use crate::weights::held;

#[derive(Module, Debug)]
pub(super) struct ConvLayer {
    conv: Conv3d,
}

impl ConvLayer {
    pub(super) fn new(input: usize, output: usize, kernel: usize, bias: bool, device: &Device) -> Self {
        Self { conv: conv(input, output, kernel, bias, device) }
    }

    fn conv3(&self, x: Tensor<5>, skip: Option<Tensor<5>>) -> Tensor<5> {
        conv3x3x3(x, skip, held(&self.conv.weight))
    }

    pub(super) fn weight(&self) -> Tensor<5> {
        self.conv.weight.val()
    }

    /// 1×1×1 convolution to eight times the channels, which become the voxels of 2×2×2 cells.
    pub(super) fn conv1_to_space(&self, x: Tensor<5>) -> Tensor<5> {
        pointwise_to_space(x, held(&self.conv.weight), self.conv.bias.as_ref().map(|b| b.val()))
    }

    pub(super) fn conv1(&self, x: Tensor<5>, skip: Option<Tensor<5>>) -> Tensor<5> {
        pointwise(x, skip, held(&self.conv.weight), self.conv.bias.as_ref().map(|b| b.val()))
    }
}

/// MONAI `UnetResBlock` with affine-free instance norm; `conv3` projects the shortcut when widths differ.
#[derive(Module, Debug)]
pub(super) struct ResBlock {
    conv1: ConvLayer,
    conv2: ConvLayer,
    conv3: Option<ConvLayer>,
}

impl ResBlock {
    pub(super) fn new(input: usize, output: usize, device: &Device) -> Self {
        Self {
            conv1: ConvLayer::new(input, output, 3, false, device),
            conv2: ConvLayer::new(output, output, 3, false, device),
            conv3: (input != output).then(|| ConvLayer::new(input, output, 1, false, device)),
        }
    }

    /// The input is the concatenation of `x` and `skip` along channels.
    pub(super) fn forward(&self, x: Tensor<5>, skip: Option<Tensor<5>>) -> Tensor<5> {
        let y = instance_norm(self.conv1.conv3(x.clone(), skip.clone()), None, true);
        let y = self.conv2.conv3(y, None);
        let shortcut = match &self.conv3 {
            Some(conv3) => instance_norm(conv3.conv1(x, skip), None, false),
            None => x,
        };
        instance_norm(y, Some(shortcut), true)
    }
}

/// MONAI `UnetrBasicBlock`.
#[derive(Module, Debug)]
pub(super) struct BasicBlock {
    layer: ResBlock,
}

impl BasicBlock {
    pub(super) fn new(input: usize, output: usize, device: &Device) -> Self {
        Self { layer: ResBlock::new(input, output, device) }
    }

    pub(super) fn forward(&self, x: Tensor<5>) -> Tensor<5> {
        self.layer.forward(x, None)
    }
}

/// MONAI `UnetOutBlock`: a 1×1×1 convolution to the logits.
#[derive(Module, Debug)]
pub(super) struct OutBlock {
    conv: ConvLayer,
}

impl OutBlock {
    pub(super) fn new(input: usize, output: usize, device: &Device) -> Self {
        Self { conv: ConvLayer::new(input, output, 1, true, device) }
    }

    pub(super) fn forward(&self, x: Tensor<5>) -> Tensor<5> {
        self.conv.conv1(x, None)
    }
}

/// Transposed convolution of kernel and stride 2, without bias.
#[derive(Module, Debug)]
pub(super) struct TransposedLayer {
    conv: ConvTranspose3d,
}

impl TransposedLayer {
    pub(super) fn new(input: usize, output: usize, device: &Device) -> Self {
        let config = ConvTranspose3dConfig::new([input, output], [2; 3]).with_stride([2; 3]).with_bias(false);
        Self { conv: config.init(device) }
    }

    pub(super) fn forward(&self, x: Tensor<5>) -> Tensor<5> {
        upsample2(x, held(&self.conv.weight))
    }
}

/// MONAI `UnetrUpBlock`: transposed convolution, concatenation `[upsampled, skip]`, residual block.
#[derive(Module, Debug)]
pub(super) struct UpBlock {
    transp_conv: TransposedLayer,
    conv_block: ResBlock,
}

impl UpBlock {
    pub(super) fn new(input: usize, output: usize, device: &Device) -> Self {
        Self {
            transp_conv: TransposedLayer::new(input, output, device),
            conv_block: ResBlock::new(2 * output, output, device),
        }
    }

    pub(super) fn forward(&self, x: Tensor<5>, skip: Tensor<5>) -> Tensor<5> {
        self.conv_block.forward(self.transp_conv.forward(x), Some(skip))
    }
}

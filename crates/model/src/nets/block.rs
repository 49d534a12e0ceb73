//! The residual convolution block and the upsampling block of UNETR decoders.

use burn::module::Module;
use burn::nn::conv::{Conv3d, ConvTranspose3d, ConvTranspose3dConfig};
use burn::tensor::{Device, Tensor};
use saswin_kernels::{conv3x3x3, instance_norm, pointwise, pointwise_to_space, upsample2};

use super::conv;

#[derive(Module, Debug)]
pub(super) struct ConvLayer {
    conv: Conv3d,
}

impl ConvLayer {
    pub(super) fn new(input: usize, output: usize, kernel: usize, bias: bool, device: &Device) -> Self {
        Self { conv: conv(input, output, kernel, bias, device) }
    }

    fn conv3(&self, x: Tensor<5>, skip: Option<Tensor<5>>) -> Tensor<5> {
        conv3x3x3(x, skip, self.conv.weight.val())
    }

    /// 1×1×1 convolution to eight times the channels, which become the voxels of 2×2×2 cells.
    pub(super) fn conv1_to_space(&self, x: Tensor<5>) -> Tensor<5> {
        pointwise_to_space(x, self.conv.weight.val(), self.conv.bias.as_ref().map(|b| b.val()))
    }

    pub(super) fn conv1(&self, x: Tensor<5>, skip: Option<Tensor<5>>) -> Tensor<5> {
        pointwise(x, skip, self.conv.weight.val(), self.conv.bias.as_ref().map(|b| b.val()))
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

#[derive(Module, Debug)]
struct TransposedLayer {
    conv: ConvTranspose3d,
}

/// MONAI `UnetrUpBlock`: transposed convolution, concatenation `[upsampled, skip]`, residual block.
#[derive(Module, Debug)]
pub(super) struct UpBlock {
    transp_conv: TransposedLayer,
    conv_block: ResBlock,
}

impl UpBlock {
    pub(super) fn new(input: usize, output: usize, device: &Device) -> Self {
        let transposed =
            ConvTranspose3dConfig::new([input, output], [2; 3]).with_stride([2; 3]).with_bias(false);
        Self {
            transp_conv: TransposedLayer { conv: transposed.init(device) },
            conv_block: ResBlock::new(2 * output, output, device),
        }
    }

    pub(super) fn forward(&self, x: Tensor<5>, skip: Tensor<5>) -> Tensor<5> {
        let up = upsample2(x, self.transp_conv.conv.weight.val());
        self.conv_block.forward(up, Some(skip))
    }
}

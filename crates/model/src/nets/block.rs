//! The convolution blocks of UNETR decoders. They divide maps that have no room in one tensor.

use std::ops::Range;

use burn::module::Module;
use burn::nn::conv::{Conv3d, ConvTranspose3d, ConvTranspose3dConfig};
use burn::tensor::{Device, Tensor};
use saswin_kernels::{conv3x3x3, instance_norm, pointwise, pointwise_to_space, upsample2};

use super::conv;
use super::map::Map;
use crate::Room;
use crate::weights::held;

#[derive(Module, Debug)]
pub(super) struct ConvLayer {
    conv: Conv3d,
}

impl ConvLayer {
    pub(super) fn new(input: usize, output: usize, kernel: usize, bias: bool, device: &Device) -> Self {
        Self { conv: conv(input, output, kernel, bias, device) }
    }

    /// The channels `out` of the 3×3×3 convolution.
    fn conv3(&self, x: &Map, out: &Range<usize>) -> Tensor<5> {
        x.sum(|x, skip, input| conv3x3x3(x, skip, held(&self.conv.weight).part(input, out.clone())))
    }

    pub(super) fn weight(&self) -> Tensor<5> {
        self.conv.weight.val()
    }

    /// 1×1×1 convolution to eight times the channels, which become the voxels of 2×2×2 cells.
    pub(super) fn conv1_to_space(&self, x: &Map) -> Tensor<5> {
        let out = 0..self.width();
        x.sum_of_each(|x, input| {
            let bias = self.bias(&input, &out);
            pointwise_to_space(x, held(&self.conv.weight).part(input, out.clone()), bias)
        })
    }

    /// The channels `out` of the 1×1×1 convolution.
    fn conv1(&self, x: &Map, out: &Range<usize>) -> Tensor<5> {
        x.sum(|x, skip, input| {
            let bias = self.bias(&input, out);
            pointwise(x, skip, held(&self.conv.weight).part(input, out.clone()), bias)
        })
    }

    /// The bias of the channels `out`, which the first part of the input brings in.
    fn bias(&self, input: &Range<usize>, out: &Range<usize>) -> Option<Tensor<1>> {
        let bias = self.conv.bias.as_ref().filter(|_| input.start == 0)?;
        Some(bias.val().slice([out.clone()]))
    }

    /// Number of output channels.
    fn width(&self) -> usize {
        self.conv.weight.dims()[0]
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

    pub(super) fn forward(&self, x: Map, room: Room) -> Map {
        let parts = room.parts(x.places(), self.conv1.width());
        let y: Map = parts.iter().map(|part| instance_norm(self.conv1.conv3(&x, part), None, true)).collect();
        let second: Vec<_> = parts.iter().map(|part| self.conv2.conv3(&y, part)).collect();
        drop(y);
        let sum = |(y, part)| {
            let shortcut = match &self.conv3 {
                Some(conv3) => instance_norm(conv3.conv1(&x, part), None, false),
                None => x.channels(part),
            };
            instance_norm(y, Some(shortcut), true)
        };
        second.into_iter().zip(&parts).map(sum).collect()
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

    pub(super) fn forward(&self, x: Tensor<5>, room: Room) -> Map {
        self.layer.forward(x.into(), room)
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

    pub(super) fn forward(&self, x: &Map) -> Tensor<5> {
        self.conv.conv1(x, &(0..self.conv.width()))
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

    pub(super) fn forward(&self, x: &Map, room: Room) -> Map {
        let [_, width, ..] = self.conv.weight.dims();
        let part = |out: Range<usize>| {
            x.sum(|x, skip, input| {
                upsample2(x, skip, held(&self.conv.weight).part_transposed(input, out.clone()))
            })
        };
        room.parts(8 * x.places(), width).into_iter().map(part).collect()
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

    pub(super) fn forward(&self, x: Map, skip: Map, room: Room) -> Map {
        let up = self.transp_conv.forward(&x, room);
        drop(x);
        self.conv_block.forward(up.with(skip), room)
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Param;
    use burn::tensor::TensorData;
    use saswin_kernels::check::relative_l2;

    use super::*;
    use crate::fidelity::named_tensor;

    fn values(x: Tensor<5>) -> Vec<f32> {
        x.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn the_last_convolution_of_a_divided_map_is_that_of_the_whole() {
        let device = Device::flex();
        let mut layer = ConvLayer::new(12, 16, 1, true, &device);
        let bias = named_tensor("bias", &[16]);
        layer.conv.bias = Some(Param::from_data(TensorData::new(bias.values, bias.shape), &device));
        let x = named_tensor("input:x", &[1, 2, 3, 4, 12]);
        let x = Tensor::<5>::from_data(TensorData::new(x.values, x.shape), &device);
        let whole = values(layer.conv1_to_space(&x.clone().into()));
        for widths in [vec![8, 4], vec![4, 4, 4]] {
            let divided: Map = x.clone().split_with_sizes(widths, 4).into_iter().collect();
            assert!(relative_l2(&whole, &values(layer.conv1_to_space(&divided))) < 1e-6);
        }
    }
}

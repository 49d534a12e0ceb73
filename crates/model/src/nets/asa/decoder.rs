//! ASA's segmentation decoder: five resolutions out of one token grid.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use saswin_kernels::patch_embed;

use super::super::block::{BasicBlock, ConvLayer, OutBlock, ResBlock, TransposedLayer, UpBlock};
use super::super::map::Map;
use super::super::{Trace, to_channels_last};
use crate::{AsaConfig, Room};

/// MONAI `UnetrPrUpBlock`: transposed convolution, then `further` times another one and a residual block.
#[derive(Module, Debug)]
struct Rise {
    transp_conv_init: TransposedLayer,
    blocks: Vec<(TransposedLayer, ResBlock)>,
}

impl Rise {
    fn new(input: usize, output: usize, further: usize, device: &Device) -> Self {
        let block = |_| (TransposedLayer::new(output, output, device), ResBlock::new(output, output, device));
        Self {
            transp_conv_init: TransposedLayer::new(input, output, device),
            blocks: (0..further).map(block).collect(),
        }
    }

    fn forward(&self, x: Tensor<5>, room: Room) -> Map {
        let x = self.transp_conv_init.forward(&x.into(), room);
        self.blocks.iter().fold(x, |x, (up, block)| {
            let raised = up.forward(&x, room);
            drop(x);
            block.forward(raised, room)
        })
    }
}

/// The mirror image of [`Rise`]: convolutions of kernel and stride 2.
#[derive(Module, Debug)]
struct Down {
    down_conv_init: ConvLayer,
    blocks: Vec<(ConvLayer, ResBlock)>,
}

impl Down {
    fn new(input: usize, output: usize, further: usize, device: &Device) -> Self {
        let halve = |input| ConvLayer::new(input, output, 2, false, device);
        let block = |_| (halve(output), ResBlock::new(output, output, device));
        Self { down_conv_init: halve(input), blocks: (0..further).map(block).collect() }
    }

    fn forward(&self, x: Tensor<5>, room: Room) -> Map {
        let halve = |x: Map, layer: &ConvLayer| Map::from(patch_embed(x.join(), layer.weight(), None));
        let x = halve(x.into(), &self.down_conv_init);
        self.blocks.iter().fold(x, |x, (down, block)| block.forward(halve(x, down), room))
    }
}

/// Encoders that bring tokens to five resolutions, and the U-shaped way back up.
#[derive(Module, Debug)]
pub(super) struct Decoder {
    encoder1: BasicBlock,
    encoder2: Rise,
    encoder3: Rise,
    encoder4: BasicBlock,
    encoder5: Down,
    encoder6: Down,
    decoder6: UpBlock,
    decoder5: UpBlock,
    decoder4: UpBlock,
    decoder3: UpBlock,
    decoder2: UpBlock,
    out: Vec<OutBlock>,
}

impl Decoder {
    pub(super) fn new(config: &AsaConfig, f: usize, device: &Device) -> Self {
        let width = config.hidden_size;
        let up = |input, output| UpBlock::new(input, output, device);
        Self {
            encoder1: BasicBlock::new(config.in_channels, f, device),
            encoder2: Rise::new(width, 2 * f, 1, device),
            encoder3: Rise::new(width, 4 * f, 0, device),
            encoder4: BasicBlock::new(width, 8 * f, device),
            encoder5: Down::new(width, 16 * f, 0, device),
            encoder6: Down::new(width, 32 * f, 1, device),
            decoder6: up(32 * f, 16 * f),
            decoder5: up(16 * f, 8 * f),
            decoder4: up(8 * f, 4 * f),
            decoder3: up(4 * f, 2 * f),
            decoder2: up(2 * f, f),
            out: (0..5).map(|i| OutBlock::new(f << i, config.out_channels, device)).collect(),
        }
    }

    /// Logits `[b, h, w, s, k]` from the image `[b, c, h, w, s]`, the outputs of the blocks and the final tokens.
    ///
    /// The coarser heads, which training supervises, are computed for the trace only.
    pub(super) fn forward(
        &self,
        image: Tensor<5>,
        blocks: &[Tensor<5>],
        tokens: Tensor<5>,
        room: Room,
        trace: &mut Trace,
    ) -> Tensor<5> {
        let mut kept = |name: &str, x: Map| {
            trace.keep_map(name, &x);
            x
        };
        let [h2, h4, h6, h8] = [2, 4, 6, 8].map(|i| blocks[i].clone());
        let enc1 = kept("encoder1", self.encoder1.forward(to_channels_last(image), room));
        let enc2 = kept("encoder2", self.encoder2.forward(h2, room));
        let enc3 = kept("encoder3", self.encoder3.forward(h4, room));
        let enc4 = kept("encoder4", self.encoder4.forward(h6, room));
        let enc5 = kept("encoder5", self.encoder5.forward(h8, room));
        let enc6 = kept("encoder6", self.encoder6.forward(tokens, room));
        let mut rise = |level: usize, up: &UpBlock, x: Map, skip: Map| {
            let x = up.forward(x, skip, room);
            trace.keep_map(&format!("decoder{}", level + 2), &x);
            if trace.is_on() && level > 0 {
                trace.keep(&format!("logits{level}"), &self.out[level].forward(&x));
            }
            x
        };
        let x = rise(4, &self.decoder6, enc6, enc5);
        let x = rise(3, &self.decoder5, x, enc4);
        let x = rise(2, &self.decoder4, x, enc3);
        let x = rise(1, &self.decoder3, x, enc2);
        self.out[0].forward(&rise(0, &self.decoder2, x, enc1))
    }
}

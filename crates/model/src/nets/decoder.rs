//! From feature maps to segmentation logits.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use saswin_kernels::space_to_depth;

use super::Trace;
use super::block::{BasicBlock, ConvLayer, OutBlock, ResBlock, UpBlock};
use super::map::Map;
use crate::{DecoderKind, Room, SwinConfig};

/// The two decoder steps at full resolution.
#[derive(Module, Debug)]
struct FullEnd {
    encoder1: BasicBlock,
    decoder1: UpBlock,
    out: OutBlock,
}

/// The subvoxel ending: one block at half resolution, then eight voxels per cell.
#[derive(Module, Debug)]
struct SubvoxelEnd {
    block: ResBlock,
    out: ConvLayer,
}

/// The U-shaped decoder of Swin UNETR; x3 goes into `decoder5` raw, as published.
#[derive(Module, Debug)]
pub(super) struct Decoder {
    encoder2: BasicBlock,
    encoder3: BasicBlock,
    encoder4: BasicBlock,
    encoder10: BasicBlock,
    decoder5: UpBlock,
    decoder4: UpBlock,
    decoder3: UpBlock,
    decoder2: UpBlock,
    full: Option<FullEnd>,
    subvoxel: Option<SubvoxelEnd>,
}

impl Decoder {
    pub(super) fn new(config: &SwinConfig, kind: DecoderKind, device: &Device) -> Self {
        let f = config.feature_size;
        let basic = |width| BasicBlock::new(width, width, device);
        let up = |input, output| UpBlock::new(input, output, device);
        let full = (kind == DecoderKind::Full).then(|| FullEnd {
            encoder1: BasicBlock::new(config.in_channels, f, device),
            decoder1: up(f, f),
            out: OutBlock::new(f, config.out_channels, device),
        });
        let subvoxel = match kind {
            DecoderKind::Subvoxel { width } => Some(SubvoxelEnd {
                block: ResBlock::new(f + 8 * config.in_channels, width, device),
                out: ConvLayer::new(width, 8 * config.out_channels, 1, true, device),
            }),
            DecoderKind::Full => None,
        };
        Self {
            encoder2: basic(f),
            encoder3: basic(2 * f),
            encoder4: basic(4 * f),
            encoder10: basic(16 * f),
            decoder5: up(16 * f, 8 * f),
            decoder4: up(8 * f, 4 * f),
            decoder3: up(4 * f, 2 * f),
            decoder2: up(2 * f, f),
            full,
            subvoxel,
        }
    }

    /// Logits `[b, x, y, z, k]` from the image, x0 to x3 and the bottleneck, all channels last.
    pub(super) fn forward(
        &self,
        image: Tensor<5>,
        [x0, x1, x2, x3]: [Tensor<5>; 4],
        bottleneck: Tensor<5>,
        room: Room,
        trace: &mut Trace,
    ) -> Tensor<5> {
        let mut kept = |name: &str, x: Map| {
            trace.keep_map(name, &x);
            x
        };
        let enc1 = kept("encoder2", self.encoder2.forward(x0, room));
        let enc2 = kept("encoder3", self.encoder3.forward(x1, room));
        let enc3 = kept("encoder4", self.encoder4.forward(x2, room));
        let dec = kept("encoder10", self.encoder10.forward(bottleneck, room));
        let dec = kept("decoder5", self.decoder5.forward(dec, x3.into(), room));
        let dec = kept("decoder4", self.decoder4.forward(dec, enc3, room));
        let dec = kept("decoder3", self.decoder3.forward(dec, enc2, room));
        let dec = kept("decoder2", self.decoder2.forward(dec, enc1, room));
        if let Some(end) = &self.full {
            let enc0 = kept("encoder1", end.encoder1.forward(image, room));
            let out = kept("decoder1", end.decoder1.forward(dec, enc0, room));
            return end.out.forward(&out);
        }
        match &self.subvoxel {
            Some(end) => {
                let y = end.block.forward(dec.with(space_to_depth(image, 2).into()), room);
                end.out.conv1_to_space(&y)
            }
            None => dec.join(),
        }
    }
}

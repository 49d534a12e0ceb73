//! How much arithmetic a forward pass is.

use crate::memory::voxels;
use crate::{DecoderKind, SwinConfig};

/// Multiply-adds of one forward pass. Norms, activations and softmax are not counted; windows are counted with their
/// padding, as the published network computes them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// 3×3×3 convolutions.
    pub convolution: u64,
    /// Products over channels: linear layers, 1×1×1, transposed and embedding convolutions.
    pub product: u64,
    /// Scores and weighted sums of attention.
    pub attention: u64,
}

impl Cost {
    /// Of a forward pass of `architecture` over windows of `roi` voxels, mirror included. The heads of pretraining
    /// are not counted.
    pub fn new(architecture: &SwinConfig, roi: [usize; 3]) -> Self {
        let mut cost = Self::default();
        let streams = if architecture.symmetry { 2 } else { 1 };
        cost.encoder(architecture, roi, streams);
        let bottleneck = architecture.bottleneck() as u64;
        if architecture.symmetry {
            cost.saca(bottleneck, voxels(roi, 16 * architecture.patch));
        }
        cost.product += architecture.class_head.map_or(0, |head| bottleneck * head.outputs as u64);
        if let Some(kind) = architecture.decoder {
            cost.decoder(architecture, kind, roi);
        }
        cost
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.convolution + self.product + self.attention
    }

    fn encoder(&mut self, a: &SwinConfig, roi: [usize; 3], streams: u64) {
        let patch = (a.in_channels * a.patch.pow(3)) as u64;
        self.product += streams * voxels(roi, a.patch) * a.feature_size as u64 * patch;
        for stage in 0..4 {
            let c = (a.feature_size << stage) as u64;
            let grid = roi.map(|side| side.div_ceil(a.patch << stage));
            let tokens = streams * voxels(grid, 1);
            if a.use_v2 {
                self.convolution += 2 * 27 * c * c * tokens;
            }
            for _ in 0..a.depths[stage] {
                self.block(c, tokens, grid, a.window, streams);
            }
            self.product += streams * voxels(grid, 2) * 8 * c * 2 * c;
        }
    }

    fn block(&mut self, c: u64, tokens: u64, grid: [usize; 3], window: [usize; 3], streams: u64) {
        let window: [usize; 3] = std::array::from_fn(|axis| window[axis].min(grid[axis]));
        let padded = (0..3).map(|axis| (grid[axis].div_ceil(window[axis]) * window[axis]) as u64);
        let padded = streams * padded.product::<u64>();
        self.product += padded * 4 * c * c + tokens * 8 * c * c;
        self.attention += padded * 2 * voxels(window, 1) * c;
    }

    fn saca(&mut self, c: u64, tokens: u64) {
        self.product += tokens * (2 * 4 + 8) * c * c;
        self.attention += 2 * 2 * tokens * tokens * c;
    }

    fn residual(&mut self, input: u64, output: u64, places: u64) {
        self.convolution += 27 * (input + output) * output * places;
        if input != output {
            self.product += input * output * places;
        }
    }

    /// Transposed convolution to `places` and the residual block behind it.
    fn rise(&mut self, input: u64, output: u64, places: u64) {
        self.product += input * output * places;
        self.residual(2 * output, output, places);
    }

    fn decoder(&mut self, a: &SwinConfig, kind: DecoderKind, roi: [usize; 3]) {
        let f = a.feature_size as u64;
        for (width, divisor) in [(f, 2), (2 * f, 4), (4 * f, 8), (16 * f, 32)] {
            self.residual(width, width, voxels(roi, divisor));
        }
        for (input, output, divisor) in [(16, 8, 16), (8, 4, 8), (4, 2, 4), (2, 1, 2)] {
            self.rise(input * f, output * f, voxels(roi, divisor));
        }
        let (image, out) = (a.in_channels as u64, a.out_channels as u64);
        match kind {
            DecoderKind::Full => {
                self.residual(image, f, voxels(roi, 1));
                self.rise(f, f, voxels(roi, 1));
                self.product += f * out * voxels(roi, 1);
            }
            DecoderKind::Subvoxel { width } => {
                self.residual(f + 8 * image, width as u64, voxels(roi, 2));
                self.product += width as u64 * 8 * out * voxels(roi, 2);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClassHead, Merge, Pool};

    /// Billions of multiply-adds, rounded to as many decimals as the published table has.
    fn giga(n: u64, decimals: i32) -> f64 {
        let scale = 10_f64.powi(decimals);
        (n as f64 / 1e9 * scale).round() / scale
    }

    /// Feature size 48, one input channel; counted by hand from the published code.
    #[test]
    fn counts_are_those_of_the_published_networks() {
        let encoder = SwinConfig::encoder(1, 48, Merge::Legacy);
        let head = Some(ClassHead { outputs: 2, pool: Pool::Token0 });
        let classifier = SwinConfig { symmetry: true, class_head: head, ..encoder.clone() };
        let unetr = SwinConfig { decoder: Some(DecoderKind::Full), out_channels: 3, ..encoder.clone() };
        let saca_unetr = SwinConfig { symmetry: true, ..unetr.clone() };
        let table = [
            (96, [24.9, 50.1, 318.0, 343.0]),
            (128, [68.1, 136.7, 763.0, 832.0]),
            (160, [115.0, 231.3, 1472.0, 1588.0]),
        ];
        for (side, expected) in table {
            let networks = [(&encoder, 1), (&classifier, 1), (&unetr, 0), (&saca_unetr, 0)];
            let found = networks.map(|(a, decimals)| giga(Cost::new(a, [side; 3]).total(), decimals));
            assert_eq!(found, expected, "{side}");
        }
    }

    #[test]
    fn the_decoder_is_most_of_the_segmenter() {
        let encoder = SwinConfig::encoder(1, 48, Merge::Legacy);
        let unetr = SwinConfig { decoder: Some(DecoderKind::Full), out_channels: 3, ..encoder };
        let cost = Cost::new(&unetr, [96; 3]);
        assert_eq!(giga(cost.convolution, 0), 285.0);
        assert_eq!(giga(cost.attention, 1), 11.4);
    }
}

//! The steps of the Swin family.

use super::ledger::{Ledger, Map, voxels};
use crate::{DecoderKind, Room, SwinConfig};

impl Ledger {
    pub(super) fn swin(&mut self, a: &SwinConfig, roi: [usize; 3]) {
        let full = voxels(roi, 1);
        let image = a.in_channels as u64 * full;
        self.step = "weights".to_owned();
        self.see(largest_kernel(a));
        self.step = "input".to_owned();
        let streams = if a.symmetry { 2 } else { 1 };
        self.take(streams * image);
        let features = if streams == 1 || self.room.holds(8 * hidden_places(a, roi)) {
            self.encoder(a, roi, streams)
        } else {
            let mirror = self.encoder(a, roi, 1);
            self.give(mirror[..4].iter().sum());
            self.encoder(a, roi, 1)
        };
        if let Some(kind) = a.decoder {
            self.swin_decoder(a, kind, roi, features);
        }
    }

    /// The encoder on a batch of so many streams; the sizes of its feature maps, which stay.
    fn encoder(&mut self, a: &SwinConfig, roi: [usize; 3], batch: u64) -> [u64; 5] {
        let f = a.feature_size as u64;
        let image = batch * a.in_channels as u64 * voxels(roi, 1);
        self.step = "patch embedding".to_owned();
        let joined = if batch == 1 { 0 } else { self.take(image) };
        let cells = self.take(image);
        let mut x = self.take(batch * f * voxels(roi, a.patch));
        self.give(joined + cells);
        let mut features = [self.take(x); 5];
        for stage in 0..4 {
            self.step = format!("encoder stage {}", stage + 1);
            let width = f << stage;
            if a.use_v2 {
                let room = std::mem::replace(&mut self.room, Room::ANY);
                let input = Map::one(x / width, width);
                let y = self.residual(&input, width);
                self.room = room;
                self.give(x);
                x = y.elements();
            }
            for _ in 0..a.depths[stage] {
                self.block(x);
            }
            let merged = self.take(batch * 8 * width * voxels(roi, a.patch << (stage + 1)));
            self.give(x);
            x = self.take(merged / 4);
            self.give(merged);
            features[stage + 1] = self.take(x);
        }
        self.give(x);
        features
    }

    /// A transformer block on `n` elements.
    fn block(&mut self, n: u64) {
        let norm = self.take(n);
        let qkv = self.take(3 * n);
        self.give(norm);
        let attended = self.take(n);
        self.give(qkv);
        let x = self.take(n);
        self.give(attended + n);
        let norm = self.take(n);
        let hidden = self.take(4 * n);
        self.give(norm);
        self.take(n);
        self.give(hidden + x);
    }

    /// `features` are the sizes of the encoder's maps, mirror included where it is in the same tensors; each is given
    /// back when it was read.
    fn swin_decoder(&mut self, a: &SwinConfig, kind: DecoderKind, roi: [usize; 3], features: [u64; 5]) {
        let f = a.feature_size as u64;
        self.step = "decoder, skips".to_owned();
        let skips = [0, 1, 2].map(|level| {
            let input = Map::one(voxels(roi, 2 << level), f << level);
            let y = self.residual(&input, f << level);
            self.give(features[level]);
            y
        });
        let deepest = Map::one(voxels(roi, 32), 16 * f);
        let mut x = self.residual(&deepest, 16 * f);
        self.step = "decoder at 1/16".to_owned();
        let third = Map::one(voxels(roi, 16), 8 * f);
        x = self.rise(&x, &third, features[3], 8 * f);
        for level in [2, 1, 0] {
            self.step = format!("decoder at 1/{}", 2 << level);
            x = self.rise(&x, &skips[level], skips[level].elements(), f << level);
        }
        self.step = "decoder at full resolution".to_owned();
        let full = voxels(roi, 1);
        let (image, logits) = (a.in_channels as u64 * full, a.out_channels as u64 * full);
        let y = match kind {
            DecoderKind::Full => {
                let skip = self.residual(&Map::one(full, a.in_channels as u64), f);
                let y = self.rise(&x, &skip, skip.elements(), f);
                self.product(&y, logits);
                y
            }
            DecoderKind::Subvoxel { width } => {
                let cells = self.take(image);
                let both = x.clone().with(&Map::one(x.places, 8 * a.in_channels as u64));
                let y = self.residual(&both, width as u64);
                self.give(x.elements() + cells);
                self.sum(y.widths.len(), logits);
                y
            }
        };
        self.give(y.elements());
        self.read_back(logits);
    }
}

/// Elements of a map of the first stage, one stream.
fn hidden_places(a: &SwinConfig, roi: [usize; 3]) -> u64 {
    a.feature_size as u64 * voxels(roi, a.patch)
}

/// Elements of the largest weight: a convolution at the bottleneck or of the subvoxel end, or the deepest reduction, or
/// convolution, of the encoder.
fn largest_kernel(a: &SwinConfig) -> u64 {
    let bottleneck = a.bottleneck() as u64;
    let square = |width: u64, taps: u64| width * width * taps;
    let decoder = match a.decoder {
        Some(DecoderKind::Subvoxel { width }) => square(bottleneck.max(width as u64), 27),
        Some(DecoderKind::Full) => square(bottleneck, 27),
        None => 0,
    };
    let encoder = if a.use_v2 { square(bottleneck / 2, 27) } else { square(bottleneck, 4) };
    encoder.max(decoder)
}

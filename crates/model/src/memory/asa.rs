//! The steps of ASA.

use super::ledger::{Ledger, Map, voxels};
use crate::AsaConfig;
use crate::nets::asa::PATCH;

impl Ledger {
    pub(super) fn asa(&mut self, a: &AsaConfig, roi: [usize; 3]) {
        self.step = "weights".to_owned();
        self.see(largest_weight(a));
        self.step = "input".to_owned();
        self.take(a.in_channels as u64 * voxels(roi, 1));
        let tokens = a.hidden_size as u64 * voxels(roi, PATCH);
        self.encode(a, roi, tokens);
        if let Some(f) = a.feature_size {
            self.asa_decoder(a, f as u64, roi, tokens);
        }
    }

    /// Every block leaves its output. Attention is composed of burn's operations, which hold scores twice.
    fn encode(&mut self, a: &AsaConfig, roi: [usize; 3], tokens: u64) {
        self.step = "patch embedding".to_owned();
        let patches = self.take(a.in_channels as u64 * voxels(roi, 1));
        self.take(tokens);
        self.give(patches);
        let padded = voxels(roi, PATCH).next_multiple_of(a.window as u64);
        let (scores, padded) = (padded * (a.heads * a.window) as u64, padded * a.hidden_size as u64);
        for block in 0..a.layers {
            self.step = format!("encoder block {}", block + 1);
            let attention = [padded, 3 * padded, 3 * padded, scores, scores].map(|n| self.take(n));
            self.give(attention.iter().sum());
            let hidden = [tokens, 4 * tokens, 4 * tokens].map(|n| self.take(n));
            self.give(hidden.iter().sum());
            self.take(tokens);
        }
    }

    fn asa_decoder(&mut self, a: &AsaConfig, f: u64, roi: [usize; 3], tokens: u64) {
        let grid = voxels(roi, PATCH);
        let width = a.hidden_size as u64;
        self.step = "decoder, skips".to_owned();
        let image = Map::one(voxels(roi, 1), a.in_channels as u64);
        let skips = [
            self.residual(&image, f),
            self.risen(grid, width, 2 * f, 1),
            self.risen(grid, width, 4 * f, 0),
            self.residual(&Map::one(grid, width), 8 * f),
            self.halved(roi, tokens, 16 * f, 0),
        ];
        let mut x = self.halved(roi, tokens, 32 * f, 1);
        for (level, skip) in skips.iter().enumerate().rev() {
            self.step = format!("decoder at 1/{}", 1 << level);
            x = self.rise(&x, skip, skip.elements(), f << level);
        }
        let logits = a.out_channels as u64 * voxels(roi, 1);
        self.product(&x, logits);
        self.give(x.elements());
        self.read_back(logits);
    }

    /// Tokens at twice their resolution, and `further` times twice that.
    fn risen(&mut self, grid: u64, from: u64, width: u64, further: usize) -> Map {
        let mut x = self.raised(&Map::one(grid, from), width);
        for _ in 0..further {
            let up = self.raised(&x, width);
            self.give(x.elements());
            x = self.residual(&up, width);
            self.give(up.elements());
        }
        x
    }

    /// Tokens at half of their resolution, and `further` times half of that.
    fn halved(&mut self, roi: [usize; 3], tokens: u64, width: u64, further: usize) -> Map {
        let cells = self.take(tokens);
        let mut x = Map::one(voxels(roi, 2 * PATCH), width);
        self.take(x.elements());
        self.give(cells);
        for step in 0..further {
            let cells = self.take(x.elements());
            let half = Map::one(voxels(roi, (4 * PATCH) << step), width);
            self.take(half.elements());
            self.give(cells + x.elements());
            x = self.residual(&half, width);
            self.give(half.elements());
        }
        x
    }
}

/// Elements of the largest weight: a convolution at the decoder's bottom, or a hidden layer.
fn largest_weight(a: &AsaConfig) -> u64 {
    let width = a.hidden_size as u64;
    let bottom = 32 * a.feature_size.unwrap_or(0) as u64;
    (27 * bottom * bottom).max(4 * width * width)
}

#[cfg(test)]
mod tests {
    use crate::{AsaConfig, MemoryPlan, Position, Room};

    const MIB: u64 = 1 << 20;

    fn plan(feature: usize, limit: Option<u64>) -> MemoryPlan {
        let mut a = AsaConfig::encoder(1, Position::Symmetric1d);
        a.feature_size = Some(feature);
        a.out_channels = 4;
        MemoryPlan::of(&a.into(), 0, [128; 3], Room::new(limit))
    }

    #[test]
    fn the_largest_tensor_is_a_map_at_full_resolution() {
        let whole = plan(24, None);
        assert_eq!(whole.largest, 24 * 128_u64.pow(3) * 4);
        assert_eq!(whole.largest_step, "decoder, skips");
        assert!(whole.peak > 3 * whole.largest);
    }

    #[test]
    fn the_limits_that_every_device_has_suffice_when_maps_are_divided() {
        assert!(plan(24, None).fits(128 * MIB).is_err());
        assert_eq!(plan(24, Some(128 * MIB)).fits(128 * MIB), Ok(()));
        let error = plan(24, Some(16 * MIB)).fits(16 * MIB).unwrap_err();
        assert_eq!((error.step.as_str(), error.needed_mib, error.limit_mib), ("weights", 61, 16));
    }
}

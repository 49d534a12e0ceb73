//! How much memory a forward pass takes on a GPU, known before anything is allocated.

use crate::{DecoderKind, SwinConfig};

/// Bytes of an activation: 32-bit floats.
const ELEMENT: u64 = 4;
const MIB: u64 = 1 << 20;

/// Memory of one forward pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryPlan {
    /// Bytes of all tensors that live at once, at the worst moment. The allocator's rounding comes on top.
    pub peak: u64,
    /// Bytes of the largest single tensor.
    pub largest: u64,
    /// The step that makes the largest tensor.
    pub largest_step: String,
}

/// Why a forward pass cannot be run on a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the network's largest tensor ({step}) takes {needed_mib} MiB, the device takes {limit_mib} MiB in one buffer"
)]
pub struct MemoryError {
    /// The step that makes the tensor.
    pub step: String,
    /// Its size.
    pub needed_mib: u64,
    /// What the device takes.
    pub limit_mib: u64,
}

impl MemoryPlan {
    /// Memory of one forward pass of `architecture` with `parameters` weights over windows of `roi` voxels.
    pub fn new(architecture: &SwinConfig, parameters: u64, roi: [usize; 3]) -> Self {
        let plan = Self { peak: 0, largest: 0, largest_step: String::new() };
        let mut ledger = Ledger { live: parameters * ELEMENT, plan, step: String::new() };
        ledger.forward(architecture, roi);
        ledger.plan
    }

    /// Whether every tensor fits into a buffer of `limit` bytes.
    ///
    /// # Errors
    /// If one does not.
    pub fn fits(&self, limit: u64) -> Result<(), MemoryError> {
        if self.largest <= limit {
            return Ok(());
        }
        Err(MemoryError {
            step: self.largest_step.clone(),
            needed_mib: self.largest.div_ceil(MIB),
            limit_mib: limit / MIB,
        })
    }
}

/// Walks the network's steps in order, as [`crate::nets`] runs them through the shaders.
struct Ledger {
    live: u64,
    plan: MemoryPlan,
    step: String,
}

impl Ledger {
    /// Allocates a tensor and returns its size, to be given back.
    fn take(&mut self, elements: u64) -> u64 {
        self.live += elements * ELEMENT;
        self.plan.peak = self.plan.peak.max(self.live);
        if elements * ELEMENT > self.plan.largest {
            self.plan.largest = elements * ELEMENT;
            self.plan.largest_step.clone_from(&self.step);
        }
        elements
    }

    fn give(&mut self, elements: u64) {
        self.live -= elements * ELEMENT;
    }

    fn forward(&mut self, a: &SwinConfig, roi: [usize; 3]) {
        let f = a.feature_size as u64;
        let image = a.in_channels as u64;
        let voxels = |divisor: usize| roi.iter().map(|side| side.div_ceil(divisor) as u64).product::<u64>();
        let full = voxels(1);
        let batch = if a.symmetry { 2 } else { 1 };

        self.step = "patch embedding".to_owned();
        self.take(batch * image * full);
        let both = self.take(batch * image * full);
        let cells = self.take(batch * image * full);
        let mut x = self.take(batch * f * voxels(a.patch));
        self.give(both + cells);
        self.take(x);
        for stage in 0..4 {
            self.step = format!("encoder stage {}", stage + 1);
            let width = f << stage;
            if a.use_v2 {
                let y = self.residual(x, x);
                self.give(x);
                x = y;
            }
            for _ in 0..a.depths[stage] {
                self.block(x);
            }
            let merged = self.take(batch * 8 * width * voxels(a.patch << (stage + 1)));
            let next = self.take(merged / 4);
            self.give(merged + x);
            x = next;
            self.take(x);
        }
        self.give(x);
        if let Some(kind) = a.decoder {
            self.decoder(a, kind, [full, voxels(2), voxels(4), voxels(8), voxels(16), voxels(32)]);
        }
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

    /// A residual block from `input` to `output` elements; its inputs stay.
    fn residual(&mut self, input: u64, output: u64) -> u64 {
        let first = self.take(output);
        let normed = self.take(output);
        self.give(first);
        let second = self.take(output);
        self.give(normed);
        let shortcut = if input == output {
            0
        } else {
            let raw = self.take(output);
            let normed = self.take(output);
            self.give(raw);
            normed
        };
        self.take(output);
        self.give(second + shortcut);
        output
    }

    fn decoder(&mut self, a: &SwinConfig, kind: DecoderKind, voxels: [u64; 6]) {
        let f = a.feature_size as u64;
        self.step = "decoder, skips".to_owned();
        let skips = [(f, 1), (2 * f, 2), (4 * f, 3)].map(|(c, level)| {
            let n = c * voxels[level];
            self.residual(n, n)
        });
        let n = 16 * f * voxels[5];
        let mut x = self.residual(n, n);
        for (level, width) in [(4, 8 * f), (3, 4 * f), (2, 2 * f), (1, f)] {
            self.step = format!("decoder at 1/{}", 1 << level);
            let up = self.take(width * voxels[level]);
            self.give(x);
            x = self.residual(2 * up, up);
            self.give(up + if level < 4 { skips[level - 1] } else { 0 });
        }
        self.step = "decoder at full resolution".to_owned();
        let image = a.in_channels as u64 * voxels[0];
        match kind {
            DecoderKind::Full => {
                let skip = self.residual(image, f * voxels[0]);
                let up = self.take(f * voxels[0]);
                self.give(x);
                let y = self.residual(skip + up, up);
                self.give(skip + up);
                self.take(a.out_channels as u64 * voxels[0]);
                self.give(y);
            }
            DecoderKind::Subvoxel { width } => {
                let cells = self.take(image);
                let y = self.residual(x + cells, width as u64 * voxels[1]);
                self.give(x + cells);
                self.take(a.out_channels as u64 * voxels[0]);
                self.give(y);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Merge;

    fn segmenter(feature: usize) -> SwinConfig {
        let mut a = SwinConfig::encoder(1, feature, Merge::Legacy);
        a.symmetry = true;
        a.decoder = Some(DecoderKind::Full);
        a.out_channels = 2;
        a
    }

    #[test]
    fn the_largest_tensor_is_found_with_its_step() {
        // Hidden layer of the first MLP: 4·f channels at half resolution, scan and mirror.
        let plan = MemoryPlan::new(&segmenter(48), 0, [96; 3]);
        assert_eq!(plan.largest, 2 * 4 * 48 * 48 * 48 * 48 * 4);
        assert_eq!(plan.largest_step, "encoder stage 1");
        // Without the mirror it is a map at full resolution.
        let single = SwinConfig { symmetry: false, ..segmenter(48) };
        let plan = MemoryPlan::new(&single, 0, [96; 3]);
        assert_eq!(plan.largest, 48 * 96 * 96 * 96 * 4);
        assert_eq!(plan.largest_step, "decoder at full resolution");
    }

    #[test]
    fn a_device_that_is_too_small_is_refused_with_the_reason() {
        let plan = MemoryPlan::new(&segmenter(48), 0, [96; 3]);
        assert_eq!(plan.fits(256 * MIB), Ok(()));
        let error = plan.fits(128 * MIB).unwrap_err();
        assert_eq!((error.needed_mib, error.limit_mib), (162, 128));
        assert!(error.to_string().contains("encoder stage 1"));
    }

    #[test]
    fn everything_that_is_taken_is_given_back_but_inputs_features_and_output() {
        let a = segmenter(12);
        let plan = MemoryPlan { peak: 0, largest: 0, largest_step: String::new() };
        let mut ledger = Ledger { live: 0, plan, step: String::new() };
        ledger.forward(&a, [64; 3]);
        let voxels = 64_u64.pow(3);
        let features: u64 = (0..5).map(|level| 2 * (12 << level) * voxels / 8_u64.pow(level + 1)).sum();
        assert_eq!(ledger.live, 4 * (2 * voxels + features + 2 * voxels));
    }
}

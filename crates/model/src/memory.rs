//! How much memory a forward pass takes on a GPU, known before anything is allocated.

use crate::room::ELEMENT;
use crate::{DecoderKind, Room, SwinConfig};

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
    /// Memory of one forward pass of `architecture` with `parameters` weights over windows of `roi` voxels, divided
    /// as `room` wants it.
    pub fn new(architecture: &SwinConfig, parameters: u64, roi: [usize; 3], room: Room) -> Self {
        let mut ledger = Ledger::new(parameters, room);
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

/// Walks the network's steps in order, as [`crate::nets`] runs them through the shaders: a tensor counts from when it is
/// made until its last reader is done. Not counted is what is small beside the maps: SACA and other heads, moments, and
/// inputs rounded to bytes.
struct Ledger {
    live: u64,
    plan: MemoryPlan,
    step: String,
    room: Room,
}

/// A map that lives, in elements: those of one channel, and the channels of each of its tensors.
#[derive(Clone)]
struct Map {
    places: u64,
    widths: Vec<u64>,
}

impl Map {
    fn one(places: u64, width: u64) -> Self {
        Self { places, widths: vec![width] }
    }

    fn elements(&self) -> u64 {
        self.places * self.widths.iter().sum::<u64>()
    }

    fn with(mut self, other: &Self) -> Self {
        self.widths.extend(&other.widths);
        self
    }
}

impl Ledger {
    fn new(parameters: u64, room: Room) -> Self {
        let plan = MemoryPlan { peak: 0, largest: 0, largest_step: String::new() };
        Self { live: parameters * ELEMENT, plan, step: String::new(), room }
    }

    /// Allocates a tensor and returns its size, to be given back.
    fn take(&mut self, elements: u64) -> u64 {
        self.live += elements * ELEMENT;
        self.plan.peak = self.plan.peak.max(self.live);
        self.see(elements);
        elements
    }

    /// A tensor that is already counted.
    fn see(&mut self, elements: u64) {
        if elements * ELEMENT > self.plan.largest {
            self.plan.largest = elements * ELEMENT;
            self.plan.largest_step.clone_from(&self.step);
        }
    }

    fn give(&mut self, elements: u64) {
        self.live -= elements * ELEMENT;
    }

    fn forward(&mut self, a: &SwinConfig, roi: [usize; 3]) {
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
            self.decoder(a, kind, roi, features);
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

    /// A tensor summed over those of `input`, two at a time.
    fn product(&mut self, input: &Map, elements: u64) -> u64 {
        self.sum(input.widths.len().div_ceil(2), elements)
    }

    /// A tensor that is the sum of so many.
    fn sum(&mut self, terms: usize, elements: u64) -> u64 {
        let sum = self.take(elements);
        if terms > 1 {
            let more = self.take(elements);
            self.give(more);
        }
        sum
    }

    /// A residual block from `input`, which stays, to `width` channels.
    fn residual(&mut self, input: &Map, width: u64) -> Map {
        let output = self.parts(input.places, width);
        let sizes: Vec<u64> = output.widths.iter().map(|width| width * output.places).collect();
        for &n in &sizes {
            let raw = self.product(input, n);
            self.take(n);
            self.give(raw);
        }
        for &n in &sizes {
            self.product(&output, n);
        }
        self.give(output.elements());
        let projected = input.widths.iter().sum::<u64>() != width;
        for &n in &sizes {
            let shortcut = if projected {
                let raw = self.product(input, n);
                let normed = self.take(n);
                self.give(raw);
                normed
            } else {
                0
            };
            self.take(n);
            self.give(n + shortcut);
        }
        output
    }

    /// A map of `width` channels that is yet to be made.
    fn parts(&self, places: u64, width: u64) -> Map {
        let parts = self.room.parts(places, width as usize);
        Map { places, widths: parts.iter().map(|part| part.len() as u64).collect() }
    }

    /// Transposed convolution and residual block; both inputs are given back.
    fn rise(&mut self, x: &Map, skip: &Map, skip_elements: u64, width: u64) -> Map {
        let up = self.parts(8 * x.places, width);
        for part in &up.widths {
            self.product(x, part * up.places);
        }
        self.give(x.elements());
        let both = up.clone().with(skip);
        let y = self.residual(&both, width);
        self.give(up.elements() + skip_elements);
        y
    }

    /// `features` are the sizes of the encoder's maps, mirror included where it is in the same tensors; each is given
    /// back when it was read.
    fn decoder(&mut self, a: &SwinConfig, kind: DecoderKind, roi: [usize; 3], features: [u64; 5]) {
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
        self.step = "logits, read back".to_owned();
        let channels_first = self.take(logits);
        self.give(channels_first);
    }
}

/// Voxels of a map at one `divisor`-th of the window's resolution.
fn voxels(roi: [usize; 3], divisor: usize) -> u64 {
    roi.iter().map(|side| side.div_ceil(divisor) as u64).product()
}

/// Elements of a map of the first stage, one stream.
fn hidden_places(a: &SwinConfig, roi: [usize; 3]) -> u64 {
    a.feature_size as u64 * voxels(roi, a.patch)
}

/// Elements of the largest weight: a convolution at the bottleneck, or the deepest reduction.
fn largest_kernel(a: &SwinConfig) -> u64 {
    let bottleneck = a.bottleneck() as u64;
    let taps = if a.decoder.is_some() { 27 } else { 4 };
    bottleneck * bottleneck * taps
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

    fn plan(a: &SwinConfig, mebibytes: Option<u64>) -> MemoryPlan {
        MemoryPlan::new(a, 0, [96; 3], Room::new(mebibytes.map(|m| m * MIB)))
    }

    #[test]
    fn the_largest_tensor_is_found_with_its_step() {
        // Hidden layer of the first MLP: 4·f channels at half resolution, scan and mirror.
        let whole = plan(&segmenter(48), None);
        assert_eq!(whole.largest, 2 * 4 * 48 * 48 * 48 * 48 * 4);
        assert_eq!(whole.largest_step, "encoder stage 1");
        // Without the mirror it is a map at full resolution.
        let single = plan(&SwinConfig { symmetry: false, ..segmenter(48) }, None);
        assert_eq!(single.largest, 48 * 96 * 96 * 96 * 4);
        assert_eq!(single.largest_step, "decoder at full resolution");
    }

    #[test]
    fn a_device_that_is_too_small_is_refused_with_the_reason() {
        assert_eq!(plan(&segmenter(48), Some(256)).fits(256 * MIB), Ok(()));
        let error = plan(&segmenter(48), Some(64)).fits(64 * MIB).unwrap_err();
        assert_eq!((error.needed_mib, error.limit_mib), (81, 64));
        assert!(error.to_string().contains("encoder stage 1"));
    }

    #[test]
    fn the_published_segmenter_fits_the_limits_that_every_device_has() {
        const PARAMETERS: u64 = 71_638_533;
        let small = MemoryPlan::new(&segmenter(48), PARAMETERS, [96; 3], Room::new(Some(128 * MIB)));
        assert_eq!(small.fits(128 * MIB), Ok(()));
        assert!(small.peak < 1_200_000_000, "{}", small.peak);
        let large = MemoryPlan::new(&segmenter(48), PARAMETERS, [96; 3], Room::ANY);
        assert!(large.fits(128 * MIB).is_err());
        assert!(small.peak < large.peak);
    }

    #[test]
    fn logits_of_a_divided_map_are_summed_and_the_map_is_never_joined() {
        let mut a = segmenter(12);
        a.decoder = Some(DecoderKind::Subvoxel { width: 64 });
        let joined = 64 * 80 * 96 * 80 * 4;
        let plan = |room| MemoryPlan::new(&a, 0, [160, 192, 160], Room::new(Some(room)));
        assert!(joined > 128 * MIB);
        assert_eq!(plan(128 * MIB).fits(128 * MIB), Ok(()));
        // The scores of the second half beside the sum, while both halves live.
        let mut ledger = Ledger::new(0, Room::ANY);
        ledger.sum(2, 10);
        assert_eq!((ledger.plan.peak, ledger.live), (2 * 10 * ELEMENT, 10 * ELEMENT));
    }

    #[test]
    fn logits_are_there_twice_when_they_are_read() {
        let a = SwinConfig { symmetry: false, out_channels: 256, ..segmenter(12) };
        let logits = 256 * 96_u64.pow(3) * ELEMENT;
        let image = 96_u64.pow(3) * ELEMENT;
        let deepest = 12 * 16 * 3_u64.pow(3) * ELEMENT;
        assert_eq!(plan(&a, None).peak, 2 * logits + image + deepest);
    }

    #[test]
    fn everything_that_is_taken_is_given_back_but_inputs_bottleneck_and_output() {
        let voxels = 64_u64.pow(3);
        let deepest = 12 * 16 * voxels / 32_u64.pow(3);
        let subvoxel = SwinConfig { decoder: Some(DecoderKind::Subvoxel { width: 64 }), ..segmenter(12) };
        for (room, a) in [None, Some(4 * MIB)]
            .into_iter()
            .flat_map(|room| [(room, segmenter(12)), (room, subvoxel.clone())])
        {
            let mut ledger = Ledger::new(0, Room::new(room));
            ledger.forward(&a, [64; 3]);
            assert_eq!(ledger.live, 4 * (2 * voxels + 2 * deepest + 2 * voxels), "{room:?} {a:?}");
        }
    }
}

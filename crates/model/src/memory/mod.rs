//! How much memory a forward pass takes on a GPU, known before anything is allocated.

mod asa;
mod ledger;
mod swin;

use self::ledger::Ledger;
pub(crate) use self::ledger::voxels;
use crate::{Architecture, Room, SwinConfig};

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
        ledger.swin(architecture, roi);
        ledger.plan
    }

    /// The same of a network of any family.
    pub fn of(architecture: &Architecture, parameters: u64, roi: [usize; 3], room: Room) -> Self {
        let mut ledger = Ledger::new(parameters, room);
        match architecture {
            Architecture::Swin(config) => ledger.swin(config, roi),
            Architecture::Asa(config) => ledger.asa(config, roi),
        }
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

#[cfg(test)]
mod tests {
    use super::ledger::Map;
    use super::*;
    use crate::room::ELEMENT;
    use crate::{DecoderKind, Merge};

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
    fn parts_that_are_joined_before_they_are_rounded_are_counted() {
        let joined = |first| {
            let mut ledger = Ledger::new(0, Room::ANY);
            ledger.product(&Map { places: 10, widths: vec![first, 8] }, 1);
            ledger.plan.largest / ELEMENT
        };
        assert_eq!(joined(6), 10 * (6 + 8));
        assert_eq!(joined(8), 1);
    }

    #[test]
    fn the_largest_weight_may_be_that_of_the_end_or_of_the_encoder() {
        let largest = |a: SwinConfig| MemoryPlan::new(&a, 0, [32; 3], Room::ANY).largest / ELEMENT;
        let wide = SwinConfig { decoder: Some(DecoderKind::Subvoxel { width: 512 }), ..segmenter(3) };
        assert_eq!(largest(wide), 512 * 512 * 27);
        let second = SwinConfig { use_v2: true, ..SwinConfig::encoder(1, 24, Merge::Legacy) };
        assert_eq!(largest(second), 192 * 192 * 27);
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
            ledger.swin(&a, [64; 3]);
            assert_eq!(ledger.live, 4 * (2 * voxels + 2 * deepest + 2 * voxels), "{room:?} {a:?}");
        }
    }
}

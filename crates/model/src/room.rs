//! How maps that are too large for one tensor are divided.

use std::ops::Range;

/// Bytes of an activation: 32-bit floats.
pub(crate) const ELEMENT: u64 = 4;

/// How many bytes one tensor may have. A network and its [`MemoryPlan`](crate::MemoryPlan) with the same room divide
/// their tensors alike.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Room(Option<u64>);

impl Room {
    /// Tensors of any size.
    pub const ANY: Self = Self(None);

    /// Tensors of up to `bytes`; nothing for any size.
    pub fn new(bytes: Option<u64>) -> Self {
        Self(bytes)
    }

    /// Whether a tensor of so many elements is small enough.
    pub(crate) fn holds(self, elements: u64) -> bool {
        self.0.is_none_or(|bytes| elements * ELEMENT <= bytes)
    }

    /// The channels of each tensor of a map of `width` channels with `places` elements each. They are multiples of
    /// four, so that no word of packed weights is divided.
    pub(crate) fn parts(self, places: u64, width: usize) -> Vec<Range<usize>> {
        let most = self.0.map_or(width as u64, |bytes| bytes / (ELEMENT * places.max(1)));
        let most = usize::try_from(most).unwrap_or(width);
        if most >= width {
            return std::iter::once(0..width).collect();
        }
        let most = (most / 4 * 4).max(4);
        let step = width.div_ceil(width.div_ceil(most)).next_multiple_of(4);
        (0..width).step_by(step).map(|from| from..(from + step).min(width)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_divided_into_no_more_tensors_than_needed() {
        let full = 96_u64.pow(3);
        let parts = |mebibytes: u64, width| Room::new(Some(mebibytes << 20)).parts(full, width);
        assert_eq!(Room::default().parts(full, 48).as_slice(), std::slice::from_ref(&(0..48)));
        assert_eq!(parts(162, 48).as_slice(), std::slice::from_ref(&(0..48)));
        assert_eq!(parts(128, 48), [0..24, 24..48]);
        assert_eq!(parts(128, 90), [0..32, 32..64, 64..90]);
        assert_eq!(parts(1, 10), [0..4, 4..8, 8..10]);
    }
}

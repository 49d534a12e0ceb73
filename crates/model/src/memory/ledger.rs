//! What lives while a network runs.

use super::MemoryPlan;
use crate::Room;
use crate::room::ELEMENT;

/// Walks the network's steps in order, as [`crate::nets`] runs them through the shaders: a tensor counts from when it is
/// made until its last reader is done. Not counted is what is small beside the maps: SACA and other heads, moments, and
/// inputs rounded to bytes.
pub(super) struct Ledger {
    pub live: u64,
    pub plan: MemoryPlan,
    pub step: String,
    pub room: Room,
}

/// A map that lives, in elements: those of one channel, and the channels of each of its tensors.
#[derive(Clone)]
pub(super) struct Map {
    pub places: u64,
    pub widths: Vec<u64>,
}

impl Map {
    pub fn one(places: u64, width: u64) -> Self {
        Self { places, widths: vec![width] }
    }

    pub fn elements(&self) -> u64 {
        self.places * self.widths.iter().sum::<u64>()
    }

    pub fn with(mut self, other: &Self) -> Self {
        self.widths.extend(&other.widths);
        self
    }
}

impl Ledger {
    pub(super) fn new(parameters: u64, room: Room) -> Self {
        let plan = MemoryPlan { peak: 0, largest: 0, largest_step: String::new() };
        Self { live: parameters * ELEMENT, plan, step: String::new(), room }
    }

    /// Allocates a tensor and returns its size, to be given back.
    pub(super) fn take(&mut self, elements: u64) -> u64 {
        self.live += elements * ELEMENT;
        self.plan.peak = self.plan.peak.max(self.live);
        self.see(elements);
        elements
    }

    /// A tensor that is already counted.
    pub(super) fn see(&mut self, elements: u64) {
        if elements * ELEMENT > self.plan.largest {
            self.plan.largest = elements * ELEMENT;
            self.plan.largest_step.clone_from(&self.step);
        }
    }

    pub(super) fn give(&mut self, elements: u64) {
        self.live -= elements * ELEMENT;
    }

    /// A tensor summed over those of `input`, two at a time. Two of which the first is no multiple of 4 channels wide share
    /// a word where they are rounded to bytes, and are joined before that.
    pub(super) fn product(&mut self, input: &Map, elements: u64) -> u64 {
        for pair in input.widths.chunks_exact(2).filter(|pair| !pair[0].is_multiple_of(4)) {
            let joined = self.take(input.places * pair.iter().sum::<u64>());
            self.give(joined);
        }
        self.sum(input.widths.len().div_ceil(2), elements)
    }

    /// A tensor that is the sum of so many.
    pub(super) fn sum(&mut self, terms: usize, elements: u64) -> u64 {
        let sum = self.take(elements);
        if terms > 1 {
            let more = self.take(elements);
            self.give(more);
        }
        sum
    }

    /// A residual block from `input`, which stays, to `width` channels.
    pub(super) fn residual(&mut self, input: &Map, width: u64) -> Map {
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
    pub(super) fn parts(&self, places: u64, width: u64) -> Map {
        let parts = self.room.parts(places, width as usize);
        Map { places, widths: parts.iter().map(|part| part.len() as u64).collect() }
    }

    /// A transposed convolution of `x`, which stays.
    pub(super) fn raised(&mut self, x: &Map, width: u64) -> Map {
        let up = self.parts(8 * x.places, width);
        for part in &up.widths {
            self.product(x, part * up.places);
        }
        up
    }

    /// Transposed convolution and residual block; both inputs are given back.
    pub(super) fn rise(&mut self, x: &Map, skip: &Map, skip_elements: u64, width: u64) -> Map {
        let up = self.raised(x, width);
        self.give(x.elements());
        let both = up.clone().with(skip);
        let y = self.residual(&both, width);
        self.give(up.elements() + skip_elements);
        y
    }

    /// The copy of the logits, which stay, in the order that they are read back in.
    pub(super) fn read_back(&mut self, logits: u64) {
        self.step = "logits, read back".to_owned();
        self.take(logits);
        self.give(logits);
    }
}

/// Voxels of a map at one `divisor`-th of the window's resolution.
pub(crate) fn voxels(roi: [usize; 3], divisor: usize) -> u64 {
    roi.iter().map(|side| side.div_ceil(divisor) as u64).product()
}

//! Overlap, volume and pieces of labelled regions.

use saswin_volume::for_each_piece;
use serde::{Deserialize, Serialize};

/// Voxels of one label in the answer, in the truth and in both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overlap {
    /// Voxels of the answer.
    pub answer: u64,
    /// Voxels of the truth.
    pub truth: u64,
    /// Voxels of both.
    pub both: u64,
}

impl Overlap {
    /// `2·|A∩T| / (|A| + |T|)`; `None` when the label is in neither.
    pub fn dice(&self) -> Option<f64> {
        let sizes = self.answer + self.truth;
        (sizes > 0).then(|| 2.0 * self.both as f64 / sizes as f64)
    }

    /// Signed volume error of the answer relative to the truth, `(|A| − |T|) / |T|`; `None` without truth.
    pub fn volume_error(&self) -> Option<f64> {
        (self.truth > 0).then(|| (self.answer as f64 - self.truth as f64) / self.truth as f64)
    }
}

/// How many separate lesions are found, as lesion-wise sensitivity and false discoveries count them: pieces are voxels
/// that hang together over faces, and one shared voxel is enough.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pieces {
    /// Pieces of the truth.
    pub truth: usize,
    /// Those of them that the answer touches.
    pub found: usize,
    /// Pieces of the answer.
    pub answer: usize,
    /// Those of them that touch no truth.
    pub false_pieces: usize,
}

impl Pieces {
    /// Compares two masks of `dims` voxels, `i` fastest.
    pub fn of(answer: &[bool], truth: &[bool], dims: [usize; 3]) -> Self {
        let [found, missed] = touching(truth, answer, dims);
        let [right, false_pieces] = touching(answer, truth, dims);
        Self { truth: found + missed, found, answer: right + false_pieces, false_pieces }
    }

    /// Adds pieces of another case.
    pub fn add(&mut self, other: Self) {
        self.truth += other.truth;
        self.found += other.found;
        self.answer += other.answer;
        self.false_pieces += other.false_pieces;
    }
}

/// Number of pieces of `mask` that touch `other`, and of those that do not.
fn touching(mask: &[bool], other: &[bool], dims: [usize; 3]) -> [usize; 2] {
    let mut counts = [0; 2];
    for_each_piece(mask, dims, |piece| counts[usize::from(!piece.iter().any(|i| other[*i]))] += 1);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_found_if_touched() {
        let mask = |voxels: [u8; 9]| voxels.map(|v| v != 0);
        let answer = mask([1, 0, 0, 1, 0, 1, 0, 0, 1]);
        let truth = mask([1, 0, 1, 1, 0, 0, 0, 0, 0]);
        // In the plane: the answer's column at the left, its lone voxel, and a corner.
        let seen = Pieces::of(&answer, &truth, [3, 3, 1]);
        assert_eq!(seen, Pieces { truth: 2, found: 1, answer: 2, false_pieces: 1 });
    }

    #[test]
    fn overlap_is_of_the_mean_size_and_volume_of_the_truth() {
        let one = Overlap { answer: 2, truth: 3, both: 2 };
        assert_eq!((one.dice(), one.volume_error()), (Some(0.8), Some(-1.0 / 3.0)));
        let none = Overlap::default();
        assert_eq!((none.dice(), none.volume_error()), (None, None));
    }
}

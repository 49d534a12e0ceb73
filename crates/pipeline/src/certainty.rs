//! How certain the network is of what it marks.

use saswin_volume::{Grid, Volume};

use crate::Scores;

/// An answer with the scores that it came from.
pub(crate) struct Marked<'a> {
    /// Logits on `grid`, margins taken off.
    pub scores: &'a Scores,
    pub grid: &'a Grid,
    /// Labels on the scan's grid.
    pub map: &'a Volume<u8>,
}

impl Marked<'_> {
    /// The most by which the score of `label` exceeds all others in a voxel that is marked with it; 0 where there is
    /// none. Labels must exclude each other.
    pub fn certainty(&self, label: u8) -> f64 {
        let Ok(inverse) = self.grid.affine.inverse() else { return 0.0 };
        let to_grid = inverse.compose(&self.map.grid.affine);
        let [nx, ny, _] = self.map.grid.dims;
        let marked = self.map.voxels.iter().enumerate().filter(|(_, value)| **value == label);
        let excess = marked.map(|(v, _)| {
            let place = to_grid.apply([(v % nx) as f64, (v / nx % ny) as f64, (v / (nx * ny)) as f64]);
            self.excess(usize::from(label), place)
        });
        f64::from(excess.fold(0.0, f32::max))
    }

    /// By how much `channel` exceeds all others in the voxel of the scores' grid that is nearest to `place`.
    fn excess(&self, channel: usize, place: [f64; 3]) -> f32 {
        let dims = self.grid.dims;
        let at: [usize; 3] =
            std::array::from_fn(|a| (place[a].round().max(0.0) as usize).min(dims[a].saturating_sub(1)));
        let voxel = (at[0] * dims[1] + at[1]) * dims[2] + at[2];
        let Scores { segmentation, classes, .. } = self.scores;
        let score = |c: usize| segmentation[c * (segmentation.len() / classes) + voxel];
        let others = (0..*classes).filter(|c| *c != channel).map(score).fold(f32::NEG_INFINITY, f32::max);
        score(channel) - others
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_volume::Affine;

    #[test]
    fn certainty_is_the_highest_excess_among_marked_voxels() {
        // Two voxels of 2 mm along x; four of 1 mm on the scan's grid.
        let coarse =
            Affine { linear: [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]], ..Affine::IDENTITY };
        let grid = Grid { dims: [2, 1, 1], affine: coarse };
        let segmentation = vec![1.0, 1.0, 4.0, 9.0, 2.0, 0.0];
        let scores = Scores { segmentation, classes: 3, class_logits: vec![], windows: 1 };
        let of = |labels: [u8; 4]| {
            let map = Volume {
                voxels: labels.to_vec(),
                ..Volume::filled(Grid { dims: [4, 1, 1], affine: Affine::IDENTITY }, 0)
            };
            Marked { scores: &scores, grid: &grid, map: &map }.certainty(1)
        };
        assert_eq!(of([1, 0, 0, 0]), 2.0);
        assert_eq!(of([1, 0, 1, 0]), 8.0);
        assert_eq!(of([0, 0, 0, 0]), 0.0);
    }
}

//! How certain the network is of what it marks.

use saswin_volume::{Grid, Volume, for_each_piece};

use crate::Scores;

/// The scores that labels came from.
pub(crate) struct Certainty<'a> {
    /// Logits on `grid`, margins taken off.
    pub scores: &'a Scores,
    pub grid: &'a Grid,
}

impl Certainty<'_> {
    /// For each of `labels`, by its value, the most by which its score exceeds all others in a voxel that is marked with it; 0 where there
    /// is none. Labels must exclude each other.
    pub fn of_each(&self, map: &Volume<u8>, labels: &[u8]) -> [f32; 256] {
        let mut most = [0.0f32; 256];
        let Some(place) = self.places(map) else { return most };
        for (voxel, label) in map.voxels.iter().enumerate().filter(|(_, label)| labels.contains(label)) {
            let most = &mut most[usize::from(*label)];
            *most = most.max(self.excess(*label, place(voxel)));
        }
        most
    }

    /// Pieces of `label` that nowhere exceed the others by `least` become background.
    pub fn drop_less(&self, map: &mut Volume<u8>, label: u8, least: f32) {
        let mask: Vec<bool> = map.voxels.iter().map(|v| *v == label).collect();
        let Some(place) = self.places(map) else { return };
        let mut uncertain = Vec::new();
        for_each_piece(&mask, map.grid.dims, |piece| {
            if piece.iter().all(|v| self.excess(label, place(*v)) < least) {
                uncertain.extend_from_slice(piece);
            }
        });
        uncertain.into_iter().for_each(|v| map.voxels[v] = 0);
    }

    /// Where voxels of `map` lie on the scores' grid.
    fn places(&self, map: &Volume<u8>) -> Option<impl Fn(usize) -> [f64; 3] + use<>> {
        let to_grid = self.grid.affine.inverse().ok()?.compose(&map.grid.affine);
        let [nx, ny, _] = map.grid.dims;
        Some(move |v: usize| to_grid.apply([(v % nx) as f64, (v / nx % ny) as f64, (v / (nx * ny)) as f64]))
    }

    /// By how much `label` exceeds all others in the voxel of the scores' grid that is nearest to `place`.
    fn excess(&self, label: u8, place: [f64; 3]) -> f32 {
        let dims = self.grid.dims;
        let at: [usize; 3] =
            std::array::from_fn(|a| (place[a].round().max(0.0) as usize).min(dims[a].saturating_sub(1)));
        let voxel = (at[0] * dims[1] + at[1]) * dims[2] + at[2];
        self.scores.excess(usize::from(label), voxel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_volume::Affine;

    /// Two voxels of 2 mm along x, in which label 1 exceeds the others by 2 and by 8.
    fn scored(test: impl Fn(&Certainty<'_>)) {
        let coarse =
            Affine { linear: [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]], ..Affine::IDENTITY };
        let grid = Grid { dims: [2, 1, 1], affine: coarse };
        let segmentation = vec![1.0, 1.0, 4.0, 9.0, 2.0, 0.0];
        let scores = Scores { segmentation, classes: 3, class_logits: vec![], windows: 1 };
        test(&Certainty { scores: &scores, grid: &grid });
    }

    /// Four voxels of 1 mm.
    fn map(labels: [u8; 4]) -> Volume<u8> {
        let grid = Grid { dims: [4, 1, 1], affine: Affine::IDENTITY };
        Volume { voxels: labels.to_vec(), ..Volume::filled(grid, 0) }
    }

    #[test]
    fn certainty_is_the_highest_excess_among_marked_voxels() {
        scored(|certainty| {
            let of = |labels| certainty.of_each(&map(labels), &[1])[1];
            assert_eq!([of([1, 0, 0, 0]), of([1, 0, 1, 0]), of([0, 0, 0, 2])], [2.0, 8.0, 0.0]);
        });
    }

    #[test]
    fn uncertain_pieces_become_background() {
        scored(|certainty| {
            let mut pieces = map([1, 2, 1, 1]);
            certainty.drop_less(&mut pieces, 1, 5.0);
            assert_eq!(pieces.voxels, [0, 2, 1, 1]);
            let mut whole = map([1, 1, 1, 2]);
            certainty.drop_less(&mut whole, 1, 5.0);
            assert_eq!(whole.voxels, [1, 1, 1, 2]);
        });
    }
}

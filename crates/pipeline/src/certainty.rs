//! How certain the network is of what it marks.

use saswin_model::VolumeEvidence;
use saswin_volume::{Grid, Volume, for_each_piece};

use crate::Scores;

/// The scores that labels came from.
pub(crate) struct Certainty<'a> {
    /// Logits on `grid`, margins taken off.
    pub scores: &'a Scores,
    pub grid: &'a Grid,
}

impl Certainty<'_> {
    /// What is marked as `evidence` has it.
    pub fn of(&self, map: &Volume<u8>, evidence: &VolumeEvidence) -> Marked {
        let Some(place) = self.places(map) else { return Marked::default() };
        let mask = map.mask(evidence.label);
        let of_voxels = |voxels: &mut dyn Iterator<Item = usize>| {
            f64::from(voxels.map(|v| self.excess(evidence.label, place(v))).fold(0.0, f32::max))
        };
        if !evidence.by_piece {
            let mut marked = (0..mask.len()).filter(|v| mask[*v]);
            return Marked { certainty: of_voxels(&mut marked), piece_ml: None };
        }
        let mut most = Marked { certainty: 0.0, piece_ml: Some(0.0) };
        let logit = |m: &Marked| evidence.logit(m.piece_ml.unwrap_or(0.0), m.certainty);
        for_each_piece(&mask, map.grid.dims, |piece| {
            let ml = piece.len() as f64 * map.grid.voxel_volume() / 1000.0;
            let marked = Marked { certainty: of_voxels(&mut piece.iter().copied()), piece_ml: Some(ml) };
            if logit(&marked) > logit(&most) {
                most = marked;
            }
        });
        most
    }

    /// Pieces of `label` that nowhere exceed the others by `least` become background.
    pub fn drop_less(&self, map: &mut Volume<u8>, label: u8, least: f32) {
        let mask = map.mask(label);
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
        let grid = map.grid;
        Some(move |v: usize| to_grid.apply(grid.indices(v).map(|i| i as f64)))
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

/// What speaks for a finding.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Marked {
    /// The most by which the label's score exceeds all others in a voxel that is marked with it; 0 where there is none.
    pub certainty: f64,
    /// Volume of the piece that counts; `None` if all of them do.
    pub piece_ml: Option<f64>,
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

    fn evidence(by_piece: bool) -> VolumeEvidence {
        VolumeEvidence { label: 1, half_ml: 0.001, gain: 1.0, certainty: None, by_piece }
    }

    #[test]
    fn certainty_is_the_highest_excess_among_marked_voxels() {
        scored(|certainty| {
            let of = |labels| certainty.of(&map(labels), &evidence(false));
            let expected = |certainty| Marked { certainty, piece_ml: None };
            assert_eq!(of([1, 0, 0, 0]), expected(2.0));
            assert_eq!(of([1, 0, 1, 0]), expected(8.0));
            assert_eq!(of([0, 0, 0, 2]), expected(0.0));
        });
    }

    #[test]
    fn the_piece_that_speaks_most_counts() {
        scored(|certainty| {
            // Three voxels lie where the label exceeds the others by 2, the last one where by 8.
            let mut map = map([1, 1, 0, 1]);
            map.grid.affine.translation[0] = -2.0;
            let of = |evidence: VolumeEvidence| certainty.of(&map, &evidence);
            assert_eq!(of(evidence(true)), Marked { certainty: 2.0, piece_ml: Some(0.002) });
            let weighed = saswin_model::CertaintyEvidence { half: 5.0, gain: 1.0 };
            let by_certainty = VolumeEvidence { certainty: Some(weighed), ..evidence(true) };
            assert_eq!(of(by_certainty), Marked { certainty: 8.0, piece_ml: Some(0.001) });
            let none = VolumeEvidence { label: 2, ..evidence(true) };
            assert_eq!(of(none), Marked { certainty: 0.0, piece_ml: Some(0.0) });
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

//! Findings that count by how much they exceed the same place of the other side.

use saswin_model::OneSided;
use saswin_volume::Grid;

use crate::Scores;

/// Lowers the wanted label's logit at each voxel by the most that it exceeds all others near the voxel's mirror image, if
/// it does, by no more than wanted. `grid` is that of the scores, `[x, y, z]`, symmetric in `x`; labels must exclude each
/// other.
///
/// Returns the volume, mL, in which the label exceeded all others by its `margin` and does not any more.
pub(crate) fn weigh(scores: &mut Scores, grid: &Grid, wanted: &OneSided, margin: f32) -> f64 {
    let dims = grid.dims;
    let (size, own) = (grid.len(), usize::from(wanted.label));
    if own >= scores.classes {
        return 0.0;
    }
    let reach = (wanted.reach_mm / grid.spacing()[0]).round() as usize;
    let excess: Vec<f32> = (0..size).map(|voxel| scores.excess(own, voxel)).collect();
    let mirrored = flipped(&excess, dims);
    let there = (0..3).fold(mirrored, |values, axis| highest_along(&values, dims, axis, reach));
    let logits = &mut scores.segmentation[own * size..][..size];
    let mut lost = 0;
    for ((logit, here), there) in logits.iter_mut().zip(excess).zip(there) {
        let lowered = there.clamp(0.0, wanted.at_most);
        *logit -= lowered;
        lost += usize::from(here > margin && here - lowered <= margin);
    }
    lost as f64 * grid.voxel_volume() / 1000.0
}

fn flipped(values: &[f32], [_, ny, nz]: [usize; 3]) -> Vec<f32> {
    values.chunks_exact(ny * nz).rev().flatten().copied().collect()
}

/// The highest value within `reach` voxels along `axis`.
fn highest_along(values: &[f32], dims: [usize; 3], axis: usize, reach: usize) -> Vec<f32> {
    let (count, step) = (dims[axis], dims[axis + 1..].iter().product::<usize>());
    let mut highest = values.to_vec();
    for (slab, out) in values.chunks_exact(count * step).zip(highest.chunks_exact_mut(count * step)) {
        for (i, row) in out.chunks_exact_mut(step).enumerate() {
            let near = i.saturating_sub(reach)..(i + reach + 1).min(count);
            for other in slab[near.start * step..near.end * step].chunks_exact(step) {
                row.iter_mut().zip(other).for_each(|(most, v)| *most = most.max(*v));
            }
        }
    }
    highest
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_volume::Affine;

    const DIMS: [usize; 3] = [12, 5, 5];

    fn at([x, y, z]: [usize; 3]) -> usize {
        (x * DIMS[1] + y) * DIMS[2] + z
    }

    /// Logit of class 1, 4 above the others at `[2, 2, 2]`, if it has `there` above them at `other`, after weighing.
    fn left(other: [usize; 3], there: f32) -> f32 {
        weighed(other, there).0
    }

    /// The same, and the voxels that lost the label; one of them has 1 mL.
    fn weighed(other: [usize; 3], there: f32) -> (f32, f64) {
        let affine =
            Affine { linear: [[10.0, 0.0, 0.0], [0.0, 10.0, 0.0], [0.0, 0.0, 10.0]], ..Affine::IDENTITY };
        let grid = Grid { dims: DIMS, affine };
        let size = grid.len();
        let mut segmentation = vec![0.0; 3 * size];
        segmentation[..size].fill(-1.0);
        segmentation[size..2 * size].fill(-9.0);
        segmentation[size + at([2, 2, 2])] = 4.0;
        segmentation[size + at(other)] = there;
        let mut scores = Scores { segmentation, classes: 3, class_logits: vec![], windows: 1 };
        let lost = weigh(&mut scores, &grid, &OneSided { label: 1, reach_mm: 10.0, at_most: 5.0 }, 0.5);
        (scores.segmentation[size + at([2, 2, 2])], lost)
    }

    #[test]
    fn what_the_other_side_has_counts_by_how_much_it_is_more() {
        assert_eq!(left([9, 2, 2], 3.0), 1.0);
        assert_eq!(left([8, 3, 1], 5.0), -1.0, "no head is quite symmetric");
        assert_eq!(left([9, 2, 2], 7.0), -1.0, "by no more than wanted");
    }

    #[test]
    fn what_loses_the_label_is_measured() {
        assert_eq!(weighed([9, 2, 2], -3.0).1, 0.0);
        assert_eq!(weighed([9, 2, 2], 3.4).1, 1.0, "by 0.6 more than all others, the other side by nothing");
        assert_eq!(weighed([9, 2, 2], 3.6).1, 2.0, "by 0.4 more, which is below the margin");
        assert_eq!(weighed([9, 2, 2], 0.4).1, 0.0, "the other side never had it");
    }

    #[test]
    fn what_the_other_side_has_not_counts_in_full() {
        assert_eq!(left([9, 2, 2], -3.0), 4.0);
        assert_eq!(left([7, 2, 2], 3.0), 4.0, "too far away");
        assert_eq!(left([2, 4, 2], 3.0), 4.0, "the same side");
    }
}

//! Where the network is unsure between tissues, the scan's own intensities decide.
//!
//! A network that learnt from synthetic scans knows where tissues lie, not what they look like in this scan. Here each
//! tissue's intensities are normally distributed about a mean that varies slowly over the head; mean and spread come
//! from the voxels that the network gives to the tissue, and its logits are the prior: the mixture model of
//! Ashburner and Friston, "Unified segmentation", NeuroImage 26 (2005), with a network in the place of the atlas.

use saswin_model::Manifest;
use saswin_volume::CoarseField;

use crate::{Prepared, Scores};

/// Width of the Gaussian over which a tissue's mean is taken, millimetres.
const REACH_MM: f64 = 15.0;
/// Values farther off than this many spreads say no more than those at it: lesions are left to the network.
const FARTHEST: f32 = 3.0;
/// Least spread, as a share of the network's intensity range.
const MIN_SPREAD: f32 = 0.01;
/// Fewest voxels that tell what a tissue looks like.
const MIN_VOXELS: usize = 500;

/// Adds what intensities say to the logits of the tissues that the manifest names. A voxel that the network gives to
/// none of them stays as it is; of others, the highest logit stays as high. False if nothing was changed, as no
/// tissues are named or one of them is not there.
pub(crate) fn weigh(manifest: &Manifest, scores: &mut Scores, prepared: &Prepared) -> bool {
    if manifest.tissues.is_empty() || scores.classes == 0 {
        return false;
    }
    let mixture = Mixture::new(manifest, scores, prepared);
    let own = mixture.by_network();
    let refined = |first: Vec<Look>| mixture.looks(&mixture.by_both(&own, &first));
    let Some(looks) = mixture.looks(&own).and_then(refined) else { return false };
    let (size, members) = (own.len(), mixture.members);
    let (image, length) = (&prepared.input[..size], prepared.grid.dims[2]);
    let (mut before, mut after) = (vec![0.0; length], vec![0.0; length]);
    each_row(&own, image, length, &looks, |first, says| {
        before.fill(f32::NEG_INFINITY);
        after.fill(f32::NEG_INFINITY);
        for (class, tissue) in &members {
            let logits = &scores.segmentation[class * size + first..][..length];
            raise(&mut before, &mut after, logits, &says[*tissue]);
        }
        for (class, tissue) in &members {
            let logits = &mut scores.segmentation[class * size + first..][..length];
            for (z, logit) in logits.iter_mut().enumerate().filter(|(z, _)| own[first + z].is_some()) {
                *logit += says[*tissue][z] - (after[z] - before[z]);
            }
        }
    });
    true
}

/// Calls `each` with the first voxel of every row in which the network gives one to a tissue, and the log-likelihoods
/// of the row's intensities in each tissue. `length` is that of a row.
fn each_row(
    own: &[Option<u8>],
    image: &[f32],
    length: usize,
    looks: &[Look],
    mut each: impl FnMut(usize, &[Vec<f32>]),
) {
    let mut says = vec![vec![0.0; length]; looks.len()];
    for (number, (own, image)) in own.chunks_exact(length).zip(image.chunks_exact(length)).enumerate() {
        if own.iter().any(Option::is_some) {
            looks.iter().zip(&mut says).for_each(|(look, row)| look.log_likelihoods(number, image, row));
            each(number * length, &says);
        }
    }
}

/// Takes `logits` where they are higher than those `before`, and with what intensities say, than those `after`. As
/// [`choose`], a function of its own because a browser compiles what is called often better than a long loop.
#[inline(never)]
fn raise(before: &mut [f32], after: &mut [f32], logits: &[f32], says: &[f32]) {
    for (((before, after), logit), say) in before.iter_mut().zip(after).zip(logits).zip(says) {
        *before = before.max(*logit);
        *after = after.max(logit + say);
    }
}

/// Takes `tissue` where its score is higher than the `best`.
#[inline(never)]
fn choose(best: &mut [f32], chosen: &mut [u8], tissue: u8, logits: &[f32], says: &[f32]) {
    for (((best, chosen), logit), say) in best.iter_mut().zip(chosen).zip(logits).zip(says) {
        let score = logit + say;
        if score > *best {
            (*best, *chosen) = (score, tissue);
        }
    }
}

/// A tissue's intensities in this scan.
struct Look {
    mean: CoarseField,
    spread: f32,
}

impl Look {
    /// From the voxels `members`; none if there are too few.
    fn of(members: &[usize], image: &[f32], dims: [usize; 3], reach: f64) -> Option<Self> {
        if members.len() < MIN_VOXELS {
            return None;
        }
        let mean = CoarseField::local_mean(image, members, dims, reach);
        let (length, mut row, mut along) = (dims[2], usize::MAX, vec![0.0; dims[2]]);
        let from_mean = |voxel: &usize| {
            if voxel / length != row {
                row = voxel / length;
                mean.row(row, &mut along);
            }
            (image[*voxel] - along[voxel % length]).abs()
        };
        let mut off: Vec<f32> = members.iter().map(from_mean).collect();
        let middle = off.len() / 2;
        let (_, median, _) = off.select_nth_unstable_by(middle, f32::total_cmp);
        // The factor makes it the standard deviation of a normal distribution.
        Some(Self { mean, spread: (1.4826 * *median).max(MIN_SPREAD) })
    }

    /// Of the values of a row, `number` of the volume.
    fn log_likelihoods(&self, number: usize, values: &[f32], out: &mut [f32]) {
        self.mean.row(number, out);
        let (precision, constant) = (1.0 / self.spread, self.spread.ln());
        for (out, value) in out.iter_mut().zip(values) {
            let off = ((value - *out) * precision).clamp(-FARTHEST, FARTHEST);
            *out = -0.5 * off * off - constant;
        }
    }
}

struct Mixture<'a> {
    scores: &'a Scores,
    image: &'a [f32],
    dims: [usize; 3],
    /// Of the local mean, voxels.
    reach: f64,
    /// Classes that are of a tissue, with the tissue.
    members: Vec<(usize, usize)>,
    tissues: usize,
}

impl<'a> Mixture<'a> {
    fn new(manifest: &Manifest, scores: &'a Scores, prepared: &'a Prepared) -> Self {
        let tissues = &manifest.tissues;
        let tissue_of =
            |class: usize| tissues.iter().position(|t| t.iter().any(|v| usize::from(*v) == class));
        Self {
            scores,
            image: &prepared.input[..scores.segmentation.len() / scores.classes],
            dims: prepared.grid.dims,
            reach: REACH_MM / manifest.preprocessing.spacing_mm,
            members: (0..scores.classes).filter_map(|c| Some((c, tissue_of(c)?))).collect(),
            tissues: tissues.len(),
        }
    }

    /// The tissue of each voxel, if the network gives it to one.
    fn by_network(&self) -> Vec<Option<u8>> {
        let tissue =
            |class: u8| self.members.iter().find(|(c, _)| *c == usize::from(class)).map(|(_, t)| *t as u8);
        self.scores.labels().into_iter().map(tissue).collect()
    }

    /// The tissue that network and intensity together say, where the network gives the voxel to one.
    fn by_both(&self, own: &[Option<u8>], looks: &[Look]) -> Vec<Option<u8>> {
        let (size, length) = (own.len(), self.dims[2]);
        let mut tissues = vec![None; size];
        let (mut best, mut chosen) = (vec![0.0; length], vec![0; length]);
        each_row(own, self.image, length, looks, |first, says| {
            best.fill(f32::NEG_INFINITY);
            for (class, tissue) in &self.members {
                let logits = &self.scores.segmentation[class * size + first..][..length];
                choose(&mut best, &mut chosen, *tissue as u8, logits, &says[*tissue]);
            }
            for (z, tissue) in chosen.iter().enumerate() {
                tissues[first + z] = own[first + z].map(|_| *tissue);
            }
        });
        tissues
    }

    fn looks(&self, labels: &[Option<u8>]) -> Option<Vec<Look>> {
        let members =
            |t: usize| labels.iter().enumerate().filter(move |(_, l)| **l == Some(t as u8)).map(|(i, _)| i);
        (0..self.tissues)
            .map(|t| Look::of(&members(t).collect::<Vec<_>>(), self.image, self.dims, self.reach))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use saswin_volume::{Affine, Grid, Plane};

    use super::*;
    use crate::Alignment;

    const SIDE: usize = 24;
    const SIZE: usize = SIDE * SIDE * SIDE;

    fn manifest(tissues: &[&[u8]]) -> Manifest {
        let mut manifest = Manifest::from_json(include_str!("../tests/tiny-manifest.json")).unwrap();
        manifest.preprocessing.spacing_mm = 1.0;
        manifest.tissues = tissues.iter().map(|t| t.to_vec()).collect();
        manifest
    }

    fn prepared(image: Vec<f32>) -> Prepared {
        let alignment = Alignment {
            aligned: true,
            residual: 0.0,
            yaw_deg: 0.0,
            roll_deg: 0.0,
            off_centre_mm: 0.0,
            plane: Plane { point: [0.0; 3], normal: [1.0, 0.0, 0.0] },
            reason: None,
        };
        let grid = Grid { dims: [SIDE; 3], affine: Affine::IDENTITY };
        Prepared {
            grid,
            input: image,
            channels: vec![saswin_model::InputChannel::Scan],
            alignment,
            steps: vec![],
        }
    }

    /// Plane along the first axis of a voxel.
    fn plane(voxel: usize) -> usize {
        voxel / (SIDE * SIDE)
    }

    /// Background before plane 4; then class 1 as the network says up to plane `border`, from there on class 2.
    fn scores(border: usize) -> Scores {
        let logit = |class: usize, voxel: usize| match (class, plane(voxel)) {
            (0, 0..4) => 50.0,
            (0, _) => -50.0,
            (1, p) => 0.5 * (border as f32 - p as f32),
            (_, p) => 0.5 * (p as f32 - border as f32),
        };
        let segmentation = (0..3 * SIZE).map(|i| logit(i / SIZE, i % SIZE)).collect();
        Scores { segmentation, classes: 3, class_logits: vec![], windows: 1 }
    }

    fn class_of(scores: &Scores, voxel: usize) -> usize {
        (0..3)
            .max_by(|a, b| {
                scores.segmentation[a * SIZE + voxel].total_cmp(&scores.segmentation[b * SIZE + voxel])
            })
            .unwrap()
    }

    /// Darker before plane `border`, brighter from there on, with noise and a bias along the second axis.
    fn image(border: usize) -> Vec<f32> {
        (0..SIZE)
            .map(|v| {
                let noise = 0.02 * ((v * 7919 % 101) as f32 / 50.0 - 1.0);
                let bias = 0.1 * (v / SIDE % SIDE) as f32 / SIDE as f32;
                (if plane(v) < border { 0.3 } else { 0.6 }) + bias + noise
            })
            .collect()
    }

    #[test]
    fn a_border_moves_to_where_the_scan_has_it() {
        let mut scores = scores(14);
        assert!(weigh(&manifest(&[&[1], &[2]]), &mut scores, &prepared(image(12))));
        let wrong = |v: &usize| {
            class_of(&scores, *v)
                != match plane(*v) {
                    0..4 => 0,
                    4..12 => 1,
                    _ => 2,
                }
        };
        assert_eq!((0..SIZE).filter(wrong).count(), 0);
    }

    #[test]
    fn far_from_borders_the_network_stands() {
        // A bright spot, as a lesion, deep in the dark tissue.
        let mut spotted = image(12);
        let spot = 4 * SIDE * SIDE + 12 * SIDE + 12;
        spotted[spot] += 0.3;
        let mut sure = scores(12);
        (0..SIZE).for_each(|v| sure.segmentation[SIZE + v] *= 4.0);
        weigh(&manifest(&[&[1], &[2]]), &mut sure, &prepared(spotted));
        assert_eq!(class_of(&sure, spot), 1);
    }

    #[test]
    fn without_tissues_or_enough_of_one_nothing_changes() {
        let before = scores(14);
        let mut after = before.clone();
        assert!(!weigh(&manifest(&[]), &mut after, &prepared(image(12))));
        assert_eq!(after.segmentation, before.segmentation);
        let rare = scores(SIDE);
        let mut after = rare.clone();
        assert!(!weigh(&manifest(&[&[1], &[2]]), &mut after, &prepared(image(12))));
        assert_eq!(after.segmentation, rare.segmentation);
    }

    #[test]
    fn background_and_the_highest_logit_of_tissues_stay() {
        let before = scores(14);
        let mut after = before.clone();
        weigh(&manifest(&[&[1], &[2]]), &mut after, &prepared(image(12)));
        let tissue = |s: &Scores, v: usize| s.segmentation[SIZE + v].max(s.segmentation[2 * SIZE + v]);
        assert_eq!(after.segmentation[..SIZE], before.segmentation[..SIZE]);
        assert!((0..SIZE).all(|v| (tissue(&after, v) - tissue(&before, v)).abs() < 1e-4));
    }
}

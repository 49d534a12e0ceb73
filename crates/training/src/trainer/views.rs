//! The views of SA-Swin's pretraining: two turned and cut-out copies of each window.

use super::source::Example;
use crate::synth::Rng;

/// Share of a window's voxels that cut-outs replace, at most.
const CUT_SHARE: f32 = 0.3;
/// Sides of cut-out boxes as shares of the window's.
const BOX: [f32; 2] = [0.05, 0.25];

/// One view of a window.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// Turned scan with cut-outs, and its turned mirror without.
    pub example: Example,
    /// Turned scan without cut-outs.
    pub whole: Vec<f32>,
    /// Quarter turns in the y–z plane, which keep left and right.
    pub turns: u8,
}

/// First views of all windows, then second views. Windows are as deep as high.
pub(super) fn views(examples: &[Example], rng: &mut Rng) -> Vec<View> {
    let mut views: Vec<View> = (0..2).flat_map(|_| examples).map(|e| turned(e, rng.below(4) as u8)).collect();
    for view in &mut views {
        cut_out(view, rng);
    }
    paste(&mut views, rng);
    views
}

fn turned(example: &Example, turns: u8) -> View {
    let turn = |values: &[f32]| (0..turns).fold(values.to_vec(), |v, _| quarter_turn(&v, example.size));
    let whole = turn(&example.image);
    let example = Example { image: whole.clone(), mirror: turn(&example.mirror), ..example.clone() };
    View { example, whole, turns }
}

/// Turns every y–z plane once: `(y, z)` goes to `(z, n − 1 − y)`.
fn quarter_turn(values: &[f32], [_, n, depth]: [usize; 3]) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    for (from, to) in values.chunks(n * depth).zip(out.chunks_mut(n * depth)) {
        for (i, v) in from.iter().enumerate() {
            let (y, z) = (i / depth, i % depth);
            to[z * depth + (n - 1 - y)] = *v;
        }
    }
    out
}

/// A random box `(low, size)`.
fn random_box(size: [usize; 3], rng: &mut Rng) -> ([usize; 3], [usize; 3]) {
    let sides = size.map(|n| ((rng.range(BOX[0], BOX[1]) * n as f32).round() as usize).clamp(1, n));
    (std::array::from_fn(|a| rng.below(size[a] - sides[a] + 1)), sides)
}

fn each_voxel([_, ny, nz]: [usize; 3], (low, side): ([usize; 3], [usize; 3]), mut act: impl FnMut(usize)) {
    for x in low[0]..low[0] + side[0] {
        for y in low[1]..low[1] + side[1] {
            for z in low[2]..low[2] + side[2] {
                act((x * ny + y) * nz + z);
            }
        }
    }
}

/// Fills boxes of the scan, its first channel, with noise between 0 and 1.
fn cut_out(view: &mut View, rng: &mut Rng) {
    let size = view.example.size;
    let mut left = CUT_SHARE * size.iter().product::<usize>() as f32;
    loop {
        let area = random_box(size, rng);
        left -= area.1.iter().product::<usize>() as f32;
        if left < 0.0 {
            return;
        }
        each_voxel(size, area, |i| view.example.image[i] = (0.5 + rng.normal() / 7.0).clamp(0.0, 1.0));
    }
}

/// Fills one more box of each scan with the same box of another view.
fn paste(views: &mut [View], rng: &mut Rng) {
    let from: Vec<Vec<f32>> = views.iter().map(|v| v.whole.clone()).collect();
    for (i, view) in views.iter_mut().enumerate() {
        let other = &from[(i + 1 + rng.below(from.len() - 1)) % from.len()];
        let area = random_box(view.example.size, rng);
        each_voxel(view.example.size, area, |v| view.example.image[v] = other[v]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Example {
        let image: Vec<f32> = (0..16 * 16 * 16).map(|i| 2.0 + i as f32).collect();
        Example {
            size: [16; 3],
            mirror: image.clone(),
            image,
            labels: vec![],
            classes: vec![],
            healthy: true,
        }
    }

    #[test]
    fn four_quarter_turns_are_none_and_one_moves_corners() {
        let e = example();
        let once = quarter_turn(&e.image, e.size);
        assert_ne!(once, e.image);
        assert_eq!(once[15], e.image[0]);
        let four = (0..4).fold(e.image.clone(), |v, _| quarter_turn(&v, e.size));
        assert_eq!(four, e.image);
    }

    #[test]
    fn views_keep_the_mirror_whole_and_cut_at_most_their_share() {
        let all = views(&[example(), example()], &mut Rng::new(4));
        assert_eq!(all.len(), 4);
        for view in all {
            assert_eq!(view.example.mirror, view.whole);
            let changed = view.example.image.iter().zip(&view.whole).filter(|(a, b)| a != b).count() as f32;
            let largest = CUT_SHARE + BOX[1].powi(3);
            assert!(changed > 0.0 && changed <= largest * 4096.0 * 1.3, "{changed}");
        }
    }
}

//! ASA's fixed position encodings, with the constants and axis orders of the published code.

use super::vit::PATCH;
use crate::Position;

/// Encoding of every token `[h·w·s, width]`, row-major, for a grid `(h, w, s)` of patches; s is left to right.
///
/// The rows are those of the published code: they are added to tokens in the order (h, w, s), whatever order
/// they were made in.
pub(crate) fn encoding(variant: Position, grid: [usize; 3], width: usize) -> Vec<f32> {
    let [h, w, s] = grid;
    let tokens = h * w * s;
    let fold = |k: usize, n: usize| k.min(n - 1 - k);
    let folded_rows = |row: usize| {
        let half = (row / 2) as f64;
        interleaved((0..tokens).map(|n| half * (n / row) as f64 + fold(n % row, row) as f64), width, 1e5)
    };
    match variant {
        Position::Plain1d => interleaved((0..tokens).map(|n| n as f64), width, 1e4),
        Position::Symmetric1d => folded_rows(2 * (s / 2).max(1)),
        Position::Symmetric1dPretraining => folded_rows(2 * (s * PATCH / 2)),
        Position::Hws1d => h_fastest(grid, width, |k| k),
        Position::HwsSymmetric1d => {
            let middle = s as f64 / 2.0;
            h_fastest(grid, width, |k| middle - (middle - k).abs())
        }
        Position::Plain3d => separable(grid, width, 1e4, |w, s| [w, s]),
        Position::Symmetric3d => separable(grid, width, 1e4, |w, k| [w, fold(k, s)]),
        Position::Symmetric3dPretraining => separable(grid, width, 1e5, |k, s| [fold(k, w), s]),
    }
}

/// Sine at even and cosine at odd channels of `position / temperature^(2i / width)`.
fn interleaved(positions: impl Iterator<Item = f64>, width: usize, temperature: f64) -> Vec<f32> {
    let scale: Vec<f64> = (0..width / 2).map(|i| temperature.powf(2.0 * i as f64 / width as f64)).collect();
    let mut out = Vec::new();
    for p in positions {
        out.extend(scale.iter().flat_map(|t| [(p / t).sin() as f32, (p / t).cos() as f32]));
    }
    out
}

/// `H²h + Ww + s` in the order (w, s, h), h fastest.
fn h_fastest([h, w, s]: [usize; 3], width: usize, place: impl Fn(f64) -> f64) -> Vec<f32> {
    let position = |i: usize, j: usize, k: usize| (h * h * i) as f64 + (w * j) as f64 + place(k as f64);
    let mut positions = Vec::with_capacity(h * w * s);
    for j in 0..w {
        for k in 0..s {
            positions.extend((0..h).map(|i| position(i, j, k)));
        }
    }
    interleaved(positions.into_iter(), width, 1e4)
}

/// Sine and cosine of s, of w and of h in sixths of the width; rows in the order (w, h, s), s fastest.
fn separable(
    [h, w, s]: [usize; 3],
    width: usize,
    temperature: f64,
    place: impl Fn(usize, usize) -> [usize; 2],
) -> Vec<f32> {
    let sixth = width / 6;
    let omega: Vec<f64> = (0..sixth).map(|j| temperature.powf(-(j as f64) / sixth as f64)).collect();
    let mut out = Vec::with_capacity(h * w * s * width);
    for j in 0..w {
        for i in 0..h {
            for k in 0..s {
                let [pw, ps] = place(j, k);
                for p in [ps, pw, i].map(|p| p as f64) {
                    out.extend(omega.iter().map(|o| (p * o).sin() as f32));
                    out.extend(omega.iter().map(|o| (p * o).cos() as f32));
                }
            }
        }
    }
    out
}

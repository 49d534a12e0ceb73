//! Small grey pictures of a middle slice.

use saswin_volume::{Affine, Volume};

/// A grey picture, row by row from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gray {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// 0 is black, 255 white.
    pub pixels: Vec<u8>,
}

impl Gray {
    /// The middle slice of `volume` in radiological view, at most `size` pixels wide and high.
    pub fn middle_of(volume: &Volume, size: usize) -> Self {
        let [columns, rows, slices] = volume.grid.dims;
        let count = columns * rows;
        let values = volume.voxels.chunks_exact(count.max(1)).nth(slices / 2).unwrap_or_default();
        Slice { values, dims: [columns, rows], affine: &volume.grid.affine }.picture(size, None)
    }
}

/// A stored slice (`i` fastest) and how its axes lie in the patient.
pub(crate) struct Slice<'a> {
    pub values: &'a [f32],
    pub dims: [usize; 2],
    pub affine: &'a Affine,
}

impl Slice<'_> {
    /// The slice in radiological view, fitted into `size`×`size` pixels, in a window of the values' 1 % to 99 %
    /// unless `window` (centre, width) is given.
    pub fn picture(&self, size: usize, window: Option<(f32, f32)>) -> Gray {
        let view = View::of(self.affine, self.dims);
        let longest = view.extent[0].max(view.extent[1]);
        let size = size.clamp(1, 1024);
        let fit = |extent: f64| ((extent / longest * size as f64).round() as usize).clamp(1, size);
        let (width, height) = (fit(view.extent[0]), fit(view.extent[1]));
        let (low, high) = window.map_or_else(|| self.percentiles(), |(c, w)| (c - w / 2.0, c + w / 2.0));
        let scale = if high > low { 255.0 / (high - low) } else { 0.0 };
        let shade = |row: usize, column: usize| {
            let mean = self.mean(view.source(column, width, 0), view.source(row, height, 1), &view);
            ((mean - low) * scale).clamp(0.0, 255.0) as u8
        };
        let pixels = (0..width * height).map(|at| shade(at / width, at % width)).collect();
        Gray { width, height, pixels }
    }

    /// Mean over a range of picture columns and rows given in stored samples.
    fn mean(&self, across: (usize, usize), down: (usize, usize), view: &View) -> f32 {
        let mut sum = 0.0;
        for d in down.0..down.1 {
            for a in across.0..across.1 {
                let (i, j) = if view.transposed { (d, a) } else { (a, d) };
                sum += self.values.get(i + self.dims[0] * j).copied().unwrap_or(0.0);
            }
        }
        sum / ((across.1 - across.0) * (down.1 - down.0)) as f32
    }

    fn percentiles(&self) -> (f32, f32) {
        let mut sorted = self.values.to_vec();
        sorted.sort_by(f32::total_cmp);
        let at = |part: f64| sorted.get((sorted.len() as f64 * part) as usize).copied();
        (at(0.01).unwrap_or(0.0), at(0.99).unwrap_or(0.0))
    }
}

/// Which stored axis runs across the picture and which down, and whether each is reversed.
struct View {
    transposed: bool,
    reversed: [bool; 2],
    count: [usize; 2],
    extent: [f64; 2],
}

impl View {
    /// Patient right or anterior at the left edge, superior or anterior at the top.
    fn of(affine: &Affine, dims: [usize; 2]) -> Self {
        let column = |c: usize| affine.linear.map(|row| row[c]);
        let axes = [dominant(column(0)), dominant(column(1))];
        let transposed = axes[0] > axes[1];
        let order = if transposed { [1, 0] } else { [0, 1] };
        let spacing = affine.spacing();
        // In RAS+, x and a horizontal y must fall from left to right, and the vertical axis from top to bottom.
        let falls = |stored: usize| column(stored)[axes[stored]] < 0.0;
        Self {
            transposed,
            reversed: [!falls(order[0]), !falls(order[1])],
            count: order.map(|axis| dims[axis]),
            extent: order.map(|axis| (dims[axis] as f64 * spacing[axis]).max(f64::MIN_POSITIVE)),
        }
    }

    /// Stored samples `[from, to)` under picture line `index` of `total`.
    fn source(&self, index: usize, total: usize, axis: usize) -> (usize, usize) {
        let count = self.count[axis];
        let index = if self.reversed[axis] { total - 1 - index } else { index };
        let from = index * count / total;
        (from, ((index + 1) * count / total).max(from + 1))
    }
}

fn dominant(direction: [f64; 3]) -> usize {
    let mut best = 0;
    for axis in 1..3 {
        if direction[axis].abs() > direction[best].abs() {
            best = axis;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_is_left_and_anterior_is_up() {
        // RAS axes, 2×2: brightest at the patient's right front, which is sample (1, 1).
        let values = [0.0, 1.0, 2.0, 3.0];
        let slice = Slice { values: &values, dims: [2, 2], affine: &Affine::IDENTITY };
        let picture = slice.picture(2, Some((1.5, 3.0)));
        assert_eq!(picture.pixels, [255, 170, 85, 0]);
    }

    #[test]
    fn flat_and_empty_slices_are_black() {
        let slice = Slice { values: &[7.0; 12], dims: [4, 3], affine: &Affine::IDENTITY };
        let picture = slice.picture(8, None);
        assert_eq!((picture.width, picture.height), (8, 6));
        assert!(picture.pixels.iter().all(|&p| p == 0));
    }
}

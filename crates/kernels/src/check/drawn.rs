//! Shapes that nobody chose: one for every operation, drawn by a seed.

use burn::tensor::Device;

use super::cases::{attention, convolution, crossing, merge, norm, product};
use super::{Case, mix, noise};
use crate::{MergeMode, pointwise, upsample2};

/// Draws numbers; equal seeds draw the same ones.
struct Draw(u64);

impl Draw {
    /// One of `least..=most`.
    fn within(&mut self, least: usize, most: usize) -> usize {
        self.0 = self.0.wrapping_add(1);
        least + (mix(self.0) >> 32) as usize % (most - least + 1)
    }

    fn grid(&mut self, least: usize, most: usize) -> [usize; 3] {
        std::array::from_fn(|_| self.within(least, most))
    }

    fn either(&mut self) -> bool {
        self.within(0, 1) == 1
    }
}

/// A case of every operation. Shapes on which a definition is nought everywhere, which no relative error is measured by,
/// are not drawn.
pub(super) fn drawn(seed: u64) -> Vec<Case> {
    let mut d = Draw(seed << 32);
    let (b, [x, y, z]) = (d.within(1, 2), d.grid(1, 11));
    let skip = if d.either() { d.within(1, 20) } else { 0 };
    let mut cases = vec![convolution(([b, x, y, z, d.within(1, 30)], skip, d.within(1, 40)))];
    cases.push(product([b, y, z, x, d.within(1, 70)], d.within(1, 90), d.either()));
    cases.push(beside([b, z, x, y, d.within(1, 30)], d.within(1, 30), d.within(1, 40)));
    cases.push(upsampled([b, x, z, y, d.within(1, 30)], d.within(1, 30)));
    let [nx, ny, nz] = d.grid(2, 13);
    cases.extend(norm([b, nx, ny, nz, d.within(2, 60)]));
    let mode = [MergeMode::Legacy, MergeMode::Fixed, MergeMode::V2][d.within(0, 2)];
    cases.push(merge([b, x, y, z, d.within(1, 16)], mode));
    cases.push(window(&mut d, b));
    let (heads, quads) = (d.within(1, 12), d.within(1, 16));
    cases.push(crossing(([b, d.within(1, 90), 4 * heads * quads], d.within(1, 90), heads)));
    cases
}

fn window(d: &mut Draw, b: usize) -> Case {
    let ([x, y, z], configured) = (d.grid(1, 15), d.grid(2, 7));
    let shift = if d.either() { configured.map(|w| d.within(0, w - 1)) } else { [0; 3] };
    let heads = d.within(1, 4);
    attention(([b, x, y, z, 4 * heads * d.within(1, 6)], configured, shift, heads))
}

fn beside(shape: [usize; 5], skip: usize, out: usize) -> Case {
    Case::new("linear", format!("1×1×1, {shape:?} + {skip} to {out}"), move |d: &Device| {
        let [b, x, y, z, c] = shape;
        let more = Some(noise([b, x, y, z, skip], 2, d));
        pointwise(noise(shape, 1, d), more, noise([out, c + skip, 1, 1, 1], 3, d), None)
    })
}

fn upsampled(shape: [usize; 5], out: usize) -> Case {
    Case::new("linear", format!("transposed 2×2×2, {shape:?} to {out}"), move |d: &Device| {
        upsample2(noise(shape, 1, d), None, noise([shape[4], out, 2, 2, 2], 2, d))
    })
}

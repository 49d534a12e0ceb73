//! Where samples lie: the canvas, and boxes on it.

/// The grid of a whole sample: 1 mm, RAS+, mid-sagittal plane in the middle of `x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Canvas;

impl Canvas {
    /// Voxel counts along x, y, z.
    pub const DIMS: [usize; 3] = [192, 240, 224];

    /// Voxel position (fractional) of the head's origin: mid-plane, middle of the brain's box.
    /// It lies above the canvas centre, since necks hang down.
    pub const ORIGIN: [f32; 3] = [95.5, 119.5, 127.5];

    /// The canvas as a region.
    pub fn region() -> Region {
        Region { start: [0; 3], size: Self::DIMS }
    }
}

/// A box of voxels on the canvas; it may reach beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// First voxel along x, y, z.
    pub start: [i32; 3],
    /// Voxel counts.
    pub size: [usize; 3],
}

impl Region {
    /// Number of voxels.
    pub fn len(&self) -> usize {
        self.size.iter().product()
    }

    /// Whether the box has no voxel.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same box seen in the mirror: its voxels, `x` reversed, lie over this box.
    pub fn mirrored(&self) -> Self {
        let x = Canvas::DIMS[0] as i32 - self.start[0] - self.size[0] as i32;
        Self { start: [x, self.start[1], self.start[2]], size: self.size }
    }

    /// The box grown by `margin` voxels on both sides of each axis.
    pub fn grown(&self, margin: [usize; 3]) -> Self {
        Self {
            start: std::array::from_fn(|a| self.start[a] - margin[a] as i32),
            size: std::array::from_fn(|a| self.size[a] + 2 * margin[a]),
        }
    }

    /// The smallest box around this and `other`.
    pub fn union(&self, other: &Self) -> Self {
        let start: [i32; 3] = std::array::from_fn(|a| self.start[a].min(other.start[a]));
        let size = std::array::from_fn(|a| {
            let end = (self.start[a] + self.size[a] as i32).max(other.start[a] + other.size[a] as i32);
            (end - start[a]) as usize
        });
        Self { start, size }
    }

    /// Copies the part `inner` out of `data`, which fills this box. `inner` must lie inside.
    pub fn cut<T: Copy>(&self, data: &[T], inner: &Self) -> Vec<T> {
        let off: [usize; 3] = std::array::from_fn(|a| (inner.start[a] - self.start[a]) as usize);
        let mut out = Vec::with_capacity(inner.len());
        for x in 0..inner.size[0] {
            for y in 0..inner.size[1] {
                let row = ((x + off[0]) * self.size[1] + y + off[1]) * self.size[2] + off[2];
                out.extend_from_slice(&data[row..row + inner.size[2]]);
            }
        }
        out
    }

    /// Copies the box `inner` out of `data`, which fills this box; voxels outside of it are `outside`.
    pub fn cut_padded<T: Copy>(&self, data: &[T], inner: &Self, outside: T) -> Vec<T> {
        let mut out = vec![outside; inner.len()];
        let off: [i32; 3] = std::array::from_fn(|a| inner.start[a] - self.start[a]);
        let range = |a: usize| {
            let first = (-off[a]).max(0);
            let last = (self.size[a] as i32 - off[a]).min(inner.size[a] as i32).max(first);
            first as usize..last as usize
        };
        let at = |a: usize, i: usize| (i as i32 + off[a]) as usize;
        let z = range(2);
        if z.is_empty() {
            return out;
        }
        for x in range(0) {
            for y in range(1) {
                let from = (at(0, x) * self.size[1] + at(1, y)) * self.size[2] + at(2, z.start);
                let to = (x * inner.size[1] + y) * inner.size[2];
                out[to + z.start..to + z.end].copy_from_slice(&data[from..from + z.len()]);
            }
        }
        out
    }
}

/// Reverses the `x` axis of an array of these dimensions.
pub(crate) fn flip_x<T: Copy>(data: &[T], dims: [usize; 3]) -> Vec<T> {
    let plane = dims[1] * dims[2];
    data.chunks_exact(plane).rev().flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_padded_cut_keeps_what_lies_inside() {
        let whole = Region { start: [0; 3], size: [2, 2, 3] };
        let data: Vec<u8> = (1..=12).collect();
        let inner = Region { start: [1, -1, 1], size: [2, 3, 3] };
        let cut = whole.cut_padded(&data, &inner, 0);
        assert_eq!(cut, [0, 0, 0, 8, 9, 0, 11, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(whole.cut_padded(&data, &whole, 0), whole.cut(&data, &whole));
        let beside = Region { start: [5, 0, 0], size: [1, 1, 2] };
        assert_eq!(whole.cut_padded(&data, &beside, 7), [7, 7]);
    }
}

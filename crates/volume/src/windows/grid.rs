//! Where windows start and what they hold.

/// Why windows cannot be laid or filled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WindowError {
    /// An axis without voxels.
    #[error("window {roi:?} over an image of {dims:?}: every axis needs at least one voxel")]
    Empty {
        /// Image size.
        dims: [usize; 3],
        /// Window size.
        roi: [usize; 3],
    },
    /// Overlap must be in 0..1.
    #[error("window overlap {0}: must be at least 0 and less than 1")]
    Overlap(f64),
    /// A tensor of the wrong length.
    #[error("{what} has {got} values, {expected} are needed")]
    Length {
        /// Which tensor.
        what: &'static str,
        /// Values needed.
        expected: usize,
        /// Values given.
        got: usize,
    },
    /// More scores than memory takes.
    #[error("the scores of {classes} classes on {}×{}×{} voxels do not fit into memory", .dims[0], .dims[1], .dims[2])]
    TooLarge {
        /// Classes.
        classes: usize,
        /// Image size.
        dims: [usize; 3],
    },
    /// No such window.
    #[error("window {index} of {count}")]
    Index {
        /// Index asked for.
        index: usize,
        /// Number of windows.
        count: usize,
    },
}

/// Start of every window in an image of `dims` (not smaller than `roi`), in tensor order: x slowest.
///
/// The step along an axis is `floor(roi · (1 − overlap))`, at least 1 (one window where the sizes are
/// equal); the last window is pushed back to end with the image.
///
/// # Errors
/// If an axis is empty, an image axis is smaller than the window, or the overlap is outside 0..1.
pub fn starts(dims: [usize; 3], roi: [usize; 3], overlap: f64) -> Result<Vec<[usize; 3]>, WindowError> {
    if (0..3).any(|a| roi[a] == 0 || dims[a] < roi[a]) {
        return Err(WindowError::Empty { dims, roi });
    }
    if !(0.0..1.0).contains(&overlap) {
        return Err(WindowError::Overlap(overlap));
    }
    let [xs, ys, zs]: [Vec<usize>; 3] = std::array::from_fn(|a| axis_starts(dims[a], roi[a], overlap));
    let rows = xs.iter().flat_map(|&x| ys.iter().map(move |&y| (x, y)));
    Ok(rows.flat_map(|(x, y)| zs.iter().map(move |&z| [x, y, z])).collect())
}

fn axis_starts(size: usize, roi: usize, overlap: f64) -> Vec<usize> {
    let step = if roi == size { roi } else { ((roi as f64 * (1.0 - overlap)) as usize).max(1) };
    let last = size - roi;
    (0..).map(|window| window * step).take_while(|&start| start < last).chain([last]).collect()
}

/// The windows over an image, which is padded where it is smaller than a window.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowGrid {
    /// Image size X, Y, Z.
    pub dims: [usize; 3],
    /// Window size.
    pub roi: [usize; 3],
    /// Padding in front of each axis: `floor` of half the deficit; the rest goes behind.
    pub pad_before: [usize; 3],
    /// Image size with padding.
    pub padded: [usize; 3],
    /// Start of every window in the padded image, x slowest.
    pub starts: Vec<[usize; 3]>,
}

impl WindowGrid {
    /// Windows of `roi` over an image of `dims` with `overlap` in 0..1.
    ///
    /// # Errors
    /// If an axis is empty or the overlap is outside 0..1.
    pub fn new(dims: [usize; 3], roi: [usize; 3], overlap: f64) -> Result<Self, WindowError> {
        if dims.contains(&0) {
            return Err(WindowError::Empty { dims, roi });
        }
        let padded = std::array::from_fn(|a| dims[a].max(roi[a]));
        let pad_before = std::array::from_fn(|a| (padded[a] - dims[a]) / 2);
        Ok(Self { dims, roi, pad_before, padded, starts: starts(padded, roi, overlap)? })
    }

    /// Number of voxels of one window.
    pub fn window_len(&self) -> usize {
        self.roi.iter().product()
    }

    /// Window `index` of `image` (one channel, tensor order, unpadded), with `fill` in the padding.
    ///
    /// # Errors
    /// If the image's length or the index do not fit.
    pub fn window(&self, image: &[f32], index: usize, fill: f32) -> Result<Vec<f32>, WindowError> {
        self.cut(image, index, fill, false)
    }

    /// The mirror counterpart of window `index`: the same window cut out of the image flipped along X.
    /// The flip follows the padding, whose two sides may differ by one voxel.
    ///
    /// # Errors
    /// If the image's length or the index do not fit.
    pub fn mirrored_window(&self, image: &[f32], index: usize, fill: f32) -> Result<Vec<f32>, WindowError> {
        self.cut(image, index, fill, true)
    }

    fn cut(&self, image: &[f32], index: usize, fill: f32, mirror: bool) -> Result<Vec<f32>, WindowError> {
        let expected = self.dims.iter().product();
        if image.len() != expected {
            return Err(WindowError::Length { what: "the image", expected, got: image.len() });
        }
        let start = self.start(index)?;
        let mut window = vec![fill; self.window_len()];
        let (inside_y, inside_z) = (self.inside(start, 1), self.inside(start, 2));
        for (x, column) in self.columns(index, mirror)?.enumerate() {
            let Some(image_x) = usize::try_from(column).ok().filter(|x| *x < self.dims[0]) else {
                continue;
            };
            for y in inside_y.clone() {
                let image_y = start[1] + y - self.pad_before[1];
                let image_z = start[2] + inside_z.start - self.pad_before[2];
                let from = (image_x * self.dims[1] + image_y) * self.dims[2] + image_z;
                let to = (x * self.roi[1] + y) * self.roi[2] + inside_z.start;
                window[to..to + inside_z.len()].copy_from_slice(&image[from..from + inside_z.len()]);
            }
        }
        Ok(window)
    }

    /// Where along x of the unpadded image the columns of window `index`, or of its mirror counterpart, lie; those of the
    /// padding lie outside.
    ///
    /// # Errors
    /// If the index does not fit.
    pub fn columns(
        &self,
        index: usize,
        mirror: bool,
    ) -> Result<impl Iterator<Item = i64> + use<>, WindowError> {
        let [start, ..] = self.start(index)?;
        let (before, last) = (self.pad_before[0] as i64, self.padded[0] as i64 - 1);
        let columns = start as i64..(start + self.roi[0]) as i64;
        Ok(columns.map(move |x| if mirror { last - x } else { x } - before))
    }

    /// Start of window `index` in the padded image.
    pub(super) fn start(&self, index: usize) -> Result<[usize; 3], WindowError> {
        let count = self.starts.len();
        self.starts.get(index).copied().ok_or(WindowError::Index { index, count })
    }

    /// The window positions along `axis` that hold image, not padding, for a window at `start`.
    pub(super) fn inside(&self, start: [usize; 3], axis: usize) -> std::ops::Range<usize> {
        let first = self.pad_before[axis].saturating_sub(start[axis]);
        let end = (self.pad_before[axis] + self.dims[axis]).saturating_sub(start[axis]);
        first..end.min(self.roi[axis])
    }
}

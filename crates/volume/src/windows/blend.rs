//! Importance maps and the weighted mean of overlapping window outputs.

use serde::{Deserialize, Serialize};

use super::{WindowError, WindowGrid};

/// How much each voxel of a window counts where windows overlap.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Blend {
    /// All alike.
    Constant,
    /// A Gaussian round the window's centre.
    Gaussian {
        /// Standard deviation as a share of the window's size along each axis; MONAI's default is 0.125.
        sigma_scale: f64,
    },
}

/// Weights of a window of `roi` in tensor order, as MONAI's `compute_importance_map`: a separable Gaussian
/// with a floor at the larger of its minimum and 0.001.
pub fn importance_map(roi: [usize; 3], blend: Blend) -> Vec<f32> {
    let Blend::Gaussian { sigma_scale } = blend else {
        return vec![1.0; roi.iter().product()];
    };
    let [x, y, z] = roi.map(|size| {
        let sigma = size as f64 * sigma_scale;
        let weight = |index: usize| {
            let distance = index as f32 - (size as f32 - 1.0) / 2.0;
            (distance * distance / (-2.0 * sigma * sigma) as f32).exp()
        };
        (0..size).map(weight).collect::<Vec<f32>>()
    });
    let mut map = Vec::with_capacity(roi.iter().product());
    for wx in &x {
        for wy in &y {
            map.extend(z.iter().map(|wz| wx * wy * wz));
        }
    }
    let floor = map.iter().copied().fold(f32::INFINITY, f32::min).max(1e-3);
    map.iter_mut().for_each(|weight| *weight = weight.max(floor));
    map
}

/// `None` where memory does not take them.
fn zeros(count: usize) -> Option<Vec<f32>> {
    let mut values = Vec::new();
    values.try_reserve_exact(count).ok()?;
    values.resize(count, 0.0);
    Some(values)
}

/// Collects window outputs `[K, roi]` into `[K, X, Y, Z]`, weighted by an importance map.
#[derive(Debug, Clone)]
pub struct Blender {
    windows: WindowGrid,
    classes: usize,
    importance: Vec<f32>,
    sums: Vec<f32>,
    weights: Vec<f32>,
}

impl Blender {
    /// An empty blender for outputs of `classes` channels over `windows`. It holds
    /// `(classes + 1) · X · Y · Z` floats of the unpadded image.
    ///
    /// # Errors
    /// If they do not fit into memory.
    pub fn new(windows: WindowGrid, classes: usize, blend: Blend) -> Result<Self, WindowError> {
        let dims = windows.dims;
        let voxels = dims.iter().product::<usize>();
        let sums = classes.checked_mul(voxels).and_then(zeros);
        let (Some(sums), Some(weights)) = (sums, zeros(voxels)) else {
            return Err(WindowError::TooLarge { classes, dims });
        };
        Ok(Self { importance: importance_map(windows.roi, blend), sums, weights, windows, classes })
    }

    /// Adds the output of window `index`: `[K, roi]` in tensor order.
    ///
    /// # Errors
    /// If the output's length or the index do not fit.
    pub fn add(&mut self, index: usize, output: &[f32]) -> Result<(), WindowError> {
        let window_len = self.windows.window_len();
        let expected = self.classes * window_len;
        if output.len() != expected {
            return Err(WindowError::Length { what: "the window's output", expected, got: output.len() });
        }
        let rows = self.rows(index)?;
        let voxels = self.weights.len();
        for (from, to, count) in rows {
            let importance = &self.importance[from..from + count];
            for (sum, weight) in self.weights[to..to + count].iter_mut().zip(importance) {
                *sum += weight;
            }
            for class in 0..self.classes {
                let values = &output[class * window_len + from..][..count];
                let sums = &mut self.sums[class * voxels + to..][..count];
                for ((sum, value), weight) in sums.iter_mut().zip(values).zip(importance) {
                    *sum += value * weight;
                }
            }
        }
        Ok(())
    }

    /// The runs along Z of window `index` that hold image: offset in the window, in the image, length.
    fn rows(&self, index: usize) -> Result<Vec<(usize, usize, usize)>, WindowError> {
        let WindowGrid { dims, roi, pad_before, .. } = self.windows;
        let start = self.windows.start(index)?;
        let [xs, ys, zs] = [0, 1, 2].map(|axis| self.windows.inside(start, axis));
        let at = |axis: usize, index: usize| start[axis] + index - pad_before[axis];
        let row = |x: usize, y: usize| {
            let from = (x * roi[1] + y) * roi[2] + zs.start;
            let to = (at(0, x) * dims[1] + at(1, y)) * dims[2] + at(2, zs.start);
            (from, to, zs.len())
        };
        Ok(xs.flat_map(|x| ys.clone().map(move |y| (x, y))).map(|(x, y)| row(x, y)).collect())
    }

    /// The weighted mean, `[K, X, Y, Z]` of the unpadded image; 0 where no window was added.
    pub fn finish(mut self) -> Vec<f32> {
        let voxels = self.weights.len();
        for channel in self.sums.chunks_exact_mut(voxels) {
            for (sum, &weight) in channel.iter_mut().zip(&self.weights) {
                *sum = if weight > 0.0 { *sum / weight } else { 0.0 };
            }
        }
        self.sums
    }
}

//! What a scanner does to the picture: finite resolution, slices, noise, ghosts.

use super::filters::{Taps, along, along_rows, gaussian_taps, linear_taps};
use super::rng::PlaceNoise;
use super::{Region, SampleSpec};

/// Voxels that must be drawn around a region for its own voxels to be right.
pub(crate) fn margin(spec: &SampleSpec) -> [usize; 3] {
    let tilted = spec.ct.as_ref().is_some_and(|ct| ct.tilt != 0.0);
    std::array::from_fn(|a| {
        let s = spec.spacing[a];
        let blur = 2.5 * spec.blur[a] + 1.0;
        let beyond = if s > 1.0 { s } else { 0.0 };
        (blur + if tilted { 2.0 * beyond } else { beyond }).ceil() as usize
    })
}

impl AxisGrid {
    /// As many samples, the first one moved by about `by` samples.
    fn moved(&self, by: f32) -> Self {
        Self { first: self.first + by.floor() as i32, count: self.count }
    }
}

/// The simulated scan on `region`, drawn on a larger box.
pub(crate) struct Scanner<'a> {
    pub spec: &'a SampleSpec,
    pub noise: [PlaceNoise; 2],
}

/// One axis of the scanner's grid over a box: first sample number and how many.
#[derive(Clone, Copy)]
struct AxisGrid {
    first: i32,
    count: usize,
}

impl Scanner<'_> {
    /// Scans `image`, drawn on `drawn`, and returns the values on `region`.
    pub fn scan(&self, image: Vec<f32>, drawn: &Region, region: &Region) -> Vec<f32> {
        let (spec, mut dims, mut data) = (self.spec, drawn.size, image);
        let smooth = spec.ct.as_ref().is_some_and(|ct| !ct.sharp);
        if smooth {
            let whole = std::array::from_fn(|a| AxisGrid { first: drawn.start[a], count: drawn.size[a] });
            let gain: f32 = spec.blur.iter().map(|s| (2.0 * s.max(0.4) * 1.772).sqrt()).product();
            self.add_noise(&mut data, &whole, spec.noise * gain, 0.0);
        }
        let grids: [AxisGrid; 3] = std::array::from_fn(|a| self.grid(region, a));
        for (axis, grid) in grids.iter().enumerate().take(2) {
            let taps = self.slices(drawn, axis, grid, 0.0);
            data = along(&data, &mut dims, axis, &taps);
        }
        // Slices of a tilted gantry climb from row to row.
        let tilt = spec.ct.as_ref().map_or(0.0, |ct| ct.tilt);
        let rows = if tilt == 0.0 { 1 } else { dims[1] };
        let climb = |row: usize| tilt * (grids[1].first + row as i32) as f32;
        let down: Vec<_> = (0..rows)
            .map(|row| self.slices(drawn, 2, &grids[2].moved(-climb(row) / spec.spacing[2]), climb(row)))
            .collect();
        data = along_rows(&data, &mut dims, &down);
        if !smooth {
            self.add_noise(&mut data, &grids, spec.noise, tilt / spec.spacing[2]);
        }
        for (axis, grid) in grids.iter().enumerate().take(2) {
            if spec.spacing[axis] > 1.0 {
                let taps = self.between(region, axis, grid, 0.0);
                data = along(&data, &mut dims, axis, &taps);
            }
        }
        if spec.spacing[2] > 1.0 {
            let up: Vec<_> = (0..rows)
                .map(|row| {
                    self.between(region, 2, &grids[2].moved(-climb(row) / spec.spacing[2]), climb(row))
                })
                .collect();
            data = along_rows(&data, &mut dims, &up);
        }
        data
    }

    /// The scanner's samples that surround `region` along `axis`.
    fn grid(&self, region: &Region, axis: usize) -> AxisGrid {
        let (s, p) = (self.spec.spacing[axis], self.spec.phase[axis]);
        let low = region.start[axis] as f32;
        let high = low + (region.size[axis] - 1) as f32;
        let first = ((low - p) / s).floor() as i32;
        let last = ((high - p) / s).ceil() as i32;
        // One more sample where tilted rows start elsewhere.
        let spare = usize::from(axis == 2 && self.spec.ct.as_ref().is_some_and(|ct| ct.tilt != 0.0));
        AxisGrid { first, count: (last - first + 1) as usize + spare }
    }

    /// From drawn voxels to the scanner's samples, which are `moved` mm up.
    fn slices(&self, drawn: &Region, axis: usize, grid: &AxisGrid, moved: f32) -> Vec<Taps> {
        let (s, p) = (self.spec.spacing[axis], self.spec.phase[axis] + moved);
        let centres = (0..grid.count).map(|j| (grid.first + j as i32) as f32 * s + p);
        gaussian_taps(drawn.start[axis], drawn.size[axis], self.spec.blur[axis], centres)
    }

    /// From the scanner's samples to the region's voxels.
    fn between(&self, region: &Region, axis: usize, grid: &AxisGrid, moved: f32) -> Vec<Taps> {
        let (s, p) = (self.spec.spacing[axis], self.spec.phase[axis] + moved);
        let start = region.start[axis];
        let places = (0..region.size[axis]).map(|i| ((start + i as i32) as f32 - p) / s - grid.first as f32);
        linear_taps(grid.count, places)
    }

    /// Adds noise to samples whose first one along z falls by `slope` per row.
    fn add_noise(&self, data: &mut [f32], grids: &[AxisGrid; 3], sd: f32, slope: f32) {
        if sd == 0.0 {
            return;
        }
        for (row, values) in data.chunks_exact_mut(grids[2].count).enumerate() {
            let x = grids[0].first + (row / grids[1].count) as i32;
            let y = grids[1].first + (row % grids[1].count) as i32;
            let rows = self.noise.map(|n| n.row(x, y));
            let first = grids[2].moved(-slope * y as f32).first;
            for (k, v) in values.iter_mut().enumerate() {
                *v = self.noisy(*v, sd, rows, first + k as i32);
            }
        }
    }

    /// `value` with the noise of one sample of the scanner's grid.
    pub fn noisy_at(&self, value: f32, at: [i32; 3]) -> f32 {
        let rows = self.noise.map(|n| n.row(at[0], at[1]));
        self.noisy(value, self.spec.noise, rows, at[2])
    }

    fn noisy(&self, value: f32, sd: f32, rows: [u64; 2], z: i32) -> f32 {
        let real = value + sd * PlaceNoise::at(rows[0], z);
        if self.spec.rician {
            let imaginary = sd * PlaceNoise::at(rows[1], z);
            (real * real + imaginary * imaginary).sqrt()
        } else if self.spec.ct.is_some() {
            real
        } else {
            real.max(0.0)
        }
    }
}

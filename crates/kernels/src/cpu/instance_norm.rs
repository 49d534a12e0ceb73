//! Instance normalisation: two passes for mean and variance, one to apply them with what follows.

use burn::tensor::{Tensor, TensorData};
use pulp::Arch;

use super::{planes, values};
use crate::{LEAKY_SLOPE, NORM_EPS};

/// [`crate::instance_norm()`] of floats.
pub(super) fn run(x: Tensor<5>, residual: Option<Tensor<5>>, activate: bool) -> Tensor<5> {
    let (device, [batch, dx, dy, dz, c]) = (x.device(), x.dims());
    let residual = residual.map(Tensor::into_data);
    let mut y = x.into_data().try_into_vec::<f32>().unwrap_or_default();
    let (item, plane) = (dx * dy * dz * c, dy * dz * c);
    let arch = Arch::new();
    for (number, y) in y.chunks_exact_mut(item.max(1)).enumerate().take(batch) {
        let moments = Moments { planes: y, size: plane, line: dz * c, channels: c };
        let nought = vec![0.0; c];
        let mean = moments.mean(|sum, v, _| *sum += v, &nought);
        let variance = moments.mean(|sum, v, mean| *sum += (v - mean) * (v - mean), &mean);
        let scale: Vec<f32> =
            variance.iter().map(|v| (f64::from(*v) + NORM_EPS).sqrt().recip() as f32).collect();
        let residual = residual.as_ref().map(|data| &values(data)[number * item..][..item]);
        let slope = if activate { LEAKY_SLOPE as f32 } else { 1.0 };
        planes::each(y, plane, |number, y| {
            let residual = residual.map(|all| &all[number * plane..][..y.len()]);
            arch.dispatch(|| apply(y, residual, &mean, &scale, slope));
        });
    }
    Tensor::from_data(TensorData::new(y, [batch, dx, dy, dz, c]), &device)
}

/// Values of one item whose moments are asked for.
struct Moments<'a> {
    planes: &'a [f32],
    /// Values of a plane.
    size: usize,
    /// Values of a line along z.
    line: usize,
    channels: usize,
}

impl Moments<'_> {
    /// Mean over all voxels of what `add` adds to a channel's sum for a value and the channel's `centre`. Line by line and
    /// plane by plane, which keeps 32-bit sums of millions of voxels exact enough.
    fn mean(&self, add: impl Fn(&mut f32, f32, f32) + Sync, centre: &[f32]) -> Vec<f32> {
        let mut sums = vec![0.0; self.planes.len() / self.size * self.channels];
        let arch = Arch::new();
        planes::each(&mut sums, self.channels, |number, sums| {
            let plane = &self.planes[number * self.size..][..self.size];
            arch.dispatch(|| self.sum(plane, sums, &add, centre));
        });
        let voxels = (self.planes.len() / self.channels) as f64;
        let total = |c: usize| sums[c..].iter().step_by(self.channels).map(|v| f64::from(*v)).sum::<f64>();
        (0..self.channels).map(|c| (total(c) / voxels) as f32).collect()
    }

    #[inline(always)]
    fn sum(&self, plane: &[f32], sums: &mut [f32], add: impl Fn(&mut f32, f32, f32), centre: &[f32]) {
        let mut own = vec![0.0; self.channels];
        for line in plane.chunks_exact(self.line) {
            own.fill(0.0);
            for voxel in line.chunks_exact(self.channels) {
                for ((sum, v), centre) in own.iter_mut().zip(voxel).zip(centre) {
                    add(sum, *v, *centre);
                }
            }
            sums.iter_mut().zip(&own).for_each(|(sum, own)| *sum += own);
        }
    }
}

#[inline(always)]
fn apply(y: &mut [f32], residual: Option<&[f32]>, mean: &[f32], scale: &[f32], slope: f32) {
    let channels = mean.len();
    let leaky = |v: f32| if v < 0.0 { v * slope } else { v };
    match residual {
        Some(residual) => {
            for (voxel, more) in y.chunks_exact_mut(channels).zip(residual.chunks_exact(channels)) {
                for (((v, more), mean), scale) in voxel.iter_mut().zip(more).zip(mean).zip(scale) {
                    *v = leaky((*v - mean) * scale + more);
                }
            }
        }
        None => {
            for voxel in y.chunks_exact_mut(channels) {
                for ((v, mean), scale) in voxel.iter_mut().zip(mean).zip(scale) {
                    *v = leaky((*v - mean) * scale);
                }
            }
        }
    }
}

//! 3-D histograms of oriented gradients, which tell structured patches from flat ones.

use std::f32::consts::PI;

/// Bins of each of the two angles. The published code does not state its number.
const BINS: usize = 9;

/// Weights of the `patch`³ patches of a volume `[x, y, z]`, z fastest, with mean 1: x fastest in the result, as ASA
/// numbers its tokens.
///
/// As in ASA's pretraining (Huang et al., MICCAI 2022): the volume is scaled to 0…1; gradients are central
/// differences; each patch has a joint histogram of polar angle (from z) and unsigned azimuth, weighted by
/// magnitude and divided by its length; the weight is the mean of its bins. A flat volume weighs 1 everywhere.
pub fn hog_weights(volume: &[f32], size: [usize; 3], patch: usize) -> Vec<f32> {
    let grid = size.map(|n| n / patch);
    let range = volume.iter().fold((f32::MAX, f32::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
    let scale = if range.1 > range.0 { 1.0 / (range.1 - range.0) } else { 0.0 };
    let mut weights = Vec::with_capacity(grid.iter().product());
    for z in 0..grid[2] {
        for y in 0..grid[1] {
            for x in 0..grid[0] {
                weights.push(mean_bin(volume, size, [x, y, z].map(|i| i * patch), patch, scale));
            }
        }
    }
    let mean = weights.iter().sum::<f32>() / weights.len().max(1) as f32;
    weights.iter().map(|w| if mean > 0.0 { w / mean } else { 1.0 }).collect()
}

/// Mean of the bins of the patch that begins at `low`, after division by the histogram's length.
fn mean_bin(volume: &[f32], size: [usize; 3], low: [usize; 3], patch: usize, scale: f32) -> f32 {
    let mut bins = [0.0_f32; BINS * BINS];
    for x in low[0]..low[0] + patch {
        for y in low[1]..low[1] + patch {
            for z in low[2]..low[2] + patch {
                let [gx, gy, gz] = gradient(volume, size, [x, y, z]).map(|g| g * scale);
                let magnitude = (gx * gx + gy * gy + gz * gz).sqrt();
                if magnitude > 0.0 {
                    let polar = (gz / magnitude).clamp(-1.0, 1.0).acos();
                    bins[bin(polar) * BINS + bin(gy.atan2(gx).abs())] += magnitude;
                }
            }
        }
    }
    let length = bins.iter().map(|b| b * b).sum::<f32>().sqrt();
    if length > 0.0 { bins.iter().sum::<f32>() / length / bins.len() as f32 } else { 0.0 }
}

fn bin(angle: f32) -> usize {
    ((angle / PI * BINS as f32) as usize).min(BINS - 1)
}

/// Central differences; at the borders towards the border voxel itself.
fn gradient(volume: &[f32], size: [usize; 3], at: [usize; 3]) -> [f32; 3] {
    let value = |p: [usize; 3]| volume[(p[0] * size[1] + p[1]) * size[2] + p[2]];
    std::array::from_fn(|axis| {
        let (mut before, mut after) = (at, at);
        before[axis] = at[axis].saturating_sub(1);
        after[axis] = (at[axis] + 1).min(size[axis] - 1);
        (value(after) - value(before)) / 2.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_patches_weigh_nothing_and_the_mean_is_one() {
        let size = [16, 8, 8];
        // Ripples in the second patch along x only.
        let volume: Vec<f32> = (0..16 * 64)
            .map(|i| if i / 64 > 9 { ((i % 64) as f32 * 0.7).sin() * ((i / 64) as f32).cos() } else { 0.0 })
            .collect();
        let weights = hog_weights(&volume, size, 8);
        assert_eq!(weights.len(), 2);
        assert!((weights[0] + weights[1] - 2.0).abs() < 1e-5);
        assert!(weights[1] > 1.9 && weights[0] < 0.1, "{weights:?}");
        assert_eq!(hog_weights(&[3.0; 512], [8; 3], 8), [1.0]);
    }

    #[test]
    fn one_direction_fills_one_bin() {
        let ramp: Vec<f32> = (0..512).map(|i| (i / 64) as f32).collect();
        let mean = mean_bin(&ramp, [8; 3], [0; 3], 8, 1.0);
        assert!((mean - 1.0 / 81.0).abs() < 1e-6);
    }

    #[test]
    fn patches_are_numbered_with_x_fastest() {
        // Only the patch at x = 1, y = 0, z = 1 of a grid of 2³ has an edge.
        let n = 16;
        let mut volume = vec![0.0; n * n * n];
        volume[(12 * n + 4) * n + 12] = 1.0;
        let weights = hog_weights(&volume, [n; 3], 8);
        let highest = (0..8).max_by(|a, b| weights[*a].total_cmp(&weights[*b])).unwrap();
        assert_eq!(highest, 5);
    }
}

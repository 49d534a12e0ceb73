//! From raw values to what the search compares: the head's samples and locally normalised contrast.

use super::NotAligned;
use super::level::Level;
use crate::keep_largest_piece;
use crate::smooth::gaussian;

/// How far below the vertex samples are taken: the brain, not the neck and shoulders.
const DEPTH: f64 = 170.0;
/// A smaller foreground is no head; mm³.
const LEAST_FOREGROUND: f64 = 300e3;
/// Samples reach this far out of the foreground, so that its outline against the background counts.
const MARGIN: f64 = 6.0;
/// Width of the neighbourhood whose mean and spread are normalised away, in millimetres.
const NEIGHBOURHOOD: f64 = 12.0;
/// Normalised contrast is cut at this many local standard deviations.
const CUT: f32 = 2.5;

/// Where the head is.
pub(super) struct Head {
    /// 1 on the foreground above the neck and a margin round it, else 0; on the level it was found in.
    near: Level,
    /// World centre of the foreground above the neck.
    pub(super) centre: [f64; 3],
}

impl Head {
    /// Whether samples are taken at each voxel of `level`.
    pub(super) fn near(&self, level: &Level) -> Vec<bool> {
        let near = &self.near;
        let inside = |offset: usize| {
            let position = level.position(offset);
            let index: [f64; 3] =
                std::array::from_fn(|a| ((position[a] - near.origin[a]) / near.step).round());
            (0..3).all(|a| index[a] >= 0.0 && index[a] < near.dims[a] as f64)
                && near.values[offset_of(near.dims, index.map(|v| v as usize))] > 0.0
        };
        (0..level.values.len()).map(inside).collect()
    }
}

fn offset_of(dims: [usize; 3], [i, j, k]: [usize; 3]) -> usize {
    i + dims[0] * (j + dims[1] * k)
}

/// Clips `level` to robust limits and scales it to 0…1; NaN stays.
pub(super) fn clip(level: &mut Level) -> Result<(), NotAligned> {
    let mut sorted: Vec<f32> = level.values.iter().step_by(7).copied().filter(|v| v.is_finite()).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let quantile = |q: f64| sorted.get((q * sorted.len() as f64) as usize).copied();
    let (Some(low), Some(high)) = (quantile(0.005), quantile(0.995)) else {
        return Err(NotAligned::NoForeground { volume_ml: 0.0 });
    };
    // Air far below water: Hounsfield units, where a window from fat to thin bone shows the soft tissue.
    let (low, high) = if low < -500.0 { (-150.0, 300.0) } else { (low, high) };
    if high <= low {
        return Err(NotAligned::NoForeground { volume_ml: 0.0 });
    }
    let scale = 1.0 / (high - low);
    for value in level.values.iter_mut().filter(|v| !v.is_nan()) {
        *value = ((*value - low) * scale).clamp(0.0, 1.0);
    }
    Ok(())
}

/// A threshold between background and head for values in 0…1: half-way from the mean of what lies below
/// Otsu's threshold to that threshold, which keeps the dark side of a strong bias field.
fn threshold(values: impl Iterator<Item = f32>) -> f64 {
    const BINS: usize = 128;
    let mut counts = [0.0_f64; BINS];
    values.for_each(|v| counts[((v * BINS as f32) as usize).min(BINS - 1)] += 1.0);
    let total: f64 = counts.iter().sum();
    let sum: f64 = counts.iter().enumerate().map(|(bin, n)| bin as f64 * n).sum();
    let (mut below, mut sum_below, mut best, mut level) = (0.0, 0.0, 0.0, 0.0);
    for (bin, count) in counts.iter().enumerate() {
        below += count;
        sum_below += bin as f64 * count;
        let above = total - below;
        if below > 0.0 && above > 0.0 {
            let gap = sum_below / below - (sum - sum_below) / above;
            let between = below * above * gap * gap;
            if between > best {
                best = between;
                level = 0.5 * (sum_below / below + bin as f64) + 1.0;
            }
        }
    }
    level / BINS as f64
}

/// Finds the head in a clipped level.
pub(super) fn head(level: &Level) -> Result<Head, NotAligned> {
    let threshold = threshold(level.values.iter().copied().filter(|v| !v.is_nan())) as f32;
    let mut foreground: Vec<bool> = level.values.iter().map(|&v| v > threshold).collect();
    keep_largest_piece(&mut foreground, level.dims);
    let slice = level.dims[0] * level.dims[1];
    let top = foreground.iter().rposition(|&inside| inside).map_or(0, |offset| offset / slice);
    let depth = (DEPTH / level.step) as usize;
    foreground[..top.saturating_sub(depth) * slice].fill(false);
    let (mut sum, mut count) = ([0.0; 3], 0.0);
    for offset in (0..foreground.len()).filter(|&offset| foreground[offset]) {
        let position = level.position(offset);
        (0..3).for_each(|a| sum[a] += position[a]);
        count += 1.0;
    }
    let volume = count * level.step.powi(3);
    if volume < LEAST_FOREGROUND {
        return Err(NotAligned::NoForeground { volume_ml: volume / 1e3 });
    }
    let near = Level { values: grown(foreground, level), ..*level };
    Ok(Head { near, centre: sum.map(|s| s / count) })
}

/// `mask` with a margin round it.
fn grown(mask: Vec<bool>, level: &Level) -> Vec<f32> {
    let mut soft: Vec<f32> = mask.into_iter().map(|inside| f32::from(u8::from(inside))).collect();
    gaussian(&mut soft, level.dims, [MARGIN / level.step; 3]);
    soft.into_iter().map(|v| if v > 0.16 { 1.0 } else { 0.0 }).collect()
}

/// Replaces values by their contrast to the neighbourhood, in units of its spread: what is left of an image
/// when its scale and bias field are gone. Both filters are isotropic, so symmetry stays symmetry.
pub(super) fn normalise_locally(level: &mut Level) {
    let outside: Vec<bool> = level.values.iter().map(|v| v.is_nan()).collect();
    let mut smooth: Vec<f32> = level.values.iter().map(|v| if v.is_nan() { 0.0 } else { *v }).collect();
    gaussian(&mut smooth, level.dims, [0.7; 3]);
    let width = [NEIGHBOURHOOD / level.step; 3];
    let mut mean = smooth.clone();
    gaussian(&mut mean, level.dims, width);
    let mut spread: Vec<f32> = smooth.iter().zip(&mean).map(|(v, m)| (v - m) * (v - m)).collect();
    gaussian(&mut spread, level.dims, width);
    for (offset, value) in level.values.iter_mut().enumerate() {
        let contrast = (smooth[offset] - mean[offset]) / (spread[offset].sqrt() + 0.02);
        *value = if outside[offset] { f32::NAN } else { contrast.clamp(-CUT, CUT) };
    }
}

//! Separable linear maps along one axis: blur, resampling to thick slices and back.

use std::ops::Range;

/// One output place: first input index and the weights from there on.
pub(crate) type Taps = (usize, Vec<f32>);

/// Applies `taps` along `axis`; `dims` becomes the output's size.
pub(crate) fn along(data: &[f32], dims: &mut [usize; 3], axis: usize, taps: &[Taps]) -> Vec<f32> {
    let inner: usize = dims[axis + 1..].iter().product();
    let outer: usize = dims[..axis].iter().product();
    let from = dims[axis];
    dims[axis] = taps.len();
    let mut out = vec![0.0; outer * taps.len() * inner];
    if inner == 1 {
        for (line, out) in data.chunks_exact(from).zip(out.chunks_exact_mut(taps.len())) {
            for (o, (first, weights)) in out.iter_mut().zip(taps) {
                *o = weights.iter().zip(&line[*first..]).map(|(w, v)| w * v).sum();
            }
        }
        return out;
    }
    for (slab, out) in data.chunks_exact(from * inner).zip(out.chunks_exact_mut(taps.len() * inner)) {
        for (row, (first, weights)) in out.chunks_exact_mut(inner).zip(taps) {
            for (t, w) in weights.iter().enumerate() {
                let source = &slab[(first + t) * inner..(first + t + 1) * inner];
                row.iter_mut().zip(source).for_each(|(o, v)| *o += w * v);
            }
        }
    }
    out
}

/// Applies taps along `z`; rows take turns with the entries of `taps` along `y` (one for all rows
/// when there is only one), which must be equally many.
pub(crate) fn along_rows(data: &[f32], dims: &mut [usize; 3], taps: &[Vec<Taps>]) -> Vec<f32> {
    let (from, count) = (dims[2], taps[0].len());
    dims[2] = count;
    let mut out = vec![0.0; dims.iter().product()];
    let rows = data.chunks_exact(from).zip(out.chunks_exact_mut(count));
    for ((line, out), taps) in rows.zip(taps.iter().cycle()) {
        for (o, (first, weights)) in out.iter_mut().zip(taps) {
            *o = weights.iter().zip(&line[*first..]).map(|(w, v)| w * v).sum();
        }
    }
    out
}

/// Gaussian weights around `centres` on an axis of `len` voxels, the first of which lies at `start`.
pub(crate) fn gaussian_taps(
    start: i32,
    len: usize,
    sigma: f32,
    centres: impl Iterator<Item = f32>,
) -> Vec<Taps> {
    let reach = 2.5 * sigma + 0.5;
    let end = start + len as i32 - 1;
    centres
        .map(|c| {
            let first = ((c - reach).ceil() as i32).clamp(start, end);
            let last = ((c + reach).floor() as i32).clamp(start, end);
            let mut w: Vec<f32> =
                (first..=last).map(|i| (-0.5 * ((i as f32 - c) / sigma).powi(2)).exp()).collect();
            let sum: f32 = w.iter().sum();
            w.iter_mut().for_each(|v| *v /= sum);
            ((first - start) as usize, w)
        })
        .collect()
}

/// Linear interpolation at `positions` (in samples) of an axis with `len` samples.
pub(crate) fn linear_taps(len: usize, positions: impl Iterator<Item = f32>) -> Vec<Taps> {
    positions
        .map(|p| {
            let p = p.clamp(0.0, (len - 1) as f32);
            let first = (p as usize).min(len.saturating_sub(2));
            let f = p - first as f32;
            if len == 1 { (0, vec![1.0]) } else { (first, vec![1.0 - f, f]) }
        })
        .collect()
}

/// Gaussian blur of the same strength along all axes.
pub(crate) fn blur(data: &[f32], dims: [usize; 3], sigma: f32) -> Vec<f32> {
    blur_along(data, dims, 0..3, sigma)
}

/// The same along some axes alone.
pub(crate) fn blur_along(data: &[f32], mut dims: [usize; 3], axes: Range<usize>, sigma: f32) -> Vec<f32> {
    let mut out = data.to_vec();
    for axis in axes {
        let taps = gaussian_taps(0, dims[axis], sigma, (0..dims[axis]).map(|i| i as f32));
        out = along(&out, &mut dims, axis, &taps);
    }
    out
}

/// Value between samples; 0 outside.
pub(crate) fn trilinear(data: &[f32], size: [usize; 3], at: [f32; 3]) -> f32 {
    if (0..3).any(|a| at[a] < 0.0 || at[a] >= (size[a] - 1) as f32) {
        return 0.0;
    }
    let cell = at.map(|v| v as usize);
    let f: [f32; 3] = std::array::from_fn(|a| at[a] - cell[a] as f32);
    let mut sum = 0.0;
    for corner in 0..8 {
        let bit = [corner >> 2, corner >> 1 & 1, corner & 1];
        let w: f32 = (0..3).map(|a| if bit[a] == 1 { f[a] } else { 1.0 - f[a] }).product();
        let [x, y, z]: [usize; 3] = std::array::from_fn(|a| cell[a] + bit[a]);
        sum += w * data[(x * size[1] + y) * size[2] + z];
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blur_keeps_a_constant_and_spreads_a_point() {
        let flat = blur(&[2.0; 6 * 7 * 8], [6, 7, 8], 1.0);
        assert!(flat.iter().all(|v| (v - 2.0).abs() < 1e-5));
        let mut point = vec![0.0; 15 * 15 * 15];
        point[(7 * 15 + 7) * 15 + 7] = 1.0;
        let spread = blur(&point, [15; 3], 1.0);
        assert!((spread.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        let at = |x: usize, y: usize, z: usize| spread[(x * 15 + y) * 15 + z];
        assert!((at(6, 7, 7) - at(7, 7, 8)).abs() < 1e-6 && at(7, 7, 7) > at(6, 7, 7));
    }

    #[test]
    fn linear_taps_reproduce_a_ramp() {
        let ramp: Vec<f32> = (0..10).map(|i| i as f32).collect();
        let taps = linear_taps(10, (0..19).map(|i| i as f32 / 2.0));
        let out = along(&ramp, &mut [1, 1, 10], 2, &taps);
        assert!(out.iter().enumerate().all(|(i, v)| (v - i as f32 / 2.0).abs() < 1e-6));
    }
}

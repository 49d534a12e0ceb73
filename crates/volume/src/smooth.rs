//! Separable Gaussian smoothing in place.

/// Kernel of standard deviation `sigma` voxels, cut at 3σ: the weights of the centre and of one side.
fn half_kernel(sigma: f64) -> Vec<f32> {
    let radius = (3.0 * sigma).ceil() as usize;
    (0..=radius).map(|x| (-0.5 * (x as f64 / sigma).powi(2)).exp() as f32).collect()
}

/// Smooths `values` (`i` fastest, `dims`) with a Gaussian of `sigma` voxels along each axis; 0 leaves an
/// axis alone. At the border the kernel is renormalised to the voxels that exist, so constants stay constant.
pub(crate) fn gaussian(values: &mut [f32], dims: [usize; 3], sigma: [f64; 3]) {
    let mut inner = 1;
    for axis in 0..3 {
        let count = dims[axis];
        if sigma[axis] > 0.0 && count > 1 {
            let kernel = half_kernel(sigma[axis]);
            if axis == 0 {
                smooth_rows(values, count, &kernel);
            } else {
                smooth_slabs(values, inner, count, &kernel);
            }
        }
        inner *= count;
    }
}

/// Weight sum of the taps that lie inside `0..count` round `at`.
fn norm(kernel: &[f32], at: usize, count: usize) -> f32 {
    let side = |room: usize| kernel[1..].iter().take(room).sum::<f32>();
    kernel[0] + side(at) + side(count - 1 - at)
}

fn smooth_rows(values: &mut [f32], count: usize, kernel: &[f32]) {
    let radius = kernel.len() - 1;
    let scale: Vec<f32> = (0..count).map(|at| 1.0 / norm(kernel, at, count)).collect();
    let mut padded = vec![0.0_f32; count + 2 * radius];
    for row in values.chunks_exact_mut(count) {
        padded[radius..radius + count].copy_from_slice(row);
        for (value, centre) in row.iter_mut().zip(&padded[radius..]) {
            *value = kernel[0] * centre;
        }
        for (distance, &weight) in kernel.iter().enumerate().skip(1) {
            let left = &padded[radius - distance..];
            let right = &padded[radius + distance..];
            for (value, (a, b)) in row.iter_mut().zip(left.iter().zip(right)) {
                *value += weight * (a + b);
            }
        }
        row.iter_mut().zip(&scale).for_each(|(value, scale)| *value *= scale);
    }
}

/// Smooths along an axis of `count` steps of stride `inner`, a contiguous run of `inner` voxels at a time.
fn smooth_slabs(values: &mut [f32], inner: usize, count: usize, kernel: &[f32]) {
    // Narrow columns keep the copy in the cache when `inner` is a whole slice.
    let width = inner.min(1024);
    let mut copy = vec![0.0_f32; width * count];
    for slab in values.chunks_exact_mut(inner * count) {
        for start in (0..inner).step_by(width) {
            let width = width.min(inner - start);
            for at in 0..count {
                copy[at * width..][..width].copy_from_slice(&slab[at * inner + start..][..width]);
            }
            for at in 0..count {
                let out = &mut slab[at * inner + start..][..width];
                smooth_run(out, &copy[..width * count], at, count, kernel);
            }
        }
    }
}

fn smooth_run(out: &mut [f32], copy: &[f32], at: usize, count: usize, kernel: &[f32]) {
    let width = out.len();
    let scale = 1.0 / norm(kernel, at, count);
    out.fill(0.0);
    let first = at.saturating_sub(kernel.len() - 1);
    let last = (at + kernel.len() - 1).min(count - 1);
    for source in first..=last {
        let weight = kernel[source.abs_diff(at)] * scale;
        for (value, sample) in out.iter_mut().zip(&copy[source * width..][..width]) {
            *value += weight * sample;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_stay_constant_up_to_the_border() {
        let mut values = vec![3.0; 5 * 4 * 3];
        gaussian(&mut values, [5, 4, 3], [1.0, 2.0, 0.5]);
        assert!(values.iter().all(|v| (v - 3.0).abs() < 1e-5));
    }

    #[test]
    fn an_impulse_becomes_the_kernel_on_every_axis() {
        for axis in 0..3 {
            let mut values = vec![0.0; 13 * 13 * 13];
            values[6 + 13 * (6 + 13 * 6)] = 1.0;
            let mut sigma = [0.0; 3];
            sigma[axis] = 1.0;
            gaussian(&mut values, [13, 13, 13], sigma);
            let stride = [1, 13, 169][axis];
            let centre = 6 + 13 * (6 + 13 * 6);
            let ratio = values[centre + stride] / values[centre];
            assert!((ratio - (-0.5_f32).exp()).abs() < 1e-6);
            assert!((values.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            assert_eq!(values.iter().filter(|v| **v > 0.0).count(), 7);
        }
    }
}

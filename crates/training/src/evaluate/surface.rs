//! Distance between surfaces.

/// Farther than any distance inside a scan, in mm².
const FAR: f32 = 1e12;

/// 95th percentile of the Hausdorff distance in mm between two masks: the larger of the two directed ones.
///
/// Masks are `[x, y, z]` with z fastest, `spacing` in mm. Surface voxels are those with one of their six
/// neighbours outside the mask. `None` if a mask is empty.
pub fn hausdorff_95(answer: &[bool], truth: &[bool], dims: [usize; 3], spacing: [f64; 3]) -> Option<f64> {
    let (low, high) = bounds(answer, truth, dims)?;
    let size: [usize; 3] = std::array::from_fn(|a| high[a] - low[a] + 1);
    let [a, t] = [answer, truth].map(|mask| surface(&cut(mask, dims, low, size), size));
    let there = directed(&a, &t, size, spacing)?;
    let back = directed(&t, &a, size, spacing)?;
    Some(there.max(back))
}

/// 95th percentile (nearest rank) of the distances from the voxels of `from` to the nearest of `to`.
fn directed(from: &[bool], to: &[bool], size: [usize; 3], spacing: [f64; 3]) -> Option<f64> {
    if !to.contains(&true) {
        return None;
    }
    let squares = squared_distance(to, size, spacing);
    let mut distances: Vec<f32> = squares.iter().zip(from).filter(|(_, f)| **f).map(|(d, _)| *d).collect();
    let rank = (0.95 * distances.len().checked_sub(1)? as f64).round() as usize;
    Some(f64::from(*distances.select_nth_unstable_by(rank, f32::total_cmp).1).sqrt())
}

/// Box around both masks.
fn bounds(a: &[bool], b: &[bool], dims: [usize; 3]) -> Option<([usize; 3], [usize; 3])> {
    let (mut low, mut high) = ([usize::MAX; 3], [0; 3]);
    for (i, _) in a.iter().zip(b).enumerate().filter(|(_, (a, b))| **a || **b) {
        let at = [i / (dims[1] * dims[2]), i / dims[2] % dims[1], i % dims[2]];
        for axis in 0..3 {
            low[axis] = low[axis].min(at[axis]);
            high[axis] = high[axis].max(at[axis]);
        }
    }
    (low[0] != usize::MAX).then_some((low, high))
}

fn cut(mask: &[bool], dims: [usize; 3], low: [usize; 3], size: [usize; 3]) -> Vec<bool> {
    let mut out = Vec::with_capacity(size.iter().product());
    for x in low[0]..low[0] + size[0] {
        for y in low[1]..low[1] + size[1] {
            let row = (x * dims[1] + y) * dims[2] + low[2];
            out.extend_from_slice(&mask[row..row + size[2]]);
        }
    }
    out
}

fn surface(mask: &[bool], size: [usize; 3]) -> Vec<bool> {
    let strides = [size[1] * size[2], size[2], 1];
    (0..mask.len())
        .map(|i| {
            let outside = |axis: usize| {
                let at = i / strides[axis] % size[axis];
                at == 0 || at + 1 == size[axis] || !mask[i - strides[axis]] || !mask[i + strides[axis]]
            };
            mask[i] && (0..3).any(outside)
        })
        .collect()
}

/// Exact squared Euclidean distance in mm² to the nearest true voxel (Felzenszwalb and Huttenlocher, 2012).
fn squared_distance(to: &[bool], size: [usize; 3], spacing: [f64; 3]) -> Vec<f32> {
    let mut d: Vec<f32> = to.iter().map(|t| if *t { 0.0 } else { FAR }).collect();
    let strides = [size[1] * size[2], size[2], 1];
    for axis in 0..3 {
        let mut line = vec![0.0; size[axis]];
        let mut hull = Hull::default();
        for start in (0..d.len()).filter(|i| (i / strides[axis]).is_multiple_of(size[axis])) {
            for (k, v) in line.iter_mut().enumerate() {
                *v = d[start + k * strides[axis]];
            }
            hull.transform(&mut line, (spacing[axis] * spacing[axis]) as f32);
            for (k, v) in line.iter().enumerate() {
                d[start + k * strides[axis]] = *v;
            }
        }
    }
    d
}

/// Lower envelope of parabolas over a line.
#[derive(Default)]
struct Hull {
    tips: Vec<usize>,
    from: Vec<f32>,
    input: Vec<f32>,
}

impl Hull {
    /// Replaces `line[i]` by the least of `line[j] + step²·(i − j)²`.
    fn transform(&mut self, line: &mut [f32], step2: f32) {
        self.input.clear();
        self.input.extend(line.iter().map(|v| v / step2));
        self.tips.clear();
        self.from.clear();
        for q in 0..line.len() {
            let mut start = f32::NEG_INFINITY;
            while let Some(&p) = self.tips.last() {
                let meet = (self.input[q] - self.input[p] + (q * q - p * p) as f32) / (2 * (q - p)) as f32;
                if self.from.last().is_some_and(|from| meet > *from) {
                    start = meet;
                    break;
                }
                self.tips.pop();
                self.from.pop();
            }
            self.tips.push(q);
            self.from.push(start);
        }
        let mut k = 0;
        for (i, out) in line.iter_mut().enumerate() {
            while k + 1 < self.tips.len() && self.from[k + 1] < i as f32 {
                k += 1;
            }
            let off = i as f32 - self.tips[k] as f32;
            *out = (self.input[self.tips[k]] + off * off) * step2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::Rng;

    fn mask(dims: [usize; 3], inside: impl Fn([usize; 3]) -> bool) -> Vec<bool> {
        (0..dims.iter().product())
            .map(|i| inside([i / (dims[1] * dims[2]), i / dims[2] % dims[1], i % dims[2]]))
            .collect()
    }

    #[test]
    fn distance_transform_equals_brute_force() {
        let dims = [7, 6, 9];
        let spacing = [1.0, 2.5, 0.7];
        let mut rng = Rng::new(3);
        let to: Vec<bool> = (0..7 * 6 * 9).map(|_| rng.chance(0.03)).collect();
        let fast = squared_distance(&to, dims, spacing);
        let at = |i: usize| [i / 54, i / 9 % 6, i % 9];
        for (i, d) in fast.iter().enumerate() {
            let least = (0..to.len()).filter(|j| to[*j]).map(|j| {
                (0..3).map(|a| ((at(i)[a] as f64 - at(j)[a] as f64) * spacing[a]).powi(2)).sum::<f64>()
            });
            assert!((f64::from(*d) - least.fold(f64::INFINITY, f64::min)).abs() < 1e-3);
        }
    }

    #[test]
    fn shifted_boxes_are_their_shift_apart() {
        let dims = [30, 20, 20];
        let [a, b] = [5usize, 8].map(|x| mask(dims, |p| (x..x + 12).contains(&p[0]) && p[1] > 3 && p[2] > 3));
        let distance = hausdorff_95(&a, &b, dims, [1.5, 1.0, 1.0]).unwrap();
        assert!((distance - 4.5).abs() < 1e-4, "{distance}");
        assert_eq!(hausdorff_95(&a, &a, dims, [1.0; 3]), Some(0.0));
        assert_eq!(hausdorff_95(&a, &vec![false; a.len()], dims, [1.0; 3]), None);
    }
}

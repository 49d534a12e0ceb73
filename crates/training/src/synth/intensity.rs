//! The intensity scale of drawn MR volumes, by the rule that `pipeline::prepare` scales scans with.

use saswin_volume::floor;

/// Intensities that become 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MrScale {
    /// 0.5th percentile of the foreground.
    pub low: f32,
    /// 99.5th percentile of the foreground.
    pub high: f32,
}

impl MrScale {
    /// Robust range of a whole volume.
    ///
    /// Foreground are the finite voxels above the [`floor`].
    /// `None` when there is no foreground or all of it has one value.
    pub fn of(voxels: &[f32]) -> Option<Self> {
        let floor = floor(voxels);
        let mut foreground: Vec<f32> =
            voxels.iter().copied().filter(|v| v.is_finite() && *v > floor).collect();
        let low = percentile(&mut foreground, 0.005)?;
        let high = percentile(&mut foreground, 0.995)?;
        (high > low).then_some(Self { low, high })
    }

    /// `(v − low) / (high − low)`, clipped to `[0, ceiling]`; voxels that are not finite become 0.
    pub fn apply(&self, voxels: &mut [f32], ceiling: f32) {
        let gain = 1.0 / (self.high - self.low);
        for v in voxels {
            *v = if v.is_finite() { ((*v - self.low) * gain).clamp(0.0, ceiling) } else { 0.0 };
        }
    }
}

/// Nearest-rank percentile; reorders `values`.
fn percentile(values: &mut [f32], share: f64) -> Option<f32> {
    let rank = (share * values.len().checked_sub(1)? as f64).round() as usize;
    Some(*values.select_nth_unstable_by(rank, f32::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_ignores_background_and_outliers() {
        let mut v: Vec<f32> = (0..5000).map(|_| 0.0).chain((1..=1000).map(|i| i as f32)).collect();
        v.push(1e9);
        v.push(f32::NAN);
        v[0] = -0.1;
        let scale = MrScale::of(&v).unwrap();
        assert_eq!(scale, MrScale { low: 6.0, high: 996.0 });
        scale.apply(&mut v, 1.0);
        assert_eq!((v[0], v[6000], v[6001]), (0.0, 1.0, 0.0));
        assert!((v[5500] - 495.0 / 990.0).abs() < 1e-6);
    }

    #[test]
    fn gain_and_zero_background_do_not_matter() {
        let mut a: Vec<f32> = (0..999).map(|i| (i % 97) as f32).collect();
        let mut b: Vec<f32> = a.iter().map(|v| v * 1234.5).collect();
        for v in [&mut a, &mut b] {
            MrScale::of(v).unwrap().apply(v, 1.0);
        }
        assert!(a.iter().zip(&b).all(|(x, y)| (x - y).abs() < 1e-5));
    }

    #[test]
    fn a_constant_volume_has_no_scale() {
        assert_eq!(MrScale::of(&[3.0; 50]), None);
    }
}

//! Small random numbers that are the same on every machine and thread count.

/// A SplitMix64 stream.
#[derive(Debug, Clone)]
pub struct Rng {
    state: u64,
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Rng {
    /// A stream that depends on `seed` alone.
    pub fn new(seed: u64) -> Self {
        Self { state: mix(seed ^ 0x5353_4157_4E48_4541) }
    }

    /// An independent stream for one purpose, so that adding draws elsewhere does not shift it.
    pub fn fork(&self, purpose: &str) -> Self {
        let tag = purpose.bytes().fold(self.state, |h, b| mix(h ^ u64::from(b)).wrapping_add(GOLDEN));
        Self { state: mix(tag) }
    }

    /// 64 uniform bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Uniform in `[low, high)`.
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// Uniform in `0..n`; 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Approximately standard normal (sum of four uniforms, range ±3.46).
    pub fn normal(&mut self) -> f32 {
        gaussian(self.bits())
    }

    /// An index drawn with these weights.
    pub fn weighted(&mut self, weights: &[f32]) -> usize {
        let mut rest = self.unit() * weights.iter().sum::<f32>();
        for (i, w) in weights.iter().enumerate() {
            rest -= w;
            if rest < 0.0 {
                return i;
            }
        }
        weights.len().saturating_sub(1)
    }
}

/// Nearly standard normal value out of 64 random bits: four 16-bit uniforms summed.
pub(crate) fn gaussian(bits: u64) -> f32 {
    let sum = (bits & 0xFFFF) + ((bits >> 16) & 0xFFFF) + ((bits >> 32) & 0xFFFF) + (bits >> 48);
    // Mean 4 · 65535 / 2, standard deviation 65536 · sqrt(4 / 12).
    (sum as f32 - 131_070.0) * (1.0 / 37_837.23)
}

/// Noise attached to places, so that any part of a volume can be drawn alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlaceNoise(pub u64);

impl PlaceNoise {
    /// Seed of the row at `(x, y)`; add `z` steps with [`PlaceNoise::at`].
    pub fn row(self, x: i32, y: i32) -> u64 {
        mix(self.0 ^ (u64::from(x as u32) << 32 | u64::from(y as u32)))
    }

    /// Standard normal value of place `z` of a row.
    pub fn at(row: u64, z: i32) -> f32 {
        gaussian(mix(row.wrapping_add(u64::from(z as u32).wrapping_mul(GOLDEN))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_has_zero_mean_and_unit_variance() {
        let mut rng = Rng::new(7);
        let draws: Vec<f32> = (0..200_000).map(|_| rng.normal()).collect();
        let mean = draws.iter().sum::<f32>() / draws.len() as f32;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f32>() / draws.len() as f32;
        assert!(mean.abs() < 0.01, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.02, "variance {variance}");
    }

    #[test]
    fn forks_differ_and_repeat() {
        let rng = Rng::new(1);
        assert_eq!(rng.fork("a").bits(), rng.fork("a").bits());
        assert_ne!(rng.fork("a").bits(), rng.fork("b").bits());
    }
}

//! Smooth pseudo-random fields: gradient noise on a hashed lattice.

/// A reproducible field of about −1…1 whose features are about one unit in size.
#[derive(Clone, Copy)]
pub(super) struct Field {
    seed: u32,
}

impl Field {
    pub(super) fn new(seed: u32) -> Self {
        Self { seed }
    }

    /// Value at `p`.
    pub(super) fn at(&self, p: [f64; 3]) -> f64 {
        // Shifted to be positive, where truncation is the floor.
        let cell = p.map(|v| (v + 4096.0) as i32 - 4096);
        let inside: [f64; 3] = std::array::from_fn(|a| p[a] - f64::from(cell[a]));
        let fade = inside.map(|t| t * t * t * (t * (t * 6.0 - 15.0) + 10.0));
        let corner = |bits: i32| {
            let step = [bits & 1, bits >> 1 & 1, bits >> 2 & 1];
            let gradient = self.gradient(std::array::from_fn(|a| cell[a] + step[a]));
            (0..3).map(|a| gradient[a] * (inside[a] - f64::from(step[a]))).sum::<f64>()
        };
        let mix = |a: f64, b: f64, t: f64| a + t * (b - a);
        let along_x = |bits: i32| mix(corner(bits), corner(bits | 1), fade[0]);
        let along_y = |bits: i32| mix(along_x(bits), along_x(bits | 2), fade[1]);
        mix(along_y(0), along_y(4), fade[2])
    }

    /// First-order distance from `p` to the surface where the field of feature size `size` is zero.
    pub(super) fn distance_to_zero(&self, p: [f64; 3], size: f64) -> f64 {
        const STEP: f64 = 0.05;
        let unit = p.map(|v| v / size);
        let value = self.at(unit);
        let slope = |axis: usize| {
            let mut moved = unit;
            moved[axis] += STEP;
            (self.at(moved) - value) / STEP
        };
        let steepness = (0..3).map(|axis| slope(axis).powi(2)).sum::<f64>().sqrt();
        size * value.abs() / steepness.max(0.3)
    }

    /// One of the 12 directions to the edges of a cube.
    fn gradient(&self, lattice: [i32; 3]) -> [f64; 3] {
        let [x, y, z] = lattice.map(|v| v as u32);
        let hash = x.wrapping_mul(0x8da6_b343) ^ y.wrapping_mul(0xd816_3841) ^ z.wrapping_mul(0xcb1a_b31f);
        let hash = scramble(hash ^ self.seed);
        let sign = |bit: u32| if hash >> bit & 1 == 0 { 1.0 } else { -1.0 };
        let mut direction = [sign(0), sign(1), sign(2)];
        direction[(hash >> 8) as usize % 3] = 0.0;
        direction
    }
}

fn scramble(value: u32) -> u32 {
    let value = (value ^ value >> 16).wrapping_mul(0x7feb_352d);
    let value = (value ^ value >> 15).wrapping_mul(0x846c_a68b);
    value ^ value >> 16
}

/// White noise of mean 0 and standard deviation 1 (sum of four uniform numbers), reproducible by `index`.
pub(super) fn white_noise(seed: u32, index: usize) -> f32 {
    let first = scramble(seed ^ index as u32);
    let second = scramble(first ^ 0x9e37_79b9);
    let halves = [first & 0xffff, first >> 16, second & 0xffff, second >> 16];
    let sum: f32 = halves.iter().map(|&half| half as f32 / 65535.0).sum();
    (sum - 2.0) * 1.732
}

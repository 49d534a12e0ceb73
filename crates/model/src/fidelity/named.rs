//! Tensors that both sides compute from their names.

use crate::nets::Network;
use crate::weights::{self, Weight, WeightMap};

/// Values in `[-1, 1)` from a name: 64-bit FNV-1a, then splitmix64 per element, top 24 bits.
fn hashed(name: &str, count: usize) -> impl Iterator<Item = f64> {
    let seed = name
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01B3));
    (0..count as u64).map(move |i| {
        let mut z = seed.wrapping_add(i).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        (z >> 40) as f64 / f64::from(1 << 23) - 1.0
    })
}

/// Half-width and centre of a tensor's values, from its name and shape.
fn scale_and_offset(name: &str, shape: &[usize]) -> (f64, f64) {
    if name.starts_with("input:") {
        return (1.0, 0.0);
    }
    if name.ends_with("relative_position_bias_table") {
        return (0.5, 0.0);
    }
    if shape.len() == 1 {
        return if name.ends_with("bias") { (0.1, 0.0) } else { (0.2, 1.0) };
    }
    let fan_in: usize = if name.contains("transp_conv") { shape[0] } else { shape[1..].iter().product() };
    ((3.0 / fan_in as f64).sqrt(), 0.0)
}

/// The tensor that both sides agree on for `name`.
pub fn named_tensor(name: &str, shape: &[usize]) -> Weight {
    let (scale, offset) = scale_and_offset(name, shape);
    let values = hashed(name, shape.iter().product()).map(|u| (offset + scale * u) as f32).collect();
    Weight { shape: shape.to_vec(), values }
}

/// Weights of a network, all from their names: random, for parity and speed only.
pub fn named_weights(network: &Network) -> WeightMap {
    from_names(weights::shapes(network))
}

pub(super) fn from_names(shapes: Vec<(String, Vec<usize>)>) -> WeightMap {
    shapes
        .into_iter()
        .map(|(key, shape)| {
            let tensor = named_tensor(&key, &shape);
            (key, tensor)
        })
        .collect()
}

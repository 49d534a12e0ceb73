//! Which patches ASA's pretraining hides.

use super::source::Example;
use crate::losses::{MaskedTarget, hog_weights};
use crate::synth::Rng;

/// Side of the patches.
const PATCH: usize = 8;
/// Share of the patches that are masked.
const MASKED: f64 = 0.75;

/// Masks of windows of one size, drawn at random, and the weights of their patches by the scan, the first channel.
pub(super) fn masks(examples: &[Example], rng: &mut Rng) -> MaskedTarget {
    let mut target = MaskedTarget { masked: Vec::new(), weights: Vec::new() };
    for example in examples {
        let voxels = example.size.iter().product();
        let weights = hog_weights(&example.image[..voxels], example.size, PATCH);
        let chosen = draw(weights.len(), rng);
        target.weights.extend(chosen.iter().map(|patch| weights[*patch]));
        target.masked.push(chosen);
    }
    target
}

/// The masked ones of `n` patches, in rising order.
fn draw(n: usize, rng: &mut Rng) -> Vec<usize> {
    let count = (n as f64 * MASKED) as usize;
    let mut all: Vec<usize> = (0..n).collect();
    for i in 0..count {
        all.swap(i, i + rng.below(n - i));
    }
    all.truncate(count);
    all.sort_unstable();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_quarters_are_masked_once_each_and_differently() {
        let image: Vec<f32> = (0..32 * 32 * 32).map(|i| (i as f32 * 0.01).sin()).collect();
        let example = Example {
            size: [32; 3],
            mirror: image.clone(),
            image,
            labels: vec![],
            classes: vec![],
            healthy: true,
        };
        let target = masks(&[example.clone(), example], &mut Rng::new(1));
        assert_eq!(target.weights.len(), 96);
        for masked in &target.masked {
            assert_eq!(masked.len(), 48);
            assert!(masked.windows(2).all(|pair| pair[0] < pair[1]) && masked[47] < 64);
        }
        assert_ne!(target.masked[0], target.masked[1]);
    }
}

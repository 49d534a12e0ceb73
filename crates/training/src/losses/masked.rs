//! The attentive reconstruction that ASA is pretrained with (Huang et al., MICCAI 2022).

use burn::tensor::{Tensor, TensorData};
use saswin_model::nets::MaskedPatches;

use super::Loss;

/// Patches that the encoder does not see, and what reconstructing them is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskedTarget {
    /// Masked patches of each sample in rising order, as many in each.
    pub masked: Vec<Vec<usize>>,
    /// Their weights, from [`super::hog_weights`], in the same order.
    pub weights: Vec<f32>,
}

/// Mean over masked patches of `weight · mean squared error`.
pub fn attentive_loss(patches: MaskedPatches, target: &MaskedTarget) -> Loss {
    let MaskedPatches { reconstructed, original } = patches;
    let [b, m, _] = original.dims();
    let weights = TensorData::new(target.weights.clone(), [b, m, 1]);
    let weights = Tensor::<3>::from_data(weights, &original.device());
    let total = ((reconstructed - original).square().mean_dim(2) * weights).mean();
    Loss { parts: vec![("reconstruction", total.clone())], total }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn errors_count_by_weight() {
        let patches =
            |values: Vec<f32>| Tensor::<3>::from_data(TensorData::new(values, [1, 2, 2]), &Device::flex());
        let loss = attentive_loss(
            MaskedPatches {
                reconstructed: patches(vec![1.0, 0.0, 2.0, 2.0]),
                original: patches(vec![0.0; 4]),
            },
            &MaskedTarget { masked: vec![vec![0, 5]], weights: vec![2.0, 0.5] },
        );
        // (2 · ½ + ½ · 4) / 2
        assert!((loss.total.into_scalar::<f32>() - 1.5).abs() < 1e-6);
    }
}

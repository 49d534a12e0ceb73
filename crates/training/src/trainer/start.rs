//! The weights that a training starts from.

use std::collections::HashSet;

use burn::tensor::Device;
use saswin_model::nets::Network;
use saswin_model::weights::{self, Weight, WeightMap};

use super::TrainError;
use super::priors::set_priors;
use super::source::Example;
use super::steady;
use crate::recipe::Recipe;
use crate::synth::Rng;

/// The network of a recipe before its first step. With an encoder rate, layers are drawn as [`steady`] wants them and
/// first answers are those of the `held_out` examples.
///
/// # Errors
/// If the architecture makes no network, or the initial weights cannot be read.
pub(super) fn initial(recipe: &Recipe, held_out: &[Example], device: &Device) -> Result<Network, TrainError> {
    device.seed(recipe.seed);
    let mut network = Network::new(&recipe.architecture, device)?;
    let mut own = weights::collect(&network)?;
    let steady = recipe.optimiser.encoder_rate.is_some();
    let rng = Rng::new(recipe.seed).fork("weights");
    if steady {
        steady::draw(&mut own, &[""], &rng);
    }
    let started = match &recipe.init_from {
        Some(path) => {
            let bytes = std::fs::read(path).map_err(|source| TrainError::io(path, source))?;
            take(&mut own, weights::unpack(&bytes)?)
        }
        None => HashSet::new(),
    };
    if steady {
        steady::draw(&mut own, &recipe.init_fresh, &rng.fork("afresh"));
        set_priors(&mut own, recipe, held_out, &started);
    }
    weights::fill(&mut network, own)?;
    Ok(network)
}

/// Replaces those of `own` that `from` has fitting ones for, and names them; the rest stay as drawn.
fn take(own: &mut WeightMap, from: WeightMap) -> HashSet<String> {
    let mut taken = HashSet::new();
    for (key, weight) in from {
        if let Some(mine) = own.get_mut(&key)
            && let Some(fitting) = widened(weight, &mine.shape)
        {
            *mine = fitting;
            taken.insert(key);
        }
    }
    taken
}

/// `weight` in this shape, which may have more input channels: the new ones, the last, begin without a say. `None` if
/// it differs otherwise.
fn widened(weight: Weight, shape: &[usize]) -> Option<Weight> {
    if weight.shape == shape {
        return Some(weight);
    }
    let ([rows, had, rest @ ..], [wanted_rows, wanted, wanted_rest @ ..]) = (&weight.shape[..], shape) else {
        return None;
    };
    if rows != wanted_rows || rest != wanted_rest || had > wanted {
        return None;
    }
    let kernel: usize = rest.iter().product();
    let mut values = Vec::with_capacity(rows * wanted * kernel);
    for row in weight.values.chunks(had * kernel) {
        values.extend_from_slice(row);
        values.extend(std::iter::repeat_n(0.0, (wanted - had) * kernel));
    }
    Some(Weight { shape: shape.to_vec(), values })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(shape: &[usize]) -> Weight {
        Weight { shape: shape.to_vec(), values: (1..=shape.iter().product()).map(|i| i as f32).collect() }
    }

    #[test]
    fn new_input_channels_are_nought_and_other_shapes_do_not_fit() {
        let wide = widened(weight(&[2, 1, 2]), &[2, 3, 2]).unwrap();
        assert_eq!(wide.values, [1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 3.0, 4.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(widened(weight(&[2, 2]), &[2, 2]), Some(weight(&[2, 2])));
        for other in [&[2, 1][..], &[3, 2], &[2, 3, 1], &[4]] {
            assert_eq!(widened(weight(&[2, 2]), other), None, "{other:?}");
        }
    }
}

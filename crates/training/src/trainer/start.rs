//! The weights that a training starts from.

use saswin_model::nets::Network;
use saswin_model::weights::{self, Weight, WeightMap};

use super::TrainError;

/// Gives `network` those of `from` that fit; the rest stay as drawn.
pub(super) fn start_from(network: &mut Network, from: WeightMap) -> Result<(), TrainError> {
    let mut own = weights::collect(network)?;
    for (key, weight) in from {
        if let Some(mine) = own.get_mut(&key)
            && let Some(fitting) = widened(weight, &mine.shape)
        {
            *mine = fitting;
        }
    }
    Ok(weights::fill(network, own)?)
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

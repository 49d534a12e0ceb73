//! What the linear layers of a forward pass are given, for a trainer that follows it.

use std::cell::RefCell;

use burn::module::ParamId;
use burn::nn::Linear;
use burn::tensor::Tensor;

/// The number of a layer's weight, and the mean `[in]` of what the layer was given over batch and voxels, off the
/// gradient graph.
pub type MeanInput = (ParamId, Tensor<1>);

thread_local! {
    static SEEN: RefCell<Option<Vec<MeanInput>>> = const { RefCell::new(None) };
}

/// Runs `work` and also gives what every linear layer was given in it on this thread, in order of use. Class and
/// pretraining heads are not followed.
pub fn watch_inputs<T>(work: impl FnOnce() -> T) -> (T, Vec<MeanInput>) {
    let before = SEEN.replace(Some(Vec::new()));
    let result = work();
    (result, SEEN.replace(before).unwrap_or_default())
}

/// Notes what `layer` is given, `[.., in]`, if anyone watches.
pub(super) fn note(layer: &Linear, x: &Tensor<5>) {
    SEEN.with_borrow_mut(|seen| {
        if let Some(seen) = seen {
            let [b, dx, dy, dz, width] = x.dims();
            let rows = x.clone().detach().reshape([b * dx * dy * dz, width]);
            seen.push((layer.weight.id, rows.mean_dim(0).reshape([width])));
        }
    });
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::super::{apply, linear};
    use super::*;

    #[test]
    fn the_mean_is_that_of_the_input_and_nothing_is_kept_unwatched() {
        let device = Device::flex();
        let layer = linear(2, 3, true, &device);
        let x = Tensor::<1>::from_data([1.0, 10.0, 3.0, 30.0], &device).reshape([1, 2, 1, 1, 2]);
        apply(&layer, x.clone());
        let (_, seen) = watch_inputs(|| apply(&layer, x.clone()));
        apply(&layer, x);
        let ids: Vec<ParamId> = seen.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, [layer.weight.id]);
        assert_eq!(seen[0].1.clone().into_data().try_to_vec::<f32>().unwrap(), [2.0, 20.0]);
    }
}

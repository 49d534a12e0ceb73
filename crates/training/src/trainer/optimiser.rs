//! The optimiser, and where its states lie after they were read from a file.

use burn::optim::{
    AdamW, AdamWConfig, AdamWState, LearningRate, ModuleOptimizer, Optimizer, RecordState, StateSink,
    StateSource,
};
use burn::tensor::{Device, Tensor};

use crate::recipe::OptimiserRecipe;

/// Adam's epsilon; burn's default is too large for the small gradients of mean losses.
const EPSILON: f32 = 1e-8;

/// AdamW as the recipe wants it.
pub(super) fn optimiser(recipe: &OptimiserRecipe) -> ModuleOptimizer {
    let config = AdamWConfig::new().with_weight_decay(recipe.weight_decay).with_epsilon(EPSILON);
    ReadToHost(config.build()).into()
}

/// [`AdamW`] whose states are read to the host, from where a step takes them to the device of their parameter. Burn
/// reads to its default device instead, in builds with `wgpu` a GPU, which there may not be.
#[derive(Clone)]
struct ReadToHost(AdamW);

#[derive(Clone)]
struct State<const D: usize>(AdamWState<D>);

impl Optimizer for ReadToHost {
    type State<const D: usize> = State<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        weight: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<State<D>>,
    ) -> (Tensor<D>, Option<State<D>>) {
        let (weight, state) = self.0.step(rate, weight, gradient, state.map(|State(inner)| inner));
        (weight, state.map(State))
    }

    fn to_device<const D: usize>(State(inner): State<D>, device: &Device) -> State<D> {
        State(AdamW::to_device(inner, device))
    }
}

impl<const D: usize> RecordState for State<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        self.0.state_flatten(prefix, out);
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, _default: &Device) -> Option<Self> {
        AdamWState::state_unflatten(prefix, source, &Device::flex()).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::{Linear, LinearConfig};
    use burn::optim::GradientsParams;

    use super::*;

    fn step(optimiser: &mut ModuleOptimizer, layer: Linear, device: &Device) -> Linear {
        let out = layer.forward(Tensor::<2>::ones([1, 2], device));
        let grads = GradientsParams::from_grads((out.clone() * out).sum().backward(), &layer);
        optimiser.step(0.1, layer, grads)
    }

    #[test]
    fn states_that_burn_wrote_are_read_and_steps_go_on_as_its_own() {
        let device = Device::flex().autodiff();
        let recipe = OptimiserRecipe {
            rate: 0.1,
            encoder_rate: None,
            rate_end: 0.1,
            warm_up: 0.0,
            weight_decay: 0.01,
            clip: 1.0,
            average: 0.0,
        };
        let burn = || AdamWConfig::new().with_weight_decay(0.01).with_epsilon(EPSILON).init();
        let mut first = burn();
        let layer = step(&mut first, LinearConfig::new(2, 2).init(&device), &device);
        let ours = optimiser(&recipe).from_bytes(first.into_bytes().unwrap()).unwrap();
        let back = burn().from_bytes(ours.into_bytes().unwrap()).unwrap();
        let after = [first, ours, back]
            .map(|mut optimiser| step(&mut optimiser, layer.clone(), &device).weight.val().into_data());
        assert_eq!(after[0], after[1]);
        assert_eq!(after[0], after[2]);
    }
}

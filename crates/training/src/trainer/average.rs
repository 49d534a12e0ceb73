//! Things done to all parameters: numbering, averaging, clipping.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::container::TensorContainer;
use burn::tensor::{Device, Tensor};

/// Gives parameters the numbers 1, 2, … in order, so that optimiser states fit a rebuilt network.
pub(super) fn numbered<M: Module>(module: M) -> M {
    struct Number(u64);
    impl ModuleMapper for Number {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (_, tensor, mapper) = param.consume();
            self.0 += 1;
            Param::from_mapped_value(ParamId::from(self.0), tensor, mapper)
        }
    }
    module.map(&mut Number(0))
}

/// An exponential moving average of a network's parameters, off the gradient graph.
#[derive(Debug)]
pub(crate) struct Average<M> {
    /// The averaged network.
    pub network: M,
}

impl<M: Module> Average<M> {
    /// Starts from the network itself.
    pub fn new(network: &M) -> Self {
        Self { network: network.valid() }
    }

    /// Moves the average towards `network`. The decay of step `step` grows up to `decay`, so that early
    /// weights are forgotten quickly.
    pub fn update(&mut self, network: &M, decay: f64, step: u64) {
        let decay = decay.min((1.0 + step as f64) / (10.0 + step as f64));
        self.network = self.network.clone().map(&mut Blend { now: collected(network), decay });
    }
}

/// The parameters by number, off the gradient graph.
pub(super) fn collected<M: Module>(network: &M) -> TensorContainer<ParamId> {
    let mut collect = Collect(TensorContainer::new());
    network.visit(&mut collect);
    collect.0
}

struct Collect(TensorContainer<ParamId>);

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.register(param.id, param.val().inner());
    }
}

struct Blend {
    now: TensorContainer<ParamId>,
    decay: f64,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let tensor = match self.now.remove::<Tensor<D>>(&id) {
            Some(now) => tensor * self.decay + now * (1.0 - self.decay),
            None => tensor,
        };
        Param::from_mapped_value(id, tensor, mapper)
    }
}

/// Scales all gradients down together so that their L2 norm is at most `limit`; also gives that norm.
pub(super) fn clip<M: Module>(
    grads: GradientsParams,
    module: &M,
    limit: f32,
    device: &Device,
) -> (GradientsParams, f32) {
    let mut norm = Norm { grads: &grads, squares: Tensor::zeros([1], &device.clone().inner()) };
    module.visit(&mut norm);
    let norm: f32 = norm.squares.sqrt().into_scalar();
    if !norm.is_finite() || norm <= limit {
        return (grads, norm);
    }
    let mut scaled = Scale { grads, out: GradientsParams::new(), factor: limit / norm };
    module.visit(&mut scaled);
    (scaled.out, norm)
}

struct Norm<'a> {
    grads: &'a GradientsParams,
    squares: Tensor<1>,
}

impl ModuleVisitor for Norm<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(grad) = self.grads.get::<D>(param.id) {
            self.squares = self.squares.clone() + grad.square().sum();
        }
    }
}

struct Scale {
    grads: GradientsParams,
    out: GradientsParams,
    factor: f32,
}

impl ModuleVisitor for Scale {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(grad) = self.grads.remove::<D>(param.id) {
            self.out.register(param.id, grad * self.factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::{Linear, LinearConfig};

    fn layer(weight: f32) -> Linear {
        let device = Device::flex().autodiff();
        let mut layer = numbered(LinearConfig::new(2, 1).with_bias(false).init(&device));
        layer.weight = layer.weight.map(|w| (w.zeros_like() + weight).detach().require_grad());
        layer
    }

    fn values(layer: &Linear) -> Vec<f32> {
        layer.weight.val().into_data().try_to_vec().unwrap()
    }

    #[test]
    fn average_follows_with_the_stated_decay() {
        let mut average = Average::new(&layer(1.0));
        average.update(&layer(3.0), 0.75, 1_000_000);
        assert_eq!(values(&average.network), [1.5, 1.5]);
        average.update(&layer(3.0), 0.999, 0);
        assert!((values(&average.network)[0] - (0.1 * 1.5 + 0.9 * 3.0)).abs() < 1e-6);
    }

    #[test]
    fn clipping_scales_all_gradients_to_the_limit_and_keeps_small_ones() {
        let device = Device::flex().autodiff();
        let layer = layer(1.0);
        let grads = || {
            let x = Tensor::<2>::from_data([[30.0, 40.0]], &device);
            GradientsParams::from_grads(layer.forward(x).sum().backward(), &layer)
        };
        for (limit, expected) in [(5.0, [3.0, 4.0]), (100.0, [30.0, 40.0])] {
            let (clipped, norm) = clip(grads(), &layer, limit, &device);
            let g: Vec<f32> = clipped.get::<2>(layer.weight.id).unwrap().into_data().try_to_vec().unwrap();
            assert!((norm - 50.0).abs() < 1e-4);
            assert!(g.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4), "{g:?}");
        }
    }
}

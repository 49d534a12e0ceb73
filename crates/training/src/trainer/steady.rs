//! Keeps the tokens of small transformers apart while they learn at a rate of their own. Why: `torch/steady.py`, which
//! does the same.

use std::collections::{HashMap, HashSet};

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::container::TensorContainer;
use burn::tensor::{Tensor, TensorData};
use saswin_model::nets::{MeanInput, Network};
use saswin_model::weights::{self, Weight, WeightMap};

use super::average::collected;
use crate::synth::Rng;

/// Encoder and SACA, by checkpoint key.
const PARTS: [&str; 2] = ["swinViT.", "symmetryAwareTX."];
/// Share of a step's mean input in the one that is followed.
const MEAN_MOMENTUM: f32 = 0.1;
/// Shortest mean that has a direction.
const TINY: f32 = 1e-6;

fn is_part(key: &str) -> bool {
    PARTS.iter().any(|part| key.starts_with(part))
}

/// Name of the linear layer of [`PARTS`] whose weight has this key and shape, if it is one.
fn layer_of<'a>(key: &'a str, shape: &[usize]) -> Option<&'a str> {
    key.strip_suffix(".weight").filter(|_| is_part(key) && shape.len() == 2)
}

/// Fresh weights of variance `1 / inputs` for the linear layers of encoder and SACA whose names begin with one of
/// `prefixes`.
pub(super) fn draw(weights: &mut WeightMap, prefixes: &[impl AsRef<str>], rng: &Rng) {
    let chosen = |name: &str| prefixes.iter().any(|prefix| name.starts_with(prefix.as_ref()));
    let named = weights.iter().filter_map(|(key, weight)| layer_of(key, &weight.shape));
    let layers: Vec<String> = named.filter(|name| chosen(name)).map(ToOwned::to_owned).collect();
    for name in layers {
        let mut rng = rng.fork(&name);
        if let Some(weight) = weights.get_mut(&format!("{name}.weight")) {
            let size = (weight.shape[1] as f32).powf(-0.5);
            weight.values.iter_mut().for_each(|v| *v = size * rng.normal());
        }
        if let Some(bias) = weights.get_mut(&format!("{name}.bias")) {
            bias.values.fill(0.0);
        }
    }
}

/// Follows the mean input of every linear layer of encoder and SACA, and takes its direction out of their updates.
#[derive(Debug)]
pub(crate) struct Steady {
    /// Learning rate of encoder and SACA, as a fraction of the others'.
    share: f64,
    parts: HashSet<ParamId>,
    biases: Vec<ParamId>,
    /// Names of the linear layers by their weight.
    layers: HashMap<ParamId, String>,
    /// Mean inputs `[in]` by the layer's weight.
    means: HashMap<ParamId, Vec<f32>>,
}

impl Steady {
    /// For a network whose parameters keep their numbers.
    pub fn new(network: &Network, share: f64) -> Self {
        let ids = weights::ids(network);
        let layers: HashMap<ParamId, String> = weights::shapes(network)
            .iter()
            .filter_map(|(key, shape)| Some((ids[key], layer_of(key, shape)?.to_owned())))
            .collect();
        let biases = layers.values().filter_map(|name| ids.get(&format!("{name}.bias")).copied()).collect();
        let parts = ids.iter().filter(|(key, _)| is_part(key)).map(|(_, id)| *id).collect();
        Self { share, parts, biases, layers, means: HashMap::new() }
    }

    /// Takes in what the layers were given in a step; means that are no finite numbers are left out.
    pub fn follow(&mut self, seen: Vec<MeanInput>) {
        for (id, mean) in seen.into_iter().filter(|(id, _)| self.layers.contains_key(id)) {
            let Ok(now) = mean.into_data().try_to_vec::<f32>() else { continue };
            if now.iter().all(|v| v.is_finite()) {
                let old = self.means.entry(id).or_insert_with(|| now.clone());
                old.iter_mut().zip(now).for_each(|(old, now)| *old += MEAN_MOMENTUM * (now - *old));
            }
        }
    }

    /// Biases of the layers stay. Before gradients are clipped: what is not stepped along has no say in their length.
    pub fn keep_biases(&self, grads: &mut GradientsParams) {
        for bias in &self.biases {
            grads.remove::<1>(*bias);
        }
    }

    /// One step, encoder and SACA at their own rate and not along the means.
    pub fn step(
        &self,
        optimiser: &mut ModuleOptimizer,
        network: Network,
        grads: GradientsParams,
        rate: f64,
    ) -> Network {
        let before = collected(&network);
        let mut split = Split { parts: &self.parts, grads, own: GradientsParams::new() };
        network.visit(&mut split);
        let network = optimiser.step(rate, network, split.grads);
        let network = optimiser.step(rate * self.share, network, split.own);
        network.map(&mut Steer { before, means: &self.means })
    }

    /// The means `[in]` by the names of their layers.
    pub fn means(&self) -> WeightMap {
        let weight = |values: &Vec<f32>| Weight { shape: vec![values.len()], values: values.clone() };
        self.means.iter().map(|(id, mean)| (self.layers[id].clone(), weight(mean))).collect()
    }

    /// Goes on from means of an earlier part of the run.
    pub fn set_means(&mut self, mut means: WeightMap) {
        let known = self.layers.iter().filter_map(|(id, name)| Some((*id, means.remove(name)?.values)));
        self.means = known.collect();
    }
}

/// Takes the gradients of `parts` out of `grads`.
struct Split<'a> {
    parts: &'a HashSet<ParamId>,
    grads: GradientsParams,
    own: GradientsParams,
}

impl ModuleVisitor for Split<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.parts.contains(&param.id)
            && let Some(grad) = self.grads.remove::<D>(param.id)
        {
            self.own.register(param.id, grad);
        }
    }
}

/// Takes what an update added along the means out of it.
struct Steer<'a> {
    before: TensorContainer<ParamId>,
    means: &'a HashMap<ParamId, Vec<f32>>,
}

impl ModuleMapper for Steer<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let tensor = match (self.means.get(&id), self.before.remove::<Tensor<D>>(&id)) {
            (Some(mean), Some(before)) => {
                let now = tensor.inner();
                let along = direction(mean, &now);
                let update = now.clone() - before;
                Tensor::from_inner(now - along.clone() * (along * update).sum_dim(0)).require_grad()
            }
            _ => tensor,
        };
        Param::from_mapped_value(id, tensor, mapper)
    }
}

/// Direction of a mean input as a column, to multiply rows of a weight `[in, out]` with.
fn direction<const D: usize>(mean: &[f32], weight: &Tensor<D>) -> Tensor<D> {
    let length = mean.iter().map(|v| v * v).sum::<f32>().sqrt().max(TINY);
    let mut shape = [1; D];
    shape[0] = mean.len();
    let values: Vec<f32> = mean.iter().map(|v| v / length).collect();
    Tensor::from_data(TensorData::new(values, shape), &weight.device())
}

#[cfg(test)]
mod tests {
    use burn::optim::AdamWConfig;
    use burn::tensor::{Device, Distribution};
    use saswin_model::nets::{Trace, watch_inputs};
    use saswin_model::{ClassHead, Merge, Pool, SwinConfig};

    use super::super::average::numbered;
    use super::*;

    fn network(device: &Device) -> Network {
        let class_head = Some(ClassHead { outputs: 1, pool: Pool::Mean });
        let small = SwinConfig {
            depths: [1; 4],
            heads: [1; 4],
            window: [4; 3],
            symmetry: true,
            class_head,
            ..SwinConfig::encoder(1, 3, Merge::Fixed)
        };
        numbered(Network::new(&small.into(), device).unwrap())
    }

    /// How far the rows of each layer's update go along its mean input, and their root mean square; at most.
    fn moved(steady: &Steady, before: &WeightMap, after: &WeightMap) -> Vec<[f32; 2]> {
        let length = |row: &[f32]| row.iter().map(|v| v * v).sum::<f32>().sqrt();
        let of = |(id, mean): (&ParamId, &Vec<f32>)| {
            let key = format!("{}.weight", steady.layers[id]);
            let pairs = after[&key].values.iter().zip(&before[&key].values);
            let update: Vec<f32> = pairs.map(|(a, b)| a - b).collect();
            let along = |row: &[f32]| row.iter().zip(mean).map(|(u, m)| u * m).sum::<f32>().abs();
            let most = |of: &dyn Fn(&[f32]) -> f32| update.chunks(mean.len()).map(of).fold(0.0, f32::max);
            [most(&along) / length(mean), most(&length) / (mean.len() as f32).sqrt()]
        };
        steady.means.iter().map(of).collect()
    }

    #[test]
    fn layers_move_but_not_along_their_mean_input_and_biases_stay() {
        let device = Device::flex().autodiff();
        let network = network(&device);
        let mut steady = Steady::new(&network, 0.5);
        let scan = Tensor::<5>::random([1, 1, 32, 64, 64], Distribution::Uniform(0.0, 1.0), &device);
        let (out, seen) = watch_inputs(|| network.forward(scan, None, &mut Trace::off()));
        steady.follow(seen);
        // Four blocks of four layers, their mergings, and SACA's ten.
        assert_eq!(steady.means.len(), 4 * 4 + 4 + 10);
        let mut grads = GradientsParams::from_grads(out.classes.unwrap().sum().backward(), &network);
        steady.keep_biases(&mut grads);
        let before = weights::collect(&network).unwrap();
        let mut optimiser = AdamWConfig::new().with_epsilon(1e-12).init();
        let network = steady.step(&mut optimiser, network, grads, 2e-3);
        let after = weights::collect(&network).unwrap();
        for [along, far] in moved(&steady, &before, &after) {
            assert!(along < 1e-5, "{along}");
            assert!(far > 1e-5 && far < 1.1e-3, "{far}");
        }
        let head = "classification_head.bias";
        assert!((after[head].values[0] - before[head].values[0]).abs() > 1.9e-3);
        assert!(steady.layers.values().all(|name| {
            let bias = format!("{name}.bias");
            after.get(&bias) == before.get(&bias)
        }));
    }

    #[test]
    fn means_are_followed_slowly_without_what_is_not_finite_and_come_back() {
        let device = Device::flex();
        let network = network(&device);
        let mut steady = Steady::new(&network, 1.0);
        let id =
            *steady.layers.iter().find(|(_, name)| name.ends_with("layers1.0.blocks.0.attn.qkv")).unwrap().0;
        for x in [1.0, 2.0, f32::NAN] {
            steady.follow(vec![(id, Tensor::full([3], x, &device))]);
        }
        assert!(steady.means[&id].iter().all(|v| (v - 1.1).abs() < 1e-6));
        let mut other = Steady::new(&network, 1.0);
        other.set_means(steady.means());
        assert_eq!(other.means, steady.means);
    }

    #[test]
    fn only_named_layers_of_encoder_and_saca_are_drawn_afresh() {
        let mut weights = weights::collect(&network(&Device::flex())).unwrap();
        let before = weights.clone();
        draw(&mut weights, &["swinViT.layers4", "classification_head"], &Rng::new(1));
        let changed: Vec<&String> = weights.keys().filter(|key| weights[*key] != before[*key]).collect();
        assert!(changed.iter().all(|key| key.starts_with("swinViT.layers4.") && !key.ends_with("table")));
        let wide = &weights["swinViT.layers4.0.downsample.reduction.weight"];
        let variance = wide.values.iter().map(|v| v * v).sum::<f32>() / wide.values.len() as f32;
        assert!((variance * wide.shape[1] as f32 - 1.0).abs() < 0.1, "{variance}");
        let bias = &weights["swinViT.layers4.0.blocks.0.mlp.linear1.bias"];
        assert!(bias.values.iter().all(|v| *v == 0.0));
    }
}

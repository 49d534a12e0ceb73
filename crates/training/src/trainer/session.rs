//! The state of a run and one step of it.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor, TensorData};
use saswin_model::Architecture;
use saswin_model::nets::{Network, Output, Trace, watch_inputs};

use super::TrainError;
use super::average::{Average, clip, numbered};
use super::optimiser::optimiser;
use super::source::{Batch, Example, example_seed};
use super::start::initial;
use super::steady::Steady;
use crate::losses::{
    Known, Loss, attentive_loss, dice_binary, dice_cross_entropy, measure_loss, one_hot, pretrain_loss,
    probability_loss,
};
use crate::recipe::{Recipe, Segmentation};

/// Steps without a finite loss, one after the other, that end a run, as in `torch/train.py`.
const PATIENCE: u32 = 20;

/// A network in training.
pub struct Session {
    pub(crate) recipe: Recipe,
    pub(crate) device: Device,
    pub(crate) network: Network,
    pub(crate) average: Average<Network>,
    pub(crate) optimiser: ModuleOptimizer,
    /// Of a recipe with an encoder rate.
    pub(crate) steady: Option<Steady>,
    /// Steps made.
    pub step: u64,
    /// Seconds trained.
    pub seconds: f64,
    lost: u32,
}

/// What a step came to.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// Value of the loss before the step.
    pub loss: f32,
    /// Parts of the loss.
    pub parts: Vec<(&'static str, f32)>,
    /// L2 norm of the gradients before clipping.
    pub norm: f32,
}

impl Session {
    /// A run at step 0 on a device with automatic differentiation. Recipes with an encoder rate take their first
    /// answers from the `held_out` examples; without any they stay as drawn.
    ///
    /// # Errors
    /// If the architecture makes no network or the initial weights cannot be read.
    pub fn new(recipe: &Recipe, held_out: &[Example], device: &Device) -> Result<Self, TrainError> {
        let network = numbered(initial(recipe, held_out, device)?);
        let share = recipe.optimiser.encoder_rate.map(|own| own / recipe.optimiser.rate);
        let steady = share.map(|share| Steady::new(&network, share));
        let average = Average::new(&network);
        Ok(Self {
            recipe: recipe.clone(),
            device: device.clone(),
            network,
            average,
            optimiser: optimiser(&recipe.optimiser),
            steady,
            step: 0,
            seconds: 0.0,
            lost: 0,
        })
    }

    /// The device that inputs of [`Session::step`] lie on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The network with averaged weights, without automatic differentiation.
    pub fn averaged(&self) -> &Network {
        &self.average.network
    }

    /// The examples of the next step as the recipe wants them.
    ///
    /// # Errors
    /// If there is none, or windows do not suit.
    pub fn batch(&self, examples: &[Example]) -> Result<Batch, TrainError> {
        let seed = example_seed(self.recipe.seed, "views", self.step);
        let architecture = &self.recipe.architecture;
        let batch = match architecture {
            _ if !architecture.pretrains() => Batch::new(examples, &self.device),
            Architecture::Swin(_) => Batch::pretraining(examples, seed, &self.device),
            Architecture::Asa(_) => Batch::masked(examples, seed, &self.device),
        };
        batch.ok_or_else(|| {
            TrainError::Data(
                "no sample: a synthesis thread ended, or pretraining windows are not cubes".to_owned(),
            )
        })
    }

    fn loss(&self, batch: &Batch) -> Option<Loss> {
        let image = batch.image.clone();
        if let Some(target) = &batch.masked {
            return Some(attentive_loss(self.network.reconstruct(image, &target.masked)?, target));
        }
        let output = self.network.forward(image, Some(batch.mirror.clone()), &mut Trace::off());
        loss_of(&self.recipe, output, batch, &self.device)
    }

    /// [`loss`](Self::loss), while what layers are given is followed if the recipe needs it.
    fn followed_loss(&mut self, batch: &Batch) -> Option<Loss> {
        if self.steady.is_none() {
            return self.loss(batch);
        }
        let (loss, seen) = watch_inputs(|| self.loss(batch));
        self.steady.as_mut()?.follow(seen);
        loss
    }

    /// Makes one step with this learning rate. A step that comes to no finite number changes nothing.
    ///
    /// # Errors
    /// If 20 steps in a row came to no finite number.
    pub fn step(&mut self, batch: &Batch, rate: f64) -> Result<StepReport, TrainError> {
        let loss = self
            .followed_loss(batch)
            .ok_or_else(|| TrainError::Data("the recipe trains no output of the network".to_owned()))?;
        let value: f32 = loss.total.clone().into_scalar();
        let parts = loss.parts.into_iter().map(|(name, part)| (name, part.into_scalar())).collect();
        let mut grads = GradientsParams::from_grads(loss.total.backward(), &self.network);
        if let Some(steady) = &self.steady {
            steady.keep_biases(&mut grads);
        }
        let (grads, norm) = clip(grads, &self.network, self.recipe.optimiser.clip, &self.device);
        self.step += 1;
        if value.is_finite() && norm.is_finite() {
            self.lost = 0;
            let (network, optimiser) = (self.network.clone(), &mut self.optimiser);
            self.network = match &self.steady {
                Some(steady) => steady.step(optimiser, network, grads, rate),
                None => optimiser.step(rate, network, grads),
            };
            self.average.update(&self.network, self.recipe.optimiser.average, self.step);
        } else {
            self.lost += 1;
            if self.lost >= PATIENCE {
                return Err(TrainError::Diverged { step: self.step });
            }
        }
        Ok(StepReport { loss: value, parts, norm })
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parameters = self.network.num_params();
        f.debug_struct("Session")
            .field("step", &self.step)
            .field("parameters", &parameters)
            .finish_non_exhaustive()
    }
}

/// The loss of a forward pass as the recipe states it; `None` if it trains no output.
pub fn loss_of(recipe: &Recipe, output: Output, batch: &Batch, device: &Device) -> Option<Loss> {
    let segmentation = output.segmentation.and_then(|logits| match recipe.segmentation {
        Segmentation::Classes => {
            let classes = recipe.architecture.out_channels();
            let target = one_hot(&batch.labels, batch.size, classes, device);
            Some(dice_cross_entropy(logits, target, &recipe.dice_weights, &recipe.entropy_weights))
        }
        Segmentation::Mask => Some(dice_binary(logits, mask(batch, device))),
        Segmentation::None => None,
    });
    let heads = output.classes.and_then(|logits| {
        let known = Known::new(&batch.classes, batch.size, device);
        let columns: Vec<usize> = recipe.manifest.classes.iter().map(|c| c.index).collect();
        let measures: Vec<usize> = recipe.manifest.measures.iter().map(|m| m.index).collect();
        let probability = (!columns.is_empty()).then(|| probability_loss(&logits, &known, &columns));
        let measure = (!measures.is_empty()).then(|| measure_loss(&logits, &known, &measures));
        Loss::join(probability, measure)
    });
    let pretraining = output.pretraining.zip(batch.pretraining.as_ref()).map(|(out, target)| {
        pretrain_loss(out.rotation, out.contrastive, out.symmetry, out.reconstruction, target)
    });
    Loss::join(Loss::join(segmentation, heads), pretraining)
}

fn mask(batch: &Batch, device: &Device) -> Tensor<3> {
    let values: Vec<f32> = batch.labels.iter().map(|l| f32::from(u8::from(*l > 0))).collect();
    Tensor::from_data(TensorData::new(values, [batch.size, batch.labels.len() / batch.size, 1]), device)
}

//! The whole network: encoder over scan and mirror, SACA, decoder and heads, each as configured.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use saswin_kernels::flip_x;

use super::decoder::Decoder;
use super::pretrain::PretrainHeads;
use super::saca::Saca;
use super::{SwinTransformer, Trace, linear, to_channels_first, to_channels_last};
use crate::weights::Integers;
use crate::{ArchitectureError, Pool, Room, SwinConfig};

/// What one forward pass yields; parts the network has no head for are `None`.
#[derive(Debug)]
pub struct Output {
    /// Segmentation logits `[b, k, x, y, z]`.
    pub segmentation: Option<Tensor<5>>,
    /// Class logits `[b, outputs]`.
    pub classes: Option<Tensor<2>>,
    /// Outputs of the pretraining heads.
    pub pretraining: Option<super::pretrain::PretrainOutput>,
}

/// SA-Swin (Ma et al., MICCAI 2024), or Swin UNETR when built without symmetry.
#[derive(Module, Debug)]
pub struct SaSwin {
    swin: SwinTransformer,
    saca: Option<Saca>,
    decoder: Option<Decoder>,
    classification_head: Option<Linear>,
    pretrain: Option<PretrainHeads>,
    #[module(skip)]
    pool: Pool,
    #[module(skip)]
    integers: Integers,
    #[module(skip)]
    room: Room,
}

impl SaSwin {
    /// Randomly initialised network.
    ///
    /// # Errors
    /// If the configuration makes no network.
    pub fn new(config: &SwinConfig, device: &Device) -> Result<Self, ArchitectureError> {
        config.validate()?;
        let width = config.bottleneck();
        Ok(Self {
            swin: SwinTransformer::new(config, device),
            saca: config.symmetry.then(|| Saca::new(width, device)),
            decoder: config.decoder.map(|kind| Decoder::new(config, kind, device)),
            classification_head: config.class_head.map(|head| linear(width, head.outputs, true, device)),
            pretrain: config.pretraining.then(|| PretrainHeads::new(config, device)),
            pool: config.class_head.map_or(Pool::Token0, |head| head.pool),
            integers: Integers::default(),
            room: Room::ANY,
        })
    }

    /// The network with some of its weights as integers.
    #[must_use]
    pub(crate) fn with_integers(self, integers: Integers) -> Self {
        Self { integers, ..self }
    }

    /// The network in tensors that `room` holds.
    #[must_use]
    pub(crate) fn with_room(self, room: Room) -> Self {
        Self { room, ..self }
    }

    /// Runs scan `x` and mirror `x_flip`, both `[b, c, x, y, z]`, through the shared encoder, as one batch if there is
    /// room for it.
    ///
    /// `x_flip` is the mirrored counterpart: the same window cut out of the left-right flipped volume. Without
    /// it, the mirror is the flip of `x` itself, which is right for whole volumes only. A network without
    /// symmetry ignores it.
    pub fn forward(&self, x: Tensor<5>, x_flip: Option<Tensor<5>>, trace: &mut Trace) -> Output {
        self.integers.within(|| self.run(x, x_flip, trace))
    }

    fn run(&self, x: Tensor<5>, x_flip: Option<Tensor<5>>, trace: &mut Trace) -> Output {
        let image = to_channels_last(x);
        let Some(saca) = &self.saca else {
            let [x0, x1, x2, x3, x4] = self.swin.forward(image.clone(), trace);
            return self.heads(image, [x0, x1, x2, x3], x4, None, trace);
        };
        let mirror = x_flip.map_or_else(|| flip_x(image.clone()), to_channels_last);
        let ([x0, x1, x2, x3, x4], x4_mirror) = self.encode(image.clone(), mirror, trace);
        let fused = saca.forward(tokens(x4.clone()), tokens(x4_mirror.clone()));
        let fused = fused.reshape(x4.dims());
        trace.keep("saca", &fused);
        self.heads(image, [x0, x1, x2, x3], fused, Some((x4, x4_mirror)), trace)
    }

    /// Feature maps of the scan, and the deepest of the mirror.
    fn encode(&self, scan: Tensor<5>, mirror: Tensor<5>, trace: &mut Trace) -> ([Tensor<5>; 5], Tensor<5>) {
        if !self.room.holds(2 * self.swin.largest(scan.dims())) {
            let [.., x4_mirror] = self.swin.forward(mirror, &mut Trace::off());
            let features = self.swin.forward(scan, trace);
            // The allocator keeps what the encoder needed, in sizes that the decoder has little use for.
            x4_mirror.device().memory_cleanup();
            return (features, x4_mirror);
        }
        let [b, ..] = scan.dims();
        let both = self.swin.forward(Tensor::cat(vec![scan, mirror], 0), &mut Trace::off());
        let x4_mirror = both[4].clone().narrow(0, b, b);
        let features = both.map(|t| t.narrow(0, 0, b));
        for (name, t) in ["x0", "x1", "x2", "x3", "x4"].iter().zip(&features) {
            trace.keep(name, t);
        }
        (features, x4_mirror)
    }

    fn heads(
        &self,
        image: Tensor<5>,
        skips: [Tensor<5>; 4],
        bottleneck: Tensor<5>,
        before_saca: Option<(Tensor<5>, Tensor<5>)>,
        trace: &mut Trace,
    ) -> Output {
        let classes = self.classification_head.as_ref().map(|head| {
            let tokens = tokens(bottleneck.clone());
            let [b, _, width] = tokens.dims();
            let pooled = match self.pool {
                Pool::Token0 => tokens.slice([0..b, 0..1]),
                Pool::Mean => tokens.mean_dim(1),
            };
            head.forward(pooled.reshape([b, width]))
        });
        let pretraining = match (&self.pretrain, before_saca) {
            (Some(heads), Some((scan, mirror))) => Some(heads.forward(bottleneck.clone(), scan, mirror)),
            _ => None,
        };
        let segmentation = self
            .decoder
            .as_ref()
            .map(|decoder| to_channels_first(decoder.forward(image, skips, bottleneck, self.room, trace)));
        Output { segmentation, classes, pretraining }
    }
}

/// `[b, x, y, z, c]` to `[b, x·y·z, c]`.
pub(super) fn tokens(x: Tensor<5>) -> Tensor<3> {
    let [b, dx, dy, dz, c] = x.dims();
    x.reshape([b, dx * dy * dz, c])
}

//! A network on a device, ready to run.

use burn::tensor::{Device, Tensor};
use saswin_kernels::{Route, profile, route};
use saswin_model::Room;
use saswin_model::nets::{self, Trace};
use web_time::Instant;

use super::logits::Logits;
use super::{Network, Profile, Subject, Way};
use crate::infer::read;
use crate::{Engine, RunError};

/// What errors name as their place.
const PLACE: &str = "the benchmark";

/// A network on a device, with its inputs.
pub(super) struct Ready {
    pub way: Way,
    subject: Network,
    network: nets::Network,
    inputs: [Tensor<5>; 2],
}

/// What a forward pass makes, still on the device.
enum Made {
    Maps(Vec<Tensor<5>>),
    Classes(Box<Tensor<2>>),
}

impl Ready {
    pub(super) fn new(subject: &Subject, way: Way, device: &Device, room: Room) -> Result<Self, RunError> {
        let inputs = subject.inputs.clone().map(|data| Tensor::from_data(data, device));
        let network = subject.on(way, device, room)?;
        // Laying weights out left their first copies with the allocator.
        device.memory_cleanup();
        Ok(Self { way, subject: subject.entry.network, network, inputs })
    }

    /// Output on the host, and milliseconds.
    pub(super) async fn run(&self, engine: &Engine) -> Result<(Logits, f64), RunError> {
        let start = Instant::now();
        let logits = fetch(self.forward(), engine).await?;
        Ok((logits, start.elapsed().as_secs_f64() * 1000.0))
    }

    /// One more run, pass by pass; nothing where passes cannot be timed.
    pub(super) async fn profile(&self, engine: &Engine) -> Result<Option<Profile>, RunError> {
        let (made, times) = profile(engine.adapter.capabilities().timestamps, || self.forward()).await;
        fetch(made, engine).await?;
        Ok(times.map(|(timing, passes)| Profile::new(timing, &passes)))
    }

    fn forward(&self) -> Made {
        let [x, x_flip] = self.inputs.clone();
        let way = if self.way == Way::Plain { Route::Composed } else { Route::Own };
        let mut trace = if self.subject == Network::Encoder { Trace::on() } else { Trace::off() };
        let output = route(way, || self.network.forward(x, Some(x_flip), &mut trace));
        match (output.segmentation, output.classes) {
            (Some(logits), _) => Made::Maps(vec![logits]),
            (None, Some(logits)) => Made::Classes(Box::new(logits)),
            (None, None) => Made::Maps(trace.into_stages().into_iter().map(|(_, map)| map).collect()),
        }
    }
}

async fn fetch(made: Made, engine: &Engine) -> Result<Logits, RunError> {
    match made {
        Made::Classes(logits) => {
            Ok(Logits { classes: logits.dims()[1], values: read(*logits, engine, PLACE).await? })
        }
        Made::Maps(maps) => {
            // Several maps are features, which have no classes.
            let classes = if let [logits] = maps.as_slice() { logits.dims()[1] } else { 1 };
            let mut values = Vec::new();
            for map in maps {
                values.extend(read(map, engine, PLACE).await?);
            }
            Ok(Logits { classes, values })
        }
    }
}

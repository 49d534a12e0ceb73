//! The fixture's network, run.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};

use super::config::{Config, architecture};
use super::named::{from_names, named_tensor, named_weights};
use super::{FidelityError, Golden};
use crate::Position;
use crate::nets::{Network, Output, Saca, Trace, asa, to_channels_last};
use crate::weights::{self, Family};

/// Values by stage.
pub(super) type Stages = BTreeMap<String, Vec<f32>>;

async fn read<const D: usize>(name: &str, x: Tensor<D>) -> Result<Vec<f32>, FidelityError> {
    let failed = |e: String| FidelityError::ReadBack(name.to_owned(), e);
    let data = x.into_data_async().await.map_err(|e| failed(e.to_string()))?;
    data.try_to_vec::<f32>().map_err(|e| failed(format!("{e:?}")))
}

fn input<const D: usize>(golden: &Golden, name: &str, device: &Device) -> Result<Tensor<D>, FidelityError> {
    let missing = || FidelityError::Fixture(format!("input {name} is missing"));
    let shape = golden.inputs.get(name).ok_or_else(missing)?;
    let tensor = named_tensor(&format!("input:{name}"), shape);
    Ok(Tensor::from_data(TensorData::new(tensor.values, shape.clone()), device))
}

/// What the fixture's architecture puts out on `device`, by stage, flattened in the reference's order.
pub(super) async fn stages(golden: &Golden, device: &Device) -> Result<Stages, FidelityError> {
    match golden.arch.as_str() {
        "saca" => saca(golden, device).await,
        "asa_position" => positions(golden),
        _ => network(golden, device).await,
    }
}

async fn network(golden: &Golden, device: &Device) -> Result<Stages, FidelityError> {
    let mut network = Network::new(&architecture(golden)?, device)?;
    let named = named_weights(&network);
    let ours: BTreeMap<_, _> =
        named.iter().map(|(key, weight)| (key.clone(), weight.shape.clone())).collect();
    if ours != golden.parameters {
        return Err(FidelityError::Fixture(format!("parameters differ from the reference's: {ours:?}")));
    }
    weights::fill(&mut network, named)?;
    let mut trace = Trace::on();
    let x = input::<5>(golden, "x", device)?;
    let mut out = Stages::new();
    match &network {
        Network::Asa(asa) => {
            if let Some(logits) = asa.forward(x, &mut trace) {
                out.insert("logits0".to_owned(), read("logits0", logits).await?);
            }
        }
        Network::Swin(swin) => {
            let output = swin.forward(x, input::<5>(golden, "x_flip", device).ok(), &mut trace);
            read_output(output, &mut out).await?;
        }
    }
    for (name, tensor) in trace.into_stages() {
        // Token stages are `[b, n, c]` in the reference.
        let tokens = golden.stages.get(&name).is_some_and(|stage| stage.shape.len() == 3);
        let tensor = if tokens { to_channels_last(tensor) } else { tensor };
        out.insert(name.clone(), read(&name, tensor).await?);
    }
    Ok(out)
}

async fn read_output(output: Output, out: &mut Stages) -> Result<(), FidelityError> {
    if let Some(logits) = output.segmentation {
        out.insert("logits".to_owned(), read("logits", logits).await?);
    }
    if let Some(logits) = output.classes {
        out.insert("logits".to_owned(), read("logits", logits).await?);
    }
    if let Some(p) = output.pretraining {
        let [scan, mirror] = p.symmetry;
        for (name, t) in
            [("rotation", p.rotation), ("contrastive", p.contrastive), ("sah", scan), ("sah_flip", mirror)]
        {
            out.insert(name.to_owned(), read(name, t).await?);
        }
        out.insert("inpainting".to_owned(), read("inpainting", p.reconstruction).await?);
    }
    Ok(())
}

async fn saca(golden: &Golden, device: &Device) -> Result<Stages, FidelityError> {
    let mut saca = Saca::new(golden.config.width, device);
    let named = from_names(weights::shapes_part(&saca, Family::Swin, "saca."));
    weights::fill_part(&mut saca, Family::Swin, "saca.", named)?;
    let stages = saca.stages(input::<3>(golden, "f", device)?, input::<3>(golden, "f_flip", device)?);
    let mut out = Stages::new();
    for (name, stage) in ["self_attention", "cross_attention", "output"].into_iter().zip(stages) {
        out.insert(name.to_owned(), read(name, stage).await?);
    }
    Ok(out)
}

/// Every position encoding of ASA; the stages are their names in manifests.
fn positions(golden: &Golden) -> Result<Stages, FidelityError> {
    let variant = |name: &String| {
        serde_json::from_value::<Position>(name.as_str().into())
            .map_err(|e| FidelityError::Fixture(format!("position `{name}`: {e}")))
    };
    let Config { grid, hidden_size, .. } = golden.config;
    golden
        .stages
        .keys()
        .map(|name| Ok((name.clone(), asa::encoding(variant(name)?, grid, hidden_size))))
        .collect()
}

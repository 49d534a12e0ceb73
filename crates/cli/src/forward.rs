//! `saswin-cli forward`: the bare network on tensors, to compare with any other implementation.

use std::collections::HashMap;
use std::path::PathBuf;

use burn::tensor::{Device, Tensor, TensorData};
use fs_err as fs;
use safetensors::tensor::{Dtype, TensorView};
use saswin_model::Architecture;
use saswin_model::nets::Trace;
use saswin_model::weights::{WeightMap, unpack};

use crate::CliResult;
use crate::engine::{self, BackendArg};
use crate::run::load_model;

/// Run the bare network on tensors.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Model folder.
    #[arg(long)]
    model: PathBuf,
    /// Safetensors with `x` and optionally `x_flip`, `[batch, channels, x, y, z]` in f32.
    #[arg(long)]
    input: PathBuf,
    /// Safetensors to write: `logits`, `classes`, and every stage with `--stages`.
    #[arg(long)]
    out: PathBuf,
    /// Where to compute.
    #[arg(long, value_enum, default_value = "cpu")]
    backend: BackendArg,
    /// Also write every stage.
    #[arg(long)]
    stages: bool,
}

fn tensor(inputs: &WeightMap, name: &str, device: &Device) -> Result<Option<Tensor<5>>, String> {
    let Some(input) = inputs.get(name) else { return Ok(None) };
    if input.shape.len() != 5 {
        return Err(format!("`{name}` has shape {:?}, five axes are needed", input.shape));
    }
    let data = TensorData::new(input.values.clone(), input.shape.clone());
    Ok(Some(Tensor::from_data(data, device)))
}

/// Whether the network can be run on inputs of these shapes.
fn fits(x: [usize; 5], x_flip: Option<[usize; 5]>, architecture: &Architecture) -> Result<(), String> {
    // Skips of a decoder meet what was halved five times.
    if architecture.out_channels() > 0 && x[2..].iter().any(|side| side % 32 != 0) {
        return Err(format!(
            "`x` has shape {x:?}: a network with a decoder needs sides that are multiples of 32"
        ));
    }
    match x_flip {
        Some(flipped) if flipped != x => Err(format!("`x_flip` has shape {flipped:?}, `x` has {x:?}")),
        _ => Ok(()),
    }
}

/// Shape and little-endian bytes of a tensor.
type Raw = (Vec<usize>, Vec<u8>);

fn raw<const D: usize>(tensor: Tensor<D>) -> Result<Raw, Box<dyn std::error::Error>> {
    let shape = tensor.dims().to_vec();
    let values = tensor.into_data().try_to_vec::<f32>().map_err(|e| format!("{e:?}"))?;
    Ok((shape, values.iter().flat_map(|v| v.to_le_bytes()).collect()))
}

/// Runs the command.
///
/// # Errors
/// If the model or the input cannot be used.
pub fn run(args: &Args) -> CliResult {
    let engine = engine::open(args.backend, None)?;
    let model = load_model(&args.model, &engine)?;
    let inputs = unpack(&fs::read(&args.input)?)?;
    let x = tensor(&inputs, "x", &engine.device)?.ok_or("the input holds no tensor `x`")?;
    let expected = model.manifest.architecture.in_channels();
    if x.dims()[1] != expected {
        return Err(format!("`x` has {} channels, the model reads {expected}", x.dims()[1]).into());
    }
    let x_flip = tensor(&inputs, "x_flip", &engine.device)?;
    fits(x.dims(), x_flip.as_ref().map(Tensor::dims), &model.manifest.architecture)?;
    let mut trace = if args.stages { Trace::on() } else { Trace::off() };
    let output = model.network.forward(x, x_flip, &mut trace);
    let mut results: HashMap<String, Raw> = HashMap::new();
    for (name, stage) in trace.into_stages() {
        results.insert(name, raw(stage)?);
    }
    if let Some(logits) = output.segmentation {
        results.insert("logits".to_owned(), raw(logits)?);
    }
    if let Some(classes) = output.classes {
        results.insert("classes".to_owned(), raw(classes)?);
    }
    let views = results
        .iter()
        .map(|(name, (shape, bytes))| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    fs::write(&args.out, safetensors::serialize(views, None)?)?;
    eprintln!("wrote {} tensors to {} ({})", results.len(), args.out.display(), engine.adapter.name);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_model::{Merge, SwinConfig};

    #[test]
    fn what_a_decoder_cannot_join_is_refused() {
        let encoder = SwinConfig::encoder(2, 12, Merge::Fixed);
        let decodes = Architecture::from(SwinConfig { out_channels: 3, ..encoder.clone() });
        let shape = |side| [1, 2, side, side, side];
        assert!(fits(shape(48), None, &decodes).unwrap_err().contains("multiples of 32"));
        assert!(fits(shape(64), Some(shape(32)), &decodes).unwrap_err().contains("x_flip"));
        assert_eq!(fits(shape(64), Some(shape(64)), &decodes), Ok(()));
        assert_eq!(fits(shape(48), None, &encoder.into()), Ok(()));
    }
}

//! The network over all windows of the prepared volume.

use burn::tensor::{Device, Tensor, TensorData};
use saswin_model::nets::Trace;
use saswin_volume::windows::{Blend, Blender, WindowError, WindowGrid};

use crate::{LoadedModel, Monitor, Prepared, RunError, Step};

/// Width of the Gaussian that windows are blended with, as a share of their sides (MONAI's default).
const SIGMA_SCALE: f64 = 0.125;

/// What the network says of the whole volume.
#[derive(Debug, Clone)]
pub struct Scores {
    /// Segmentation logits `[classes, x, y, z]` on the prepared grid; empty without a decoder.
    pub segmentation: Vec<f32>,
    /// Number of segmentation classes.
    pub classes: usize,
    /// Mean class logits over windows; empty without a class head.
    pub class_logits: Vec<f32>,
    /// Number of windows run.
    pub windows: usize,
}

/// Slides the model over `prepared`, each window together with its mirrored counterpart.
///
/// # Errors
/// If the monitor stops it, the device fails, or an output is not a result.
pub async fn infer(
    model: &LoadedModel,
    prepared: &Prepared,
    device: &Device,
    monitor: &mut impl Monitor,
) -> Result<Scores, RunError> {
    let how = &model.manifest.preprocessing;
    let classes = model.manifest.architecture.out_channels();
    let windows = WindowGrid::new(prepared.grid.dims, how.roi, how.overlap)?;
    let total = windows.starts.len();
    let mut blender = Blender::new(windows.clone(), classes, Blend::Gaussian { sigma_scale: SIGMA_SCALE });
    let mut class_logits: Vec<f32> = Vec::new();
    for index in 0..total {
        let place = format!("window {} of {total}", index + 1);
        monitor.step(Step { stage: "network", done: index, total, text: format!("Reading {place}") });
        if !monitor.proceed().await {
            return Err(RunError::Cancelled);
        }
        let scan = window(prepared, &windows, index, false, device)?;
        let mirror = window(prepared, &windows, index, true, device)?;
        let output = model.network.forward(scan, Some(mirror), &mut Trace::off());
        if let Some(logits) = output.segmentation {
            blender.add(index, &read(logits, &place).await?)?;
        }
        if let Some(logits) = output.classes {
            let values = read(logits, &place).await?;
            class_logits.resize(values.len(), 0.0);
            for (sum, v) in class_logits.iter_mut().zip(&values) {
                *sum += v / total as f32;
            }
        }
    }
    Ok(Scores { segmentation: blender.finish(), classes, class_logits, windows: total })
}

/// One window `[1, c, x, y, z]` of the scan, or the same window of the scan's left-right flip.
fn window(
    prepared: &Prepared,
    windows: &WindowGrid,
    index: usize,
    mirrored: bool,
    device: &Device,
) -> Result<Tensor<5>, WindowError> {
    let [x, y, z] = windows.roi;
    let mut values = Vec::with_capacity(prepared.channels * windows.window_len());
    for channel in prepared.input.chunks_exact(prepared.grid.len()) {
        values.extend(if mirrored {
            windows.mirrored_window(channel, index, 0.0)?
        } else {
            windows.window(channel, index, 0.0)?
        });
    }
    Ok(Tensor::from_data(TensorData::new(values, [1, prepared.channels, x, y, z]), device))
}

/// Reads a tensor back and refuses what cannot be a result.
async fn read<const D: usize>(tensor: Tensor<D>, place: &str) -> Result<Vec<f32>, RunError> {
    let failed = |reason: String| RunError::ReadBack { place: place.to_owned(), reason };
    let data = tensor.into_data_async().await.map_err(|e| failed(e.to_string()))?;
    let values = data.try_to_vec::<f32>().map_err(|e| failed(format!("{e:?}")))?;
    let wrong = |what| Err(RunError::Output { what, place: place.to_owned() });
    if values.iter().any(|v| !v.is_finite()) {
        return wrong("is not a finite number");
    }
    if values.iter().all(|v| *v == 0.0) {
        return wrong("is zero everywhere");
    }
    Ok(values)
}

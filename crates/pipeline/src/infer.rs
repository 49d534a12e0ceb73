//! The network over all windows of the prepared volume.

use burn::tensor::{Device, Tensor, TensorData};
use saswin_model::nets::Trace;
use saswin_volume::windows::{Blend, Blender, WindowError, WindowGrid};

use crate::{DeviceTrouble, Engine, LoadedModel, Monitor, Prepared, RunError, Step};

/// Width of the Gaussian that windows are blended with, as a share of their sides (MONAI's default).
const SIGMA_SCALE: f64 = 0.125;

/// What the network says of the whole volume.
#[derive(Debug, Clone)]
pub struct Scores {
    /// Segmentation logits `[classes, x, y, z]` on the prepared grid; empty without a decoder.
    pub segmentation: Vec<f32>,
    /// Number of segmentation classes.
    pub classes: usize,
    /// Class logits of each window `[windows][outputs]`; empty without a class head.
    pub class_logits: Vec<Vec<f32>>,
    /// Number of windows run.
    pub windows: usize,
}

impl Scores {
    /// The class with the highest logit at each voxel of the prepared grid.
    pub(crate) fn labels(&self) -> Vec<u8> {
        let size = self.segmentation.len() / self.classes.max(1);
        let channel = |c: usize| &self.segmentation[c * size..(c + 1) * size];
        let mut labels = vec![0; size];
        let mut highest = channel(0).to_vec();
        for c in 1..self.classes {
            for ((label, highest), logit) in labels.iter_mut().zip(&mut highest).zip(channel(c)) {
                if *logit > *highest {
                    (*label, *highest) = (c as u8, *logit);
                }
            }
        }
        labels
    }
}

/// A network on its way over a volume. It lives in host memory: what is finished outlasts the device.
#[derive(Debug)]
pub struct Inference<'a> {
    prepared: &'a Prepared,
    windows: WindowGrid,
    classes: usize,
    blender: Blender,
    class_logits: Vec<Vec<f32>>,
    done: usize,
}

impl<'a> Inference<'a> {
    /// Lays windows of `roi` voxels over `prepared` for `model`; nothing is computed yet.
    ///
    /// # Errors
    /// If the window does not fit the grid.
    pub fn new(model: &LoadedModel, prepared: &'a Prepared, roi: [usize; 3]) -> Result<Self, WindowError> {
        let classes = model.manifest.architecture.out_channels();
        let windows = WindowGrid::new(prepared.grid.dims, roi, model.manifest.preprocessing.overlap)?;
        let blend = Blend::Gaussian { sigma_scale: SIGMA_SCALE };
        let blender = Blender::new(windows.clone(), classes, blend);
        Ok(Self { prepared, windows, classes, blender, class_logits: Vec::new(), done: 0 })
    }

    /// Number of windows finished.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Number of windows in all.
    pub fn total(&self) -> usize {
        self.windows.starts.len()
    }

    /// Window sides in voxels.
    pub fn roi(&self) -> [usize; 3] {
        self.windows.roi
    }

    /// Runs every window that is not finished, each together with its mirrored counterpart. After an error
    /// the finished windows are kept, and another call goes on behind them, on whatever device it is given.
    ///
    /// # Errors
    /// If the monitor stops it, the device fails, or an output is not a result.
    pub async fn advance(
        &mut self,
        model: &LoadedModel,
        engine: &Engine,
        monitor: &mut impl Monitor,
    ) -> Result<(), RunError> {
        let total = self.total();
        while self.done < total {
            let place = format!("window {} of {total}", self.done + 1);
            let text = format!("Reading {place}");
            monitor.step(Step { stage: "network", done: self.done, total, text });
            if !monitor.proceed().await {
                return Err(RunError::Cancelled);
            }
            self.one(model, engine, &place).await?;
            self.done += 1;
        }
        Ok(())
    }

    /// Runs the next window; nothing of it is kept unless all of it is good.
    async fn one(&mut self, model: &LoadedModel, engine: &Engine, place: &str) -> Result<(), RunError> {
        let scan = self.window(false, &engine.device)?;
        let mirror = self.window(true, &engine.device)?;
        let output = model.network.forward(scan, Some(mirror), &mut Trace::off());
        let segmentation = match output.segmentation {
            Some(logits) => Some(read(logits, engine, place).await?),
            None => None,
        };
        if let Some(logits) = output.classes {
            let values = read(logits, engine, place).await?;
            self.class_logits.truncate(self.done);
            self.class_logits.push(values);
        }
        match segmentation {
            Some(values) => Ok(self.blender.add(self.done, &values)?),
            None => Ok(()),
        }
    }

    /// The next window `[1, c, x, y, z]` of the scan, or the same window of the scan's left-right flip.
    fn window(&self, mirrored: bool, device: &Device) -> Result<Tensor<5>, WindowError> {
        let Prepared { input, channels, grid, .. } = self.prepared;
        let [x, y, z] = self.windows.roi;
        let mut values = Vec::with_capacity(channels * self.windows.window_len());
        for channel in input.chunks_exact(grid.len()) {
            values.extend(if mirrored {
                self.windows.mirrored_window(channel, self.done, 0.0)?
            } else {
                self.windows.window(channel, self.done, 0.0)?
            });
        }
        Ok(Tensor::from_data(TensorData::new(values, [1, *channels, x, y, z]), device))
    }

    /// The blended scores of the windows that were run.
    pub fn finish(self) -> Scores {
        Scores {
            segmentation: self.blender.finish(),
            classes: self.classes,
            class_logits: self.class_logits,
            windows: self.windows.starts.len(),
        }
    }
}

/// Reads a tensor back and refuses what cannot be a result.
pub(crate) async fn read<const D: usize>(
    tensor: Tensor<D>,
    engine: &Engine,
    place: &str,
) -> Result<Vec<f32>, RunError> {
    let failed = |trouble| RunError::Device { trouble, place: place.to_owned() };
    let data = tensor.into_data_async().await;
    // A command that the driver refused still leaves something to read: old or empty memory.
    if let Some(trouble) = engine.watch.trouble() {
        return Err(failed(trouble.clone()));
    }
    let data = data.map_err(|e| failed(DeviceTrouble::from_read_back(&e.to_string())))?;
    let values = data.try_to_vec::<f32>().map_err(|e| RunError::Internal(format!("{e:?}")))?;
    let wrong = |what| Err(RunError::Output { what, place: place.to_owned() });
    if values.iter().any(|v| !v.is_finite()) {
        return wrong("is not a finite number");
    }
    if values.iter().all(|v| *v == 0.0) {
        return wrong("is zero everywhere");
    }
    Ok(values)
}

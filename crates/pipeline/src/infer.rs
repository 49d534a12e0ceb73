//! The network over all windows of the prepared volume.

use burn::tensor::{DataError, Tensor, TensorData};
use futures_util::{StreamExt, stream};
use saswin_model::InputChannel;
use saswin_model::nets::Trace;
use saswin_volume::argmax;
use saswin_volume::windows::{Blend, Blender, WindowError, WindowGrid};

use crate::crew::{SharedCrew, WindowInput, WindowOutput};
use crate::prepare::lateral;
use crate::{Engine, LoadedModel, Monitor, Prepared, RunError, Step};

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
        argmax(&self.segmentation, self.classes, self.segmentation.len() / self.classes.max(1))
    }

    /// By how much the logit of `class` exceeds all others at `voxel` of the prepared grid.
    pub(crate) fn excess(&self, class: usize, voxel: usize) -> f32 {
        let logit = |c: usize| self.segmentation[c * (self.segmentation.len() / self.classes) + voxel];
        let others = (0..self.classes).filter(|c| *c != class).map(logit).fold(f32::NEG_INFINITY, f32::max);
        logit(class) - others
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
    /// If the window does not fit the grid, or the scores do not fit into memory.
    pub fn new(model: &LoadedModel, prepared: &'a Prepared, roi: [usize; 3]) -> Result<Self, WindowError> {
        let classes = model.manifest.architecture.out_channels();
        let windows = WindowGrid::new(prepared.grid.dims, roi, model.manifest.preprocessing.overlap)?;
        let blend = Blend::Gaussian { sigma_scale: SIGMA_SCALE };
        let blender = Blender::new(windows.clone(), classes, blend)?;
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
    /// On the CPU the monitor's crew takes them, if it has one; the result is the same to the last bit.
    ///
    /// # Errors
    /// If the monitor stops it, the device fails, or an output is not a result.
    pub async fn advance(
        &mut self,
        model: &LoadedModel,
        engine: &Engine,
        monitor: &mut impl Monitor,
    ) -> Result<(), RunError> {
        let left = self.total() - self.done;
        // One window cannot be shared, and calling helpers costs a copy of the weights.
        if engine.adapter.backend == "cpu"
            && left > 1
            && let Some(crew) = monitor.crew(left).await
        {
            self.share(crew, monitor).await?;
        }
        while self.done < self.total() {
            self.tell(monitor, "");
            if !monitor.proceed().await {
                return Err(RunError::Cancelled);
            }
            let output =
                model.forward(engine, input(self.prepared, &self.windows, self.done)?, &self.place()).await?;
            self.keep(output)?;
        }
        Ok(())
    }

    /// Lets `crew` run windows until one does not come back; what is missing then is left to the caller.
    async fn share(&mut self, crew: SharedCrew, monitor: &mut impl Monitor) -> Result<(), RunError> {
        let with = format!(", {} at a time", crew.size());
        // One more than they are, so that nobody waits for the next.
        let ahead = crew.size() + 1;
        let (prepared, windows) = (self.prepared, self.windows.clone());
        let answers = (self.done..self.total()).map(|index| {
            let window = input(prepared, &windows, index);
            let crew = &crew;
            async move { crew.run(window.map_err(|e| e.to_string())?).await }
        });
        let mut answers = stream::iter(answers).buffered(ahead);
        loop {
            self.tell(monitor, &with);
            let answer = answers.next().await;
            if !monitor.proceed().await {
                return Err(RunError::Cancelled);
            }
            match answer {
                Some(Ok(output)) => self.keep(output)?,
                Some(Err(reason)) => {
                    self.tell(monitor, &format!(", alone, since a helper stopped: {reason}"));
                    return Ok(());
                }
                None => return Ok(()),
            }
        }
    }

    /// The window that is next, in words.
    fn place(&self) -> String {
        format!("window {} of {}", self.done + 1, self.total())
    }

    fn tell(&self, monitor: &mut impl Monitor, how: &str) {
        let (done, total) = (self.done, self.total());
        if done < total {
            let text = format!("Reading {}{how}", self.place());
            monitor.step(Step { stage: "network", done, total, text });
        }
    }

    /// Takes in what the network says of the next window.
    fn keep(&mut self, output: WindowOutput) -> Result<(), RunError> {
        if let Some(values) = output.segmentation {
            self.blender.add(self.done, &values)?;
        }
        self.class_logits.extend(output.classes);
        self.done += 1;
        Ok(())
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

/// Window `index` of the prepared channels and of their left-right flip.
pub(crate) fn input(
    prepared: &Prepared,
    windows: &WindowGrid,
    index: usize,
) -> Result<WindowInput, WindowError> {
    let mut input = WindowInput { scan: Vec::new(), mirror: Vec::new(), roi: windows.roi };
    for (values, channel) in prepared.input.chunks_exact(prepared.grid.len()).zip(&prepared.channels) {
        if let InputChannel::Lateral { scale_mm } = channel {
            // A place is one in the padding, too.
            let [_, y, z] = windows.roi;
            let place = |column| std::iter::repeat_n(lateral(&prepared.grid, column, *scale_mm), y * z);
            input.scan.extend(windows.columns(index, false)?.flat_map(place));
            input.mirror.extend(windows.columns(index, true)?.flat_map(place));
            continue;
        }
        input.scan.extend(windows.window(values, index, 0.0)?);
        input.mirror.extend(windows.mirrored_window(values, index, 0.0)?);
    }
    Ok(input)
}

impl LoadedModel {
    /// The network on one window; `place` is where an error says it happened.
    ///
    /// # Errors
    /// If the window has another size than its values, the device fails, or the output is not a result.
    pub async fn forward(
        &self,
        engine: &Engine,
        window: WindowInput,
        place: &str,
    ) -> Result<WindowOutput, RunError> {
        let WindowInput { scan, mirror, roi: [x, y, z] } = window;
        let shape = [1, self.manifest.preprocessing.channels.len(), x, y, z];
        let tensor = |values: Vec<f32>| {
            let data = TensorData::new(values, shape);
            Tensor::from_data(data, &engine.device)
        };
        if [&scan, &mirror].iter().any(|values| values.len() != shape.iter().product::<usize>()) {
            return Err(RunError::Internal(format!("a window of {shape:?} has other values")));
        }
        let output = self.network.forward(tensor(scan), Some(tensor(mirror)), &mut Trace::off());
        let segmentation = match output.segmentation {
            Some(logits) => Some(read(logits, engine, place).await?),
            None => None,
        };
        let classes = match output.classes {
            Some(logits) => Some(read(logits, engine, place).await?),
            None => None,
        };
        Ok(WindowOutput { segmentation, classes })
    }
}

/// A tensor's values, or the runtime's words where the device did not give them. Natively, they are copied, and what was
/// queued before them is computed, at the first access.
async fn copied<const D: usize>(tensor: Tensor<D>) -> Result<Result<Vec<f32>, DataError>, String> {
    match tensor.into_data_async().await.map(TensorData::try_into_vec) {
        Ok(Err(DataError::StorageAccess(error))) => Err(error.to_string()),
        Ok(values) => Ok(values),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads a tensor back and refuses what cannot be a result.
pub(crate) async fn read<const D: usize>(
    tensor: Tensor<D>,
    engine: &Engine,
    place: &str,
) -> Result<Vec<f32>, RunError> {
    let failed = |trouble| RunError::Device { trouble, place: place.to_owned() };
    let read = engine.watch.believed(copied(tensor).await).map_err(failed)?;
    let values = read.map_err(|e| RunError::Internal(e.to_string()))?;
    let wrong = |what| Err(RunError::Output { what, place: place.to_owned() });
    if values.iter().any(|v| !v.is_finite()) {
        return wrong("is not a finite number");
    }
    if values.iter().all(|v| *v == 0.0) {
        return wrong("is zero everywhere");
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Alignment;
    use saswin_volume::{Affine, Grid};

    #[test]
    fn a_place_is_one_in_the_padding_too() {
        let linear = [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]];
        let grid = Grid { dims: [4, 2, 1], affine: Affine { linear, ..Affine::IDENTITY } };
        let channels = vec![InputChannel::Scan, InputChannel::Lateral { scale_mm: 10.0 }];
        let alignment = Alignment::not_found([0.0; 3], String::new());
        let input = vec![1.0; 2 * grid.len()];
        let prepared = Prepared { grid, input, channels, alignment, steps: vec![] };
        let windows = WindowGrid::new(grid.dims, [6, 3, 3], 0.25).unwrap();
        let WindowInput { scan, mirror, .. } = super::input(&prepared, &windows, 0).unwrap();
        assert_eq!(scan[..54].iter().sum::<f32>(), 8.0, "the padding of a scan is empty");
        let places = [-0.5, -0.3, -0.1, 0.1, 0.3, 0.5_f32];
        let near = |values: &[f32], place: f32| values.iter().all(|v| (v - place).abs() < 1e-6);
        assert!(scan[54..].chunks(9).zip(places).all(|(plane, place)| near(plane, place)));
        assert!(mirror[54..].chunks(9).zip(places).all(|(plane, place)| near(plane, -place)));
    }
}

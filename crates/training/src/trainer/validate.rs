//! How the averaged network does on held-out windows.

use burn::tensor::Device;
use saswin_model::nets::{Network, Trace};

use super::source::{Batch, Example, Source, example_seed};
use crate::evaluate::Overlap;
use crate::recipe::{Recipe, Segmentation};

/// Held-out windows, drawn once.
#[derive(Debug)]
pub struct HeldOut {
    examples: Vec<Example>,
}

impl HeldOut {
    /// The windows of a recipe.
    pub fn draw(source: &dyn Source, recipe: &Recipe) -> Self {
        let seeds = (0..recipe.validation.crops as u64).map(|i| example_seed(recipe.seed, "validation", i));
        Self { examples: seeds.map(|seed| source.example(seed)).collect() }
    }

    /// The windows.
    pub fn examples(&self) -> &[Example] {
        &self.examples
    }

    /// Dice per class over all windows together, background first; `None` for a class that is nowhere.
    ///
    /// With a mask, the only class is the mask.
    pub fn dice(&self, network: &Network, recipe: &Recipe, device: &Device) -> Vec<Option<f64>> {
        let classes = match recipe.segmentation {
            Segmentation::Classes => recipe.architecture.out_channels(),
            Segmentation::Mask => 2,
            Segmentation::None => 0,
        };
        let mut overlaps = vec![Overlap::default(); classes];
        for example in &self.examples {
            let Some(answer) = answer(network, example, device) else { continue };
            for (a, t) in answer.iter().zip(&example.labels) {
                let t = usize::from(*t).min(classes - 1);
                overlaps[*a].answer += 1;
                overlaps[t].truth += 1;
                overlaps[t].both += u64::from(*a == t);
            }
        }
        let first = usize::from(recipe.segmentation == Segmentation::Mask);
        overlaps.iter().skip(first).map(Overlap::dice).collect()
    }
}

/// Class of each voxel: the highest logit, or for one channel whether it is positive.
fn answer(network: &Network, example: &Example, device: &Device) -> Option<Vec<usize>> {
    let batch = Batch::new(std::slice::from_ref(example), device)?;
    let logits = network.forward(batch.image, Some(batch.mirror), &mut Trace::off()).segmentation?;
    let k = logits.dims()[1];
    let values: Vec<f32> = logits.permute([0, 2, 3, 4, 1]).into_data().try_to_vec().ok()?;
    let highest =
        |row: &[f32]| row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(i, _)| i);
    let class = |row: &[f32]| if k == 1 { usize::from(row[0] > 0.0) } else { highest(row) };
    Some(values.chunks_exact(k).map(class).collect())
}

/// Mean over the foreground classes that occur.
pub fn mean_foreground(dice: &[Option<f64>]) -> Option<f64> {
    let foreground = if dice.len() > 1 { &dice[1..] } else { dice };
    let known: Vec<f64> = foreground.iter().flatten().copied().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

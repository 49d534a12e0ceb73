//! First answers that are as likely as the truth is, so that the first steps teach more than frequencies, as in
//! `torch/priors.py`.

use std::collections::HashSet;

use saswin_model::weights::WeightMap;

use super::source::Example;
use crate::recipe::{Recipe, Segmentation};

/// Frequencies of labels stay this far from 0 and 1.
const LEAST: f32 = 1e-3;
/// Means of class outputs do.
const LEAST_CLASS: f32 = 0.02;
/// What weights of the last convolution are scaled to.
const QUIET: f32 = 0.1;
/// Output layers of the decoders.
const LAST: [&str; 2] = ["subvoxel.out.conv", "out.conv.conv"];
const HEAD: &str = "classification_head";

/// Sets biases of output layers that did not start from other weights (their keys are in `started`) from examples.
pub(super) fn set_priors(
    weights: &mut WeightMap,
    recipe: &Recipe,
    examples: &[Example],
    started: &HashSet<String>,
) {
    let fresh = |layer: &str| !started.contains(&format!("{layer}.weight"));
    if let Some(last) =
        LAST.iter().find(|last| weights.contains_key(&format!("{last}.weight"))).filter(|last| fresh(last))
    {
        set_segmentation(weights, last, &label_priors(recipe, examples));
    }
    if fresh(HEAD) {
        set_heads(weights, recipe, examples);
    }
}

/// Logit of each output channel that makes labels as likely as they are; empty without labels.
fn label_priors(recipe: &Recipe, examples: &[Example]) -> Vec<f32> {
    let classes = recipe.architecture.out_channels().max(2);
    let mut counts = vec![0usize; classes];
    for label in examples.iter().flat_map(|e| &e.labels) {
        counts[usize::from(*label).min(classes - 1)] += 1;
    }
    let all = counts.iter().sum::<usize>();
    if all == 0 {
        return Vec::new();
    }
    let shares = counts.iter().map(|n| (*n as f32 / all as f32).clamp(LEAST, 1.0 - LEAST));
    match recipe.segmentation {
        Segmentation::Mask => shares.skip(1).map(logit).collect(),
        _ => shares.map(f32::ln).collect(),
    }
}

fn set_segmentation(weights: &mut WeightMap, layer: &str, priors: &[f32]) {
    if priors.is_empty() {
        return;
    }
    if let Some(bias) = weights.get_mut(&format!("{layer}.bias")) {
        // The voxels of a cell are channels one after the other, class by class.
        let each = bias.values.len() / priors.len();
        bias.values.iter_mut().enumerate().for_each(|(channel, v)| *v = priors[channel / each]);
    }
    if let Some(weight) = weights.get_mut(&format!("{layer}.weight")) {
        weight.values.iter_mut().for_each(|v| *v *= QUIET);
    }
}

fn set_heads(weights: &mut WeightMap, recipe: &Recipe, examples: &[Example]) {
    if let Some(weight) = weights.get_mut(&format!("{HEAD}.weight")) {
        weight.values.fill(0.0);
    }
    let Some(bias) = weights.get_mut(&format!("{HEAD}.bias")) else { return };
    for (column, v) in bias.values.iter_mut().enumerate() {
        let known = || examples.iter().filter_map(|e| e.classes.get(column)).filter(|c| !c.is_nan());
        let mean = known().sum::<f32>() / known().count().max(1) as f32;
        let probability = recipe.manifest.classes.iter().any(|class| class.index == column);
        *v = if probability { logit(mean.clamp(LEAST_CLASS, 1.0 - LEAST_CLASS)) } else { mean };
    }
}

fn logit(p: f32) -> f32 {
    (p / (1.0 - p)).ln()
}

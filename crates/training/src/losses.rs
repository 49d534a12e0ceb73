//! Losses of segmentation, class heads and measures. Scalars are tensors of one value.

mod hog;
mod masked;
mod pretrain;

use burn::tensor::activation::{log_softmax, relu, sigmoid};
use burn::tensor::{Device, Tensor, TensorData};

pub use hog::hog_weights;
pub use masked::{MaskedTarget, attentive_loss};
pub use pretrain::{
    PretrainTarget, contrastive_loss, inpainting_loss, pretrain_loss, rotation_loss, symmetry_loss,
};

/// Keeps quotients of empty classes finite.
const TINY: f32 = 1e-5;
/// Voxels added to both sides of the binary Dice quotient, so that windows without target still pull
/// false alarms down.
const SMOOTH: f32 = 1.0;

/// A loss with the parts it is the sum of.
#[derive(Debug, Clone)]
pub struct Loss {
    /// What is minimised.
    pub total: Tensor<1>,
    /// Names and values of its parts, unweighted.
    pub parts: Vec<(&'static str, Tensor<1>)>,
}

impl Loss {
    /// The sum of two losses, if there are two.
    pub fn join(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        match (first, second) {
            (Some(mut a), Some(b)) => {
                a.parts.extend(b.parts);
                Some(Self { total: a.total + b.total, parts: a.parts })
            }
            (a, b) => a.or(b),
        }
    }
}

/// `[b, k, x, y, z]` to `[b, x·y·z, k]`.
fn voxels_by_class(logits: Tensor<5>) -> Tensor<3> {
    let [b, k, x, y, z] = logits.dims();
    logits.permute([0, 2, 3, 4, 1]).reshape([b, x * y * z, k])
}

/// One-hot rows `[b, labels / b, classes]` of labels in batch order.
///
/// Labels from `classes` on become all-zero rows, which no loss counts.
pub fn one_hot(labels: &[u8], batch: usize, classes: usize, device: &Device) -> Tensor<3> {
    let mut rows = vec![0.0f32; labels.len() * classes];
    for (row, label) in rows.chunks_exact_mut(classes).zip(labels) {
        if let Some(cell) = row.get_mut(usize::from(*label)) {
            *cell = 1.0;
        }
    }
    Tensor::from_data(TensorData::new(rows, [batch, labels.len() / batch, classes]), device)
}

/// Cross-entropy plus soft Dice of mutually exclusive classes.
///
/// `logits` is `[b, k, x, y, z]`, `target` the one-hot `[b, x·y·z, k]`. Dice is the mean over the classes
/// that occur in a sample, by `weights` if there are any; cross-entropy (mean over voxels, each by its class's
/// `entropy_weights` if there are any) holds the others down.
pub fn dice_cross_entropy(
    logits: Tensor<5>,
    target: Tensor<3>,
    weights: &[f32],
    entropy_weights: &[f32],
) -> Loss {
    let log_p = log_softmax(voxels_by_class(logits), 2);
    let [b, voxels, _] = log_p.dims();
    let counts = weighed(target.clone(), entropy_weights);
    let cross_entropy = (log_p.clone() * counts).sum() / -((b * voxels) as f32);
    let p = log_p.exp();
    let size = target.clone().sum_dim(1);
    let overlap = (p.clone() * target).sum_dim(1);
    let dice = overlap * 2.0 / (p.sum_dim(1) + size.clone() + TINY);
    let present = size.greater_elem(0.0).float();
    let share = weighed(present, weights);
    let dice = Tensor::ones([1], &dice.device()) - (dice * share.clone()).sum() / share.sum();
    Loss {
        total: cross_entropy.clone() + dice.clone(),
        parts: vec![("cross_entropy", cross_entropy), ("dice", dice)],
    }
}

/// Classes `[.., .., k]` times `weights` of `k`, if there are any.
fn weighed(classes: Tensor<3>, weights: &[f32]) -> Tensor<3> {
    if weights.is_empty() {
        return classes;
    }
    let row = TensorData::new(weights.to_vec(), [1, 1, weights.len()]);
    let row = Tensor::from_data(row, &classes.device());
    classes * row
}

/// Binary cross-entropy (mean over voxels) plus soft Dice of one sigmoid channel `[b, 1, x, y, z]`.
///
/// `target` is `[b, x·y·z, 1]` of zeros and ones.
pub fn dice_binary(logits: Tensor<5>, target: Tensor<3>) -> Loss {
    let logits = voxels_by_class(logits);
    let entropy = binary_entropy(logits.clone(), target.clone()).mean();
    let p = sigmoid(logits);
    let overlap = (p.clone() * target.clone()).sum_dim(1);
    let dice = (overlap * 2.0 + SMOOTH) / (p.sum_dim(1) + target.sum_dim(1) + SMOOTH);
    let dice = -dice.mean() + 1.0;
    Loss {
        total: entropy.clone() + dice.clone(),
        parts: vec![("mask_entropy", entropy), ("mask_dice", dice)],
    }
}

/// Element-wise binary cross-entropy from logits, finite for logits of any size.
fn binary_entropy<const D: usize>(logits: Tensor<D>, target: Tensor<D>) -> Tensor<D> {
    let tail = ((-logits.clone().abs()).exp() + 1.0).log();
    relu(logits.clone()) - logits * target + tail
}

/// Class-head values `[b, outputs]` and which of them are known; unknown ones are not a number in `values`.
#[derive(Debug, Clone)]
pub struct Known {
    values: Tensor<2>,
    mask: Tensor<2>,
}

impl Known {
    /// From row-major values of a batch.
    pub fn new(values: &[f32], batch: usize, device: &Device) -> Self {
        let shape = [batch, values.len() / batch.max(1)];
        let tensor = |f: fn(f32) -> f32| {
            Tensor::from_data(
                TensorData::new(values.iter().copied().map(f).collect::<Vec<_>>(), shape),
                device,
            )
        };
        Self {
            values: tensor(|v| if v.is_nan() { 0.0 } else { v }),
            mask: tensor(|v| if v.is_nan() { 0.0 } else { 1.0 }),
        }
    }

    /// Mean of element-wise losses over the known values of some outputs; 0 when none is known.
    fn mean(&self, losses: Tensor<2>, columns: &[usize]) -> Tensor<1> {
        let mask = pick(&self.mask, columns);
        (losses * mask.clone()).sum() / (mask.sum() + TINY)
    }
}

fn pick(x: &Tensor<2>, columns: &[usize]) -> Tensor<2> {
    let [b, _] = x.dims();
    Tensor::cat(columns.iter().map(|c| x.clone().slice([0..b, *c..*c + 1])).collect(), 1)
}

/// Binary cross-entropy of the class-head outputs `columns` that are probabilities.
pub fn probability_loss(logits: &Tensor<2>, known: &Known, columns: &[usize]) -> Loss {
    let losses = binary_entropy(pick(logits, columns), pick(&known.values, columns));
    let loss = known.mean(losses, columns);
    Loss { total: loss.clone(), parts: vec![("class_entropy", loss)] }
}

/// Mean absolute error of the class-head outputs `columns` that are measures, in units of the logit.
pub fn measure_loss(logits: &Tensor<2>, known: &Known, columns: &[usize]) -> Loss {
    let losses = (pick(logits, columns) - pick(&known.values, columns)).abs();
    let loss = known.mean(losses, columns);
    Loss { total: loss.clone(), parts: vec![("measure_error", loss)] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> Device {
        Device::flex().autodiff()
    }

    fn logits(values: Vec<f32>, k: usize) -> Tensor<5> {
        let voxels = values.len() / k;
        Tensor::from_data(TensorData::new(values, [1, k, voxels, 1, 1]), &device())
    }

    fn value(t: Tensor<1>) -> f32 {
        t.into_scalar()
    }

    #[test]
    fn multi_class_loss_is_the_hand_computed_one() {
        // Two voxels, three classes; labels 0 and 2; class 1 does not occur and has no Dice.
        let x = [[1.0f32, 0.0, -1.0], [0.5, 0.0, 2.0]];
        let input = || logits((0..3).flat_map(|k| x.map(|v| v[k])).collect(), 3);
        let target = || one_hot(&[0, 2], 1, 3, &device());
        let loss = dice_cross_entropy(input(), target(), &[], &[]);
        let p = x.map(|v| {
            let sum: f32 = v.iter().map(|e| e.exp()).sum();
            v.map(|e| e.exp() / sum)
        });
        let entropy = -(p[0][0].ln() + p[1][2].ln()) / 2.0;
        let heavy = dice_cross_entropy(input(), target(), &[], &[1.0, 1.0, 5.0]);
        let heavy_entropy = -(p[0][0].ln() + 5.0 * p[1][2].ln()) / 2.0;
        assert!((value(heavy.parts[0].1.clone()) - heavy_entropy).abs() < 1e-5);
        let dice = |k: usize, at: usize| 2.0 * p[at][k] / (p[0][k] + p[1][k] + 1.0);
        let expected = 1.0 - (dice(0, 0) + dice(2, 1)) / 2.0;
        assert!((value(loss.parts[0].1.clone()) - entropy).abs() < 1e-5);
        assert!((value(loss.parts[1].1.clone()) - expected).abs() < 1e-5);
        assert!((value(loss.total) - entropy - expected).abs() < 1e-5);
    }

    #[test]
    fn dice_weights_shift_the_mean_to_the_heavy_class() {
        let x = logits(vec![1.0, 0.5, 0.0, 0.0, -1.0, 2.0], 3);
        let target = one_hot(&[0, 2], 1, 3, &device());
        let dice = |weights: &[f32]| {
            value(dice_cross_entropy(x.clone(), target.clone(), weights, &[]).parts[1].1.clone())
        };
        let (first, last) = (dice(&[1.0, 1.0, 1e-6]), dice(&[1e-6, 1.0, 1.0]));
        assert!((dice(&[]) - (first + last) / 2.0).abs() < 1e-4);
        assert!((dice(&[1.0, 1.0, 3.0]) - (first + 3.0 * last) / 4.0).abs() < 1e-4);
        assert!((first - last).abs() > 0.05);
    }

    #[test]
    fn binary_loss_is_the_hand_computed_one_and_finite_far_out() {
        let target = one_hot(&[0, 1], 1, 2, &device()).slice([0..1, 0..2, 1..2]);
        let loss = dice_binary(logits(vec![0.3, -0.8], 1), target.clone());
        let p = [0.3f32, -0.8].map(|v| 1.0 / (1.0 + (-v).exp()));
        let entropy = -((1.0 - p[0]).ln() + p[1].ln()) / 2.0;
        let dice = 1.0 - (2.0 * p[1] + 1.0) / (p[0] + p[1] + 2.0);
        assert!((value(loss.total) - entropy - dice).abs() < 1e-5);
        let far = dice_binary(logits(vec![500.0, -500.0], 1), target);
        assert!((value(far.parts[0].1.clone()) - 500.0).abs() < 1e-2);
    }

    #[test]
    fn unknown_class_values_do_not_count() {
        let known = Known::new(&[1.0, f32::NAN, 4.0, f32::NAN, 0.0, f32::NAN], 2, &device());
        let heads = Tensor::<2>::from_data([[0.0, 9.0, 2.5], [9.0, 0.0, 9.0]], &device());
        assert!((value(probability_loss(&heads, &known, &[0, 1]).total) - 2.0f32.ln()).abs() < 1e-4);
        assert!((value(measure_loss(&heads, &known, &[2]).total) - 1.5).abs() < 1e-4);
    }

    #[test]
    fn gradient_of_the_multi_class_loss_points_to_the_target() {
        let x = logits(vec![0.0; 6], 3).require_grad();
        let loss = dice_cross_entropy(x.clone(), one_hot(&[0, 2], 1, 3, &device()), &[], &[]);
        let grads = loss.total.backward();
        let g: Vec<f32> = x.grad(&grads).map(|g| g.into_data().try_to_vec().unwrap()).unwrap();
        assert!(g[0] < 0.0 && g[5] < 0.0 && g[2] > 0.0 && g[3] > 0.0, "{g:?}");
    }
}

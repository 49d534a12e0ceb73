//! The losses SA-Swin is pretrained with (Ma et al., MICCAI 2024, and its published code).

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, TensorData};

use super::{Loss, binary_entropy};

/// Temperature of the contrastive loss.
const TEMPERATURE: f32 = 0.5;
/// Weight of the symmetry loss; the other three weigh 1.
const SYMMETRY_WEIGHT: f32 = 0.5;
/// Keeps directions of zero vectors finite.
const TINY: f32 = 1e-8;
/// Takes a score out of a softmax.
const NEVER: f32 = -1e9;

/// What the pretraining heads should say of `2·b` views: the first `b` and the last `b` are the two views of
/// the same `b` windows.
#[derive(Debug, Clone)]
pub struct PretrainTarget {
    /// Quarter turns of each view, 0 to 3.
    pub turns: Vec<u8>,
    /// The turned views before cut-outs, `[2b, c, x, y, z]`.
    pub whole: Tensor<5>,
    /// Whether each view is of a healthy, so symmetric, head.
    pub healthy: Vec<bool>,
}

/// Cross-entropy of the number of quarter turns from logits `[n, 4]`.
pub fn rotation_loss(logits: Tensor<2>, turns: &[u8]) -> Tensor<1> {
    let device = logits.device();
    let rows = TensorData::new(turns.iter().map(|t| i32::from(*t)).collect::<Vec<_>>(), [turns.len(), 1]);
    let picked = log_softmax(logits, 1).gather(1, Tensor::<2, Int>::from_data(rows, &device));
    -picked.mean()
}

/// Rows scaled to length 1.
fn directions(x: Tensor<2>) -> Tensor<2> {
    let length = (x.clone().square().sum_dim(1) + TINY).sqrt();
    x / length
}

/// NT-Xent (Chen et al., 2020) of embeddings `[2b, width]`: row `i` and row `i ± b` belong together.
pub fn contrastive_loss(embeddings: Tensor<2>) -> Tensor<1> {
    let [n, _] = embeddings.dims();
    let device = embeddings.device();
    let unit = directions(embeddings);
    let scores = unit.clone().matmul(unit.transpose()) / TEMPERATURE;
    let square = |cell: &dyn Fn(usize, usize) -> f32| {
        let values: Vec<f32> = (0..n * n).map(|i| cell(i / n, i % n)).collect();
        Tensor::<2>::from_data(TensorData::new(values, [n, n]), &device)
    };
    let not_itself = square(&|i, j| if i == j { NEVER } else { 0.0 });
    let partner = square(&|i, j| if (i + n / 2) % n == j { 1.0 } else { 0.0 });
    -(log_softmax(scores + not_itself, 1) * partner).sum() / n as f32
}

/// Binary cross-entropy whose logit is the cosine between the embeddings `[n, width]` of scan and mirror:
/// healthy heads should look the same from both sides.
pub fn symmetry_loss([scan, mirror]: [Tensor<2>; 2], healthy: &[bool]) -> Tensor<1> {
    let device = scan.device();
    let cosine = (directions(scan) * directions(mirror)).sum_dim(1);
    let target: Vec<f32> = healthy.iter().map(|h| f32::from(u8::from(*h))).collect();
    let target = Tensor::<2>::from_data(TensorData::new(target, [healthy.len(), 1]), &device);
    binary_entropy(cosine, target).mean()
}

/// Mean absolute error of the inpainted views.
pub fn inpainting_loss(reconstruction: Tensor<5>, whole: Tensor<5>) -> Tensor<1> {
    (reconstruction - whole).abs().mean()
}

/// The sum that SA-Swin minimises, from the outputs of its heads.
pub fn pretrain_loss(
    rotation: Tensor<2>,
    contrastive: Tensor<2>,
    symmetry: [Tensor<2>; 2],
    reconstruction: Tensor<5>,
    target: &PretrainTarget,
) -> Loss {
    let parts = vec![
        ("rotation", rotation_loss(rotation, &target.turns)),
        ("contrastive", contrastive_loss(contrastive)),
        ("inpainting", inpainting_loss(reconstruction, target.whole.clone())),
        ("symmetry", symmetry_loss(symmetry, &target.healthy)),
    ];
    let weight = |name: &str| if name == "symmetry" { SYMMETRY_WEIGHT } else { 1.0 };
    let first = parts[0].1.clone();
    let total = parts[1..].iter().fold(first, |sum, (name, part)| sum + part.clone() * weight(name));
    Loss { total, parts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn rows<const N: usize, const W: usize>(values: [[f32; W]; N]) -> Tensor<2> {
        Tensor::from_data(values, &Device::flex().autodiff())
    }

    fn value(t: Tensor<1>) -> f32 {
        t.into_scalar()
    }

    #[test]
    fn rotation_loss_is_cross_entropy() {
        let loss = rotation_loss(rows([[2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]), &[0, 3]);
        let expected = (-(2.0f32.exp() / (2.0f32.exp() + 3.0)).ln() + 4.0f32.ln()) / 2.0;
        assert!((value(loss) - expected).abs() < 1e-5);
    }

    #[test]
    fn contrastive_loss_is_nt_xent() {
        // Two windows with orthogonal embeddings, both views alike: partner scores 1, others 0.
        let loss = contrastive_loss(rows([[3.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 2.0]]));
        let expected = -((2.0f32).exp() / ((2.0f32).exp() + 2.0)).ln();
        assert!((value(loss) - expected).abs() < 1e-4);
    }

    #[test]
    fn symmetry_loss_pulls_healthy_sides_together_and_others_apart() {
        let sides = || [rows([[1.0, 0.0]]), rows([[1.0, 1.0]])];
        let cosine = std::f32::consts::FRAC_1_SQRT_2;
        let expected = |c: f32| (1.0 + (-c).exp()).ln();
        assert!((value(symmetry_loss(sides(), &[true])) - expected(cosine)).abs() < 1e-4);
        assert!((value(symmetry_loss(sides(), &[false])) - expected(-cosine)).abs() < 1e-4);
    }

    #[test]
    fn total_weighs_symmetry_by_half() {
        let device = Device::flex().autodiff();
        let image = |v: f32| Tensor::<5>::full([2, 1, 1, 1, 1], v, &device);
        let target = PretrainTarget { turns: vec![0, 1], whole: image(1.0), healthy: vec![true; 2] };
        let two = || rows([[1.0, 0.0], [0.0, 1.0]]);
        let loss = pretrain_loss(rows([[0.0; 4]; 2]), two(), [two(), two()], image(0.25), &target);
        let parts: Vec<f32> = loss.parts.iter().map(|p| value(p.1.clone())).collect();
        assert!((parts[2] - 0.75).abs() < 1e-6);
        assert!((value(loss.total) - (parts[0] + parts[1] + parts[2] + 0.5 * parts[3])).abs() < 1e-5);
    }
}

//! Beam hardening: what dense bone does to the values between and beside it.

use super::filters::{blur, blur_along};
use super::{Canvas, CtSpec, Rng, streaks};

/// Above this value in HU bone hardens the beam.
const DENSE: f32 = 500.0;
/// Above this there is bone of any kind.
const LIGHT: f32 = 100.0;
/// Streaks are narrower than this (standard deviation in mm); what is wider is cupping's.
const WIDEST: f32 = 12.0;
/// How far the bone of a slice brightens what lies inside it (standard deviation in mm): the whole of a small section.
const VEIL: f32 = 30.0;
/// Streaks beyond this many HU are cut.
const LARGEST: f32 = 45.0;

/// Additive error in HU on the coarse grid of `head` (HU, `size` samples every `step` mm).
///
/// Values rise towards the skull (cupping) and all over slices through thick bone, as at the vertex
/// (veil), and streaks run between and beside dense bones, as the petrous ones are.
pub(crate) fn field(head: &[f32], size: [usize; 3], step: usize, ct: &CtSpec, rng: &mut Rng) -> Vec<f32> {
    let bone: Vec<f32> = head.iter().map(|v| ((v - DENSE) / 1000.0).clamp(0.0, 1.0)).collect();
    let soft: Vec<f32> = head.iter().map(|v| if (-300.0..300.0).contains(v) { 1.0 } else { 0.0 }).collect();
    let streaks = streaks_of(&bone, &soft, size, WIDEST / step as f32, ct, rng);
    let near = blur(&bone, size, ct.reach / step as f32);
    let mass: Vec<f32> = head.iter().map(|v| ((v - LIGHT) / 1000.0).clamp(0.0, 1.5)).collect();
    // Slices are made one by one.
    let veil = blur_along(&mass, size, 0..2, VEIL / step as f32);
    // Cupping is full where as much bone is near as in bone itself.
    let in_bone = bone.iter().zip(&near).map(|(b, n)| b * n).sum::<f32>() / bone.iter().sum::<f32>().max(1.0);
    let mut error = Vec::with_capacity(head.len());
    for i in 0..head.len() {
        let x = (i / (size[1] * size[2]) * step) as f32 / Canvas::ORIGIN[0] - 1.0;
        let cupping = ct.cupping * (1.0 + ct.lean * x) * (near[i] / in_bone.max(1e-3)).min(2.0);
        error.push(soft[i] * (cupping + ct.veil * veil[i] + streaks[i]));
    }
    error
}

/// Streaks in HU: of soft tissue, one place in fifty has stronger ones than `ct.streaks`.
fn streaks_of(
    bone: &[f32],
    soft: &[f32],
    size: [usize; 3],
    widest: f32,
    ct: &CtSpec,
    rng: &mut Rng,
) -> Vec<f32> {
    let mut streaks = streaks::field(bone, size, ct.starved, rng);
    streaks.iter_mut().zip(soft).for_each(|(s, soft)| *s *= soft);
    let (wide, share) = (blur(&streaks, size, widest), blur(soft, size, widest));
    let wide = wide.iter().zip(share).map(|(w, share)| w / share.max(1e-3));
    streaks.iter_mut().zip(soft).zip(wide).for_each(|((s, soft), w)| *s = soft * (*s - w));
    let mut sizes: Vec<f32> =
        streaks.iter().zip(soft).filter(|(_, s)| **s > 0.0).map(|(v, _)| v.abs()).collect();
    let rank = sizes.len() * 49 / 50;
    if rank < sizes.len() {
        let (_, strong, _) = sizes.select_nth_unstable_by(rank, f32::total_cmp);
        let gain = ct.streaks / strong.max(1e-6);
        streaks.iter_mut().for_each(|s| *s = (*s * gain).clamp(-LARGEST, LARGEST));
    }
    streaks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A round head of `bone` from `inner` to `outer` mm in slices of 60 × 60 samples, 3 mm apart.
    fn ring(inner: f32, outer: f32) -> Vec<f32> {
        let value = |i: usize| {
            let [x, y] = [i / 60, i % 60].map(|v| 3.0 * (v as f32 - 29.5));
            match x.hypot(y) {
                r if r < inner => 35.0,
                r if r < outer => 1200.0,
                _ => -1000.0,
            }
        };
        (0..3600).map(value).collect()
    }

    #[test]
    fn slices_through_thick_bone_are_brighter_all_over() {
        let ct = CtSpec {
            sharp: false,
            tilt: 0.0,
            cupping: 10.0,
            reach: 5.0,
            lean: 0.0,
            veil: 50.0,
            streaks: 0.0,
            starved: 0.0,
        };
        let middle =
            |inner, outer| field(&ring(inner, outer), [60, 60, 1], 3, &ct, &mut Rng::new(1))[60 * 30 + 30];
        let (low, vertex) = (middle(76.0, 85.0), middle(36.0, 61.0));
        assert!(low < 4.0 && (12.0..25.0).contains(&vertex), "{low} {vertex}");
    }
}

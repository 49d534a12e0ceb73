//! Beam hardening: what dense bone does to the values between and beside it.

use super::filters::blur;
use super::{Canvas, CtSpec};

/// Above this value in HU bone hardens the beam.
const DENSE: f32 = 500.0;

/// Additive error in HU on the coarse grid of `head` (HU, `size` samples every `step` mm).
///
/// Values rise towards the skull (cupping), and fall along lines from side to side that cross more
/// dense bone than their neighbours do, as between the petrous bones.
pub(crate) fn field(head: &[f32], size: [usize; 3], step: usize, ct: &CtSpec) -> Vec<f32> {
    let bone: Vec<f32> = head.iter().map(|v| ((v - DENSE) / 1000.0).clamp(0.0, 1.0)).collect();
    let near = blur(&bone, size, ct.reach / step as f32);
    // Cupping is full where as much bone is near as in bone itself.
    let in_bone = bone.iter().zip(&near).map(|(b, n)| b * n).sum::<f32>() / bone.iter().sum::<f32>().max(1.0);
    let [nx, ny, nz] = size;
    let mut crossed = vec![0.0; ny * nz];
    for plane in bone.chunks_exact(ny * nz) {
        crossed.iter_mut().zip(plane).for_each(|(c, b)| *c += b * 4.0 / nx as f32);
    }
    let usual = blur(&crossed, [1, ny, nz], 2.5);
    let mut error = Vec::with_capacity(head.len());
    for i in 0..head.len() {
        let line = i % (ny * nz);
        let x = (i / (ny * nz) * step) as f32 / Canvas::ORIGIN[0] - 1.0;
        let cupping = ct.cupping * (1.0 + ct.lean * x) * (near[i] / in_bone.max(1e-3)).min(2.0);
        let soft = if head[i] > -300.0 && head[i] < 300.0 { 1.0 } else { 0.0 };
        let streak = ct.streaks * (usual[line] - crossed[line]) * 4.0;
        error.push(soft * (cupping + streak.clamp(-20.0, 12.0)));
    }
    error
}

//! `shaders/layer_norm.wgsl`.

use super::{Pass, THREADS, constants, dispatch, flags, float, fold};

/// Normalisation of `rows` rows of `channels`.
pub(crate) fn layer_norm(rows: usize, channels: usize, affine: bool, epsilon: f64) -> Pass {
    let (groups_x, groups_z) = fold(rows.div_ceil(THREADS));
    let mut all =
        constants([("rows", rows), ("channels", channels), ("threads", THREADS), ("groups_x", groups_x)]);
    all.extend(flags([("affine", affine)]));
    all.push(float("epsilon", epsilon));
    Pass {
        name: "layer_norm",
        template: include_str!("../../../../shaders/layer_norm.wgsl"),
        constants: all,
        groups: dispatch(groups_x, 1, groups_z),
        threads: [THREADS as u32, 1],
    }
}

//! `shaders/patch_merge.wgsl`.

use super::{Pass, THREADS, constants, dispatch, float, fold};
use crate::MergeMode;

/// Gather and normalisation of `[batch, x, y, z, c]` to half the sides and eight times the channels.
pub(crate) fn patch_merge([batch, x, y, z, c]: [usize; 5], mode: MergeMode, epsilon: f64) -> Pass {
    let rows = batch * x.div_ceil(2) * y.div_ceil(2) * z.div_ceil(2);
    let (groups_x, groups_z) = fold(rows.div_ceil(THREADS));
    let mut all = constants([
        ("batch", batch),
        ("dim_x", x),
        ("dim_y", y),
        ("dim_z", z),
        ("channels", c),
        ("slots", slots(mode)),
        ("threads", THREADS),
        ("groups_x", groups_x),
    ]);
    all.push(float("epsilon", epsilon));
    Pass {
        name: "patch_merge",
        template: include_str!("../../../../shaders/patch_merge.wgsl"),
        constants: all,
        groups: dispatch(groups_x, 1, groups_z),
        threads: [THREADS as u32, 1],
    }
}

/// Offsets as three bits per slot, slot 0 and x lowest.
fn slots(mode: MergeMode) -> usize {
    mode.offsets().iter().enumerate().map(|(slot, [x, y, z])| (x | y << 1 | z << 2) << (3 * slot)).sum()
}

//! `shaders/quantise.wgsl`.

use super::{Pass, THREADS, constants, dispatch, fold};

/// Rounding of `rows` rows of `channels` floats to bytes.
pub(crate) fn quantise(rows: usize, channels: usize) -> Pass {
    let (groups_x, groups_z) = fold(rows.div_ceil(THREADS));
    Pass {
        name: "quantise",
        template: include_str!("../../../../shaders/quantise.wgsl"),
        constants: constants([
            ("rows", rows),
            ("channels", channels),
            ("threads", THREADS),
            ("groups_x", groups_x),
        ]),
        groups: dispatch(groups_x, 1, groups_z),
        threads: [THREADS as u32, 1],
    }
}

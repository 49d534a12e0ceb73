//! `shaders/conv3x3x3.wgsl`.

use super::{Pass, constants, dispatch, fold, lanes};

/// Voxels along z of one invocation.
const DEPTH: usize = 8;

/// Convolution of `[batch, x, y, z, c]` and a skip input of `skip` channels (0 for none) to `out` channels.
pub(crate) fn conv3x3x3([batch, x, y, z, c]: [usize; 5], skip: usize, out: usize) -> Pass {
    let l = lanes(out);
    let tiles = batch * x * y * z.div_ceil(DEPTH);
    let (groups_x, groups_z) = fold(tiles.div_ceil(l.rows));
    Pass {
        name: "conv3x3x3",
        template: include_str!("../../../../shaders/conv3x3x3.wgsl"),
        constants: constants([
            ("batch", batch),
            ("dim_x", x),
            ("dim_y", y),
            ("dim_z", z),
            ("x_channels", c),
            ("skip_channels", skip),
            ("out", out),
            ("lanes", l.lanes),
            ("rows", l.rows),
            ("groups_x", groups_x),
        ]),
        groups: dispatch(groups_x, l.groups, groups_z),
        threads: [l.lanes as u32, l.rows as u32],
    }
}

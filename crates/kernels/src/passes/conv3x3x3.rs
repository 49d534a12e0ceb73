//! `shaders/conv3x3x3.wgsl` and, over integers, `shaders/conv3x3x3_int8.wgsl`.

use super::{Elements, Inputs, Pass, constants, dispatch, fold, lanes, shader};

/// Voxels along z of one invocation.
const DEPTH: usize = 8;

/// Convolution of `[batch, x, y, z, …]` and a skip input to `out` channels.
pub(crate) fn conv3x3x3([batch, x, y, z]: [usize; 4], inputs: Inputs, out: usize) -> Pass {
    let l = lanes(out);
    let tiles = batch * x * y * z.div_ceil(DEPTH);
    let (groups_x, groups_z) = fold(tiles.div_ceil(l.rows));
    let mut all = constants([
        ("batch", batch),
        ("dim_x", x),
        ("dim_y", y),
        ("dim_z", z),
        ("out", out),
        ("lanes", l.lanes),
        ("group_tiles", l.rows),
        ("groups_x", groups_x),
    ]);
    all.extend(inputs.constants());
    let (name, template) = match inputs {
        Inputs::Floats { weight: Elements::Floats, .. } => {
            ("conv3x3x3", shader!("conv3x3x3.wgsl", "include/tile.wgsl", "include/store.wgsl"))
        }
        Inputs::Floats { weight: Elements::Packed { half: false, .. }, .. } => (
            "conv3x3x3",
            shader!("conv3x3x3.wgsl", "include/tile.wgsl", "include/store.wgsl", "include/packed.wgsl"),
        ),
        Inputs::Floats { weight: Elements::Packed { half: true, .. }, .. } => (
            "conv3x3x3",
            shader!(
                "conv3x3x3.wgsl",
                "include/tile.wgsl",
                "include/store.wgsl",
                "include/packed.wgsl",
                "include/half.wgsl"
            ),
        ),
        Inputs::Bytes { .. } => (
            "conv3x3x3_int8",
            shader!("conv3x3x3_int8.wgsl", "include/tile.wgsl", "include/store.wgsl", "include/dot.wgsl"),
        ),
    };
    Pass {
        name,
        template,
        constants: all,
        groups: dispatch(groups_x, l.groups, groups_z),
        threads: [l.lanes as u32, l.rows as u32],
    }
}

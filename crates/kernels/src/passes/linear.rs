//! `shaders/linear.wgsl` and, over integers, `shaders/linear_int8.wgsl`.

use super::{Elements, Inputs, Pass, constants, dispatch, flags, fold, lanes, shader};

/// Rows of one invocation.
const HEIGHT: usize = 8;

/// What follows the product.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Epilogue {
    pub bias: bool,
    pub gelu: bool,
    pub residual: bool,
    /// Columns become the voxels of 2×2×2 cells.
    pub to_space: bool,
}

/// Product of the rows of `[batch, x, y, z, …]` and a skip input to `out` columns.
pub(crate) fn linear([batch, x, y, z]: [usize; 4], inputs: Inputs, out: usize, after: Epilogue) -> Pass {
    let l = lanes(out);
    let rows = batch * x * y * z;
    let (groups_x, groups_z) = fold(rows.div_ceil(HEIGHT * l.rows));
    let mut all = constants([
        ("rows", rows),
        ("dim_x", x),
        ("dim_y", y),
        ("dim_z", z),
        ("out", out),
        ("lanes", l.lanes),
        ("group_tiles", l.rows),
        ("groups_x", groups_x),
    ]);
    all.extend(inputs.constants());
    all.extend(flags([
        ("has_bias", after.bias),
        ("gelu", after.gelu),
        ("has_residual", after.residual),
        ("to_space", after.to_space),
    ]));
    let (name, template) = match inputs {
        Inputs::Floats { weight: Elements::Floats, .. } => {
            ("linear", shader!("linear.wgsl", "include/tile.wgsl", "include/epilogue.wgsl"))
        }
        Inputs::Floats { weight: Elements::Packed { .. }, .. } => (
            "linear",
            shader!("linear.wgsl", "include/tile.wgsl", "include/epilogue.wgsl", "include/packed.wgsl"),
        ),
        Inputs::Bytes { .. } => (
            "linear_int8",
            shader!("linear_int8.wgsl", "include/tile.wgsl", "include/epilogue.wgsl", "include/dot.wgsl"),
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

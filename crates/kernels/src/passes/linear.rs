//! `shaders/linear.wgsl`.

use super::{Pass, constants, dispatch, flags, fold, lanes};

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

/// Product of the rows of `[batch, x, y, z, c]` and a skip input of `skip` channels (0 for none) to `out` columns.
pub(crate) fn linear([batch, x, y, z, c]: [usize; 5], skip: usize, out: usize, after: Epilogue) -> Pass {
    let l = lanes(out);
    let rows = batch * x * y * z;
    let (groups_x, groups_z) = fold(rows.div_ceil(HEIGHT * l.rows));
    let mut all = constants([
        ("rows", rows),
        ("dim_x", x),
        ("dim_y", y),
        ("dim_z", z),
        ("x_channels", c),
        ("skip_channels", skip),
        ("out", out),
        ("lanes", l.lanes),
        ("group_tiles", l.rows),
        ("groups_x", groups_x),
    ]);
    all.extend(flags([
        ("has_bias", after.bias),
        ("gelu", after.gelu),
        ("has_residual", after.residual),
        ("to_space", after.to_space),
    ]));
    Pass {
        name: "linear",
        template: include_str!("../../../../shaders/linear.wgsl"),
        constants: all,
        groups: dispatch(groups_x, l.groups, groups_z),
        threads: [l.lanes as u32, l.rows as u32],
    }
}

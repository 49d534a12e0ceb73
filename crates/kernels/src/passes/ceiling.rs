//! `shaders/gemm.wgsl` and `shaders/stream.wgsl`.

use super::{Pass, THREADS, constants, dispatch, fold};

/// Side of the tile that a workgroup computes.
pub(crate) const TILE: usize = 64;

/// Product of two matrices of `side` rows and columns, a multiple of [`TILE`].
pub(crate) fn gemm(side: usize) -> Pass {
    Pass {
        name: "gemm",
        template: include_str!("../../../../shaders/gemm.wgsl"),
        constants: constants([("side", side)]),
        groups: dispatch(side / TILE, side / TILE, 1),
        threads: [8, 8],
    }
}

/// Sum of `elements` elements, a multiple of four, with one.
pub(crate) fn stream(elements: usize) -> Pass {
    let (groups_x, groups_z) = fold((elements / 4).div_ceil(THREADS));
    Pass {
        name: "stream",
        template: include_str!("../../../../shaders/stream.wgsl"),
        constants: constants([("quads", elements / 4), ("threads", THREADS), ("groups_x", groups_x)]),
        groups: dispatch(groups_x, 1, groups_z),
        threads: [THREADS as u32, 1],
    }
}

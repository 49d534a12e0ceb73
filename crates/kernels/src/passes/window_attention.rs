//! `shaders/window_attention.wgsl`.

use super::{Pass, constants, dispatch};
use crate::WindowAttention;

/// Queries of one invocation.
const QUERIES: usize = 4;
/// Most invocations of a workgroup.
const MAX_THREADS: usize = 128;
/// Workgroup memory to use: half of what is guaranteed, because it is zeroed for every workgroup and bounds how
/// many are resident.
const MEMORY: usize = 8 * 1024;
/// Keys per tile, at least where several windows share the memory, and at most.
const TILE: [usize; 2] = [32, 64];

/// Attention from queries, keys and values `[batch, x, y, z, 3c]` to `[batch, x, y, z, c]`.
/// Nothing if a head's width is no multiple of four or too large, or the dispatch would be too large.
pub(crate) fn window_attention([batch, x, y, z, c]: [usize; 5], spec: &WindowAttention) -> Option<Pass> {
    let width = c / spec.heads;
    if !width.is_multiple_of(4) {
        return None;
    }
    let grid = [x, y, z];
    let (window, shift) = spec.clipped(grid);
    let count: usize = (0..3).map(|a| grid[a].div_ceil(window[a])).product();
    let tokens: usize = window.iter().product();
    let threads = (tokens.div_ceil(QUERIES).div_ceil(4) * 4).min(MAX_THREADS);
    let blocks = tokens.div_ceil(QUERIES * threads);
    // A key takes its channels twice, its place and its region.
    let room = MEMORY / (8 * width + 8);
    let windows = (super::THREADS / threads).min(room / TILE[0]).clamp(1, count);
    let tile = tokens.next_multiple_of(4).min(TILE[1]).min(room / windows / 4 * 4);
    if tile == 0 {
        return None;
    }
    let groups = dispatch(count.div_ceil(windows), spec.heads * blocks, batch);
    if groups.iter().any(|g| *g as usize > super::MAX_GROUPS) {
        return None;
    }
    let [cx, cy, cz] = spec.configured;
    Some(Pass {
        name: "window_attention",
        template: include_str!("../../../../shaders/window_attention.wgsl"),
        constants: constants([
            ("dim_x", x),
            ("dim_y", y),
            ("dim_z", z),
            ("window_x", window[0]),
            ("window_y", window[1]),
            ("window_z", window[2]),
            ("shift_x", shift[0]),
            ("shift_y", shift[1]),
            ("shift_z", shift[2]),
            ("configured_x", cx),
            ("configured_y", cy),
            ("configured_z", cz),
            ("heads", spec.heads),
            ("quads", width / 4),
            ("threads", threads),
            ("windows", windows),
            ("tile", tile),
        ]),
        groups,
        threads: [threads as u32, windows as u32],
    })
}

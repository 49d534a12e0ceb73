//! `shaders/window_attention.wgsl`.

use super::{MEMORY, Pass, constants, dispatch, float};
use crate::WindowAttention;
use crate::window_attention::MASKED;

/// Queries of one invocation times their channels in fours, as many as registers hold beside the sums.
const HELD: usize = 16;
/// Queries of one invocation that wide heads take, too: keys are read once for all of them.
const QUERIES: usize = 4;
/// Most invocations of a workgroup.
const MAX_THREADS: usize = 128;
/// Keys per tile, at least where several windows share the memory, and at most; lines are not cut.
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
    let [lines, line] = [window[0] * window[1], window[2]];
    let parts = line.div_ceil((HELD / (width / 4)).max(QUERIES));
    let queries = line.div_ceil(parts);
    let threads = ((lines * parts).div_ceil(4) * 4).min(MAX_THREADS);
    let blocks = (lines * parts).div_ceil(threads);
    // A key takes its channels twice, its place and its region.
    let room = MEMORY / (8 * width + 8);
    let windows = (super::THREADS / threads).min(room / TILE[0]).clamp(1, count);
    let tile = (TILE[1].min(room / windows) / line).min(lines) * line;
    if tile == 0 {
        return None;
    }
    // Along a line the table's rows are neighbours, unless a clipped window takes its tokens for others.
    let even = window[1..] == spec.configured[1..];
    let groups = dispatch(count.div_ceil(windows), spec.heads * blocks, batch);
    if groups.iter().any(|g| *g as usize > super::MAX_GROUPS) {
        return None;
    }
    let [cx, cy, cz] = spec.configured;
    let mut all = constants([
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
        ("queries", queries),
        ("distances", queries + line - 1),
        ("even", usize::from(even)),
        ("uneven", usize::from(!even)),
    ]);
    all.push(float("masked", f64::from(MASKED)));
    Some(Pass {
        name: "window_attention",
        template: include_str!("../../../../shaders/window_attention.wgsl"),
        constants: all,
        groups,
        threads: [threads as u32, windows as u32],
    })
}

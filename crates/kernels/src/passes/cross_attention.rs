//! `shaders/cross_attention.wgsl`.

use super::{MEMORY, Pass, THREADS, constants, dispatch};

/// Widest head, in fours of channels, whose query and sums fit into registers: that of the published network.
const MAX_QUADS: usize = 16;

/// Attention of `[batch, queries, c]` to `[batch, keys, c]`.
/// Nothing if a head's width is no multiple of four or too large.
pub(crate) fn cross_attention(
    batch: usize,
    [queries, keys]: [usize; 2],
    c: usize,
    heads: usize,
) -> Option<Pass> {
    let quads = c / heads / 4;
    if !c.is_multiple_of(4 * heads) || !(1..=MAX_QUADS).contains(&quads) {
        return None;
    }
    let threads = (queries.div_ceil(4) * 4).min(THREADS);
    // A key takes its channels twice.
    let tile = (MEMORY / (32 * quads)).min(keys);
    Some(Pass {
        name: "cross_attention",
        template: include_str!("../../../../shaders/cross_attention.wgsl"),
        constants: constants([
            ("queries", queries),
            ("keys", keys),
            ("heads", heads),
            ("quads", quads),
            ("threads", threads),
            ("tile", tile),
        ]),
        groups: dispatch(queries.div_ceil(threads), heads, batch),
        threads: [threads as u32, 1],
    })
}

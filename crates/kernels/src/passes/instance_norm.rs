//! `shaders/instance_moments.wgsl` and `shaders/instance_norm.wgsl`.

use super::{Pass, THREADS, constants, dispatch, flags, float, fold};

/// Voxels that one invocation normalises.
const STRETCH: usize = 64;
/// Most chunks that moments are taken over; each invocation of the second pass joins them all.
const MAX_CHUNKS: usize = 64;
/// Fewest voxels of a chunk.
const MIN_CHUNK: usize = 256;

/// What follows the normalisation, and its numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Normalise {
    pub residual: bool,
    pub activate: bool,
    pub epsilon: f64,
    pub slope: f64,
}

/// Number of chunks that `voxels` are divided into.
pub(crate) fn chunks(voxels: usize) -> usize {
    voxels.div_ceil(chunk(voxels))
}

fn chunk(voxels: usize) -> usize {
    voxels.div_ceil(MAX_CHUNKS).max(MIN_CHUNK)
}

/// Channels side by side, rows of them in a workgroup, and workgroups that all channels need.
fn lanes(channels: usize) -> [usize; 3] {
    let lanes = channels.div_ceil(4).min(8) * 4;
    [lanes, THREADS / lanes, channels.div_ceil(lanes)]
}

/// Moments `[batch, chunk, c, 2]` of `[batch, voxels, c]`.
pub(crate) fn instance_moments(batch: usize, voxels: usize, channels: usize) -> Pass {
    let [lanes, rows, groups] = lanes(channels);
    Pass {
        name: "instance_moments",
        template: include_str!("../../../../shaders/instance_moments.wgsl"),
        constants: constants([
            ("voxels", voxels),
            ("channels", channels),
            ("chunk", chunk(voxels)),
            ("chunks", chunks(voxels)),
            ("lanes", lanes),
            ("rows", rows),
        ]),
        groups: dispatch(chunks(voxels), groups, batch),
        threads: [lanes as u32, rows as u32],
    }
}

/// Normalisation of `[batch, voxels, c]` by its moments.
pub(crate) fn instance_norm(batch: usize, voxels: usize, channels: usize, how: Normalise) -> Pass {
    let [lanes, rows, groups] = lanes(channels);
    let (groups_x, folds) = fold(voxels.div_ceil(STRETCH * rows));
    let mut all = constants([
        ("voxels", voxels),
        ("channels", channels),
        ("chunk", chunk(voxels)),
        ("chunks", chunks(voxels)),
        ("stretch", STRETCH),
        ("lanes", lanes),
        ("rows", rows),
        ("groups_x", groups_x),
        ("folds", folds),
    ]);
    all.extend(flags([("has_residual", how.residual), ("activate", how.activate)]));
    all.extend([float("epsilon", how.epsilon), float("slope", how.slope)]);
    Pass {
        name: "instance_norm",
        template: include_str!("../../../../shaders/instance_norm.wgsl"),
        constants: all,
        groups: dispatch(groups_x, groups, batch * folds),
        threads: [lanes as u32, rows as u32],
    }
}

//! Splitting what the source maps lump together, before packing.

use super::classes::{self as c, CLASSES, index_of};
use super::head_map::bounds;
use super::targets;

/// Depth of the fat layer under the skin, in voxels.
const SCALP_FAT: usize = 3;
/// Reach of the fat around an eye, in voxels.
const ORBIT: usize = 10;
/// Fluid this far below the brain belongs to the spine, in voxels.
const SPINE: usize = 2;

/// Separates scalp and orbital fat from other tissue, spinal from intracranial fluid, fluid touching
/// the cortex from the rest, limbic from other cortex, and enclosed from outside air; removes specks
/// floating in the air.
pub(crate) fn refine(labels: &mut [u8], dims: [usize; 3]) {
    let id = |source| index_of(source).unwrap_or_default();
    drop_specks(labels, dims);
    let (other, fat) = (id(c::OTHER_TISSUE), id(c::FAT));
    for (seed, reach) in [(id(c::SKIN), SCALP_FAT), (id(c::EYE), ORBIT)] {
        let near = dilated(labels, dims, seed, reach);
        for (label, near) in labels.iter_mut().zip(near) {
            if near && *label == other {
                *label = fat;
            }
        }
    }
    let brain = |l: u8| targets::is_brain(CLASSES[l as usize].target);
    let floor = bounds(labels, dims, brain).map_or(0, |(low, _)| low[2].saturating_sub(SPINE));
    let (fluid, spinal) = (id(c::FLUID), id(c::SPINAL_FLUID));
    for column in labels.chunks_exact_mut(dims[2]) {
        for label in &mut column[..floor] {
            if *label == fluid {
                *label = spinal;
            }
        }
    }
    for side in 0..2 {
        let near = dilated(labels, dims, id(c::CORTEX[side]), 1);
        for (label, near) in labels.iter_mut().zip(near) {
            if near && *label == fluid {
                *label = id(c::RIM[side]);
            }
        }
    }
    for side in 0..2 {
        let (cortex, limbic) = (id(c::CORTEX[side]), id(c::LIMBIC[side]));
        for (centres, reach) in c::LIMBIC_CENTRES {
            let near = dilated(labels, dims, id(centres[side]), reach);
            for (label, near) in labels.iter_mut().zip(near) {
                if near && *label == cortex {
                    *label = limbic;
                }
            }
        }
    }
    let inner = id(c::INNER_AIR);
    let outside = reached(labels, dims, 0, |l| l == 0);
    for (label, outside) in labels.iter_mut().zip(outside) {
        if *label == 0 && !outside {
            *label = inner;
        }
    }
}

/// Turns everything that does not hang together with the brain into air.
fn drop_specks(labels: &mut [u8], dims: [usize; 3]) {
    let white = |l: &u8| CLASSES[*l as usize].target == targets::LEFT_WHITE;
    let Some(seed) = labels.iter().position(white) else { return };
    let head = reached(labels, dims, seed, |l| l != 0);
    for (label, head) in labels.iter_mut().zip(head) {
        if !head {
            *label = 0;
        }
    }
}

/// Voxels joined to `seed` over faces through voxels that `open` accepts.
fn reached(labels: &[u8], dims: [usize; 3], seed: usize, open: impl Fn(u8) -> bool) -> Vec<bool> {
    let mut seen = vec![false; labels.len()];
    seen[seed] = true;
    let mut stack = vec![seed];
    let steps = [dims[1] * dims[2], dims[2], 1];
    while let Some(i) = stack.pop() {
        for (axis, step) in steps.into_iter().enumerate() {
            let at = i / step % dims[axis];
            let mut visit = |j: usize| {
                if !seen[j] && open(labels[j]) {
                    seen[j] = true;
                    stack.push(j);
                }
            };
            if at > 0 {
                visit(i - step);
            }
            if at + 1 < dims[axis] {
                visit(i + step);
            }
        }
    }
    seen
}

/// Voxels within `reach` of a voxel of class `seed`, in city-block distance.
pub(super) fn dilated(labels: &[u8], dims: [usize; 3], seed: u8, reach: usize) -> Vec<bool> {
    let mut near: Vec<bool> = labels.iter().map(|l| *l == seed).collect();
    let steps = [dims[1] * dims[2], dims[2], 1];
    let mut front: Vec<usize> = (0..near.len()).filter(|i| near[*i]).collect();
    for _ in 0..reach {
        let mut next = Vec::new();
        for i in front {
            for (axis, step) in steps.into_iter().enumerate() {
                let at = i / step % dims[axis];
                let below = (at > 0).then(|| i - step);
                let above = (at + 1 < dims[axis]).then(|| i + step);
                for j in below.into_iter().chain(above) {
                    if !near[j] {
                        near[j] = true;
                        next.push(j);
                    }
                }
            }
        }
        front = next;
    }
    near
}

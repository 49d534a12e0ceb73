//! The vault of the skull as two smooth tables with spongy bone between them. The source maps were drawn on MR, where bone is
//! dark: theirs is ragged and full of holes, in which nobody would see a cleft.

use super::classes::{CLASSES, CORTICAL_BONE, DIPLOE, Tissue, index_of};
use super::filters::blur;
use super::head_map::HeadMap;
use super::refine::dilated;

/// Holes and notches of up to twice this are closed, in voxels.
const CLOSED: usize = 3;
/// Smoothness of the surfaces, in voxels.
const SMOOTH: f32 = 1.2;
/// Thickness of each table, in voxels.
const TABLE: usize = 2;
/// The base below this is left as it is, mm above the middle of the brain.
pub(super) const BASE: f32 = -20.0;

/// Makes the vault of `map` smooth.
pub(super) fn smooth(map: &mut HeadMap) {
    let dims = map.dims;
    let skull = smooth_skull(map);
    let deep: Vec<bool> = dilated(&bytes(&skull), dims, 0, TABLE).iter().map(|near| !near).collect();
    let [bone, diploe] = [CORTICAL_BONE, DIPLOE].map(|id| index_of(id).unwrap_or_default());
    let mut lost = Vec::new();
    for i in 0..map.labels.len() {
        if !above_base(map, i) {
            continue;
        }
        let label = map.labels[i];
        match (is_skull(label), skull[i]) {
            (true, false) => lost.push(i),
            (was, true) if was || gives_way(label) => map.labels[i] = if deep[i] { diploe } else { bone },
            _ => {}
        }
    }
    fill(map, lost);
}

fn smooth_skull(map: &HeadMap) -> Vec<bool> {
    let skull: Vec<bool> = map.labels.iter().map(|l| is_skull(*l)).collect();
    let wide = dilated(&bytes(&skull), map.dims, 1, CLOSED);
    let closed = dilated(&bytes(&wide), map.dims, 0, CLOSED);
    let closed: Vec<f32> = closed.iter().map(|outside| f32::from(u8::from(!outside))).collect();
    blur(&closed, map.dims, SMOOTH).iter().map(|share| *share > 0.5).collect()
}

fn bytes(mask: &[bool]) -> Vec<u8> {
    mask.iter().map(|m| u8::from(*m)).collect()
}

fn tissue(label: u8) -> Tissue {
    CLASSES[label as usize].tissue
}

fn is_skull(label: u8) -> bool {
    matches!(tissue(label), Tissue::CorticalBone | Tissue::Marrow | Tissue::Diploe)
}

/// Whether bone may take a voxel's place.
fn gives_way(label: u8) -> bool {
    use Tissue::{Artery, Fat, Fluid, Skin, SoftTissue, Vein};
    matches!(tissue(label), Fluid | Fat | SoftTissue | Skin | Vein | Artery)
}

fn above_base(map: &HeadMap, i: usize) -> bool {
    let [_, ny, nz] = map.dims;
    let at = [i / (ny * nz), i / nz % ny, i % nz].map(|v| v as f32);
    map.head_of_voxel(at)[2] > BASE
}

/// Gives voxels that are no bone any more what lies next to them, from outside inwards.
fn fill(map: &mut HeadMap, mut lost: Vec<usize>) {
    let [_, ny, nz] = map.dims;
    let steps = [1, nz, ny * nz];
    while !lost.is_empty() {
        let beside = |i: usize| {
            let near = steps.iter().flat_map(|step| [i.checked_sub(*step), i.checked_add(*step)]);
            let labels = near.flatten().filter_map(|j| map.labels.get(j).copied());
            labels.into_iter().find(|label| !is_skull(*label)).map(|label| (i, label))
        };
        let found: Vec<(usize, u8)> = lost.iter().filter_map(|i| beside(*i)).collect();
        if found.is_empty() {
            return;
        }
        found.iter().for_each(|(i, label)| map.labels[*i] = *label);
        lost.retain(|i| is_skull(map.labels[*i]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_volume::Affine;
    use std::sync::OnceLock;

    /// A slab of bone, six voxels thick, between fluid and fat, with a hole of two voxels and a spur.
    fn slab() -> HeadMap {
        let id = |source| index_of(source).unwrap();
        let dims = [24, 24, 24];
        let mut labels = vec![0; 24 * 24 * 24];
        for (i, label) in labels.iter_mut().enumerate() {
            let [x, y, z] = [i / 576, i / 24 % 24, i % 24];
            let hole = (11..13).contains(&x) && (11..13).contains(&y);
            let spur = x == 5 && y == 5 && (15..17).contains(&z);
            *label = match z {
                9..15 if !hole => id(CORTICAL_BONE),
                _ if spur => id(CORTICAL_BONE),
                0..12 => id(super::super::classes::FLUID),
                _ => id(super::super::classes::FAT),
            };
        }
        let name = "slab".to_owned();
        HeadMap { name, dims, labels, voxel_of_head: Affine::IDENTITY, septum: OnceLock::new() }
    }

    #[test]
    fn holes_close_spurs_go_and_diploe_lies_between_the_tables() {
        let mut map = slab();
        smooth(&mut map);
        let at = |x: usize, y: usize, z: usize| tissue(map.labels[(x * 24 + y) * 24 + z]);
        for z in 9..15 {
            let wanted = if (11..13).contains(&z) { Tissue::Diploe } else { Tissue::CorticalBone };
            assert_eq!(at(11, 12, z), wanted, "{z}");
        }
        assert_eq!(at(5, 5, 16), Tissue::Fat);
        assert_eq!((at(8, 8, 7), at(8, 8, 17)), (Tissue::Fluid, Tissue::Fat));
    }

    #[test]
    fn the_base_is_left_as_it_is() {
        let mut map = slab();
        let before = map.labels.clone();
        map.voxel_of_head.translation[2] = 60.0;
        smooth(&mut map);
        assert_eq!(map.labels, before);
    }
}

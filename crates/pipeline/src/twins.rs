//! Findings that are marked alike on both sides.

use saswin_model::Twins;
use saswin_volume::{Plane, Volume};

use crate::RunError;
use crate::mirror::reflection;
use crate::neighbours::{ball, for_each_small_piece, neighbour};

/// Small pieces of which a large enough share has another one on the other side of `plane` become background.
pub(crate) fn drop_twins(map: &mut Volume<u8>, plane: &Plane, wanted: &Twins) -> Result<(), RunError> {
    if !map.voxels.contains(&wanted.label) {
        return Ok(());
    }
    let mask = map.mask(wanted.label);
    let dims = map.grid.dims;
    let inverse = map.grid.affine.inverse().map_err(saswin_volume::GridError::from)?;
    let mirrored = inverse.compose(&reflection(plane)).compose(&map.grid.affine);
    let mirror_image = |voxel: usize| {
        let there = mirrored.apply(map.grid.indices(voxel).map(|v| v as f64)).map(f64::round);
        let inside = (0..3).all(|a| there[a] >= 0.0 && there[a] < dims[a] as f64);
        inside.then(|| {
            let [x, y, z] = there.map(|v| v as usize);
            (z * dims[1] + y) * dims[0] + x
        })
    };
    let mut pieces: Vec<Vec<usize>> = Vec::new();
    let mut others = vec![false; mask.len()];
    for_each_small_piece(&mask, &map.grid, wanted.below_ml, |piece| {
        piece.iter().for_each(|v| others[*v] = true);
        pieces.push(piece.to_vec());
    });
    let near = ball(&map.grid, wanted.reach_mm, 0.0);
    for piece in &pieces {
        // A piece on the plane is its own mirror image and no twin.
        piece.iter().for_each(|v| others[*v] = false);
        let has_twin = |v: &&usize| {
            let there = mirror_image(**v);
            there.is_some_and(|t| near.iter().filter_map(|step| neighbour(t, *step, dims)).any(|n| others[n]))
        };
        if piece.iter().filter(has_twin).count() as f64 >= wanted.share * piece.len() as f64 {
            piece.iter().for_each(|v| map.voxels[*v] = 0);
        }
        piece.iter().for_each(|v| others[*v] = true);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_volume::{Affine, Grid};

    const SIDE: usize = 21;

    /// Which of these runs of voxels along x, first and one past the last, are left of a map in which they are marked; the plane is in its middle.
    fn left(runs: &[[usize; 2]], below_ml: f64) -> Vec<bool> {
        let grid = Grid { dims: [SIDE; 3], affine: Affine::IDENTITY };
        let mut map = Volume::filled(grid, 0);
        let place = |x: usize| (10 * SIDE + 10) * SIDE + x;
        for x in runs.iter().flat_map(|[first, end]| *first..*end) {
            map.voxels[place(x)] = 1;
        }
        let plane = Plane { point: [10.0; 3], normal: [1.0, 0.0, 0.0] };
        let wanted = Twins { label: 1, reach_mm: 1.0, share: 0.6, below_ml };
        drop_twins(&mut map, &plane, &wanted).unwrap();
        runs.iter().map(|[first, _]| map.voxels[place(*first)] == 1).collect()
    }

    #[test]
    fn twins_go_and_others_stay() {
        assert_eq!(left(&[[2, 5], [16, 19]], 1.0), [false, false]);
        assert_eq!(left(&[[2, 5], [17, 20]], 1.0), [false, false], "no head is quite symmetric");
        assert_eq!(left(&[[2, 5], [12, 15]], 1.0), [true, true]);
        assert_eq!(left(&[[2, 5], [16, 19]], 0.002), [true, true], "large ones stay");
        assert_eq!(
            left(&[[1, 6], [14, 15]], 0.004),
            [true, true],
            "so does what is as far from the plane as a large one"
        );
        assert_eq!(left(&[[8, 13]], 1.0), [true], "its own mirror image");
    }
}

//! The head without its skull.

use saswin_model::Region;
use saswin_volume::{Volume, keep_largest_piece};

/// The mask, 1 inside, of `brain`, a region of the label map.
pub fn brain_mask(brain: &Region, segmentation: &Volume<u8>) -> Volume<u8> {
    let mut outside: Vec<bool> = segmentation.voxels.iter().map(|v| !brain.labels.contains(v)).collect();
    // What the outside does not reach is a hole.
    keep_largest_piece(&mut outside, segmentation.grid.dims);
    let voxels = outside.into_iter().map(|outside| u8::from(!outside)).collect();
    Volume { grid: segmentation.grid, voxels }
}

/// `scan` inside of `mask`, which has its grid, and the scan's lowest value elsewhere.
pub fn masked(scan: &Volume<f32>, mask: &Volume<u8>) -> Volume<f32> {
    let lowest = scan.lowest();
    let inside = |(v, mask): (&f32, &u8)| if *mask == 0 { lowest } else { *v };
    let voxels = scan.voxels.iter().zip(&mask.voxels).map(inside).collect();
    Volume { grid: scan.grid, voxels }
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_model::Manifest;
    use saswin_volume::{Affine, Grid};

    #[test]
    fn the_mask_has_the_labels_of_its_region_and_no_holes() -> Result<(), Box<dyn std::error::Error>> {
        let mut manifest = Manifest::from_json(include_str!("../tests/tiny-manifest.json"))?;
        #[rustfmt::skip]
        let map = Volume {
            voxels: vec![
                0, 0, 0, 0, 0,
                0, 1, 1, 1, 2,
                0, 1, 0, 1, 0,
                0, 1, 1, 1, 0,
            ],
            ..Volume::filled(Grid { dims: [5, 4, 1], affine: Affine::IDENTITY }, 0)
        };
        assert_eq!(manifest.brain(), None);
        let region = |labels, brain_mask| Region { name: String::new(), labels, brain_mask };
        manifest.regions = vec![region(vec![2], false), region(vec![1], true)];
        #[rustfmt::skip]
        assert_eq!(manifest.brain().map(|brain| brain_mask(brain, &map).voxels), Some(vec![
            0, 0, 0, 0, 0,
            0, 1, 1, 1, 0,
            0, 1, 1, 1, 0,
            0, 1, 1, 1, 0,
        ]));
        Ok(())
    }

    #[test]
    fn outside_of_the_mask_nothing_is_left_of_the_scan() {
        let grid = Grid { dims: [4, 1, 1], affine: Affine::IDENTITY };
        let scan = Volume { voxels: vec![7.0, -3.0, 5.0, 9.0], ..Volume::filled(grid, 0.0) };
        let mask = Volume { voxels: vec![0, 0, 1, 1], ..Volume::filled(grid, 0) };
        assert_eq!(masked(&scan, &mask).voxels, [-3.0, -3.0, 5.0, 9.0]);
    }
}

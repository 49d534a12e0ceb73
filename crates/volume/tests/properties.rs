//! Properties that hold for any grid.

#![allow(clippy::unwrap_used, missing_docs)]

use proptest::prelude::*;
use saswin_volume::windows::{Blend, Blender, WindowGrid, from_tensor_order, to_tensor_order};
use saswin_volume::{Affine, Grid, Orientation, Volume, resample};

fn dims() -> impl Strategy<Value = [usize; 3]> {
    [1..7_usize, 1..7_usize, 1..7_usize]
}

/// A rotation (from a quaternion) times spacings, with a translation.
fn affine() -> impl Strategy<Value = Affine> {
    let quaternion = [-1.0..1.0, -1.0..1.0, -1.0..1.0, 0.1..1.0];
    let spacing = [0.3..5.0, 0.3..5.0, 0.3..5.0];
    let translation = [-300.0..300.0, -300.0..300.0, -300.0..300.0];
    (quaternion, spacing, translation).prop_map(|(q, spacing, translation)| {
        let length = q.iter().map(|v: &f64| v * v).sum::<f64>().sqrt();
        let [b, c, d, a] = q.map(|v| v / length);
        let rotation = [
            [a * a + b * b - c * c - d * d, 2.0 * (b * c - a * d), 2.0 * (b * d + a * c)],
            [2.0 * (b * c + a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d - a * b)],
            [2.0 * (b * d - a * c), 2.0 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ];
        let linear = rotation.map(|row| std::array::from_fn(|column| row[column] * spacing[column]));
        Affine { linear, translation }
    })
}

/// A volume of distinct values.
fn volume() -> impl Strategy<Value = Volume> {
    (dims(), affine()).prop_map(|(dims, affine)| {
        let grid = Grid { dims, affine };
        let voxels = (0..grid.len()).map(|v| (v * 37 % 101) as f32 + v as f32 / 1e3).collect();
        Volume::new(grid, voxels).unwrap()
    })
}

fn close(a: [f64; 3], b: [f64; 3], tolerance: f64) -> bool {
    (0..3).all(|axis| (a[axis] - b[axis]).abs() < tolerance)
}

proptest! {
    #[test]
    fn affine_maps_come_back(map in affine(), p in [-200.0..200.0, -200.0..200.0, -200.0..200.0]) {
        let inverse = map.inverse().unwrap();
        prop_assert!(close(inverse.apply(map.apply(p)), p, 1e-8));
        prop_assert!(close(map.compose(&inverse).apply(p), p, 1e-8));
    }

    #[test]
    fn all_48_orders_are_one_volume(scan in volume()) {
        let ras = scan.to_ras();
        for order in Orientation::all() {
            let turned = scan.reoriented(order);
            prop_assert_eq!(turned.orientation(), order);
            let back = turned.to_ras();
            prop_assert_eq!(&back.voxels, &ras.voxels);
            prop_assert_eq!(back.grid.affine.linear, ras.grid.affine.linear);
            prop_assert!(close(back.grid.affine.translation, ras.grid.affine.translation, 1e-9));
        }
    }

    #[test]
    fn all_48_orders_resample_alike(scan in volume(), target in affine()) {
        let grid = Grid { dims: [4, 4, 4], affine: Affine { translation: scan.grid.affine.translation, ..target } };
        let expected = resample(&scan, &grid, -1.0).unwrap();
        for order in Orientation::all() {
            let got = resample(&scan.reoriented(order), &grid, -1.0).unwrap();
            for (a, b) in got.voxels.iter().zip(&expected.voxels) {
                prop_assert!((a - b).abs() < 1e-3, "{order} {a} {b}");
            }
        }
    }

    #[test]
    fn resampling_on_the_own_grid_changes_nothing(scan in volume()) {
        prop_assert_eq!(&resample(&scan, &scan.grid, -1.0).unwrap().voxels, &scan.voxels);
    }

    #[test]
    fn tensor_order_comes_back(scan in volume()) {
        prop_assert_eq!(from_tensor_order(&to_tensor_order(&scan), scan.grid).unwrap(), scan);
    }

    /// Also says that every voxel is covered: an uncovered one would come back as 0.
    #[test]
    fn blending_a_network_that_copies_gives_the_image(
        dims in [1..20_usize, 1..20_usize, 1..20_usize],
        roi in [1..9_usize, 1..9_usize, 1..9_usize],
        overlap in 0.0..0.95,
        gaussian in any::<bool>(),
    ) {
        let windows = WindowGrid::new(dims, roi, overlap).unwrap();
        let image: Vec<f32> = (1..=dims.iter().product::<usize>()).map(|v| v as f32).collect();
        let blend = if gaussian { Blend::Gaussian { sigma_scale: 0.125 } } else { Blend::Constant };
        let mut blender = Blender::new(windows.clone(), 1, blend).unwrap();
        for index in 0..windows.starts.len() {
            blender.add(index, &windows.window(&image, index, 0.0).unwrap()).unwrap();
        }
        for (got, want) in blender.finish().iter().zip(&image) {
            prop_assert!((got - want).abs() <= 1e-4 * want, "{got} {want}");
        }
    }
}

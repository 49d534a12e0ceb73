use super::*;
use crate::Affine;

fn counting(dims: [usize; 3]) -> Volume<u16> {
    let grid = Grid { dims, affine: Affine::IDENTITY };
    Volume::new(grid, (0..grid.len() as u16).collect()).unwrap()
}

#[test]
fn tensor_order_puts_z_fastest() {
    let volume = counting([3, 4, 5]);
    let tensor = to_tensor_order(&volume);
    assert_eq!(tensor[(2 * 4 + 1) * 5 + 3], volume.at([2, 1, 3]));
    assert_eq!(from_tensor_order(&tensor, volume.grid).unwrap(), volume);
    assert!(from_tensor_order(&tensor[1..], volume.grid).is_err());
}

/// The image padded and flipped along X as a whole, then cut: what a mirrored window must equal.
fn flipped_then_cut(windows: &WindowGrid, image: &[f32], index: usize, fill: f32) -> Vec<f32> {
    let [px, py, pz] = windows.padded;
    let mut padded = vec![fill; px * py * pz];
    for x in 0..windows.dims[0] {
        for y in 0..windows.dims[1] {
            for z in 0..windows.dims[2] {
                let flipped_x = px - 1 - (x + windows.pad_before[0]);
                let to = (flipped_x * py + y + windows.pad_before[1]) * pz + z + windows.pad_before[2];
                padded[to] = image[(x * windows.dims[1] + y) * windows.dims[2] + z];
            }
        }
    }
    WindowGrid::new(windows.padded, windows.roi, 0.5).unwrap().window(&padded, index, fill).unwrap()
}

#[test]
fn mirrored_windows_come_from_the_flipped_padded_image() {
    for dims in [[9, 6, 7], [3, 6, 2], [4, 5, 8]] {
        let windows = WindowGrid::new(dims, [6, 4, 5], 0.5).unwrap();
        let image: Vec<f32> = (1..=dims.iter().product::<usize>()).map(|v| v as f32).collect();
        for index in 0..windows.starts.len() {
            let mirrored = windows.mirrored_window(&image, index, -1.0).unwrap();
            assert_eq!(mirrored, flipped_then_cut(&windows, &image, index, -1.0));
        }
    }
}

#[test]
fn wrong_sizes_are_refused() {
    let length = |expected, got, what| WindowError::Length { what, expected, got };
    let windows = WindowGrid::new([4, 4, 4], [4, 4, 4], 0.5).unwrap();
    assert_eq!(windows.window(&[0.0; 63], 0, 0.0).unwrap_err(), length(64, 63, "the image"));
    assert_eq!(windows.window(&[0.0; 64], 1, 0.0).unwrap_err(), WindowError::Index { index: 1, count: 1 });
    for classes in [usize::MAX, usize::MAX / 512] {
        let error = Blender::new(windows.clone(), classes, Blend::Constant).unwrap_err();
        assert_eq!(error, WindowError::TooLarge { classes, dims: [4; 3] });
    }
    let mut blender = Blender::new(windows, 2, Blend::Constant).unwrap();
    assert_eq!(blender.add(0, &[0.0; 64]).unwrap_err(), length(128, 64, "the window's output"));
    assert_eq!(starts([4, 4, 4], [4, 4, 4], 1.0).unwrap_err(), WindowError::Overlap(1.0));
    assert!(WindowGrid::new([4, 0, 4], [4, 4, 4], 0.5).is_err());
    assert!(WindowGrid::new([4, 4, 4], [4, 0, 4], 0.5).is_err());
}

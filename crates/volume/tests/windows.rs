//! Window grids, importance maps and blending against MONAI 1.4 (`data/monai_windows.py`).

#![allow(clippy::unwrap_used)]

use saswin_volume::windows::{Blend, Blender, WindowGrid, importance_map, starts};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    starts: Vec<Starts>,
    maps: Vec<Map>,
    blends: Vec<Blended>,
}

#[derive(Deserialize)]
struct Starts {
    dims: [usize; 3],
    roi: [usize; 3],
    overlap: f64,
    starts: Vec<[usize; 3]>,
}

#[derive(Deserialize)]
struct Map {
    roi: [usize; 3],
    sigma_scale: f64,
    map: Vec<f32>,
}

#[derive(Deserialize)]
struct Blended {
    dims: [usize; 3],
    roi: [usize; 3],
    overlap: f64,
    mode: String,
    fill: f32,
    out: Vec<f32>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("data/monai_windows.json")).unwrap()
}

#[test]
fn starts_are_those_of_monai() {
    for case in golden().starts {
        let found = starts(case.dims, case.roi, case.overlap).unwrap();
        assert_eq!(found, case.starts, "{:?} {:?} {}", case.dims, case.roi, case.overlap);
    }
}

#[test]
fn importance_maps_are_those_of_monai() {
    for case in golden().maps {
        let map = importance_map(case.roi, Blend::Gaussian { sigma_scale: case.sigma_scale });
        assert_eq!(map.len(), case.map.len());
        for (got, want) in map.iter().zip(&case.map) {
            assert!((got - want).abs() <= 1e-6 * want, "{got} {want}");
        }
    }
}

#[test]
fn blended_windows_are_those_of_monai() {
    for case in golden().blends {
        let blend = match case.mode.as_str() {
            "gaussian" => Blend::Gaussian { sigma_scale: 0.125 },
            _ => Blend::Constant,
        };
        let image: Vec<f32> = (0..case.dims.iter().product::<usize>()).map(|v| (v * 7 % 13) as f32).collect();
        let windows = WindowGrid::new(case.dims, case.roi, case.overlap).unwrap();
        let mut blender = Blender::new(windows.clone(), 2, blend).unwrap();
        for index in 0..windows.starts.len() {
            let mut output = windows.window(&image, index, case.fill).unwrap();
            let ramped: Vec<f32> = output.iter().enumerate().map(|(i, v)| v * (i as f32 / 10.0)).collect();
            output.extend(ramped);
            blender.add(index, &output).unwrap();
        }
        let out = blender.finish();
        assert_eq!(out.len(), case.out.len());
        for (got, want) in out.iter().zip(&case.out) {
            assert!((got - want).abs() < 2e-4, "{:?} {}: {got} {want}", case.dims, case.mode);
        }
    }
}

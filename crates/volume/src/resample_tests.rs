use super::*;
use crate::Affine;

fn grid(dims: [usize; 3], spacing: [f64; 3], origin: [f64; 3]) -> Grid {
    let linear = std::array::from_fn(|r| std::array::from_fn(|c| if r == c { spacing[c] } else { 0.0 }));
    Grid { dims, affine: Affine { linear, translation: origin } }
}

fn filled_by(grid: Grid, f: impl Fn([f64; 3]) -> f64) -> Volume {
    let [ni, nj, nk] = grid.dims;
    let mut voxels = Vec::new();
    for k in 0..nk {
        for j in 0..nj {
            for i in 0..ni {
                voxels.push(f(grid.affine.apply([i as f64, j as f64, k as f64])) as f32);
            }
        }
    }
    Volume::new(grid, voxels).unwrap()
}

fn turned(dims: [usize; 3], degrees: f64) -> Grid {
    let (s, c) = degrees.to_radians().sin_cos();
    let linear = [[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]];
    Grid { dims, affine: Affine { linear, translation: [4.0, 2.0, 1.0] } }
}

#[test]
fn linear_functions_survive_any_grid() {
    let plane = |p: [f64; 3]| 2.0 * p[0] - 3.0 * p[1] + 0.5 * p[2] + 7.0;
    let source = filled_by(grid([20, 24, 9], [1.0, 1.0, 3.0], [-5.0, -8.0, -2.0]), plane);
    let target = turned([6, 7, 8], 25.0);
    let out = resample(&source, &target, 0.0).unwrap();
    let expected = filled_by(target, plane);
    for (got, want) in out.voxels.iter().zip(&expected.voxels) {
        assert!((got - want).abs() < 1e-4, "{got} {want}");
    }
}

#[test]
fn outside_starts_at_the_outer_voxel_faces() {
    let source = filled_by(grid([4, 1, 1], [2.0, 2.0, 2.0], [0.0; 3]), |p| p[0]);
    let line = resample(&source, &grid([12, 1, 1], [1.0; 3], [-2.0, 0.0, 0.0]), -9.0).unwrap();
    assert_eq!(line.voxels, [-9.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 6.0, -9.0, -9.0]);
}

#[test]
fn coarse_targets_see_no_alias_and_keep_the_mean() {
    let checker =
        filled_by(
            grid([32, 32, 32], [1.0; 3], [0.0; 3]),
            |p| if (p[0] as i64) % 2 == 0 { 0.0 } else { 100.0 },
        );
    let coarse = resample(&checker, &grid([8, 8, 8], [4.0; 3], [1.5; 3]), 0.0).unwrap();
    let interior = coarse.voxels.chunks(8).flat_map(|row| &row[1..7]);
    assert!(interior.clone().all(|v| (v - 50.0).abs() < 0.5), "{:?}", interior.collect::<Vec<_>>());
    let same_step = resample(&checker, &grid([32, 32, 32], [1.0; 3], [0.0; 3]), 0.0).unwrap();
    assert_eq!(same_step, checker);
}

#[test]
fn the_prefilter_matches_the_target_cell() {
    let map = GridMap::new(&grid([8; 3], [1.0, 2.0, 5.0], [0.0; 3]), &grid([8; 3], [2.0; 3], [0.0; 3]));
    let sigma = antialias_sigma(&map.unwrap());
    assert!((sigma[0] - 3.0_f64.sqrt() / FWHM).abs() < 1e-12);
    assert_eq!(sigma[1..], [0.0, 0.0]);
}

#[test]
fn argmax_equals_interpolating_every_class() {
    let source = grid([7, 6, 5], [2.0; 3], [0.0; 3]);
    let waves = |class: f64| {
        filled_by(source, move |p| {
            (p[0] * (0.3 + 0.1 * class)).sin() + (p[1] * 0.4 - class).cos() + p[2] * 0.01
        })
    };
    let volumes: Vec<Volume> = (0..5).map(|class| waves(f64::from(class))).collect();
    let scores: Vec<f32> = volumes.iter().flat_map(|v| v.voxels.clone()).collect();
    let target = turned([9, 8, 7], 15.0);
    let labels = resample_argmax(&scores, 5, &source, &target).unwrap();
    let classes: Vec<Volume> = volumes.iter().map(|v| resample(v, &target, f32::NAN).unwrap()).collect();
    for (index, &label) in labels.voxels.iter().enumerate() {
        let score = |class: usize| classes[class].voxels[index];
        if score(0).is_nan() {
            assert_eq!(label, 0);
        } else {
            assert!((0..5).all(|class| score(class) <= score(usize::from(label)) + 1e-6));
        }
    }
    assert!((0..5).all(|class| labels.voxels.contains(&class)));
}

#[test]
fn argmax_takes_tensor_order_through_the_transposed_grid() {
    let source = grid([3, 4, 5], [1.0; 3], [0.0; 3]);
    let mut tensor = vec![0.0; 2 * 60];
    tensor[60 + (2 * 4 + 1) * 5 + 3] = 1.0; // class 1 at x = 2, y = 1, z = 3
    let labels = resample_argmax(&tensor, 2, &source.transposed(), &source).unwrap();
    assert_eq!(labels.at([2, 1, 3]), 1);
    assert_eq!(labels.voxels.iter().filter(|&&label| label == 1).count(), 1);
}

#[test]
fn miscounted_scores_are_refused() {
    let source = grid([2, 2, 2], [1.0; 3], [0.0; 3]);
    let error = resample_argmax(&[0.0; 15], 2, &source, &source).unwrap_err();
    assert_eq!(error, ScoresError::Length { classes: 2, voxels: 8, got: 15 });
    assert_eq!(resample_argmax(&[], 0, &source, &source).unwrap_err(), ScoresError::Classes(0));
}

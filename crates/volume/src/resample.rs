//! Resampling through affines: images (trilinear, anti-aliased) and class scores.

use crate::lines::{Cell, GridMap, Line};
use crate::smooth::gaussian;
use crate::{AffineError, Grid, GridError, Volume};

/// Why scores cannot be turned into labels.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScoresError {
    /// A grid is unusable.
    #[error(transparent)]
    Affine(#[from] AffineError),
    /// The scores do not fill `classes` volumes.
    #[error("{got} scores given for {classes} classes of {voxels} voxels")]
    Length {
        /// Number of classes.
        classes: usize,
        /// Voxels of the grid.
        voxels: usize,
        /// Scores given.
        got: usize,
    },
    /// A label must fit into a byte.
    #[error("{0} classes: between 1 and 256 are supported")]
    Classes(usize),
}

/// FWHM of a Gaussian in standard deviations: 2·√(2·ln 2).
const FWHM: f64 = 2.354_820_045_030_949_3;

/// Pre-filter width along each source axis in source voxels.
///
/// With `r` the step of the target in source voxels along an axis (root sum of squares over the target's
/// axes), `σ = √(r² − 1) / 2.355` where `r > 1`, else 0: a source cell (FWHM 1) convolved with it becomes a
/// target cell (FWHM `r`). Cardoso et al., "Scale factor point spread function matching", MICCAI 2015.
fn antialias_sigma(map: &GridMap) -> [f64; 3] {
    map.map.linear.map(|row| {
        let step_squared: f64 = row.iter().map(|v| v * v).sum();
        // A hair above 1 is rounding in the affines, not a coarser grid.
        if step_squared > 1.0 + 1e-6 { (step_squared - 1.0).sqrt() / FWHM } else { 0.0 }
    })
}

/// `image` on the grid `target`: trilinear interpolation, after a Gaussian pre-filter along those source
/// axes where the target is coarser. Points beyond the outer faces of the source's voxels become `outside`;
/// points in the outer half voxel take the edge value.
///
/// # Errors
/// If one of the affines has no inverse.
pub fn resample(image: &Volume<f32>, target: &Grid, outside: f32) -> Result<Volume<f32>, GridError> {
    let map = GridMap::new(&image.grid, target)?;
    let sigma = antialias_sigma(&map);
    if sigma == [0.0; 3] {
        return Ok(interpolate(&image.voxels, image.grid.dims, &map, outside));
    }
    let mut smoothed = image.voxels.clone();
    gaussian(&mut smoothed, image.grid.dims, sigma);
    Ok(interpolate(&smoothed, image.grid.dims, &map, outside))
}

fn interpolate(values: &[f32], dims: [usize; 3], map: &GridMap, outside: f32) -> Volume<f32> {
    let mut out = Volume::filled(map.target, outside);
    for line in map.lines() {
        let row = &mut out.voxels[line.offset..];
        for i in line.inside.clone() {
            row[i] = Cell::at(line.point(i), dims).interpolate(values);
        }
    }
    out
}

/// Labels on `target` from class scores on `source`: each class's score is interpolated trilinearly and
/// the highest wins (the lower class on a tie). Outside the source the label is 0.
///
/// `scores` is `[classes][voxels]`, voxels in the memory order of `source` (`i` fastest); scores in tensor
/// order (`[classes, X, Y, Z]`, Z fastest) go with [`Grid::transposed`]. There is no pre-filter: labels are
/// decided at the target's voxel centres. Extra memory: one byte per source voxel.
///
/// # Errors
/// If the counts disagree or one of the affines has no inverse.
pub fn resample_argmax(
    scores: &[f32],
    classes: usize,
    source: &Grid,
    target: &Grid,
) -> Result<Volume<u8>, ScoresError> {
    let map = GridMap::new(source, target)?;
    let voxels = source.len();
    if classes == 0 || classes > 256 {
        return Err(ScoresError::Classes(classes));
    }
    if scores.len() != classes * voxels {
        return Err(ScoresError::Length { classes, voxels, got: scores.len() });
    }
    let winners = argmax(scores, classes, voxels);
    let mut out = Volume::filled(*target, 0);
    for line in map.lines_by_plane() {
        let row = &mut out.voxels[line.offset..];
        argmax_along(&line, &winners, scores, source.dims, row);
    }
    Ok(out)
}

/// Labels of one row. A function of its own because a browser compiles what is called often better than a long loop.
#[inline(never)]
fn argmax_along(line: &Line, winners: &[u8], scores: &[f32], dims: [usize; 3], row: &mut [u8]) {
    for i in line.inside.clone() {
        let cell = Cell::at(line.point(i), dims);
        let winner = winners[cell.corners[0]];
        // Where one class wins at all corners it wins between them too.
        let agreed = cell.corners.iter().all(|&corner| winners[corner] == winner);
        row[i] = if agreed { winner } else { interpolated_argmax(&cell, scores, winners.len()) };
    }
}

fn interpolated_argmax(cell: &Cell, scores: &[f32], voxels: usize) -> u8 {
    let mut best = (f32::NEG_INFINITY, 0);
    for (class, values) in scores.chunks_exact(voxels).enumerate() {
        let score = cell.interpolate(values);
        if score > best.0 {
            best = (score, class as u8);
        }
    }
    best.1
}

/// The class with the highest score at each of `voxels`, from scores `[classes][voxels]`; the lower class on a tie.
pub fn argmax(scores: &[f32], classes: usize, voxels: usize) -> Vec<u8> {
    const BLOCK: usize = 4096;
    let mut labels = vec![0_u8; voxels];
    let mut best = [0.0_f32; BLOCK];
    for (block, labels) in labels.chunks_mut(BLOCK).enumerate() {
        let length = labels.len();
        let of_class = |class: usize| &scores[class * voxels + block * BLOCK..][..length];
        let best = &mut best[..length];
        best.copy_from_slice(of_class(0));
        (1..classes).for_each(|class| raise(best, labels, class as u8, of_class(class)));
    }
    labels
}

/// Takes `class` where its scores are higher than the `best`.
#[inline(never)]
fn raise(best: &mut [f32], labels: &mut [u8], class: u8, scores: &[f32]) {
    for ((best, label), score) in best.iter_mut().zip(labels).zip(scores) {
        if *score > *best {
            (*best, *label) = (*score, class);
        }
    }
}

#[cfg(test)]
#[path = "resample_tests.rs"]
mod tests;

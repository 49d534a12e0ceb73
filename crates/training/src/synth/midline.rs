//! The mid-sagittal plane of a label map: where left and right hemispheres face each other.

use saswin_volume::Affine;

use super::classes::CLASSES;
use super::head_map::bounds;
use super::targets::{is_brain, mirrored};

/// Widest gap between the hemispheres that still tells where the plane is, in voxels.
const GAP: usize = 8;

/// The rigid map from the head's frame (mm) to voxel index; `None` when the sides never meet.
pub(crate) fn voxel_of_head(labels: &[u8], dims: [usize; 3]) -> Option<Affine> {
    let points = meeting_points(labels, dims);
    let [a, b, c] = fit_plane(&points)?;
    let (low, high) = bounds(labels, dims, |l| is_brain(CLASSES[l as usize].target))?;
    let middle = |axis: usize| (low[axis] + high[axis]) as f64 / 2.0;
    let (y, z) = (middle(1), middle(2));
    let ex = unit([1.0, -b, -c]);
    let ey = unit([-ex[1] * ex[0], 1.0 - ex[1] * ex[1], -ex[1] * ex[2]]);
    let ez = [ex[1] * ey[2] - ex[2] * ey[1], ex[2] * ey[0] - ex[0] * ey[2], ex[0] * ey[1] - ex[1] * ey[0]];
    let linear = std::array::from_fn(|r| [ex[r], ey[r], ez[r]]);
    Some(Affine { linear, translation: [a + b * y + c * z, y, z] })
}

fn unit(v: [f64; 3]) -> [f64; 3] {
    let norm = v.iter().map(|c| c * c).sum::<f64>().sqrt();
    v.map(|c| c / norm)
}

/// For each line along `x`: the middle between the last left and the first right brain voxel.
fn meeting_points(labels: &[u8], dims: [usize; 3]) -> Vec<[f64; 3]> {
    let side = CLASSES.map(|c| match (is_brain(c.target), mirrored(c.target).cmp(&c.target)) {
        (true, std::cmp::Ordering::Greater) => -1i8,
        (true, std::cmp::Ordering::Less) => 1,
        _ => 0,
    });
    let mut points = Vec::new();
    for y in 0..dims[1] {
        for z in 0..dims[2] {
            let at = |x: usize| side[labels[(x * dims[1] + y) * dims[2] + z] as usize];
            let left = (0..dims[0]).rev().find(|x| at(*x) < 0);
            let right = (0..dims[0]).find(|x| at(*x) > 0);
            if let (Some(l), Some(r)) = (left, right)
                && l.abs_diff(r) <= GAP
            {
                points.push([(l + r) as f64 / 2.0, y as f64, z as f64]);
            }
        }
    }
    points
}

/// Least squares `x = a + b y + c z`, refitted twice without the outliers.
fn fit_plane(points: &[[f64; 3]]) -> Option<[f64; 3]> {
    let mut kept = points.to_vec();
    let mut plane = least_squares(&kept)?;
    for limit in [4.0, 2.0] {
        kept = points.iter().copied().filter(|p| residual(&plane, p).abs() < limit).collect();
        plane = least_squares(&kept)?;
    }
    Some(plane)
}

fn residual(plane: &[f64; 3], p: &[f64; 3]) -> f64 {
    p[0] - plane[0] - plane[1] * p[1] - plane[2] * p[2]
}

fn least_squares(points: &[[f64; 3]]) -> Option<[f64; 3]> {
    let n = points.len() as f64;
    if points.len() < 100 {
        return None;
    }
    let mean: [f64; 3] = std::array::from_fn(|a| points.iter().map(|p| p[a]).sum::<f64>() / n);
    let cov = |a: usize, b: usize| points.iter().map(|p| (p[a] - mean[a]) * (p[b] - mean[b])).sum::<f64>();
    let (yy, zz, yz, xy, xz) = (cov(1, 1), cov(2, 2), cov(1, 2), cov(0, 1), cov(0, 2));
    let det = yy * zz - yz * yz;
    if det <= 0.0 {
        return None;
    }
    let (b, c) = ((xy * zz - xz * yz) / det, (xz * yy - xy * yz) / det);
    Some([mean[0] - b * mean[1] - c * mean[2], b, c])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plane_is_found_despite_outliers() {
        let mut points = Vec::new();
        for y in 0..60 {
            for z in 0..60 {
                let off = if (y * z) % 13 == 5 { 6.0 } else { 0.0 };
                points.push([
                    50.0 + 0.1 * f64::from(y) - 0.05 * f64::from(z) + off,
                    f64::from(y),
                    f64::from(z),
                ]);
            }
        }
        let [a, b, c] = fit_plane(&points).unwrap();
        assert!((a - 50.0).abs() < 0.05 && (b - 0.1).abs() < 1e-3 && (c + 0.05).abs() < 1e-3);
    }
}

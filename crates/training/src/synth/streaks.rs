//! Streaks beside dense bone: what filtered back-projection makes of rays that bone hardened or starved.

use std::f32::consts::PI;

use super::Rng;

/// Directions from which a slice is looked through, over half a turn.
const VIEWS: usize = 72;

/// Error in arbitrary units of parallel-beam slices (planes of constant `z`) through `bone` (0 to 1,
/// `size` samples).
///
/// Each ray errs by the square of the bone on its way: downwards, as beams harden (the leading term
/// of a polychromatic beam's line integral), and by chance with `starved` times that size, as few
/// photons are left.
pub(crate) fn field(bone: &[f32], size: [usize; 3], starved: f32, rng: &mut Rng) -> Vec<f32> {
    let [nx, ny, nz] = size;
    let first = rng.range(0.0, PI / VIEWS as f32);
    let views: Vec<View> =
        (0..VIEWS).map(|v| View::at(first + v as f32 * PI / VIEWS as f32, nx, ny)).collect();
    let ramp = ramp(views[0].rays);
    let mut error = vec![0.0; bone.len()];
    for z in 0..nz {
        let plane: Vec<f32> = bone[z..].iter().step_by(nz).copied().collect();
        if plane.iter().all(|b| *b == 0.0) {
            continue;
        }
        let mut sum = vec![0.0; nx * ny];
        for view in &views {
            let mut rays = view.project(&plane);
            for ray in &mut rays {
                *ray = ray.powi(2) * (starved * rng.normal() - 1.0);
            }
            view.back_project(&filtered(&rays, &ramp), &mut sum);
        }
        error[z..].iter_mut().step_by(nz).zip(sum).for_each(|(e, s)| *e = s / VIEWS as f32);
    }
    error
}

/// One direction: where samples of a slice (along `x`, then `y`) fall on a row of rays.
struct View {
    across: [f32; 2],
    middle: [f32; 2],
    ny: usize,
    rays: usize,
}

impl View {
    fn at(angle: f32, nx: usize, ny: usize) -> Self {
        let rays = ((nx * nx + ny * ny) as f32).sqrt() as usize + 3;
        let middle = [nx, ny].map(|n| (n - 1) as f32 / 2.0);
        Self { across: [angle.cos(), angle.sin()], middle, ny, rays }
    }

    /// The ray before sample `i` and the way on from there, in rays.
    fn place(&self, i: usize) -> (usize, f32) {
        let [x, y] = [i / self.ny, i % self.ny].map(|v| v as f32);
        let [cos, sin] = self.across;
        let at = (x - self.middle[0]) * cos + (y - self.middle[1]) * sin + (self.rays - 1) as f32 / 2.0;
        (at as usize, at.fract())
    }

    fn project(&self, plane: &[f32]) -> Vec<f32> {
        let mut rays = vec![0.0; self.rays];
        for (i, value) in plane.iter().enumerate().filter(|(_, v)| **v != 0.0) {
            let (ray, on) = self.place(i);
            rays[ray] += value * (1.0 - on);
            rays[ray + 1] += value * on;
        }
        rays
    }

    fn back_project(&self, rays: &[f32], plane: &mut [f32]) {
        for (i, sum) in plane.iter_mut().enumerate() {
            let (ray, on) = self.place(i);
            *sum += rays[ray] * (1.0 - on) + rays[ray + 1] * on;
        }
    }
}

/// Right half of the ramp filter's kernel (Ramachandran and Lakshminarayanan 1971).
fn ramp(len: usize) -> Vec<f32> {
    let weight = |n: usize| match n {
        0 => 0.25,
        n if n % 2 == 1 => -1.0 / (PI * n as f32).powi(2),
        _ => 0.0,
    };
    (0..len).map(weight).collect()
}

fn filtered(rays: &[f32], ramp: &[f32]) -> Vec<f32> {
    let at = |i: usize| rays.iter().enumerate().map(|(j, ray)| ray * ramp[i.abs_diff(j)]).sum();
    (0..rays.len()).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_bones_darken_what_lies_between_them() {
        let (nx, ny) = (40, 30);
        let mut bone = vec![0.0; nx * ny];
        for x in [8, 9, 10, 29, 30, 31] {
            for y in 13..17 {
                bone[x * ny + y] = 1.0;
            }
        }
        let error = field(&bone, [nx, ny, 1], 0.0, &mut Rng::new(1));
        let at = |x: usize, y: usize| error[x * ny + y];
        assert!(at(20, 15) < 0.0 && at(20, 15) < at(20, 22), "{} {}", at(20, 15), at(20, 22));
        assert!(at(20, 15) < at(20, 4) && at(20, 19) > 0.0, "{} {}", at(20, 4), at(20, 19));
    }

    #[test]
    fn without_bone_there_are_none_and_starved_rays_differ_by_seed() {
        assert_eq!(field(&[0.0; 60], [5, 6, 2], 1.0, &mut Rng::new(1)), vec![0.0; 60]);
        let mut bone = vec![0.0; 20 * 20];
        bone[20 * 10 + 10] = 1.0;
        let error = |seed| field(&bone, [20, 20, 1], 1.0, &mut Rng::new(seed));
        assert_eq!(error(1), error(1));
        assert_ne!(error(1), error(2));
    }
}

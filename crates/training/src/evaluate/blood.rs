//! Blood laid over real head CTs that have none: what of it a model finds does not hang on how heads are synthesised.
//!
//! The brain does not give way, and there is no oedema.

use saswin_volume::{Affine, Grid, Volume, keep_largest_piece};
use serde::Deserialize;

/// What lies between these values in HU, away from bone, is inside the skull.
const SOFT: [f32; 2] = [-20.0, 110.0];
/// Passages through the skull are narrower than twice this, mm.
const PASSAGE: f64 = 3.0;
/// Step along rays, mm.
const STEP: f64 = 0.5;
/// Radius of a crescent on the skull, mm.
const REACH: f64 = 45.0;
/// Width over which blood fades into what is around it, mm.
const FADE: f64 = 1.0;

/// Where blood lies.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Blood {
    /// A ball, as of a bleed in the brain.
    Clot {
        /// Volume in mL.
        ml: f64,
        /// Place in the box of the skull's inside: right, front and top are 1.
        at: [f64; 3],
        /// Mean value in HU.
        hu: f32,
    },
    /// A layer under the skull, thickest in its middle, as of a subdural bleed.
    Crescent {
        /// Greatest thickness in mm.
        thick_mm: f64,
        /// Direction from the middle of the head: right, front, up.
        towards: [f64; 3],
        /// Mean value in HU.
        hu: f32,
    },
}

/// Lays `blood` over `scan` (HU); true where it is.
///
/// `None` if no inside of a skull is found, or the place is not in it.
pub fn lay(scan: &mut Volume<f32>, blood: &Blood) -> Option<Vec<bool>> {
    let inside = Inside::of(scan)?;
    let (shape, hu) = Shape::of(blood, &inside)?;
    let mut truth = vec![false; scan.voxels.len()];
    let before = scan.voxels.clone();
    for voxel in (0..truth.len()).filter(|v| inside.mask[*v]) {
        let depth = shape.depth(world(&scan.grid, voxel), &inside);
        let share = (0.5 + depth / FADE).clamp(0.0, 1.0) as f32;
        if share > 0.0 {
            let grain = before[voxel] - inside.mean_around(&before, voxel);
            scan.voxels[voxel] += share * (hu + grain - before[voxel]);
            truth[voxel] = share >= 0.5;
        }
    }
    truth.contains(&true).then_some(truth)
}

/// Blood in one head.
enum Shape {
    Ball { centre: [f64; 3], radius: f64 },
    Layer { top: [f64; 3], thick: f64 },
}

impl Shape {
    /// With its mean value in HU.
    fn of(blood: &Blood, inside: &Inside) -> Option<(Self, f32)> {
        Some(match *blood {
            Blood::Clot { ml, at, hu } => {
                let radius = (ml * 1000.0 * 0.75 / std::f64::consts::PI).cbrt();
                (Self::Ball { centre: inside.place(at), radius }, hu)
            }
            Blood::Crescent { thick_mm, towards, hu } => {
                (Self::Layer { top: inside.wall(towards)?, thick: thick_mm }, hu)
            }
        })
    }

    /// Millimetres from its surface inwards.
    fn depth(&self, place: [f64; 3], inside: &Inside) -> f64 {
        match *self {
            Self::Ball { centre, radius } => radius - norm(minus(place, centre)),
            Self::Layer { top, thick } => {
                let thick = thick * (1.0 - (norm(minus(place, top)) / REACH).powi(4));
                if thick <= 0.0 { -FADE } else { thick - inside.depth(place, thick) }
            }
        }
    }
}

/// The inside of the skull.
struct Inside {
    grid: Grid,
    to_voxel: Affine,
    mask: Vec<bool>,
    /// Its box in millimetres of the scanner.
    bounds: [[f64; 3]; 2],
}

impl Inside {
    fn of(scan: &Volume<f32>) -> Option<Self> {
        let (grid, dims) = (scan.grid, scan.grid.dims);
        let to_voxel = grid.affine.inverse().ok()?;
        // Noise would pierce it.
        let smooth = mean_in_plane(&scan.voxels, dims);
        let soft: Vec<bool> = smooth.iter().map(|v| *v > SOFT[0] && *v < SOFT[1]).collect();
        let reach = grid.spacing().map(|s| (PASSAGE / s).round() as usize);
        let mut core = spread(&soft, dims, reach, false);
        keep_largest_piece(&mut core, dims);
        let grown = spread(&core, dims, reach, true);
        let mask: Vec<bool> = soft.iter().zip(grown).map(|(s, g)| *s && g).collect();
        let mut bounds = [[f64::INFINITY; 3], [f64::NEG_INFINITY; 3]];
        for voxel in (0..core.len()).filter(|v| core[*v]) {
            for (a, p) in world(&grid, voxel).into_iter().enumerate() {
                bounds[0][a] = bounds[0][a].min(p);
                bounds[1][a] = bounds[1][a].max(p);
            }
        }
        bounds[0][0].is_finite().then_some(Self { grid, to_voxel, mask, bounds })
    }

    /// The place at these shares of the box.
    fn place(&self, share: [f64; 3]) -> [f64; 3] {
        let [low, high] = self.bounds;
        std::array::from_fn(|a| low[a] + share[a] * (high[a] - low[a]))
    }

    fn holds(&self, place: [f64; 3]) -> bool {
        let at = self.to_voxel.apply(place).map(|v| v.round());
        let within = (0..3).all(|a| at[a] >= 0.0 && at[a] < self.grid.dims[a] as f64);
        within && self.mask[self.grid.offset(at.map(|v| v as usize))]
    }

    /// The last place inside on the way from the middle along `towards`.
    fn wall(&self, towards: [f64; 3]) -> Option<[f64; 3]> {
        let (middle, out) = (self.place([0.5; 3]), unit(towards));
        let on_way = (0..400).map(|i| along(middle, out, STEP * f64::from(i)));
        on_way.take_while(|p| self.holds(*p)).last()
    }

    /// Millimetres to the skull, straight away from the middle; `limit` if it is not nearer than that.
    fn depth(&self, place: [f64; 3], limit: f64) -> f64 {
        let out = unit(minus(place, self.place([0.5; 3])));
        let steps = (limit / STEP).ceil() as i32;
        let wall = (0..=steps).map(|i| STEP * f64::from(i)).find(|s| !self.holds(along(place, out, *s)));
        wall.unwrap_or(limit + FADE)
    }

    /// Mean of the voxels inside around this one.
    fn mean_around(&self, values: &[f32], voxel: usize) -> f32 {
        let [nx, ny, _] = self.grid.dims;
        let (mut sum, mut count) = (0.0, 0.0f32);
        for (j, i) in [0, 1, 2].iter().flat_map(|j| [0, 1, 2].map(|i| (*j, i))) {
            let near = (voxel + j * nx + i).checked_sub(nx + 1);
            if let Some(near) = near.filter(|n| n / (nx * ny) == voxel / (nx * ny) && self.mask[*n]) {
                (sum, count) = (sum + values[near], count + 1.0);
            }
        }
        sum / count.max(1.0)
    }
}

fn world(grid: &Grid, voxel: usize) -> [f64; 3] {
    let [nx, ny, _] = grid.dims;
    grid.affine.apply([voxel % nx, voxel / nx % ny, voxel / (nx * ny)].map(|v| v as f64))
}

fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|i| a[i] - b[i])
}

fn along(from: [f64; 3], direction: [f64; 3], mm: f64) -> [f64; 3] {
    std::array::from_fn(|i| from[i] + mm * direction[i])
}

fn norm(v: [f64; 3]) -> f64 {
    v.iter().map(|c| c * c).sum::<f64>().sqrt()
}

fn unit(v: [f64; 3]) -> [f64; 3] {
    let length = norm(v).max(f64::MIN_POSITIVE);
    v.map(|c| c / length)
}

/// Mean of each voxel and its neighbours in the slice.
fn mean_in_plane(values: &[f32], [nx, ny, _]: [usize; 3]) -> Vec<f32> {
    let mut mean = values.to_vec();
    for (slice, from) in mean.chunks_mut(nx * ny).zip(values.chunks(nx * ny)) {
        for y in 1..ny.saturating_sub(1) {
            for x in 1..nx.saturating_sub(1) {
                let row = |y: usize| from[y * nx + x - 1..y * nx + x + 2].iter().sum::<f32>();
                slice[y * nx + x] = (row(y - 1) + row(y) + row(y + 1)) / 9.0;
            }
        }
    }
    mean
}

/// Grows a mask by `reach` voxels along each axis, or shrinks it.
fn spread(mask: &[bool], dims: [usize; 3], reach: [usize; 3], grow: bool) -> Vec<bool> {
    let mut mask = mask.to_vec();
    let mut step = 1;
    for axis in 0..3 {
        let before = mask.clone();
        for (voxel, value) in mask.iter_mut().enumerate() {
            let at = voxel / step % dims[axis];
            let (low, high) = (at.saturating_sub(reach[axis]), (at + reach[axis]).min(dims[axis] - 1));
            let mut line = (low..=high).map(|p| before[voxel + p * step - at * step]);
            *value = if grow { line.any(|v| v) } else { line.all(|v| v) };
        }
        step *= dims[axis];
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A head of 60 mm: bone around a ball of brain, voxels of 1 × 1 × 2 mm.
    fn head() -> Volume<f32> {
        let mut affine = Affine { translation: [-40.0; 3], ..Affine::IDENTITY };
        affine.linear[2][2] = 2.0;
        let mut scan = Volume::filled(Grid { dims: [81, 81, 41], affine }, -1000.0);
        for voxel in 0..scan.voxels.len() {
            let r = norm(world(&scan.grid, voxel));
            let noise = (voxel * 7919 % 13) as f32 - 6.0;
            if r < 36.0 {
                scan.voxels[voxel] = if r < 30.0 { 35.0 + noise } else { 900.0 };
            }
        }
        scan
    }

    fn millilitres(scan: &Volume<f32>, truth: &[bool]) -> f64 {
        truth.iter().filter(|t| **t).count() as f64 * scan.grid.voxel_volume() / 1000.0
    }

    fn mean(scan: &Volume<f32>, truth: &[bool]) -> f32 {
        let (sum, count) = (scan.voxels.iter().zip(truth).filter(|(_, t)| **t))
            .fold((0.0, 0.0f32), |(s, n), (v, _)| (s + v, n + 1.0));
        sum / count
    }

    #[test]
    fn a_clot_has_its_volume_and_its_value() {
        let mut scan = head();
        let truth = lay(&mut scan, &Blood::Clot { ml: 4.0, at: [0.4, 0.5, 0.5], hu: 65.0 }).unwrap();
        let ml = millilitres(&scan, &truth);
        assert!((ml - 4.0).abs() < 0.3, "{ml} mL");
        assert!((mean(&scan, &truth) - 65.0).abs() < 3.0, "{} HU", mean(&scan, &truth));
    }

    #[test]
    fn a_crescent_lies_under_the_skull_on_its_side() {
        let (mut scan, before) = (head(), head());
        let crescent = Blood::Crescent { thick_mm: 5.0, towards: [1.0, 0.0, 0.0], hu: 65.0 };
        let truth = lay(&mut scan, &crescent).unwrap();
        for voxel in (0..truth.len()).filter(|v| truth[*v]) {
            let place = world(&scan.grid, voxel);
            assert!(norm(place) > 23.0 && place[0] > -6.0, "{place:?}");
            assert!(before.voxels[voxel] < 100.0, "bone at {place:?}");
        }
        assert!(millilitres(&scan, &truth) > 5.0);
    }

    #[test]
    fn without_a_skull_nothing_is_laid() {
        let grid = Grid { dims: [9; 3], affine: Affine::IDENTITY };
        let clot = Blood::Clot { ml: 1.0, at: [0.5; 3], hu: 60.0 };
        assert_eq!(lay(&mut Volume::filled(grid, -1000.0), &clot), None);
    }
}

//! Where the inside of the skull lies on a head CT, and places relative to it.

use saswin_volume::{Affine, Grid, Volume, keep_largest_piece};

/// What lies between these values in HU, away from bone, is inside the skull.
const SOFT: [f32; 2] = [-20.0, 110.0];
/// Passages through the skull are narrower than twice this, mm.
const PASSAGE: f64 = 3.0;
/// Step along rays, mm.
const STEP: f64 = 0.5;

/// The inside of the skull.
pub(super) struct Inside {
    grid: Grid,
    to_voxel: Affine,
    pub mask: Vec<bool>,
    /// Its box in millimetres of the scanner.
    bounds: [[f64; 3]; 2],
}

impl Inside {
    pub fn of(scan: &Volume<f32>) -> Option<Self> {
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
            for (a, p) in grid.place(voxel).into_iter().enumerate() {
                bounds[0][a] = bounds[0][a].min(p);
                bounds[1][a] = bounds[1][a].max(p);
            }
        }
        bounds[0][0].is_finite().then_some(Self { grid, to_voxel, mask, bounds })
    }

    /// The place at these shares of the box.
    pub fn place(&self, share: [f64; 3]) -> [f64; 3] {
        let [low, high] = self.bounds;
        std::array::from_fn(|a| low[a] + share[a] * (high[a] - low[a]))
    }

    fn holds(&self, place: [f64; 3]) -> bool {
        let at = self.to_voxel.apply(place).map(|v| v.round());
        let within = (0..3).all(|a| at[a] >= 0.0 && at[a] < self.grid.dims[a] as f64);
        within && self.mask[self.grid.offset(at.map(|v| v as usize))]
    }

    /// The last place inside on the way from the middle along `towards`.
    pub fn wall(&self, towards: [f64; 3]) -> Option<[f64; 3]> {
        let (middle, out) = (self.place([0.5; 3]), unit(towards));
        let on_way = (0..400).map(|i| along(middle, out, STEP * f64::from(i)));
        on_way.take_while(|p| self.holds(*p)).last()
    }

    /// Millimetres to the skull, straight away from the middle; more than `limit` if it is not nearer than that.
    pub fn depth(&self, place: [f64; 3], limit: f64) -> f64 {
        let out = unit(minus(place, self.place([0.5; 3])));
        let steps = (limit / STEP).ceil() as i32;
        let wall = (0..=steps).map(|i| STEP * f64::from(i)).find(|s| !self.holds(along(place, out, *s)));
        wall.unwrap_or(f64::INFINITY)
    }

    /// Mean of the voxels inside around this one.
    pub fn mean_around(&self, values: &[f32], voxel: usize) -> f32 {
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

pub(super) fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|i| a[i] - b[i])
}

fn along(from: [f64; 3], direction: [f64; 3], mm: f64) -> [f64; 3] {
    std::array::from_fn(|i| from[i] + mm * direction[i])
}

pub(super) fn norm(v: [f64; 3]) -> f64 {
    dot(v, v).sqrt()
}

pub(super) fn unit(v: [f64; 3]) -> [f64; 3] {
    let length = norm(v).max(f64::MIN_POSITIVE);
    v.map(|c| c / length)
}

pub(super) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|i| a[i] * b[i]).sum()
}

pub(super) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// Mean of each voxel and its neighbours in the slice.
pub(super) fn mean_in_plane(values: &[f32], [nx, ny, _]: [usize; 3]) -> Vec<f32> {
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

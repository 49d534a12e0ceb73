//! Vectors, and where the planes of a stack lie.

use std::collections::BTreeMap;

use saswin_volume::Affine;

/// Planes nearer than this along the normal, in millimetres, lie at the same place.
pub(super) const SAME_PLACE: f64 = 0.02;

/// Room in a gap, as a share of a slice, from which on one more is missing in it.
const ROOM: f64 = 0.7;

pub(super) type Vector = [f64; 3];

pub(super) fn dot(a: Vector, b: Vector) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn cross(a: Vector, b: Vector) -> Vector {
    std::array::from_fn(|i| {
        let (j, k) = ((i + 1) % 3, (i + 2) % 3);
        a[j] * b[k] - a[k] * b[j]
    })
}

/// `a + factor · b`.
pub(super) fn add(a: Vector, factor: f64, b: Vector) -> Vector {
    std::array::from_fn(|i| a[i] + factor * b[i])
}

fn length(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

fn unit(a: Vector) -> Option<Vector> {
    let length = length(a);
    (0.9..1.1).contains(&length).then(|| a.map(|v| v / length))
}

/// Position and directions of a plane in RAS+ millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pose {
    /// Centre of the first pixel.
    pub position: Vector,
    /// Along a row, towards higher columns.
    pub across: Vector,
    /// Along a column, towards higher rows.
    pub down: Vector,
}

impl Pose {
    /// From DICOM's LPS position and direction cosines; none if those are no right-angled pair.
    pub fn from_lps(position: Vector, cosines: [f64; 6]) -> Option<Self> {
        let ras = |v: Vector| [-v[0], -v[1], v[2]];
        let [a, b, c, d, e, f] = cosines;
        let across = unit([a, b, c])?;
        let down = [d, e, f];
        if dot(across, down).abs() > 0.01 || position.iter().any(|v| v.abs() > 1e6) {
            return None;
        }
        let down = unit(add(down, -dot(across, down), across))?;
        Some(Self { position: ras(position), across: ras(across), down: ras(down) })
    }

    pub fn normal(&self) -> Vector {
        cross(self.across, self.down)
    }

    /// Same directions within about a tenth of a degree.
    pub fn is_parallel(&self, other: &Self) -> bool {
        let near = |a: Vector, b: Vector| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 2e-3);
        near(self.across, other.across) && near(self.down, other.down)
    }

    /// Position along `normal`.
    pub fn depth(&self, normal: Vector) -> f64 {
        dot(self.position, normal)
    }
}

/// How planes sorted along their normal follow each other.
#[derive(Debug, Clone)]
pub(super) struct Spread {
    /// Distance of each plane from the first along the normal, in millimetres, rising.
    pub depths: Vec<f64>,
    /// Shift of each plane against the first, in pixels across and down.
    pub shifts: Vec<[f64; 2]>,
}

impl Spread {
    pub fn of(poses: &[Pose], spacing: [f64; 2]) -> Self {
        let Some(first) = poses.first() else { return Self { depths: Vec::new(), shifts: Vec::new() } };
        let normal = first.normal();
        let offset = |p: &Pose| add(p.position, -1.0, first.position);
        Self {
            depths: poses.iter().map(|p| dot(offset(p), normal)).collect(),
            shifts: poses
                .iter()
                .map(|p| [dot(offset(p), first.across) / spacing[0], dot(offset(p), first.down) / spacing[1]])
                .collect(),
        }
    }

    /// Distances between neighbours, in millimetres.
    pub fn gaps(&self) -> Vec<f64> {
        self.depths.windows(2).map(|w| w[1] - w[0]).collect()
    }

    /// The gap most planes have.
    pub fn usual_gap(&self) -> Option<f64> {
        let mut gaps = self.gaps();
        gaps.sort_by(f64::total_cmp);
        gaps.get(gaps.len() / 2).copied()
    }

    /// As [`regular_gap`] of the planes.
    pub fn regular_gap(&self) -> Option<f64> {
        regular_gap(&self.depths)
    }

    /// Spacing of the grid that uneven planes are brought onto: the smallest gap that is no exception (a tenth
    /// of the gaps is no larger), but never less than a quarter of the usual one.
    pub fn finest_gap(&self) -> Option<f64> {
        let usual = self.usual_gap()?;
        let mut gaps = self.gaps();
        gaps.sort_by(f64::total_cmp);
        Some(gaps.get(gaps.len() / 10)?.max(usual / 4.0))
    }

    /// Slices that seem to be missing: gaps that are whole multiples of the usual one.
    pub fn missing(&self) -> Option<usize> {
        let usual = self.usual_gap()?;
        let multiples = self.gaps().into_iter().map(|gap| gap / usual).collect::<Vec<_>>();
        let whole = multiples.iter().all(|m| m.round() >= 1.0 && (m - m.round()).abs() < 0.05);
        whole.then(|| multiples.iter().map(|m| m.round() as usize - 1).sum()).filter(|&n| n > 0)
    }

    /// Slices that seem to be missing, gap by gap, where `thick` is the larger thickness on either side of each: gaps
    /// that slices as thick leave open and that have room for more of them.
    pub fn missing_of(&self, thick: &[f64]) -> Option<usize> {
        let mut alike: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        for (gap, thickness) in self.gaps().into_iter().zip(thick) {
            alike.entry(thickness.to_bits()).or_default().push(gap);
        }
        let missing = |(thickness, gaps): (&u64, &Vec<f64>)| {
            let thickness = f64::from_bits(*thickness);
            let step = step(thickness, gaps);
            let open = gaps.iter().filter(|&&gap| gap > 1.1 * thickness);
            open.map(|gap| (gap / step - ROOM) as usize).sum::<usize>()
        };
        Some(alike.iter().map(missing).sum()).filter(|&n| n > 0)
    }

    /// Whether planes drift sideways by more than a quarter of a pixel.
    pub fn is_sheared(&self) -> bool {
        self.shifts.iter().flatten().any(|s| s.abs() > 0.25)
    }

    /// Angle in degrees between the line through the plane origins and the normal.
    pub fn tilt(&self, spacing: [f64; 2]) -> f64 {
        let (Some(depth), Some(shift)) = (self.depths.last(), self.shifts.last()) else { return 0.0 };
        let sideways = (shift[0] * spacing[0]).hypot(shift[1] * spacing[1]);
        sideways.atan2(*depth).to_degrees()
    }
}

/// Mean gap of rising `depths` if none is more than a twentieth of it out of place.
pub(super) fn regular_gap(depths: &[f64]) -> Option<f64> {
    let (first, last) = (*depths.first()?, *depths.last()?);
    let gap = (last - first) / (depths.len().checked_sub(1).filter(|&n| n > 0)? as f64);
    let even = |(k, depth): (usize, &f64)| (depth - first - k as f64 * gap).abs() <= 0.05 * gap;
    depths.iter().enumerate().all(even).then_some(gap)
}

/// The smallest of the gaps of rising `depths` if all are whole multiples of it.
pub(super) fn whole_gap(depths: &[f64]) -> Option<f64> {
    least_of_multiples(&depths.windows(2).map(|w| w[1] - w[0]).collect::<Vec<_>>())
}

/// The smallest of `gaps` if all are whole multiples of it.
fn least_of_multiples(gaps: &[f64]) -> Option<f64> {
    let least = gaps.iter().copied().reduce(f64::min)?;
    let whole = |gap: &f64| (gap / least - (gap / least).round()).abs() < 0.05;
    gaps.iter().all(whole).then_some(least)
}

/// Distance of slices of one thickness: the smallest of their `gaps` if all are whole multiples of it, since slices may
/// overlap or be apart, else as if they touched.
fn step(thickness: f64, gaps: &[f64]) -> f64 {
    least_of_multiples(gaps).filter(|_| gaps.len() > 2).unwrap_or(thickness)
}

/// Affine of a stack: `i` across, `j` down, `k` along the normal.
pub(super) fn affine(pose: &Pose, [x, y]: [f64; 2], z: f64) -> Affine {
    let columns = [pose.across.map(|v| v * x), pose.down.map(|v| v * y), pose.normal().map(|v| v * z)];
    Affine {
        linear: std::array::from_fn(|row| std::array::from_fn(|column| columns[column][row])),
        translation: pose.position,
    }
}

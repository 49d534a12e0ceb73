//! How bright a piece of a label is, and what it stands out from.

/// Quantile of a piece's intensities that stands for its inside: its border is darker, single voxels are brighter.
const INSIDE: f64 = 0.75;
/// Fewest voxels around a piece that tell what it stands out from.
const MIN_VOXELS: usize = 10;

/// Intensities of a piece and of what lies around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Levels {
    pub inside: f32,
    pub outside: f32,
}

impl Levels {
    /// None if too few voxels lie around.
    pub fn of(piece: &[usize], around: &[usize], scan: &[f32]) -> Option<Self> {
        (around.len() >= MIN_VOXELS && !piece.is_empty())
            .then(|| Self { inside: quantile(piece, scan, INSIDE), outside: quantile(around, scan, 0.5) })
    }

    pub fn halfway(&self) -> f32 {
        f32::midpoint(self.inside, self.outside)
    }

    /// Whether the inside is `ratio` times as bright as the outside, or more; 0 is any, also where values are negative.
    pub fn stand_out(&self, ratio: f32) -> bool {
        ratio == 0.0 || self.inside >= ratio * self.outside
    }
}

/// The value that `share` of the scan's values at `voxels` are below.
fn quantile(voxels: &[usize], scan: &[f32], share: f64) -> f32 {
    let mut values: Vec<f32> = voxels.iter().map(|i| scan[*i]).collect();
    let at = (share * (values.len() - 1) as f64).round() as usize;
    *values.select_nth_unstable_by(at, f32::total_cmp).1
}

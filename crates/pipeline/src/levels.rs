//! How a piece of a label looks in the scan, and what it stands out from.

use saswin_model::Manifest;

/// Quantile of a piece's intensities that stands for its inside, counted from what it stands out from: its border is
/// nearer to that, single voxels are farther.
const INSIDE: f64 = 0.75;
/// Fewest voxels around a piece that tell what it stands out from.
const MIN_VOXELS: usize = 10;

/// What a label looks like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Look {
    /// Darker than what lies around it, not brighter.
    pub dark: bool,
    /// What is brighter is none of it.
    pub at_most: f32,
}

impl Look {
    pub const BRIGHT: Self = Self { dark: false, at_most: f32::INFINITY };

    pub fn of(manifest: &Manifest, label: u8) -> Self {
        let label = manifest.label(label);
        let known =
            |l: &saswin_model::Label| Self { dark: l.dark, at_most: l.at_most.unwrap_or(f32::INFINITY) };
        label.map_or(Self::BRIGHT, known)
    }
}

/// Intensities of a piece and of what lies around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Levels {
    inside: f32,
    outside: f32,
    look: Look,
}

impl Levels {
    /// None if too few voxels lie around.
    pub fn of(piece: &[usize], around: &[usize], scan: &[f32], look: Look) -> Option<Self> {
        let share = if look.dark { 1.0 - INSIDE } else { INSIDE };
        (around.len() >= MIN_VOXELS && !piece.is_empty()).then(|| Self {
            inside: quantile(piece, scan, share),
            outside: quantile(around, scan, 0.5),
            look,
        })
    }

    /// Whether there is any contrast of the label's kind.
    pub fn differ(&self) -> bool {
        if self.look.dark { self.inside < self.outside } else { self.inside > self.outside }
    }

    /// Whether `value` is nearer to the inside than to the outside, or farther off than it, but not too bright.
    pub fn is_inside(&self, value: f32) -> bool {
        let halfway = f32::midpoint(self.inside, self.outside);
        let beyond = if self.look.dark { value < halfway } else { value > halfway };
        beyond && value <= self.look.at_most
    }

    /// Whether the inside is `ratio` times as bright (or dark) as the outside, or more; 0 is any, also where values are
    /// negative.
    pub fn stand_out(&self, ratio: f32) -> bool {
        let (more, less) =
            if self.look.dark { (self.outside, self.inside) } else { (self.inside, self.outside) };
        ratio == 0.0 || more >= ratio * less
    }
}

/// The value that `share` of the scan's values at `voxels` are below.
fn quantile(voxels: &[usize], scan: &[f32], share: f64) -> f32 {
    let mut values: Vec<f32> = voxels.iter().map(|i| scan[*i]).collect();
    let at = (share * (values.len() - 1) as f64).round() as usize;
    *values.select_nth_unstable_by(at, f32::total_cmp).1
}

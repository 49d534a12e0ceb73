//! Midline shift: how far the septum lies from the line between the ends of the falx, as it is measured by hand.

use saswin_model::Midline;

/// Voxels of left and right that face each other across at most this gap mark the border between them, mm.
const GAP_MM: f64 = 6.0;
/// The falx is read within this distance above and below the septum, mm.
const BAND_MM: f64 = 8.0;
/// Its ends are this long, mm.
const END_MM: f64 = 18.0;
/// Fewest places that make a septum, mm² of it.
const LEAST_MM2: f64 = 30.0;
/// Part of the cerebrum's length and height that the septum lies in where the ventricles do not meet.
const WITHIN: [[f64; 2]; 2] = [[0.45, 0.75], [0.35, 0.65]];

/// A label map on the working grid: z fastest, x from left to right, isotropic.
pub(crate) struct Halves<'a> {
    pub labels: &'a [u8],
    pub dims: [usize; 3],
    pub spacing_mm: f64,
}

/// Where left faces right, in voxels.
#[derive(Debug, Clone, Copy)]
struct Border {
    x: f64,
    y: f64,
    z: f64,
}

impl Halves<'_> {
    /// Shift in mm, positive to the patient's right; `None` where septum or falx are not seen.
    pub fn shift_mm(&self, midline: &Midline) -> Option<f64> {
        let whole = |side: &Vec<u8>, ventricle| [side.as_slice(), &[ventricle]].concat();
        let falx = self.borders(
            &whole(&midline.left, midline.ventricles[0]),
            &whole(&midline.right, midline.ventricles[1]),
        );
        let facing = self.borders(&midline.ventricles[..1], &midline.ventricles[1..]);
        let least = LEAST_MM2 / self.spacing_mm.powi(2);
        let septum = if facing.len() as f64 >= least { facing } else { within(&falx) };
        if (septum.len() as f64) < least {
            return None;
        }
        let at =
            Border { x: median(&septum, |b| b.x), y: median(&septum, |b| b.y), z: median(&septum, |b| b.z) };
        let band: Vec<Border> =
            falx.into_iter().filter(|b| (b.z - at.z).abs() * self.spacing_mm <= BAND_MM).collect();
        let [back, front] = self.ends(&band)?;
        let along = (at.y - back.y) / (front.y - back.y);
        Some((at.x - back.x - along * (front.x - back.x)) * self.spacing_mm)
    }

    /// The border on every line along x where both sides are within reach of each other.
    fn borders(&self, left: &[u8], right: &[u8]) -> Vec<Border> {
        let [nx, ny, nz] = self.dims;
        let gap = (GAP_MM / self.spacing_mm).round() as usize;
        let mut found = Vec::new();
        for (y, z) in (0..ny).flat_map(|y| (0..nz).map(move |z| (y, z))) {
            let at = |x: usize| self.labels[(x * ny + y) * nz + z];
            let last = (0..nx).rev().find(|x| left.contains(&at(*x)));
            let first = (0..nx).find(|x| right.contains(&at(*x)));
            if let (Some(l), Some(r)) = (last, first)
                && l.abs_diff(r) <= gap + 1
            {
                found.push(Border { x: (l + r) as f64 / 2.0, y: y as f64, z: z as f64 });
            }
        }
        found
    }

    /// Where the falx ends, at the back and at the front.
    fn ends(&self, band: &[Border]) -> Option<[Border; 2]> {
        let low = band.iter().map(|b| b.y).min_by(f64::total_cmp)?;
        let high = band.iter().map(|b| b.y).max_by(f64::total_cmp)?;
        let length = END_MM / self.spacing_mm;
        if high - low < 3.0 * length {
            return None;
        }
        let of = |inside: &dyn Fn(&Border) -> bool| {
            let part: Vec<Border> = band.iter().copied().filter(|b| inside(b)).collect();
            Border { x: median(&part, |b| b.x), y: median(&part, |b| b.y), z: 0.0 }
        };
        Some([of(&|b| b.y <= low + length), of(&|b| b.y >= high - length)])
    }
}

/// The borders about the middle of the cerebrum.
fn within(falx: &[Border]) -> Vec<Border> {
    let of: [fn(&Border) -> f64; 2] = [|b| b.y, |b| b.z];
    let bounds = of.map(|of| {
        let values = || falx.iter().map(of);
        (values().min_by(f64::total_cmp).unwrap_or(0.0), values().max_by(f64::total_cmp).unwrap_or(0.0))
    });
    let inside = |b: &&Border| {
        of.iter().zip(bounds).zip(WITHIN).all(|((of, (low, high)), [from, to])| {
            let share = (of(b) - low) / (high - low).max(1.0);
            (from..=to).contains(&share)
        })
    };
    falx.iter().filter(inside).copied().collect()
}

fn median(borders: &[Border], of: impl Fn(&Border) -> f64) -> f64 {
    let mut values: Vec<f64> = borders.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDLINE: fn() -> Midline = || Midline { left: vec![3], right: vec![4], ventricles: [5, 6] };
    const N: [usize; 3] = [64, 88, 64];

    /// A brain whose falx lies at `32 + lean · y` and bulges by `bulge` voxels about its middle.
    fn brain(bulge: f64, lean: f64, ventricles: bool) -> Vec<u8> {
        let mut labels = vec![0; N.iter().product()];
        for (i, label) in labels.iter_mut().enumerate() {
            let [x, y, z] = [i / (N[1] * N[2]), i / N[2] % N[1], i % N[2]].map(|v| v as f64);
            let [dx, dy, dz] = [(x - 31.5) / 28.0, (y - 43.5) / 40.0, (z - 31.5) / 28.0];
            if dx * dx + dy * dy + dz * dz > 1.0 {
                continue;
            }
            let border = 31.5 + lean * (y - 43.5) + bulge * (-((y - 47.0) / 16.0).powi(4)).exp();
            let inner = (x - border).abs() < 6.0 && (y - 47.0).abs() < 12.0 && dz.abs() < 0.25;
            *label = match (x < border, ventricles && inner) {
                (true, false) => 3,
                (false, false) => 4,
                (true, true) => 5,
                (false, true) => 6,
            };
        }
        labels
    }

    fn shift(labels: &[u8]) -> Option<f64> {
        Halves { labels, dims: N, spacing_mm: 2.0 }.shift_mm(&MIDLINE())
    }

    #[test]
    fn a_straight_falx_is_no_shift_however_the_head_lies() {
        for lean in [-0.15, 0.0, 0.1] {
            assert!(shift(&brain(0.0, lean, true)).unwrap().abs() < 1.5, "lean {lean}");
        }
    }

    #[test]
    fn a_bulge_is_measured_with_its_side_with_or_without_ventricles() {
        for (bulge, ventricles) in [(4.0, true), (-5.0, true), (6.0, false)] {
            let got = shift(&brain(bulge, 0.05, ventricles)).unwrap();
            assert!((got - 2.0 * bulge).abs() < 2.5, "{got} mm for {bulge} voxels");
        }
    }

    #[test]
    fn half_a_brain_has_no_midline() {
        let mut labels = brain(0.0, 0.0, true);
        labels.iter_mut().for_each(|l| *l = if [4, 6].contains(l) { 0 } else { *l });
        assert_eq!(shift(&labels), None);
    }
}

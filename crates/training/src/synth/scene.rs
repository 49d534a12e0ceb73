//! One sample in the making: what the scanner makes of the painted head.

use super::acquire::{Scanner, margin};
use super::filters::{along, blur};
use super::hardening;
use super::hounsfield::AIR;
use super::intensity::MrScale;
use super::lattice::Lattice;
use super::paint::{Painted, Painter, Places};
use super::pathology::{self, BROKEN_MM, LesionShape, Pathology, finding};
use super::rng::PlaceNoise;
use super::targets::{self, is_brain};
use super::{Canvas, Contrast, HeadMap, Region, Rng, SampleSpec, SampleTruth, SynthConfig};

/// Spacing in mm of the coarse drawing that intensities are scaled by.
const COARSE: usize = 6;
/// The same for CT, whose streaks are narrow.
const LESS_COARSE: usize = 3;
/// Smoothness of stripped brains' borders in mm.
const STRIP_BLUR: f32 = 2.2;
/// Margin for it, in voxels.
const STRIP_MARGIN: usize = 6;

/// What a scan must show for a finding to be one.
struct Shown {
    finding: u8,
    /// Change of a voxel by it: HU, or in MR the size of the change as a share of white matter's intensity.
    change: f32,
    /// How many voxels away from such a voxel it is still a finding.
    reach: usize,
}

const SEEN_IN_CT: [Shown; 2] = [
    Shown { finding: finding::FRACTURE, change: -250.0, reach: BROKEN_MM as usize + 1 },
    Shown { finding: finding::BLEED, change: 10.0, reach: 2 },
];
/// Nine tenths of the plaques that raters marked on a real patient have 1.15 times the brightness around them, or more.
const SEEN_IN_MR: [Shown; 1] = [Shown { finding: finding::LESION, change: 0.1, reach: 2 }];
/// The furthest reach.
const NEAR: usize = BROKEN_MM as usize + 1;

/// One sample, ready to be drawn.
pub(crate) struct Scene<'a> {
    map: &'a HeadMap,
    spec: SampleSpec,
    painter: Painter<'a>,
    scale: MrScale,
    ceiling: f32,
    /// A coarse field that is added everywhere: shifted by mm, times a strength.
    spread: Option<(Lattice, [f32; 3], f32)>,
}

impl<'a> Scene<'a> {
    pub fn new(map: &'a HeadMap, spec: SampleSpec, config: &SynthConfig, shapes: &[LesionShape]) -> Self {
        let painter = Painter::new(map, &spec, config, shapes);
        let scale = MrScale { low: 0.0, high: 1.0 };
        let mut scene = Self { map, spec, painter, scale, ceiling: config.ceiling, spread: None };
        let step = if scene.spec.ct.is_some() { LESS_COARSE } else { COARSE };
        let size = Canvas::DIMS.map(|n| n / step);
        let (picture, target) = scene.coarse_picture(size, step);
        if let Some(ct) = &scene.spec.ct {
            let mut rng = Rng::new(scene.spec.seed).fork("streaks");
            let error = hardening::field(&picture, size, step, ct, &mut rng);
            scene.spread = Some((Lattice::sampled(error, size, step as f32), [0.0; 3], 1.0));
        } else {
            scene.scale = scene.estimated_scale(&picture, &target, size).unwrap_or(scene.scale);
            let (axis, by, strength) = scene.spec.ghost;
            if strength > 0.0 {
                let mut shift = [0.0; 3];
                shift[axis] = by;
                scene.spread = Some((Lattice::sampled(picture, size, COARSE as f32), shift, strength));
            }
        }
        scene
    }

    pub fn truth(&self) -> SampleTruth {
        let shift =
            if self.is_ct() { pathology::midline_shift(self.map, &self.painter.deform) } else { None };
        SampleTruth {
            spec: self.spec.clone(),
            map: self.map.name.clone(),
            pathologies: self.painter.case.pathologies.clone(),
            midline_shift: shift,
        }
    }

    fn scanner(&self) -> Scanner<'_> {
        let root = Rng::new(self.spec.seed).fork("noise");
        let noise = ["real", "imaginary"].map(|part| PlaceNoise(root.fork(part).bits()));
        Scanner { spec: &self.spec, noise }
    }

    /// The intensity scale of the whole scan, from a coarse picture of it.
    fn estimated_scale(&self, picture: &[f32], target: &[u8], size: [usize; 3]) -> Option<MrScale> {
        let scanner = self.scanner();
        let mut seen = Vec::with_capacity(picture.len());
        for (i, v) in picture.iter().enumerate() {
            let cell = [i / (size[1] * size[2]), i / size[2] % size[1], i % size[2]];
            let at = cell.map(|c| (c * COARSE) as i32);
            let kept = !self.spec.stripped || self.strip_weight(target[i]) > 0.0;
            if kept && self.in_field(at) {
                seen.push(scanner.noisy_at(*v, at));
            }
        }
        MrScale::of(&seen)
    }

    /// The blurred head at coarse places: the mean of places one standard deviation of the
    /// scanner's blur away along each axis, which has the blur's mean and variance. Targets are
    /// those of the last.
    fn coarse_picture(&self, size: [usize; 3], step: usize) -> (Vec<f32>, Vec<u8>) {
        let mut sum = vec![0.0; size.iter().product()];
        let mut target = Vec::new();
        for corner in [[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0f32]] {
            let start = std::array::from_fn(|a| corner[a] * self.spec.blur[a]);
            let painted = self.painter.paint(&Places { start, step, size });
            sum.iter_mut().zip(painted.image).for_each(|(s, v)| *s += v / 4.0);
            target = painted.target;
        }
        (sum, target)
    }

    /// Image, target and findings on a region of the canvas.
    pub fn render(&self, region: &Region) -> Painted {
        let mut around = margin(&self.spec);
        if self.spec.stripped {
            around = around.map(|m| m.max(STRIP_MARGIN));
        }
        let has_findings = self.has_findings();
        let drawn = region.grown(around.map(|m| m + if has_findings { NEAR } else { 0 }));
        let places = Places { start: drawn.start.map(|v| v as f32), step: 1, size: drawn.size };
        let painted = self.painter.paint(&places);
        let changes =
            has_findings.then(|| self.changes(&painted.image, &places, &drawn, &region.grown([NEAR; 3])));
        let mut seen = Painted {
            image: self.scanner().scan(painted.image, &drawn, region),
            target: drawn.cut(&painted.target, region),
            findings: drawn.cut(&painted.findings, region),
        };
        if let Some(changes) = changes {
            let shown: &[Shown] = if self.is_ct() { &SEEN_IN_CT } else { &SEEN_IN_MR };
            keep_seen(shown, &mut seen.findings, &changes, region);
        }
        self.add_coarse(&mut seen.image, region);
        if self.spec.stripped {
            self.strip(&mut seen, &painted.target, &drawn, region);
        }
        self.cut_field(&mut seen, region);
        if self.is_ct() {
            seen.image.iter_mut().for_each(|v| *v = v.clamp(-1024.0, 3071.0));
        } else {
            self.scale.apply(&mut seen.image, self.ceiling);
            self.bend(&mut seen.image);
        }
        seen
    }

    fn is_ct(&self) -> bool {
        self.spec.contrast == Contrast::Ct
    }

    /// Whether the head may have findings that a scan may not show.
    fn has_findings(&self) -> bool {
        let pathologies = &self.painter.case.pathologies;
        if self.is_ct() {
            return pathologies.iter().any(|p| *p == Pathology::Fracture || p.is_bleed());
        }
        self.spec.white_lesions || !pathologies.is_empty()
    }

    /// By how much findings change the scan on `region`, as [`Shown::change`] tells it; the noise is the same.
    fn changes(&self, image: &[f32], places: &Places, drawn: &Region, region: &Region) -> Vec<f32> {
        let whole = if self.is_ct() {
            self.painter.paint_uninjured(places)
        } else {
            self.painter.paint_without_lesions(places)
        };
        let whole = self.scanner().scan(whole, drawn, region);
        let mut changes = self.scanner().scan(image.to_vec(), drawn, region);
        changes.iter_mut().zip(&whole).for_each(|(seen, whole)| *seen -= whole);
        if !self.is_ct() {
            let white = self.painter.white();
            changes.iter_mut().for_each(|c| *c = c.abs() / white);
        }
        changes
    }

    /// How much a target class counts as brain when stripping.
    fn strip_weight(&self, target: u8) -> f32 {
        let fluid = self.spec.strip.1 && target == targets::FLUID;
        f32::from(u8::from(is_brain(target) || fluid))
    }

    fn strip(&self, seen: &mut Painted, labels: &[u8], drawn: &Region, region: &Region) {
        let brain: Vec<f32> = labels.iter().map(|t| self.strip_weight(*t)).collect();
        let share = drawn.cut(&blur(&brain, drawn.size, STRIP_BLUR), region);
        for (i, share) in share.into_iter().enumerate() {
            if share < self.spec.strip.0 {
                seen.image[i] = 0.0;
                (seen.target[i], seen.findings[i]) = (targets::BACKGROUND, 0);
            }
        }
    }

    fn in_field(&self, at: [i32; 3]) -> bool {
        let p: [f32; 3] = std::array::from_fn(|a| at[a] as f32 - Canvas::ORIGIN[a]);
        self.spec.field.iter().all(|(n, d)| n[0] * p[0] + n[1] * p[1] + n[2] * p[2] <= *d)
    }

    /// Outside the field of view there is neither image nor anything to find.
    fn cut_field(&self, seen: &mut Painted, region: &Region) {
        let nothing = if self.spec.contrast == Contrast::Ct { AIR } else { 0.0 };
        let [_, ny, nz] = region.size;
        for (n, limit) in &self.spec.field {
            for row in 0..region.size[0] * ny {
                let cell = [row / ny, row % ny, 0];
                let place = |a: usize, i: usize| (region.start[a] + i as i32) as f32 - Canvas::ORIGIN[a];
                let first = n[0] * place(0, cell[0]) + n[1] * place(1, cell[1]) - limit;
                for k in 0..nz {
                    if first + n[2] * place(2, k) > 0.0 {
                        let i = row * nz + k;
                        seen.image[i] = nothing;
                        (seen.target[i], seen.findings[i]) = (targets::BACKGROUND, 0);
                    }
                }
            }
        }
    }

    /// Adds what depends on the whole head, drawn coarsely: ghosts (faint shifted copies, as motion
    /// along the phase axis makes) and beam hardening.
    fn add_coarse(&self, image: &mut [f32], region: &Region) {
        let Some((field, shift, strength)) = &self.spread else { return };
        let [_, ny, nz] = region.size;
        let place = |a: usize, i: usize| (region.start[a] + i as i32) as f32 + shift[a];
        let mut reader = field.reader(place(2, 0), 1.0, nz);
        let mut added = vec![0.0; nz];
        for (row, values) in image.chunks_exact_mut(nz).enumerate() {
            reader.read(place(0, row / ny), place(1, row % ny), 0..nz, &mut added);
            values.iter_mut().zip(&added).for_each(|(v, a)| *v += strength * a);
        }
    }

    fn bend(&self, image: &mut [f32]) {
        if self.spec.gamma == 1.0 {
            return;
        }
        const STEPS: usize = 1024;
        let last = (STEPS as f32 * self.ceiling) as usize + 1;
        let curve: Vec<f32> = (0..=last).map(|i| (i as f32 / STEPS as f32).powf(self.spec.gamma)).collect();
        for v in image {
            let u = *v * STEPS as f32;
            let i = u as usize;
            *v = curve[i] + (u - i as f32) * (curve[i + 1] - curve[i]);
        }
    }
}

/// Drops findings that the scan does not show: thick slices wash some out. `changes` are on `region` grown by [`NEAR`].
fn keep_seen(shown: &[Shown], findings: &mut [u8], changes: &[f32], region: &Region) {
    for Shown { finding: kind, change, reach } in shown {
        let mut near: Vec<f32> =
            changes.iter().map(|c| f32::from(u8::from(c * change.signum() > change.abs()))).collect();
        let mut dims = region.grown([NEAR; 3]).size;
        for axis in 0..3 {
            let taps: Vec<_> =
                (0..region.size[axis]).map(|i| (i + NEAR - reach, vec![1.0; 2 * reach + 1])).collect();
            near = along(&near, &mut dims, axis, &taps);
        }
        for (finding, near) in findings.iter_mut().zip(&near) {
            if finding == kind && *near == 0.0 {
                *finding = finding::NONE;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a cube full of `kind` if one voxel in its middle changes by `change`.
    fn left(shown: &[Shown], kind: u8, change: f32) -> usize {
        let region = Region { start: [0; 3], size: [13; 3] };
        let wide = region.grown([NEAR; 3]);
        let mut changes = vec![0.0; wide.len()];
        changes[wide.len() / 2] = change;
        let mut findings = vec![kind; region.len()];
        keep_seen(shown, &mut findings, &changes, &region);
        findings.iter().filter(|f| **f == kind).count()
    }

    #[test]
    fn findings_are_kept_near_what_shows() {
        let (ct, mr) = (&SEEN_IN_CT, &SEEN_IN_MR);
        assert_eq!(left(ct, finding::BLEED, 11.0), 5 * 5 * 5);
        assert_eq!(left(ct, finding::BLEED, 9.0), 0);
        assert_eq!(left(ct, finding::BLEED, -200.0), 0);
        assert_eq!(left(ct, finding::FRACTURE, -251.0), 9 * 9 * 9);
        assert_eq!(left(ct, finding::FRACTURE, 151.0), 0);
        assert_eq!(left(ct, finding::LESION, 0.0), 13 * 13 * 13);
        assert_eq!(left(mr, finding::LESION, 0.11), 5 * 5 * 5);
        assert_eq!(left(mr, finding::LESION, 0.09), 0);
    }
}

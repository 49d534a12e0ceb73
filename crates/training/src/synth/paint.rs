//! Drawing the undisturbed scan: map voxels become tissue intensities with soft borders.

use super::classes::{CLASSES, Tissue, classes};
use super::contrast::{Look, Looks, draw_looks};
use super::deform::{Deform, RowMapper};
use super::hounsfield;
use super::lattice::{Lattice, RowReader};
use super::pathology::{self, Case, LesionShape, Overlay, finding};
use super::rng::PlaceNoise;
use super::targets::{self, mirrored};
use super::{Contrast, HeadMap, Rng, SampleSpec, SynthConfig};

/// A regular set of canvas places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    pub start: [f32; 3],
    pub step: usize,
    pub size: [usize; 3],
}

/// What was painted at some places.
#[derive(Debug, Default)]
pub(crate) struct Painted {
    pub image: Vec<f32>,
    pub target: Vec<u8>,
    /// See [`super::finding`].
    pub findings: Vec<u8>,
}

/// All that is needed to draw any part of one sample.
#[derive(Debug)]
pub(crate) struct Painter<'a> {
    map: &'a HeadMap,
    pub deform: Deform,
    looks: Looks,
    /// The same with the map's white matter lesions as white matter.
    whole: Looks,
    targets: [u8; CLASSES.len()],
    tissues: [Tissue; CLASSES.len()],
    floor: f32,
    pub case: Case,
    /// Whether white matter lesions are findings.
    marks_lesions: bool,
    rough: Lattice,
    blend: Lattice,
    bias: Lattice,
    grain: PlaceNoise,
}

impl<'a> Painter<'a> {
    pub fn new(map: &'a HeadMap, spec: &SampleSpec, config: &SynthConfig, shapes: &[LesionShape]) -> Self {
        let root = Rng::new(spec.seed);
        let mut fields = root.fork("fields");
        let classes = classes(spec.full_sulci, spec.white_lesions);
        let looks = draw_looks(spec.contrast, &classes, &mut root.fork("looks"));
        let mut deform = Deform::new(spec, map, &mut root.fork("elastic"));
        let case = pathology::draw_case(map, spec, config, shapes, &looks, &mut deform);
        Self {
            map,
            deform,
            whole: looks.without_lesions(&classes),
            looks,
            targets: classes.map(|c| if spec.flipped { mirrored(c.target) } else { c.target }),
            tissues: classes.map(|c| c.tissue),
            floor: if spec.contrast == Contrast::Ct { hounsfield::AIR } else { 0.0 },
            case,
            marks_lesions: spec.white_lesions && spec.contrast != Contrast::Ct,
            rough: Lattice::rough(&mut fields, 7.0),
            // Fat lies in streaks and lobes between muscles.
            blend: Lattice::rough(&mut fields, 8.0).map(|v| (0.5 + 1.2 * (v - 0.4)).clamp(0.0, 1.0)),
            bias: Lattice::random(&mut fields, spec.bias_knots).map(|v| (v * spec.bias).exp()),
            grain: PlaceNoise(root.fork("grain").bits()),
        }
    }

    /// Intensities, target classes and findings at `places`.
    pub fn paint(&self, places: &Places) -> Painted {
        self.paint_overlays(places, &self.looks, |_| true)
    }

    /// Intensities as [`Self::paint`] gives them, but without blood and clefts.
    pub fn paint_uninjured(&self, places: &Places) -> Vec<f32> {
        let laid = |overlay: &Overlay| !overlay.cleft && overlay.finding != finding::BLEED;
        self.paint_overlays(places, &self.looks, laid).image
    }

    /// Intensities as [`Self::paint`] gives them, but without lesions.
    pub fn paint_without_lesions(&self, places: &Places) -> Vec<f32> {
        self.paint_overlays(places, &self.whole, |overlay| overlay.finding != finding::LESION).image
    }

    /// Mean intensity of white matter.
    pub fn white(&self) -> f32 {
        self.looks.mean(Tissue::White)
    }

    fn paint_overlays(&self, places: &Places, looks: &Looks, laid: fn(&Overlay) -> bool) -> Painted {
        let count = places.size.iter().product();
        let mut painted =
            Painted { image: vec![0.0; count], target: vec![0; count], findings: vec![0; count] };
        let nz = places.size[2];
        let mut row = RowPainter::new(self, places, looks, laid);
        let rows = painted.image.chunks_exact_mut(nz).zip(painted.target.chunks_exact_mut(nz));
        for (i, ((image, target), findings)) in rows.zip(painted.findings.chunks_exact_mut(nz)).enumerate() {
            let cell = [i / places.size[1], i % places.size[1]];
            let [x, y] = std::array::from_fn(|a| places.start[a] + (cell[a] * places.step) as f32);
            row.paint(x, y, image, target, findings);
        }
        painted
    }

    fn tissue(&self, source: [f32; 3]) -> Tissue {
        self.tissues[self.map.nearest(source)]
    }

    /// Trilinear mixture of the looks around a map position, and the target with the most weight.
    #[inline]
    fn blended(&self, looks: &Looks, at: [f32; 3]) -> (Look, u8) {
        let dims = self.map.dims;
        let inside = (0..3).all(|a| at[a] >= 0.0 && at[a] < (dims[a] - 1) as f32);
        if !inside {
            return (looks.0[0], targets::BACKGROUND);
        }
        let cell = at.map(|v| v as usize);
        let f: [f32; 3] = std::array::from_fn(|a| at[a] - cell[a] as f32);
        let labels = &self.map.labels;
        let i = (cell[0] * dims[1] + cell[1]) * dims[2] + cell[2];
        let (dy, dx) = (dims[2], dims[1] * dims[2]);
        let pair = |i: usize| [labels[i], labels[i + 1]];
        let corners = [pair(i), pair(i + dy), pair(i + dx), pair(i + dx + dy)];
        let first = corners[0][0];
        if corners == [[first; 2]; 4] {
            return (looks.0[first as usize], self.targets[first as usize]);
        }
        let (gx, gy, gz) = (1.0 - f[0], 1.0 - f[1], 1.0 - f[2]);
        let columns = [gx * gy, gx * f[1], f[0] * gy, f[0] * f[1]];
        let mut look = [0.0; 4];
        let mut votes = [0.0f32; targets::COUNT];
        for (column, w) in corners.iter().zip(columns) {
            for (label, w) in column.iter().zip([w * gz, w * f[2]]) {
                let source = &looks.0[*label as usize];
                for (sum, part) in look.iter_mut().zip(source) {
                    *sum += w * part;
                }
                votes[self.targets[*label as usize] as usize] += w;
            }
        }
        let mut best = self.targets[first as usize];
        for label in corners.iter().flatten() {
            let target = self.targets[*label as usize];
            if votes[target as usize] > votes[best as usize] {
                best = target;
            }
        }
        (look, best)
    }
}

/// Paints rows of places that differ in `x` and `y` only.
struct RowPainter<'a> {
    painter: &'a Painter<'a>,
    classes: &'a Looks,
    mapper: RowMapper<'a>,
    /// Texture, bias, blend of fat.
    fields: [(RowReader<'a>, Vec<f32>); 3],
    looks: Vec<Look>,
    overlays: Vec<&'a Overlay>,
    z0: i32,
    step: i32,
}

impl<'a> RowPainter<'a> {
    fn new(
        painter: &'a Painter<'a>,
        places: &Places,
        classes: &'a Looks,
        laid: fn(&Overlay) -> bool,
    ) -> Self {
        let (nz, step, z0) = (places.size[2], places.step as f32, places.start[2]);
        let fields = [&painter.rough, &painter.bias, &painter.blend];
        Self {
            painter,
            classes,
            mapper: painter.deform.mapper(z0, step, nz),
            fields: fields.map(|f| (f.reader(z0, step, nz), vec![0.0; nz])),
            looks: vec![[0.0; 4]; nz],
            overlays: painter.case.overlays.iter().filter(|overlay| laid(overlay)).collect(),
            z0: z0.round() as i32,
            step: places.step as i32,
        }
    }

    fn source(&self, k: usize) -> [f32; 3] {
        std::array::from_fn(|a| self.mapper.at[a][k])
    }

    fn paint(&mut self, x: f32, y: f32, image: &mut [f32], target: &mut [u8], findings: &mut [u8]) {
        self.mapper.map(x, y);
        let (mut seen, mut blends) = (image.len()..0, false);
        for k in 0..image.len() {
            let (look, class) = self.painter.blended(self.classes, self.source(k));
            if look[1] > 0.0 {
                seen = seen.start.min(k)..k + 1;
                blends |= look[3] != 0.0;
            }
            (image[k], self.looks[k], target[k]) = (look[0], look, class);
        }
        if !seen.is_empty() {
            let wanted = if blends { 3 } else { 2 };
            for (reader, values) in &mut self.fields[..wanted] {
                reader.read(x, y, seen.clone(), values);
            }
        }
        let [x, y] = [x, y].map(|v| v.round() as i32);
        let [(_, rough), (_, bias), (_, blend)] = &self.fields;
        let grain = self.painter.grain.row(x, y);
        for k in seen.clone() {
            let look = &self.looks[k];
            if look[1] > 0.0 {
                let place = self.z0 + k as i32 * self.step;
                let noise = if look[2] > 0.0 { PlaceNoise::at(grain, place) } else { 0.0 };
                let mixed = if look[3] == 0.0 { 0.0 } else { look[3] * blend[k] };
                image[k] = look[0] + look[1] * rough[k] + look[2] * noise + mixed;
            }
        }
        if self.painter.marks_lesions {
            self.mark_lesions(target, findings);
        }
        for overlay in &self.overlays {
            self.lay(overlay, x, y, image, findings);
        }
        for k in seen {
            if self.looks[k][1] > 0.0 {
                image[k] = image[k].max(self.painter.floor) * bias[k];
            }
        }
    }

    fn mark_lesions(&self, target: &[u8], findings: &mut [u8]) {
        for (k, finding) in findings.iter_mut().enumerate() {
            if matches!(target[k], targets::LEFT_WHITE | targets::RIGHT_WHITE)
                && self.painter.tissue(self.source(k)) == Tissue::WhiteLesion
            {
                *finding = finding::LESION;
            }
        }
    }

    fn lay(&self, overlay: &Overlay, x: i32, y: i32, image: &mut [f32], findings: &mut [u8]) {
        let Some((row, first)) = overlay.row(x, y) else { return };
        let rough = &self.fields[0].1;
        for k in 0..image.len() {
            let z = self.z0 + k as i32 * self.step - first;
            if z < 0 || z >= overlay.region.size[2] as i32 {
                continue;
            }
            let occupancy = overlay.occupancy[row + z as usize];
            if occupancy == 0 {
                continue;
            }
            if !overlay.tissues.has(self.painter.tissue(self.source(k))) {
                continue;
            }
            let (share, look) = (f32::from(occupancy) / 255.0, &overlay.look);
            let texture = if look.rough == 0.0 { 0.0 } else { look.rough * rough[k] };
            image[k] += share * (look.add + texture - (1.0 - look.keep) * image[k]);
            if occupancy > 127 && overlay.finding != 0 {
                findings[k] = overlay.finding;
            }
        }
    }
}

//! Everything that is drawn once per sample.

use super::Rng;

/// Which scanner is simulated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SynthKind {
    /// Magnetic resonance of any contrast, intensities scaled to `[0, 1]`.
    #[default]
    Mr,
    /// Computed tomography in Hounsfield units.
    Ct,
}

/// How often things happen. Shares are probabilities between 0 and 1.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SynthConfig {
    /// Scanner.
    pub kind: SynthKind,
    /// Largest intensity of MR samples, where 1 is the 99.5th percentile: the `ceiling` of the model's window.
    pub ceiling: f32,
    /// Samples that look like T1-weighted scans.
    pub t1: f32,
    /// Samples that look like T2-weighted scans.
    pub t2: f32,
    /// Samples that look like FLAIR scans.
    pub flair: f32,
    /// Samples that look like proton-density scans.
    pub pd: f32,
    /// Samples with any contrast at all.
    pub any: f32,
    /// Samples without skull and scalp.
    pub stripped: f32,
    /// Samples with slices thicker than 1.5 mm along one axis.
    pub thick: f32,
    /// Samples whose field of view cuts the head.
    pub cut: f32,
    /// Samples with narrow sulci.
    pub full_sulci: f32,
    /// MR samples in which white matter lesions of the map's head show; they count as findings.
    pub white_lesions: f32,
    /// MR samples, but for T1, with a bright rim around the ventricles, as healthy heads have it; no finding.
    pub rim: f32,
    /// Samples with disease or injury.
    pub ill: f32,
    /// Weight of strokes among the diseases of MR samples.
    pub stroke: f32,
    /// Weight of plaques among the diseases of MR samples.
    pub plaques: f32,
    /// Weight of tumours among the diseases of MR samples.
    pub tumour: f32,
    /// Ill CT samples with blood inside the skull.
    pub bleed: f32,
    /// Ill CT samples with one to three small bleeds besides.
    pub small_bleeds: f32,
    /// Ill CT samples with a fracture.
    pub fracture: f32,
    /// Clefts of a broken skull, at most; one at least.
    pub clefts: usize,
    /// How wide clefts are, from and to, mm.
    pub cleft_mm: [f32; 2],
    /// Weights of CT slices of at most 1.3 mm, of 1.5 to 5 mm, and of more.
    pub slices: [f32; 3],
    /// CT samples whose skull has sutures, vessels, canals and air cells; no finding.
    pub sutures: f32,
    /// Whether skulls have a smooth vault, two tables with spongy bone between them, instead of the maps' own ragged one.
    pub smooth_vault: bool,
}

impl Default for SynthConfig {
    fn default() -> Self {
        Self {
            kind: SynthKind::Mr,
            ceiling: 1.0,
            t1: 0.5,
            t2: 0.12,
            flair: 0.13,
            pd: 0.05,
            any: 0.2,
            stripped: 0.3,
            thick: 0.25,
            cut: 0.3,
            full_sulci: 0.4,
            white_lesions: 0.7,
            rim: 0.0,
            ill: 0.1,
            stroke: 0.4,
            plaques: 0.35,
            tumour: 0.25,
            bleed: 0.6,
            small_bleeds: 0.0,
            fracture: 0.35,
            clefts: 1,
            cleft_mm: [0.7, 2.6],
            slices: [0.2, 0.35, 0.45],
            sutures: 0.0,
            smooth_vault: false,
        }
    }
}

/// Family of contrasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contrast {
    /// Grey darker than white matter, fluid dark, fat bright.
    T1,
    /// Fluid bright, white darker than grey matter.
    T2,
    /// As T2 with dark fluid and bright lesions.
    Flair,
    /// Proton density.
    Pd,
    /// No order between tissues.
    Any,
    /// Hounsfield units.
    Ct,
}

/// What one sample is made with.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct SampleSpec {
    /// Seed of the sample.
    pub seed: u64,
    /// Index of the head map.
    pub map: usize,
    /// Whether left and right are exchanged.
    pub flipped: bool,
    /// Whether the fluid that touches the cortex is cortex, as in brains with narrow sulci.
    pub full_sulci: bool,
    /// Whether white matter lesions of the head show.
    pub white_lesions: bool,
    /// Contrast family.
    pub contrast: Contrast,
    /// Whether skull and scalp are removed.
    pub stripped: bool,
    /// Rotation about x, y, z (pitch, roll, yaw) in degrees.
    pub rotation: [f32; 3],
    /// Shift in mm.
    pub shift: [f32; 3],
    /// Scale per axis.
    pub scale: [f32; 3],
    /// Shear xy, xz, yz.
    pub shear: [f32; 3],
    /// Size (standard deviation, mm) of the coarse and the fine elastic displacement.
    pub elastic: [f32; 2],
    /// Strength of the bias field: standard deviation of its logarithm.
    pub bias: f32,
    /// Distance of the bias field's knots in mm.
    pub bias_knots: f32,
    /// Voxel spacing of the simulated scanner in mm.
    pub spacing: [f32; 3],
    /// Offset of the scanner's grid in mm.
    pub phase: [f32; 3],
    /// Blur of the scanner (standard deviation in mm) per axis.
    pub blur: [f32; 3],
    /// Noise (standard deviation; white matter is about 1).
    pub noise: f32,
    /// Whether the noise is Rician, so that air is not exactly 0.
    pub rician: bool,
    /// Exponent applied to the normalised image.
    pub gamma: f32,
    /// Ghost: axis, shift in mm, strength. No ghost when the strength is 0.
    pub ghost: (usize, f32, f32),
    /// Share of brain that a smoothed brain mask needs to be kept when stripped; whether outer fluid counts.
    pub strip: (f32, bool),
    /// What only CT has.
    pub ct: Option<CtSpec>,
    /// Half spaces kept by the field of view: unit normal and offset from the head's origin in mm.
    pub field: Vec<([f32; 3], f32)>,
}

/// What a CT sample is made with.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct CtSpec {
    /// Whether noise is white, as sharp kernels leave it, or as smooth as the picture.
    pub sharp: bool,
    /// Tangent of the gantry's tilt.
    pub tilt: f32,
    /// Brightening towards the skull in HU.
    pub cupping: f32,
    /// How far it reaches, mm.
    pub reach: f32,
    /// How much more of it, as a share, there is at the right edge of the head than in the middle.
    pub lean: f32,
    /// Brightening in HU of a slice that is bone alone; heads' slices have a share of it, most of it at the vertex.
    pub veil: f32,
    /// Strength of the streaks between and beside dense bones in HU.
    pub streaks: f32,
    /// How much of them is chance, as few photons pass: a share of what beam hardening makes.
    pub starved: f32,
}

impl SampleSpec {
    /// Draws the specification of the sample with this seed.
    pub fn draw(seed: u64, maps: usize, config: &SynthConfig) -> Self {
        let root = Rng::new(seed);
        let mut rng = root.fork("spec");
        let map = rng.below(maps);
        let flipped = rng.chance(0.5);
        let kinds = [Contrast::T1, Contrast::T2, Contrast::Flair, Contrast::Pd, Contrast::Any];
        let contrast = kinds[rng.weighted(&[config.t1, config.t2, config.flair, config.pd, config.any])];
        let mut pose = root.fork("pose");
        let common = pose.range(0.92, 1.08);
        let elastic = pose.range(0.0, 1.0);
        let mut spec = Self {
            seed,
            map,
            flipped,
            full_sulci: root.fork("sulci").chance(config.full_sulci),
            white_lesions: root.fork("white lesions").chance(config.white_lesions),
            contrast,
            stripped: rng.chance(config.stripped),
            rotation: [pose.normal() * 6.0, pose.normal() * 2.0, pose.normal() * 2.0],
            shift: [pose.normal() * 1.5, pose.normal() * 4.0, pose.normal() * 4.0],
            scale: std::array::from_fn(|_| common * pose.range(0.95, 1.05)),
            shear: std::array::from_fn(|_| pose.normal() * 0.015),
            elastic: [3.0 * elastic, 0.8 * pose.unit()],
            bias: 0.0,
            bias_knots: 160.0,
            spacing: [1.0; 3],
            phase: [0.0; 3],
            blur: [0.5; 3],
            noise: 0.0,
            rician: false,
            gamma: 1.0,
            ghost: (0, 0.0, 0.0),
            strip: (0.0, false),
            ct: None,
            field: draw_field(&mut root.fork("field"), config.cut),
        };
        let mut scanner = root.fork("scanner");
        match config.kind {
            SynthKind::Mr => spec.scan_mr(config, &mut scanner),
            SynthKind::Ct => spec.scan_ct(config, &mut scanner),
        }
        spec
    }

    fn scan_mr(&mut self, config: &SynthConfig, rng: &mut Rng) {
        (self.spacing, self.phase, self.blur) = draw_resolution(rng, config.thick);
        self.bias = rng.unit().powi(2) * 0.35;
        self.bias_knots = rng.range(60.0, 160.0);
        self.noise = if rng.chance(0.1) { 0.0 } else { 0.005 + 0.06 * rng.unit().powi(2) };
        self.rician = rng.chance(0.8);
        self.gamma = if rng.chance(0.5) { 1.0 } else { (rng.normal() * 0.15).exp() };
        self.ghost = draw_ghost(rng);
        self.strip = (rng.range(0.15, 0.45), rng.chance(0.4));
    }

    fn scan_ct(&mut self, config: &SynthConfig, rng: &mut Rng) {
        (self.contrast, self.stripped) = (Contrast::Ct, false);
        let slice = match rng.weighted(&config.slices) {
            0 => rng.range(0.5, 1.3),
            1 => rng.range(1.5, 5.0),
            _ => rng.range(5.0, 7.5),
        };
        let sharp = rng.chance(0.25);
        let plane = if sharp { rng.range(0.3, 0.45) } else { rng.range(0.45, 0.8) };
        self.spacing[2] = slice.max(1.0);
        self.phase[2] = if slice > 1.0 { slice * rng.unit() } else { 0.0 };
        self.noise = if sharp { rng.range(4.0, 22.0) } else { rng.range(1.5, 7.0) };
        let tilt = if rng.chance(0.4) { rng.range(-22.0, 22.0f32).to_radians().tan() } else { 0.0 };
        let tilt = if slice > 1.0 { tilt } else { 0.0 };
        self.ct = Some(CtSpec {
            sharp,
            tilt,
            // Real scanners correct it more or less well: up to 25 HU were seen on normal heads.
            cupping: 28.0 * rng.unit().powf(1.2),
            reach: rng.range(4.0, 14.0),
            lean: rng.normal() * 0.2,
            streaks: 24.0 * rng.unit().powf(1.3),
            starved: rng.range(0.0, 0.8),
            // 40 to 75 HU on three real heads.
            veil: 100.0 * rng.unit(),
        });
        // A slice is a box: its deviation is 0.29 of its thickness, a little more where its edges are not sharp.
        self.blur = [plane, plane, (slice * rng.range(0.28, 0.38)).max(0.35)];
    }
}

fn draw_resolution(rng: &mut Rng, thick: f32) -> ([f32; 3], [f32; 3], [f32; 3]) {
    let mut spacing = [1.0f32; 3];
    if rng.chance(thick) {
        spacing[rng.weighted(&[0.2, 0.2, 0.6])] = rng.range(1.5, 6.0);
    } else if rng.chance(0.2) {
        spacing = [rng.range(1.2, 2.5); 3];
    }
    let base = rng.range(0.35, 0.7);
    let blur = spacing.map(|s| if s > 1.0 { base.max(s * 0.42) } else { base });
    let phase = spacing.map(|s| if s > 1.0 { s * rng.unit() } else { 0.0 });
    (spacing, phase, blur)
}

fn draw_ghost(rng: &mut Rng) -> (usize, f32, f32) {
    let (axis, shift) = (rng.below(3), rng.range(20.0, 90.0) * if rng.chance(0.5) { 1.0 } else { -1.0 });
    let strength = if rng.chance(0.12) { rng.range(0.01, 0.06) } else { 0.0 };
    (axis, shift, strength)
}

fn draw_field(rng: &mut Rng, cut: f32) -> Vec<([f32; 3], f32)> {
    let mut field = Vec::new();
    // Necks end somewhere, mostly below the brain.
    if rng.chance(0.7) {
        field.push((tilted(rng, 2, -1.0), rng.range(72.0, 125.0)));
    }
    if rng.chance(cut) {
        let (axis, sign, low, high) = match rng.below(6) {
            0 => (2, 1.0, 45.0, 85.0),
            1 | 2 => (2, -1.0, 30.0, 75.0),
            3 => (1, 1.0, 70.0, 100.0),
            4 => (1, -1.0, 75.0, 105.0),
            _ => (0, if rng.chance(0.5) { 1.0 } else { -1.0 }, 55.0, 80.0),
        };
        field.push((tilted(rng, axis, sign), rng.range(low, high)));
    }
    field
}

/// A unit vector nearly along `axis`.
fn tilted(rng: &mut Rng, axis: usize, sign: f32) -> [f32; 3] {
    let mut v = [rng.normal() * 0.08, rng.normal() * 0.12, rng.normal() * 0.12];
    v[axis] = sign;
    let norm = v.iter().map(|c| c * c).sum::<f32>().sqrt();
    v.map(|c| c / norm)
}

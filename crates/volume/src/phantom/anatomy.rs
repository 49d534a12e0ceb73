//! Which tissue lies where in the phantom head. Coordinates in RAS millimetres, the head's centre at 0.

use super::Tissue;
use super::field::Field;
use super::shape::{common, ellipsoid, joined, stick};

/// Thickness of skull, of the soft tissue on it, and of the fluid under it, in millimetres.
const SKULL: f64 = 6.0;
const SCALP: f64 = 6.0;
const FLUID: f64 = 2.0;
const RIBBON: f64 = 2.8;
const SULCUS_DEPTH: f64 = 17.0;

/// The part of a point's place that is the same on both sides of the head.
pub(super) enum Place {
    /// In the air, at about this distance from the head in millimetres.
    Air(f64),
    /// Tissue that is the mirror image of the other side's.
    Symmetric(Tissue),
    /// In the cerebellum, this deep.
    Cerebellum(f64),
    /// In the cerebrum or the fluid on it.
    Cerebrum(Folds),
}

/// Distances in millimetres that make the cortex.
pub(super) struct Folds {
    /// Under the brain's smooth hull.
    depth: f64,
    /// From the fissure between the hemispheres or the lateral sulcus.
    fissure: f64,
}

/// The place of `p`, whose x is the distance from the mid-sagittal plane.
pub(super) fn place(p: [f64; 3]) -> Place {
    let cerebrum = joined(cerebrum(p), temporal(p), 14.0);
    let cavity = cavity(p, cerebrum);
    if cavity >= 0.0 {
        let head = head(p, cavity);
        return if head > 0.0 {
            Place::Air(head)
        } else {
            Place::Symmetric(outside_cavity(p, cavity, -head))
        };
    }
    if (cavity < -12.0 || p[0] < 16.0)
        && let Some(tissue) = deep(p)
    {
        return Place::Symmetric(tissue);
    }
    let cerebellum = cerebellum(p);
    if cerebellum < 0.0 {
        return Place::Cerebellum(-cerebellum);
    }
    let depth = -cerebrum.max(2.0 - cerebellum) - FLUID;
    if depth < -1.0 {
        return Place::Symmetric(Tissue::Csf);
    }
    Place::Cerebrum(Folds { depth, fissure: fissure(p).min(sylvian(p)) })
}

/// What differs between the sides, and between persons: the course of the folds.
pub(super) struct Anatomy {
    folds: Field,
    own: Field,
}

impl Anatomy {
    pub(super) fn new(seed: u32) -> Self {
        Self { folds: Field::new(seed), own: Field::new(seed ^ 0x5bd1_e995) }
    }

    /// The tissue at `p`, which lies in `place`.
    pub(super) fn tissue(&self, p: [f64; 3], place: &Place) -> Tissue {
        match place {
            Place::Air(_) => Tissue::Background,
            Place::Symmetric(tissue) => *tissue,
            Place::Cerebellum(depth) => self.cerebellum(p, *depth),
            Place::Cerebrum(folds) => self.cortex(p, folds),
        }
    }

    /// Cortex, white matter, or the fluid on the cortex and in its sulci.
    fn cortex(&self, p: [f64; 3], folds: &Folds) -> Tissue {
        if folds.depth > SULCUS_DEPTH + RIBBON + 1.0 && folds.fissure > RIBBON {
            return Tissue::WhiteMatter;
        }
        let wobble = self.own.at(p.map(|v| v / 38.0));
        let depth = folds.depth + wobble;
        let course = [p[0].abs() + 6.0 * wobble, p[1] - 5.0 * wobble, p[2] + 4.0 * wobble];
        let sheet = self.folds.distance_to_zero(course, 14.0);
        // A sulcus is a sheet that ends at its depth, and narrows towards it.
        let sulcus = (sheet - 0.9 * (1.0 - depth / SULCUS_DEPTH)).max(depth - SULCUS_DEPTH);
        let pial = depth.min(sulcus).min(folds.fissure);
        if pial < 0.0 {
            Tissue::Csf
        } else if pial < RIBBON {
            Tissue::Cortex
        } else {
            Tissue::WhiteMatter
        }
    }

    fn cerebellum(&self, p: [f64; 3], depth: f64) -> Tissue {
        let x = p[0].abs();
        let leaf = if depth < 5.0 { self.own.at([x / 25.0, p[1] / 9.0, p[2] / 4.0]) } else { 1.0 };
        if leaf.abs() < 0.035 {
            Tissue::Csf
        } else if depth > 9.0 + 5.0 * self.folds.at([x / 20.0, p[1] / 8.0, p[2] / 6.0]) {
            Tissue::CerebellarWhite
        } else {
            Tissue::CerebellarCortex
        }
    }
}

fn cerebrum(p: [f64; 3]) -> f64 {
    let dome = ellipsoid(p, [0.0, -2.0, 8.0], [67.0, 83.0, 60.0]);
    // The floor: lower over the temporal lobes, higher over the orbits and the tentorium.
    common(dome, -(p[2] + 17.0), 14.0)
}

fn temporal(p: [f64; 3]) -> f64 {
    ellipsoid(p, [43.0, 2.0, -20.0], [20.0, 42.0, 20.0])
}

fn cerebellum(p: [f64; 3]) -> f64 {
    let half = ellipsoid(p, [24.0, -53.0, -37.0], [28.0, 27.0, 20.0]);
    joined(half, ellipsoid(p, [0.0, -50.0, -35.0], [14.0, 24.0, 20.0]), 8.0)
}

/// The inside of the skull.
fn cavity(p: [f64; 3], cerebrum: f64) -> f64 {
    let fossa = ellipsoid(p, [0.0, -48.0, -36.0], [55.0, 35.0, 24.0]);
    let canal = stick(p, [0.0, -18.0, -15.0], [0.0, -36.0, -130.0], 19.0, 9.0);
    joined(joined(cerebrum, fossa, 12.0), canal, 10.0)
}

/// The head's surface.
fn head(p: [f64; 3], cavity: f64) -> f64 {
    let face = ellipsoid(p, [0.0, 48.0, -45.0], [58.0, 48.0, 62.0]);
    let nose = stick(p, [0.0, 90.0, -18.0], [0.0, 104.0, -48.0], 7.0, 12.0);
    let neck = stick(p, [0.0, -18.0, -60.0], [0.0, -28.0, -160.0], 58.0, 56.0);
    let face = joined(face, nose, 8.0);
    joined(joined(cavity - SKULL - SCALP, face, 14.0), neck, 20.0)
}

/// Skull, scalp, face and neck, `surface` millimetres under the skin.
fn outside_cavity(p: [f64; 3], cavity: f64, surface: f64) -> Tissue {
    if surface < 1.8 {
        return Tissue::Skin;
    }
    let eye = ellipsoid(p, [31.0, 76.0, -24.0], [12.0, 12.0, 12.0]);
    let airway = ellipsoid(p, [8.0, 66.0, -50.0], [7.0, 24.0, 20.0])
        .min(ellipsoid(p, [9.0, 82.0, -6.0], [8.0, 5.0, 9.0]))
        .min(stick(p, [0.0, 22.0, -58.0], [0.0, 10.0, -140.0], 8.0, 8.0))
        .min(ellipsoid(p, [33.0, 56.0, -54.0], [11.0, 13.0, 13.0]));
    let jaw = ellipsoid(p, [0.0, 46.0, -60.0], [50.0, 42.0, 44.0]).abs() - 4.0;
    let spine = stick(p, [0.0, -34.0, -60.0], [0.0, -36.0, -130.0], 18.0, 18.0);
    if airway < 0.0 {
        Tissue::Background
    } else if eye < 0.0 {
        Tissue::Eye
    } else if cavity < SKULL && p[2] > -62.0 {
        // Two dense tables with marrow between them.
        if (cavity - 0.5 * SKULL).abs() < 1.1 { Tissue::Marrow } else { Tissue::Bone }
    } else if airway < 1.5 || spine < 0.0 || (jaw < 0.0 && p[2] < -30.0 && p[1] > 20.0) {
        if spine < -4.0 || jaw < -2.5 { Tissue::Marrow } else { Tissue::Bone }
    } else if surface < 5.0 || eye < 6.0 {
        Tissue::Fat
    } else {
        Tissue::Muscle
    }
}

/// Ventricles, deep grey matter, corpus callosum and brain stem.
fn deep(p: [f64; 3]) -> Option<Tissue> {
    let lateral = joined(
        joined(
            ellipsoid(p, [9.0, 24.0, 12.0], [5.0, 14.0, 8.0]),
            ellipsoid(p, [12.0, -6.0, 19.0], [6.5, 26.0, 5.5]),
            6.0,
        ),
        joined(
            ellipsoid(p, [22.0, -38.0, 11.0], [7.0, 18.0, 8.0]),
            stick(p, [25.0, -34.0, 4.0], [34.0, -2.0, -16.0], 4.0, 2.5),
            5.0,
        ),
        8.0,
    );
    let septum = p[0] < 0.7;
    let third = ellipsoid(p, [0.0, -4.0, 0.0], [2.2, 14.0, 10.0]);
    let aqueduct = stick(p, [0.0, -17.0, -4.0], [0.0, -38.0, -26.0], 1.0, 1.5);
    let fourth = ellipsoid(p, [0.0, -39.0, -32.0], [6.0, 5.0, 9.0]);
    if (lateral < 0.0 && !septum) || third.min(fourth).min(aqueduct) < 0.0 {
        return Some(Tissue::Ventricle);
    }
    let caudate = ellipsoid(p, [15.0, 20.0, 10.0], [5.5, 14.0, 9.0]);
    let putamen = ellipsoid(p, [26.0, 6.0, 1.0], [5.5, 17.0, 10.0]);
    let thalamus = ellipsoid(p, [11.0, -13.0, 5.0], [9.0, 15.0, 9.0]);
    let hippocampus = ellipsoid(p, [28.0, -16.0, -17.0], [6.0, 18.0, 5.0]);
    if caudate.min(putamen).min(thalamus).min(hippocampus) < 0.0 {
        return Some(Tissue::DeepGrey);
    }
    let stem = stick(p, [0.0, -16.0, -8.0], [0.0, -24.0, -36.0], 12.0, 14.0);
    let cord = stick(p, [0.0, -24.0, -36.0], [0.0, -36.0, -130.0], 11.0, 5.0);
    if joined(stem, cord, 4.0) < 0.0 {
        return Some(Tissue::BrainStem);
    }
    let callosum = callosum(p);
    (p[0] < 14.0 && callosum.abs() < 3.2 && p[2] > 2.0).then_some(Tissue::WhiteMatter)
}

/// Distance to the arch of the corpus callosum, seen from the side.
fn callosum(p: [f64; 3]) -> f64 {
    ellipsoid([0.0, p[1], p[2]], [0.0, -6.0, 4.0], [1e3, 38.0, 24.0])
}

/// Distance to the fluid between the hemispheres, which ends at the corpus callosum.
fn fissure(p: [f64; 3]) -> f64 {
    (p[0] - 0.9).max(1.0 - callosum(p))
}

/// Distance to the fluid of the lateral sulcus, between the temporal lobe and the rest.
fn sylvian(p: [f64; 3]) -> f64 {
    let sheet = (p[2] + 5.0 + 0.35 * p[1]).abs() - 1.2;
    sheet.max(36.0 - p[0]).max(p[1] - 34.0).max(-34.0 - p[1])
}

//! What healthy skulls have that may be taken for a fracture: sutures, vessels, lakes and hollows of the bone, canals, air
//! cells.

use super::blob::{Blob, dot, unit};
use super::overlay::{self, BONE, Overlay, OverlayLook, Tissues, finding};
use super::{Case, Setting, injury};
use crate::synth::Rng;
use crate::synth::classes::Tissue;

/// Draws all of them.
pub(super) fn furnish(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    sutures(setting, &mut rng.fork("sutures"), case);
    ORBIT.draw(setting, &mut rng.fork("orbital sutures"), case);
    PTERION.draw(setting, &mut rng.fork("sutures of the pterion"), case);
    vessels(setting, &mut rng.fork("vessels"), case);
    lakes(setting, &mut rng.fork("lakes"), case);
    hollows(setting, &mut rng.fork("hollows"), case);
    canals(setting, &mut rng.fork("canals"), case);
    air_cells(setting, &mut rng.fork("air cells"), case);
}

/// Where the sutures of one skull meet, on the canvas.
struct Landmarks {
    middle: [f32; 3],
    /// Coronal and sagittal suture.
    bregma: [f32; 3],
    /// Sagittal and lambdoid sutures.
    lambda: [f32; 3],
}

/// Zigzag seams between the bones of the vault, which go through its whole thickness.
fn sutures(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let middle = setting.anatomy.middle();
    let on_skull = |angle: f32| {
        let out = [0.0, angle.sin(), angle.cos()];
        setting.anatomy.skull_along([middle[0], middle[1], middle[2] + 5.0], out)
    };
    let marks = Landmarks {
        middle,
        bregma: on_skull(rng.range(0.2, 0.5)),
        lambda: on_skull(rng.range(-1.25, -0.95)),
    };
    let density = rng.range(-60.0, 500.0);
    let (half, wander) = (rng.range(0.2, 0.9), rng.range(0.5, 3.0));
    for (course, present, steep) in [
        (Course::Sagittal, 0.8, 0.1),
        (Course::Coronal, 0.85, 0.3),
        (Course::Lambdoid, 0.9, 0.2),
        (Course::Squamous, 0.8, 0.8),
        (Course::Metopic, 0.12, 0.1),
    ] {
        if rng.chance(present) {
            let look = OverlayLook::towards(density + 60.0 * rng.normal(), rng.range(0.0, 0.5), 8.0);
            let bevel = match course {
                // The temporal bone's edge is a scale that lies outside over that of the parietal one.
                Course::Squamous => -steep * rng.range(0.5, 4.0),
                _ => steep * rng.normal(),
            };
            let half = half * rng.range(0.6, 1.3);
            let seam = Seam { course, slope: rng.range(0.1, 0.45), half, wander, bevel };
            seam.draw(setting, &marks, look, case);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    Sagittal,
    Coronal,
    Lambdoid,
    Squamous,
    Metopic,
}

/// One suture: its course, how steep it runs, half its width and how far it winds, mm.
struct Seam {
    course: Course,
    slope: f32,
    half: f32,
    wander: f32,
    /// Millimetres aside for each on the way out: one bone overlaps the other.
    bevel: f32,
}

/// About how far the skull is from the middle of the brain, mm.
const OUT: f32 = 70.0;

impl Seam {
    fn draw(&self, setting: &Setting, marks: &Landmarks, look: OverlayLook, case: &mut Case) {
        let share = |place: [f32; 3]| match self.off(place, marks) {
            Some(off) if off.abs() < 30.0 => {
                let v: [f32; 3] = std::array::from_fn(|a| place[a] - marks.middle[a]);
                let aside = self.bevel * (dot(v, v).sqrt() - OUT);
                self.half + 0.5 - (off + aside + self.wander * setting.ragged.at(place)).abs()
            }
            _ => 0.0,
        };
        let [low, high] = setting.anatomy.brain;
        let region = overlay::around(marks.middle, std::array::from_fn(|a| 0.5 * (high[a] - low[a]) + 16.0));
        case.overlays.push(Overlay::drawn(region, BONE, look, finding::NONE, share));
    }

    /// Millimetres off the course; `None` where the suture has none.
    fn off(&self, place: [f32; 3], Landmarks { middle, bregma, lambda }: &Landmarks) -> Option<f32> {
        let [x, y, z] = place;
        let aside = (x - middle[0]).abs();
        let (near, off) = match self.course {
            Course::Sagittal => (z > lambda[2] && y < bregma[1] && y > lambda[1] - 8.0, x - middle[0]),
            Course::Metopic => (y > bregma[1] && z > middle[2] + 5.0, x - middle[0]),
            Course::Coronal => (z > middle[2] - 12.0, y - bregma[1] - self.slope * 0.6 * (bregma[2] - z)),
            Course::Lambdoid => {
                let down = 0.75 + self.slope;
                let flat = (1.0 + down * down).sqrt();
                (y < middle[1] - 25.0 && z > middle[2] - 35.0, (z - lambda[2] + down * aside) / flat)
            }
            Course::Squamous => {
                let (dy, dz) = (y - middle[1] + 4.0, z - middle[2] + 30.0);
                let radius = 28.0 + 25.0 * self.slope;
                (aside > 45.0 && dz > -6.0, (dy * dy + dz * dz).sqrt() - radius)
            }
        };
        near.then_some(off)
    }
}

/// Short seams about one direction, the same on both sides.
struct Seams {
    /// From the middle of the brain, on the right.
    ahead: [f32; 3],
    spread: f32,
    /// At most.
    count: usize,
    /// From the inner skull outwards, mm.
    beyond: [f32; 2],
    reach: [f32; 2],
    /// How the seams' planes are tilted against the horizontal one.
    tilt: [f32; 2],
}

/// Between frontal, zygomatic and sphenoid bones in the outer walls of the orbits.
const ORBIT: Seams = Seams {
    ahead: [0.75, 0.7, -0.3],
    spread: 0.06,
    count: 4,
    beyond: [6.0, 22.0],
    reach: [5.0, 12.0],
    tilt: [0.4, 0.5],
};

/// Between frontal, parietal, temporal and sphenoid bones behind them.
const PTERION: Seams = Seams {
    ahead: [0.9, 0.38, 0.0],
    spread: 0.12,
    count: 4,
    beyond: [0.0, 4.0],
    reach: [8.0, 22.0],
    tilt: [0.8, 1.5],
};

impl Seams {
    fn draw(&self, setting: &Setting, rng: &mut Rng, case: &mut Case) {
        let middle = setting.anatomy.middle();
        let look = OverlayLook::towards(rng.range(-60.0, 300.0), rng.range(0.0, 0.4), 8.0);
        for _ in 0..1 + rng.below(self.count) {
            let ahead = self.ahead.map(|v| v + self.spread * rng.normal());
            let [beyond, reach] = [self.beyond, self.reach].map(|[low, high]| rng.range(low, high));
            let half = rng.range(0.2, 1.2);
            let normal = [self.tilt[0] * rng.normal(), self.tilt[1] * rng.normal(), 1.0];
            for side in [-1.0, 1.0] {
                let mirrored = |v: [f32; 3]| unit([side * v[0], v[1], v[2]]);
                let (out, across) = (mirrored(ahead), mirrored(normal));
                let wall = setting.anatomy.skull_along(middle, out);
                let centre: [f32; 3] = std::array::from_fn(|a| wall[a] + beyond * out[a] + rng.normal());
                let share = |place: [f32; 3]| {
                    let v: [f32; 3] = std::array::from_fn(|a| place[a] - centre[a]);
                    let off = dot(v, across) + setting.ragged.at(place);
                    if dot(v, v) > reach * reach { 0.0 } else { half + 0.5 - off.abs() }
                };
                let region = overlay::around(centre, [reach + 1.0; 3]);
                case.overlays.push(Overlay::drawn(region, BONE, look, finding::NONE, share));
            }
        }
    }
}

/// Hollows of the inner skull: impressions of the brain and of granulations of the arachnoid.
fn hollows(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let middle = setting.anatomy.middle();
    for _ in 0..rng.below(14) {
        let out = unit([rng.normal(), rng.normal(), 0.2 + 0.6 * rng.normal()]);
        let wall = setting.anatomy.skull_along(middle, out);
        let (radius, deep) = (rng.range(4.0, 14.0), rng.range(0.5, 2.2));
        let hollow = Blob::random(
            std::array::from_fn(|a| wall[a] + (deep - radius) * out[a]),
            radius,
            0.15,
            0.05,
            rng,
        );
        let look = OverlayLook::towards(rng.range(5.0, 50.0), 0.1, 5.0);
        case.lay(setting, &hollow, BONE, look, finding::NONE);
    }
}

/// Dark marrow and veins in the thickness of the vault, in patches.
fn lakes(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let middle = setting.anatomy.middle();
    for _ in 0..rng.below(25) {
        let mut out = unit([rng.normal(), rng.normal(), 0.5 + 0.6 * rng.normal()]);
        let (wide, lift) = (rng.range(0.6, 2.2), rng.range(2.0, 5.0));
        let places = (0..2 + rng.below(6)).map(|_| {
            out = unit(std::array::from_fn(|a| out[a] + 0.03 * rng.normal()));
            let wall = setting.anatomy.skull_along([middle[0], middle[1], middle[2] + 5.0], out);
            std::array::from_fn(|a| wall[a] + lift * out[a])
        });
        let places = places.collect();
        let look = OverlayLook::towards(rng.range(-60.0, 250.0), rng.range(0.0, 0.4), 10.0);
        injury::tube(places, wide, BONE, look, case);
    }
}

/// Grooves of the meningeal arteries, open to the brain, and veins within the marrow.
fn vessels(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let middle = setting.anatomy.middle();
    for _ in 0..rng.below(9) {
        let mut out = unit([rng.normal(), 0.8 * rng.normal(), 0.6 + 0.6 * rng.normal()]);
        let turn: [f32; 3] = std::array::from_fn(|_| 0.035 * rng.normal());
        let (inner, wide) = (rng.chance(0.5), rng.range(0.4, 1.4));
        let lift = if inner { 0.0 } else { rng.range(2.0, 4.5) };
        let places = (0..8 + rng.below(14)).map(|_| {
            out = unit(std::array::from_fn(|a| out[a] + turn[a] + 0.02 * rng.normal()));
            let wall = setting.anatomy.skull_along([middle[0], middle[1], middle[2] + 5.0], out);
            std::array::from_fn(|a| wall[a] + lift * out[a])
        });
        let places = places.collect();
        let look = OverlayLook::towards(rng.range(20.0, 80.0), rng.range(0.0, 0.4), 5.0);
        let tissues = if inner { BONE } else { Tissues::of(&[Tissue::Marrow, Tissue::Diploe]) };
        injury::tube(places, wide, tissues, look, case);
    }
}

/// Nerves and vessels on their way through the base of the skull.
fn canals(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let middle = setting.anatomy.middle();
    let base = setting.anatomy.chiasm.unwrap_or([middle[0], middle[1] + 15.0, middle[2] - 25.0]);
    for _ in 0..6 + rng.below(14) {
        let start: [f32; 3] = [
            base[0] + 28.0 * rng.normal(),
            base[1] - 20.0 + 25.0 * rng.normal(),
            base[2] - 18.0 + 9.0 * rng.normal(),
        ];
        let along = unit(std::array::from_fn(|_| rng.normal()));
        let length = rng.range(8.0, 26.0);
        let places = (0..16).map(|i| std::array::from_fn(|a| start[a] + along[a] * length * i as f32 / 15.0));
        let look = OverlayLook::towards(rng.range(-80.0, 60.0), rng.range(0.0, 0.3), 5.0);
        injury::tube(places.collect(), rng.range(0.6, 3.0), BONE, look, case);
    }
}

/// Air in the mastoid bones, behind the ears.
fn air_cells(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let middle = setting.anatomy.middle();
    let (count, spread) = (rng.below(60), rng.range(6.0, 14.0));
    let look = OverlayLook::towards(rng.range(-1000.0, -200.0), rng.range(0.0, 0.3), 20.0);
    for i in 0..count {
        let side = if i % 2 == 0 { -1.0 } else { 1.0 };
        let near = [middle[0] + side * 52.0, middle[1] - 24.0, middle[2] - 44.0];
        let place = std::array::from_fn(|a| near[a] + spread * rng.normal());
        let cell = Blob::random(place, rng.range(0.8, 3.0), 0.3, 0.2, rng);
        case.lay(setting, &cell, BONE, look, finding::NONE);
    }
}

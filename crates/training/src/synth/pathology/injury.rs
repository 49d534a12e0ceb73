//! Bone and what surrounds the head in CT: fractures, swollen scalp, head rest.

use super::blob::{Blob, cross, dot, unit};
use super::overlay::{self, BONE, CISTERNS, GREY, INSIDE, Overlay, OverlayLook, SCALP, Tissues, finding};
use super::{Case, Pathology, Push, Setting, chalk};
use crate::synth::classes::Tissue;
use crate::synth::{Rng, vault};

/// Harmless things that may be taken for blood or injury.
pub(crate) fn furnish(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    if rng.chance(0.6) {
        chalk::pineal(setting, rng, case);
    }
    if rng.chance(0.6) {
        falx(setting, rng, case);
    }
    if rng.chance(0.8) {
        sinuses(setting, rng, case);
    }
    if rng.chance(0.7) {
        dura(setting, rng, case);
    }
    if rng.chance(0.7) {
        head_rest(setting, rng, case);
    }
    tentorium(setting, &mut rng.fork("tentorium"), case);
    skull_base(setting, &mut rng.fork("skull base"), case);
    chalk::elsewhere(setting, &mut rng.fork("chalk"), case);
}

/// The tent between cerebrum and cerebellum with the straight sinus in its ridge: as dense as dura or blood in veins,
/// and thick where slices cross it at an angle.
fn tentorium(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let middle = setting.anatomy.middle();
    let (half, ridge) = (rng.range(0.3, 1.6), rng.range(0.3, 2.5));
    let share = |place: [f32; 3]| {
        let [cerebrum, cerebellum] = setting.anatomy.to_brains(place);
        if cerebrum.max(cerebellum) > 7.0 {
            return 0.0;
        }
        let near_ridge = (-((place[0] - middle[0]) / 5.0).powi(2)).exp();
        half + ridge * near_ridge + 0.5 - 0.5 * (cerebrum - cerebellum).abs()
    };
    let region = overlay::around([middle[0], middle[1] - 35.0, middle[2] - 15.0], [65.0, 55.0, 45.0]);
    let look = OverlayLook::towards(rng.range(40.0, 76.0), rng.range(0.0, 0.4), 2.5);
    let tissues = CISTERNS.and(GREY);
    case.overlays.push(Overlay::drawn(region, tissues, look, finding::NONE, share));
}

/// Soft tissue and vessels around the sella: cavernous sinuses with the carotids, and the arteries at the base.
fn skull_base(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let Some(chiasm) = setting.anatomy.chiasm else { return };
    let near = |rng: &mut Rng, by: [f32; 3]| std::array::from_fn(|a| chiasm[a] + by[a] + 1.5 * rng.normal());
    let blood = OverlayLook::towards(rng.range(40.0, 75.0), rng.range(0.0, 0.3), 3.0);
    let (wide, vessel) = (rng.range(3.0, 8.0), rng.range(0.8, 2.2));
    for side in [-1.0, 1.0] {
        let centre = near(rng, [side * 11.0, -2.0, -13.0]);
        let sinus = Blob::random(centre, wide * rng.range(0.8, 1.2), 0.3, 0.15, rng);
        case.lay(setting, &sinus, BONE.and(SCALP).and(CISTERNS), blood, finding::NONE);
        if rng.chance(0.3) {
            let chalk = Blob::random(near(rng, [side * 10.0, 0.0, -9.0]), rng.range(1.0, 2.5), 0.2, 0.1, rng);
            let look = OverlayLook::towards(rng.range(100.0, 500.0), 0.0, 10.0);
            case.lay(setting, &chalk, INSIDE.and(BONE), look, finding::NONE);
        }
        let (start, end) = (near(rng, [side * 8.0, 0.0, -4.0]), near(rng, [side * 34.0, -2.0, 0.0]));
        vessel_between(start, end, vessel, blood, case);
    }
    let (start, end) = (near(rng, [0.0, -17.0, -30.0]), near(rng, [0.0, -13.0, -4.0]));
    vessel_between(start, end, vessel, blood, case);
}

/// A straight vessel in the fluid around the brain.
fn vessel_between(start: [f32; 3], end: [f32; 3], wide: f32, look: OverlayLook, case: &mut Case) {
    let places = (0..16).map(|i| {
        let t = i as f32 / 15.0;
        std::array::from_fn(|a| start[a] + t * (end[a] - start[a]))
    });
    tube(places.collect(), wide, CISTERNS, look, case);
}

/// The falx: a sheet on the mid-plane, denser than brain.
fn falx(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let middle = setting.anatomy.middle();
    let (half, deep) = (rng.range(0.5, 1.2), rng.range(18.0, 45.0));
    let share = |place: [f32; 3]| {
        let below = setting.anatomy.depth([middle[0], place[1], place[2]]);
        if below > deep {
            return 0.0;
        }
        half + 0.5 - (place[0] - middle[0]).abs()
    };
    let region = overlay::around([middle[0], middle[1], middle[2] + 30.0], [4.0, 95.0, 62.0]);
    let look = OverlayLook::towards(rng.range(42.0, 88.0), 0.2, 2.0);
    let tissues = Tissues::of(&[Tissue::Fluid, Tissue::Vein, Tissue::Cortex]);
    case.overlays.push(Overlay::drawn(region, tissues, look, finding::NONE, share));
}

/// Venous sinuses: the sagittal one along the vertex, the transverse and sigmoid ones around the back, as dense as
/// the blood in them, which may be as dense as a clot. One side is often the wider.
fn sinuses(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let middle = setting.anatomy.middle();
    let look = OverlayLook::towards(rng.range(42.0, 80.0), rng.range(0.0, 0.2), 2.5);
    let wide = rng.range(2.5, 5.0);
    let along = |from: [f32; 3], direction: [f32; 3]| {
        let out = unit(direction);
        let wall = setting.anatomy.skull_along(from, out);
        std::array::from_fn(|a| wall[a] - out[a] * 0.6 * wide)
    };
    let sagittal = (0..26).map(|i| {
        let angle = -1.0 + 0.12 * i as f32;
        along([middle[0], middle[1], middle[2] + 5.0], [0.0, -angle.sin(), angle.cos()])
    });
    tube(sagittal.collect(), wide, INSIDE, look, case);
    let (level, sink) = (middle[2] - rng.range(14.0, 28.0), rng.range(0.0, 0.5));
    for side in [-1.0, 1.0] {
        let around = (0..22).map(|i| {
            let angle = 0.08 * i as f32;
            let down = if angle > 1.0 { -(angle - 1.0) * (0.6 + sink) } else { 0.0 };
            along([middle[0], middle[1] - 15.0, level], [side * angle.sin(), -angle.cos(), down])
        });
        let width = wide * rng.range(0.6, 1.2);
        tube(around.collect(), width, INSIDE, look, case);
    }
}

/// A tube of radius `wide` mm around a row of places, in `tissues`.
pub(super) fn tube(places: Vec<[f32; 3]>, wide: f32, tissues: Tissues, look: OverlayLook, case: &mut Case) {
    let bound = |a: usize, pick: fn(f32, f32) -> f32| places.iter().map(|p| p[a]).reduce(pick).unwrap_or(0.0);
    let [low, high]: [[f32; 3]; 2] =
        [std::array::from_fn(|a| bound(a, f32::min)), std::array::from_fn(|a| bound(a, f32::max))];
    let region = overlay::around(
        std::array::from_fn(|a| 0.5 * (low[a] + high[a])),
        std::array::from_fn(|a| 0.5 * (high[a] - low[a]) + wide + 1.0),
    );
    let share = |place: [f32; 3]| {
        let square = |p: &[f32; 3]| (0..3).map(|a| (p[a] - place[a]).powi(2)).sum::<f32>();
        wide + 0.5 - places.iter().map(square).fold(f32::MAX, f32::min).sqrt()
    };
    case.overlays.push(Overlay::drawn(region, tissues, look, finding::NONE, share));
}

/// Dura and what partial volume makes of skull and fluid: a thin bright lining of the whole skull.
fn dura(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let (thick, uneven) = (rng.range(0.4, 1.8), rng.range(0.1, 0.5));
    let [low, high] = setting.anatomy.brain;
    let middle = setting.anatomy.middle();
    // Thicker towards one side, as slices cross the skull at an angle there.
    let mut leans = rng.fork("leaning");
    let lean = leans.range(0.0, 0.6);
    let towards = unit(std::array::from_fn(|_| leans.normal()));
    let share = |place: [f32; 3]| {
        let out = unit(std::array::from_fn(|a| place[a] - middle[a]));
        let varied = 1.0 + uneven * setting.ragged.at(place) + lean * dot(out, towards);
        thick * varied - setting.anatomy.depth(place)
    };
    let region = overlay::around(middle, std::array::from_fn(|a| 0.5 * (high[a] - low[a]) + 8.0));
    let look = OverlayLook::towards(rng.range(40.0, 80.0), rng.range(0.1, 0.6), 3.0);
    let tissues = Tissues::of(&[Tissue::Fluid, Tissue::Vein, Tissue::Cortex]);
    case.overlays.push(Overlay::drawn(region, tissues, look, finding::NONE, share));
}

/// The shell that the head lies in.
fn head_rest(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let middle = setting.anatomy.middle();
    let radius = rng.range(105.0, 135.0);
    let back = setting.anatomy.brain[0][1] - rng.range(14.0, 24.0);
    let axis = [middle[0] + rng.normal() * 4.0, back + radius];
    let (shell, slope) = (rng.range(1.5, 5.0), rng.normal() * 0.1);
    let share = |place: [f32; 3]| {
        let y = place[1] - slope * (place[2] - middle[2]);
        let r = ((place[0] - axis[0]).powi(2) + (y - axis[1]).powi(2)).sqrt();
        if y > back + 60.0 { 0.0 } else { shell - (r - radius - shell).abs() }
    };
    let region = overlay::around([axis[0], back, middle[2]], [110.0, 75.0, 130.0]);
    let look = OverlayLook::towards(rng.range(-600.0, 150.0), 0.0, 0.0);
    case.overlays.push(Overlay::drawn(region, Tissues::of(&[Tissue::Air]), look, finding::NONE, share));
}

/// Bone this near to a cleft counts as broken, mm: the cleft alone may be thinner than a voxel.
pub(crate) const BROKEN_MM: f32 = 3.0;

/// A cleft through the skull, its edge displaced now and then, scalp swollen over it. In the base, which is ragged even
/// below smooth vaults, nobody would see one. `side` is -1 or 1; `wide` from and to, mm.
pub(crate) fn fracture(setting: &Setting, side: f32, wide: [f32; 2], rng: &mut Rng, case: &mut Case) {
    let middle = setting.anatomy.middle();
    let from = [middle[0], middle[1], middle[2] + 5.0];
    let out = unit([side * rng.range(0.1, 1.0), rng.range(-1.0, 0.8), rng.range(-0.3, 0.9)]);
    let hit = setting.anatomy.skull_along(from, out);
    let across = unit(cross(out, std::array::from_fn(|_| rng.normal())));
    let (width, length) = (rng.range(wide[0], wide[1]), rng.range(14.0, 45.0));
    let wander = rng.range(0.0, 2.0);
    // How far from the cleft's middle, as a share of its length, and how far off its plane in mm.
    let off = |place: [f32; 3]| {
        if setting.smooth_vault && place[2] < middle[2] + vault::BASE {
            return None;
        }
        let v: [f32; 3] = std::array::from_fn(|a| place[a] - hit[a]);
        let far = dot(v, v).sqrt() / length;
        (far <= 1.0).then(|| (far, (dot(v, across) + wander * setting.ragged.at(place)).abs()))
    };
    let cleft = |place| off(place).map_or(0.0, |(far, off)| width * 0.5 * (1.0 - 0.5 * far) + 0.5 - off);
    let broken = |place| off(place).map_or(0.0, |(_, off)| BROKEN_MM + 0.5 - off);
    let region = overlay::around(hit, [length; 3]);
    let look = OverlayLook::towards(rng.range(-60.0, 60.0), rng.range(0.0, 0.15), 5.0);
    let unchanged = OverlayLook::plus(0.0, 0.0);
    case.overlays.push(Overlay { cleft: true, ..Overlay::drawn(region, BONE, look, finding::NONE, cleft) });
    case.overlays.push(Overlay::drawn(region, BONE, unchanged, finding::FRACTURE, broken));
    if rng.chance(0.75) {
        let bump =
            Blob::random(std::array::from_fn(|a| hit[a] + out[a] * 9.0), rng.range(8.0, 22.0), 0.2, 0.1, rng);
        let look = OverlayLook::towards(rng.range(35.0, 65.0), 0.1, 5.0);
        case.lay(setting, &bump, SCALP, look, finding::NONE);
    }
    if rng.chance(0.35) {
        // Pressed in: bone on one side of the cleft lies deeper.
        let amount = rng.range(1.5, 6.0);
        let reach = rng.range(8.0, 16.0);
        case.pushes.push(Push::Dent { at: hit, out, across, amount, reach });
    }
    case.pathologies.push(Pathology::Fracture);
}

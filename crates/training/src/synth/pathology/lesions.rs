//! Lesions of MR samples: strokes, plaques, tumours. Strokes also serve CT.

use super::blob::Blob;
use super::overlay::{self, BRAIN, INSIDE, Overlay, OverlayLook, Tissues, WHITE, finding};
use super::{Case, Pathology, Push, Setting};
use crate::synth::classes::Tissue;
use crate::synth::filters::trilinear;
use crate::synth::{Contrast, Region, Rng, SynthConfig};

/// MNI millimetres of the brain's box that the shapes belong to.
const MNI: [[f32; 3]; 2] = [[-71.0, -106.0, -68.0], [71.0, 72.0, 81.0]];

/// White matter below the tentorium.
const INFRATENTORIAL: Tissues =
    Tissues::of(&[Tissue::CerebellarWhite, Tissue::BrainStem, Tissue::VentralDiencephalon]);

/// What plaques resemble in healthy heads: the patchy, bright rim of the ventricles with caps at their horns, the plexus inside
/// them, bright places in the middle of the brain stem.
pub(crate) fn rim(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let mean = |t| setting.looks.mean(t);
    let grey = mean(Tissue::White).max(mean(Tissue::Cortex));
    let (value, thick) = (grey * rng.range(0.95, 1.45), rng.range(0.6, 2.6));
    for _ in 0..(30.0 + 120.0 * rng.unit()) as usize {
        let Some(centre) = beside_ventricle(setting, rng, 0.0) else { continue };
        let blob = Blob::random(centre, thick * rng.range(0.8, 1.3), 0.4, 0.1, rng);
        let look = OverlayLook::towards(value * rng.range(0.95, 1.05), 0.2, 0.0);
        case.lay(setting, &blob, BRAIN, look, finding::NONE);
    }
    for _ in 0..rng.below(9) {
        let Some(centre) = setting.anatomy.site(rng, overlay::VENTRICLES, [0.0, 90.0]) else { continue };
        let blob = Blob::random(centre, rng.range(1.5, 4.5), 0.5, 0.2, rng);
        let look = OverlayLook::towards(value * rng.range(0.8, 1.2), 0.1, 0.05 * value);
        case.lay(setting, &blob, overlay::VENTRICLES, look, finding::NONE);
    }
    caps(setting, value, rng, case);
    stem(setting, rng, case);
}

/// White matter at the ventricles' horns, as bright on both sides.
fn caps(setting: &Setting, value: f32, rng: &mut Rng, case: &mut Case) {
    for (towards, share) in [([0.0, 1.0, 0.2], 0.75), ([0.0, -1.0, 0.0f32], 0.5)] {
        if !rng.chance(share) {
            continue;
        }
        let (radius, bright) = (rng.range(1.5, 5.0), value * rng.range(0.9, 1.1));
        for side in [-1.0f32, 1.0] {
            let Some(tip) = horn(setting, rng, side, towards) else { continue };
            for _ in 0..2 + rng.below(3) {
                let out = [side * rng.range(0.0, 0.8), towards[1] * rng.range(0.0, 0.8), 0.8 * rng.normal()];
                let centre = std::array::from_fn(|a| tip[a] + radius * out[a]);
                let blob = Blob::random(centre, radius * rng.range(0.5, 1.0), 0.4, 0.15, rng);
                case.lay(setting, &blob, WHITE, OverlayLook::towards(bright, 0.25, 0.0), finding::NONE);
            }
        }
    }
}

/// The place of the ventricles on one side, -1 left and 1 right, that lies furthest `towards`.
fn horn(setting: &Setting, rng: &mut Rng, side: f32, towards: [f32; 3]) -> Option<[f32; 3]> {
    let middle = setting.anatomy.middle()[0];
    let sites = (0..60).filter_map(|_| setting.anatomy.site(rng, overlay::VENTRICLES, [0.0, 90.0]));
    let far = |p: &[f32; 3]| super::blob::dot(*p, towards);
    sites.filter(|p| (p[0] - middle) * side > 3.0).max_by(|p, q| far(p).total_cmp(&far(q)))
}

/// Bright places near the middle of the brain stem.
fn stem(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let middle = setting.anatomy.middle()[0];
    let bright = setting.looks.mean(Tissue::BrainStem) * rng.range(1.0, 1.45);
    for _ in 0..rng.below(16) {
        let Some(place) = setting.anatomy.site(rng, Tissues::of(&[Tissue::BrainStem]), [0.0, 90.0]) else {
            continue;
        };
        let centre = [middle + 0.3 * (place[0] - middle), place[1], place[2]];
        let blob = Blob::random(centre, rng.range(0.8, 2.6), 0.5, 0.15, rng);
        case.lay(setting, &blob, INFRATENTORIAL, OverlayLook::towards(bright, 0.2, 0.0), finding::NONE);
    }
}

/// Draws one lesion disease.
pub(crate) fn draw(setting: &Setting, config: &SynthConfig, rng: &mut Rng, case: &mut Case) {
    let stroke = if setting.shapes.is_empty() { 0.0 } else { config.stroke };
    match rng.weighted(&[stroke, config.plaques, config.tumour]) {
        0 if stroke > 0.0 => {
            let look = replacing(setting, rng, [0.0, 0.35], false);
            stroke_overlay(setting, look, BRAIN, rng, case);
        }
        2 if config.tumour > 0.0 => tumour(setting, rng, case),
        _ => plaques(setting, rng, case),
    }
}

/// A lesion look unlike white matter, as the contrast demands. With `subtle` it may be as close as
/// plaques come: like grey matter.
fn replacing(setting: &Setting, rng: &mut Rng, keep: [f32; 2], subtle: bool) -> OverlayLook {
    let mean = |t| setting.looks.mean(t);
    let (white, grey, fluid) = (mean(Tissue::White), mean(Tissue::Cortex), mean(Tissue::Fluid));
    let (low, high) = (white.min(grey), white.max(grey));
    let keep = rng.range(keep[0], keep[1]);
    let value = match setting.contrast {
        Contrast::T1 => fluid + rng.range(0.0, if subtle { 1.15 } else { 0.65 }) * (low - fluid),
        Contrast::Flair if !subtle && rng.chance(0.1) => fluid,
        // From about grey matter on, as plaques come.
        Contrast::Flair if subtle => high * rng.range(1.03, 1.45),
        Contrast::T2 | Contrast::Pd if subtle => white * rng.range(1.15, 1.9),
        Contrast::Flair => high * rng.range(1.15, 1.65),
        Contrast::T2 | Contrast::Pd => high * rng.range(1.2, 1.8),
        Contrast::Any | Contrast::Ct if rng.chance(0.5) => high + rng.range(0.2, 0.7),
        Contrast::Any | Contrast::Ct => (low * rng.range(0.0, 0.7)).max(0.01),
    };
    OverlayLook::towards(value, keep, 0.06 * high * rng.unit())
}

/// Lays a real stroke shape over the brain, `tissues` only, and returns its volume in mm³.
pub(crate) fn stroke_overlay(
    setting: &Setting,
    look: OverlayLook,
    tissues: Tissues,
    rng: &mut Rng,
    case: &mut Case,
) {
    let Some(shape) = setting.shapes.get(rng.below(setting.shapes.len())) else { return };
    let (held, mask) = shape.mask();
    let mask: Vec<f32> = mask.into_iter().map(f32::from).collect();
    let [low, high] = setting.anatomy.brain;
    let mirror = rng.chance(0.5);
    let swell = rng.range(0.9, 1.15);
    let middle = setting.anatomy.middle();
    let to_mni = |place: [f32; 3]| -> [f32; 3] {
        std::array::from_fn(|a| {
            let p = middle[a] + (place[a] - middle[a]) / swell;
            let share = (p - low[a]) / (high[a] - low[a]);
            let share = if a == 0 && mirror { 1.0 - share } else { share };
            MNI[0][a] + share * (MNI[1][a] - MNI[0][a])
        })
    };
    let region = canvas_box(&held, low, high, mirror, swell, middle);
    let share = |place: [f32; 3]| {
        let mm = to_mni(place);
        let at = std::array::from_fn(|a| mm[a] - held.start[a] as f32);
        // The border of thresholded masks is stepped; a steeper ramp about one half smooths it.
        1.6 * trilinear(&mask, held.size, at) - 0.3
    };
    case.overlays.push(Overlay::drawn(region, tissues, look, finding::LESION, share));
    case.pathologies.push(Pathology::Stroke);
}

/// The canvas box that the MNI box `held` comes to lie in.
fn canvas_box(
    held: &Region,
    low: [f32; 3],
    high: [f32; 3],
    mirror: bool,
    swell: f32,
    middle: [f32; 3],
) -> Region {
    let mut centre = [0.0; 3];
    let mut reach = [0.0; 3];
    for a in 0..3 {
        let share = |mm: f32| (mm - MNI[0][a]) / (MNI[1][a] - MNI[0][a]);
        let (mut from, mut to) =
            (share(held.start[a] as f32), share(held.start[a] as f32 + held.size[a] as f32 - 1.0));
        if a == 0 && mirror {
            (from, to) = (1.0 - to, 1.0 - from);
        }
        let place = |share: f32| middle[a] + (low[a] + share * (high[a] - low[a]) - middle[a]) * swell;
        centre[a] = 0.5 * (place(from) + place(to));
        reach[a] = 0.5 * (place(to) - place(from)) + 2.0;
    }
    overlay::around(centre, reach)
}

/// Scattered plaques: around the ventricles, under the cortex, in brain stem and cerebellum, anywhere in white matter.
fn plaques(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let look = replacing(setting, rng, [0.0, 0.25], true);
    let count = 2 + (rng.unit().powf(1.5) * 48.0) as usize;
    let (size, reach) = (rng.range(0.7, 1.3), rng.range(2.0, 9.0));
    for _ in 0..count {
        let radius = size * (1.2 + reach * rng.unit().powi(3));
        let site = match rng.weighted(&[0.3, 0.2, 0.4, 0.1]) {
            0 => beside_ventricle(setting, rng, radius),
            1 => setting.anatomy.site(rng, WHITE, [4.0, 16.0]),
            3 => setting.anatomy.site(rng, INFRATENTORIAL, [2.0, 90.0]),
            _ => setting.anatomy.site(rng, WHITE, [10.0, 90.0]),
        };
        let Some(centre) = site else { continue };
        let blob = Blob::random(centre, radius, 0.5, 0.15, rng);
        let tissues = if rng.chance(0.8) { WHITE } else { BRAIN };
        let own = OverlayLook { add: look.add * rng.range(0.9, 1.15), ..look };
        case.lay(setting, &blob, tissues, own, finding::LESION);
    }
    case.pathologies.push(Pathology::Plaques);
}

/// A place in white matter about one radius away from a ventricle's wall.
fn beside_ventricle(setting: &Setting, rng: &mut Rng, radius: f32) -> Option<[f32; 3]> {
    (0..20).find_map(|_| {
        let mut place = setting.anatomy.site(rng, overlay::VENTRICLES, [0.0, 90.0])?;
        let side = if place[0] < setting.anatomy.middle()[0] { -1.0 } else { 1.0 };
        let step = super::blob::unit([side, 0.4 * rng.normal(), 0.6 * rng.normal()]);
        for _ in 0..30 {
            let tissue = setting.anatomy.tissue(place);
            if WHITE.has(tissue) {
                return Some(std::array::from_fn(|a| place[a] + step[a] * 0.6 * radius));
            }
            place = std::array::from_fn(|a| place[a] + step[a]);
        }
        None
    })
}

/// A tumour: core, ring, oedema in the white matter around, mass effect.
fn tumour(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let Some(centre) = setting.anatomy.site(rng, BRAIN, [6.0, 60.0]) else { return };
    let radius = 4.0 + 18.0 * rng.unit().powi(2);
    let solid = Blob::random(centre, radius, 0.15, 0.12, rng);
    let necrosis = solid.grown(-radius * rng.range(0.2, 0.6));
    let oedema = solid.grown(rng.range(0.0, 14.0));
    let swollen = replacing(setting, rng, [0.1, 0.4], true);
    let mut body = replacing(setting, rng, [0.0, 0.3], false);
    if setting.contrast == Contrast::T1 && rng.chance(0.4) {
        // Contrast agent.
        body = OverlayLook::towards(setting.looks.mean(Tissue::White) * rng.range(1.2, 1.9), 0.0, 0.1);
    }
    let dead = setting.looks.mean(Tissue::Fluid) * rng.range(0.9, 1.6);
    let parts = [
        (oedema, WHITE, swollen),
        (solid, BRAIN, body),
        (necrosis, INSIDE, OverlayLook::towards(dead, 0.1, 0.03)),
    ];
    let wanted = if rng.chance(0.6) { 3 } else { 2 };
    for (blob, tissues, look) in parts.into_iter().take(wanted) {
        case.lay(setting, &blob, tissues, look, finding::LESION);
    }
    let amount = radius * rng.range(0.0, 0.5);
    case.pushes.push(Push::Away { from: centre, radius: solid.radius(), amount });
    case.pathologies.push(Pathology::Tumour);
}

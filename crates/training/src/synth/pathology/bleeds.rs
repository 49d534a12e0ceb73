//! Emergencies of CT samples: bleeds with oedema and mass effect, infarcts, fractures.

use super::blob::{Blob, dot, unit};
use super::lesions::stroke_overlay;
use super::overlay::{self, BRAIN, CISTERNS, INSIDE, Overlay, OverlayLook, VENTRICLES, WHITE, finding};
use super::{Case, Pathology, Push, Setting, injury};
use crate::synth::{Rng, SynthConfig};

/// Draws what is wrong with an ill head.
pub(crate) fn draw(setting: &Setting, config: &SynthConfig, rng: &mut Rng, case: &mut Case) {
    let mut side = if rng.chance(0.5) { 1.0 } else { -1.0 };
    let bleeds = rng.chance(config.bleed);
    let mut large = 0.0f32;
    if bleeds {
        let first = rng.weighted(&[0.28, 0.36, 0.12, 0.14, 0.1]);
        for kind in 0..5 {
            if kind == first || rng.chance(0.12) {
                large = large.max(bleed(kind, setting, &mut side, rng, case));
            }
        }
    }
    let mut more = rng.fork("small bleeds");
    if more.chance(config.small_bleeds) {
        (0..1 + more.below(3)).for_each(|_| small_bleed(setting, &mut more, case));
    }
    if rng.chance(config.fracture) {
        injury::fracture(setting, side, config.cleft_mm, rng, case);
        let mut more = rng.fork("more clefts");
        (0..more.below(config.clefts))
            .for_each(|_| injury::fracture(setting, side, config.cleft_mm, &mut more, case));
    }
    if rng.chance(if bleeds { 0.08 } else { 0.4 }) && !setting.shapes.is_empty() {
        let look = OverlayLook::plus(-rng.range(3.0, 16.0), rng.range(0.0, 1.5));
        let tissues = if rng.chance(0.3) { BRAIN.and(CISTERNS) } else { BRAIN };
        stroke_overlay(setting, look, tissues, rng, case);
        if rng.chance(0.3) {
            large = large.max(rng.range(2.0, 10.0));
        }
    }
    // Swelling without blood also moves the midline.
    if rng.chance(if bleeds { 0.75 } else { 0.3 }) {
        let amount = (large + rng.range(-1.0, 5.0)).clamp(0.0, 16.0);
        let centre = setting.anatomy.middle();
        let centre = [centre[0], centre[1] + rng.range(0.0, 25.0), centre[2] + rng.range(5.0, 20.0)];
        case.pushes.push(Push::Sideways { centre, amount: -side * amount });
    }
}

/// Draws one bleed; returns the midline shift it would cause, and sets `side` to where it lies.
fn bleed(kind: usize, setting: &Setting, side: &mut f32, rng: &mut Rng, case: &mut Case) -> f32 {
    match kind {
        0 => intraparenchymal(setting, side, rng, case),
        1 => collection(setting, Pathology::Subdural, *side, f32::MAX, rng, case),
        2 => collection(setting, Pathology::Epidural, *side, f32::MAX, rng, case),
        3 => subarachnoid(setting, 0.6, rng, case),
        _ => intraventricular(setting, rng, case),
    }
}

fn blood(rng: &mut Rng) -> OverlayLook {
    OverlayLook::towards(rng.range(52.0, 88.0), rng.range(0.0, 0.1), rng.range(0.5, 4.0))
}

/// Blood at the skull: beam hardening brightens it there, and what is measured is 50 to 85 HU, too.
fn blood_at_skull(rng: &mut Rng) -> OverlayLook {
    OverlayLook::towards(rng.range(44.0, 76.0), rng.range(0.0, 0.1), rng.range(0.5, 4.0))
}

fn intraparenchymal(setting: &Setting, side: &mut f32, rng: &mut Rng, case: &mut Case) -> f32 {
    let deep = rng.chance(0.5);
    let site = if deep {
        setting.anatomy.site(rng, BRAIN, [28.0, 60.0])
    } else {
        setting.anatomy.site(rng, BRAIN, [8.0, 30.0])
    };
    let Some(centre) = site else { return 0.0 };
    *side = if centre[0] < setting.anatomy.middle()[0] { -1.0 } else { 1.0 };
    let count = if rng.chance(0.2) { 2 + rng.below(3) } else { 1 };
    let radius = if count > 1 { rng.range(2.5, 7.0) } else { 3.5 + 21.0 * rng.unit().powf(1.6) };
    let look = blood(rng);
    for n in 0..count {
        let near = std::array::from_fn(|a| centre[a] + if n == 0 { 0.0 } else { 9.0 * rng.normal() });
        let clot = Blob::random(near, radius, 0.2, 0.18, rng);
        let oedema = clot.grown(rng.range(0.5, 7.0));
        let water = OverlayLook::plus(-rng.range(6.0, 14.0), 0.5);
        case.lay(setting, &oedema, WHITE, water, finding::NONE);
        case.lay(setting, &clot, INSIDE, look, finding::BLEED);
    }
    case.pushes.push(Push::Away { from: centre, radius, amount: radius * rng.range(0.1, 0.45) });
    case.pathologies.push(Pathology::Intraparenchymal);
    (radius - 9.0).max(0.0) * rng.range(0.1, 0.7)
}

/// A clot of about a millilitre, a thin layer, or blood in a few sulci.
fn small_bleed(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let side = if rng.chance(0.5) { 1.0 } else { -1.0 };
    match rng.weighted(&[0.45, 0.25, 0.3]) {
        0 => {
            let Some(centre) = setting.anatomy.site(rng, BRAIN, [2.0, 60.0]) else { return };
            let clot = Blob::random(centre, rng.range(2.0, 7.0), 0.25, 0.2, rng);
            case.lay(setting, &clot, INSIDE, blood(rng), finding::BLEED);
            case.pathologies.push(Pathology::Intraparenchymal);
        }
        1 => {
            let thin = rng.range(2.0, 5.0);
            collection(setting, Pathology::Subdural, side, thin, rng, case);
        }
        _ => {
            subarachnoid(setting, 0.0, rng, case);
        }
    }
}

/// A crescent (subdural) or a lens (epidural) under the skull, thickest around one direction, there at most so many mm.
fn collection(
    setting: &Setting,
    kind: Pathology,
    side: f32,
    at_most: f32,
    rng: &mut Rng,
    case: &mut Case,
) -> f32 {
    let middle = setting.anatomy.middle();
    let from = [middle[0], middle[1], middle[2] + 5.0];
    let out = unit([side * rng.range(0.6, 1.0), rng.range(-0.7, 0.7), rng.range(-0.1, 0.7)]);
    let top = setting.anatomy.skull_along(from, out);
    let lens = kind == Pathology::Epidural;
    let thick = if lens { rng.range(5.0, 26.0) } else { 2.5 + 14.0 * rng.unit().powf(1.3) };
    let thick = thick.min(at_most);
    let spread = if lens { rng.range(18.0, 40.0) } else { rng.range(35.0, 68.0) };
    // The falx stops subdural blood.
    let border = middle[0];
    let at = |place: [f32; 3]| -> f32 {
        if (place[0] - border) * side < 3.0 {
            return 0.0;
        }
        let far = (0..3).map(|a| (place[a] - top[a]).powi(2)).sum::<f32>().sqrt() / spread;
        let shape = if lens { 1.0 - far * far } else { 1.0 - far.powi(4) };
        if shape <= 0.0 {
            return 0.0;
        }
        thick * shape - setting.anatomy.depth(place) + 0.6 * setting.ragged.at(place) + 0.5
    };
    let region = overlay::around(top, [spread; 3]);
    let mut look = blood_at_skull(rng);
    if !lens && rng.chance(0.2) {
        // Days old: darker, layered by the noise.
        look = OverlayLook::towards(rng.range(42.0, 55.0), 0.0, rng.range(3.0, 9.0));
    }
    case.overlays.push(Overlay::drawn(region, INSIDE, look, finding::BLEED, at));
    let inward = std::array::from_fn(|a| top[a] - out[a] * thick * 0.5);
    case.pushes.push(Push::Away { from: inward, radius: thick, amount: thick * rng.range(0.3, 0.6) });
    case.pathologies.push(kind);
    (thick - 4.0).max(0.0) * rng.range(0.2, 0.9)
}

/// Blood in cisterns, fissures and sulci around one place, or by the chance `basal` at the base of the brain.
fn subarachnoid(setting: &Setting, basal: f32, rng: &mut Rng, case: &mut Case) -> f32 {
    let middle = setting.anatomy.middle();
    let basal = rng.chance(basal);
    let centre = if basal {
        [middle[0] + 6.0 * rng.normal(), middle[1] + 12.0, middle[2] - rng.range(18.0, 30.0)]
    } else {
        match setting.anatomy.site(rng, CISTERNS, [1.0, 14.0]) {
            Some(site) => site,
            None => return 0.0,
        }
    };
    let reach = if basal { rng.range(28.0, 60.0) } else { rng.range(14.0, 30.0) };
    let density = rng.range(0.2, 1.1);
    let share = |place: [f32; 3]| {
        let far = (0..3).map(|a| (place[a] - centre[a]).powi(2)).sum::<f32>().sqrt() / reach;
        2.0 * (1.0 - far) + density - 0.6 + 0.5 * setting.ragged.at(place)
    };
    let region = overlay::around(centre, [reach * 1.3; 3]);
    let look = OverlayLook::towards(rng.range(48.0, 75.0), rng.range(0.0, 0.3), 2.0);
    case.overlays.push(Overlay::drawn(region, CISTERNS, look, finding::BLEED, share));
    case.pathologies.push(Pathology::Subarachnoid);
    0.0
}

/// Blood filling ventricles, sinking to the back as patients lie.
fn intraventricular(setting: &Setting, rng: &mut Rng, case: &mut Case) -> f32 {
    let middle = setting.anatomy.middle();
    let down = unit([0.1 * rng.normal(), -1.0, 0.25 * rng.normal()]);
    let level = rng.range(-8.0, 34.0);
    let one_side = rng.chance(0.35).then(|| if rng.chance(0.5) { 1.0 } else { -1.0 });
    let whole = rng.chance(0.25);
    let share = |place: [f32; 3]| {
        let v = std::array::from_fn(|a| place[a] - middle[a]);
        if one_side.is_some_and(|s| v[0] * s < 0.0) {
            return 0.0;
        }
        if whole { 1.0 } else { dot(v, down) - level + 1.5 * setting.ragged.at(place) }
    };
    let region = overlay::around(middle, [48.0, 75.0, 55.0]);
    case.overlays.push(Overlay::drawn(region, VENTRICLES, blood(rng), finding::BLEED, share));
    case.pathologies.push(Pathology::Intraventricular);
    0.0
}

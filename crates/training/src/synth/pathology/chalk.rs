//! Calcifications of healthy heads, which have the density of blood where they are small or fill a part of a voxel.

use super::blob::Blob;
use super::overlay::{BRAIN, CISTERNS, INSIDE, OverlayLook, Tissues, VENTRICLES, WHITE, finding};
use super::{Case, Setting};
use crate::synth::Rng;
use crate::synth::classes::Tissue;

/// Of the pineal gland, just behind the third ventricle.
pub(super) fn pineal(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let middle = setting.anatomy.middle();
    let place = [middle[0] + rng.normal(), middle[1] - 12.0 + 3.0 * rng.normal(), middle[2] - 2.0];
    let gland = Blob::random(place, rng.range(1.2, 3.0), 0.2, 0.1, rng);
    let look = OverlayLook::towards(rng.range(70.0, 350.0), 0.0, 10.0);
    case.lay(setting, &gland, INSIDE, look, finding::NONE);
}

/// Of the plexus where the ventricles turn down, of the basal ganglia on both sides, and of the falx.
pub(super) fn elsewhere(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    if rng.chance(0.6) {
        plexus(setting, rng, case);
    }
    if rng.chance(0.15) {
        pallidum(setting, rng, case);
    }
    if rng.chance(0.3) {
        falx(setting, rng, case);
    }
}

fn plexus(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let middle = setting.anatomy.middle();
    let (value, radius) = (rng.range(50.0, 400.0), rng.range(1.2, 4.0));
    for side in [-1.0, 1.0] {
        let wanted = [middle[0] + side * 25.0, middle[1] - 23.0, middle[2] + 4.0];
        let Some(centre) = nearest_site(setting, rng, VENTRICLES, wanted) else { continue };
        if rng.chance(0.85) {
            let clump = Blob::random(centre, radius * rng.range(0.6, 1.2), 0.35, 0.25, rng);
            let look = OverlayLook::towards(value * rng.range(0.7, 1.2), 0.1, 10.0);
            case.lay(setting, &clump, VENTRICLES.and(WHITE), look, finding::NONE);
        }
    }
}

fn pallidum(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let middle = setting.anatomy.middle();
    let (value, radius) = (rng.range(48.0, 200.0), rng.range(1.0, 4.0));
    for side in [-1.0, 1.0] {
        let wanted = [middle[0] + side * 19.0, middle[1] + 14.0, middle[2] - 8.0];
        let tissue = Tissues::of(&[Tissue::Pallidum]);
        let Some(centre) = nearest_site(setting, rng, tissue, wanted) else { continue };
        let grains = Blob::random(centre, radius * rng.range(0.7, 1.2), 0.3, 0.3, rng);
        let look = OverlayLook::towards(value, rng.range(0.1, 0.5), 8.0);
        case.lay(setting, &grains, BRAIN, look, finding::NONE);
    }
}

/// Flat plaques between the hemispheres.
fn falx(setting: &Setting, rng: &mut Rng, case: &mut Case) {
    let middle = setting.anatomy.middle();
    for _ in 0..1 + rng.below(3) {
        let along = [rng.normal(), rng.range(-45.0, 62.0), rng.range(12.0, 62.0)];
        let plaque =
            Blob::random(std::array::from_fn(|a| middle[a] + along[a]), rng.range(1.2, 3.5), 0.4, 0.2, rng);
        let look = OverlayLook::towards(rng.range(80.0, 600.0), 0.0, 10.0);
        let tissues = CISTERNS.and(Tissues::of(&[Tissue::Cortex]));
        case.lay(setting, &plaque, tissues, look, finding::NONE);
    }
}

/// Of some random places of `tissues` in a box of 28 mm around `wanted`, the nearest to it.
fn nearest_site(setting: &Setting, rng: &mut Rng, tissues: Tissues, wanted: [f32; 3]) -> Option<[f32; 3]> {
    let far = |place: &[f32; 3]| (0..3).map(|a| (place[a] - wanted[a]).powi(2)).sum::<f32>();
    let places = (0..300).map(|_| std::array::from_fn(|a| wanted[a] + rng.range(-14.0, 14.0)));
    places
        .filter(|place| tissues.has(setting.anatomy.tissue(*place)))
        .min_by(|a, b| far(a).total_cmp(&far(b)))
}

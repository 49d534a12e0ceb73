//! CT appearance of every class, in Hounsfield units.

use super::Rng;
use super::classes::{CLASSES, Class, Tissue};
use super::contrast::{Look, Looks};

/// Value of air.
pub(crate) const AIR: f32 = -1000.0;

/// Draws the look of every class.
pub(crate) fn draw_looks(classes: &[Class; CLASSES.len()], rng: &mut Rng) -> Looks {
    let grey = rng.range(34.0, 42.0);
    let white = grey - rng.range(5.0, 10.0);
    let fluid = rng.range(2.0, 12.0);
    let vessel = rng.range(38.0, 70.0);
    let muscle = rng.range(45.0, 65.0);
    let fat = rng.range(-115.0, -75.0);
    let choroid = if rng.chance(0.3) { rng.range(60.0, 250.0) } else { rng.range(25.0, 45.0) };
    let pallidum = if rng.chance(0.1) { rng.range(10.0, 60.0) } else { 0.0 };
    // Fatty marrow, as in the clivus, is no denser than blood.
    let marrow = if rng.chance(0.4) { rng.range(-20.0, 150.0) } else { rng.range(120.0, 700.0) };
    let bone = rng.range(900.0, 1800.0);
    let diploe = bone * rng.range(0.25, 0.8);
    // Mean, slow variation, grain, share of fat in lobes.
    let look = |tissue: Tissue| -> Look {
        match tissue {
            Tissue::Air => [AIR, 0.0, 0.0, 0.0],
            Tissue::White | Tissue::CerebellarWhite => [white, 0.8, 0.5, 0.0],
            Tissue::WhiteLesion => [white - 7.0, 1.5, 0.5, 0.0],
            Tissue::BrainStem | Tissue::SpinalCord | Tissue::VentralDiencephalon => {
                [white + 2.0, 1.0, 0.5, 0.0]
            }
            Tissue::Ventricle | Tissue::Fluid => [fluid, 0.5, 0.3, 0.0],
            Tissue::Choroid => [choroid, 0.2 * choroid, 1.0, 0.0],
            Tissue::Pallidum => [grey - 1.0 + pallidum, 1.0, 0.5, 0.0],
            Tissue::Artery | Tissue::Vein => [vessel, 1.5, 0.5, 0.0],
            Tissue::Eye => [10.0, 1.0, 0.5, 0.0],
            Tissue::OpticNerve | Tissue::EyeMuscle => [40.0, 4.0, 1.0, 0.0],
            Tissue::SoftTissue => [muscle, 8.0, 3.0, 0.8 * (fat - muscle)],
            Tissue::Fat => [fat, 9.0, 4.0, 0.0],
            Tissue::Mucosa => [45.0, 12.0, 3.0, 0.0],
            Tissue::Skin => [25.0, 15.0, 5.0, 0.0],
            Tissue::CorticalBone => [bone, 170.0, 60.0, 0.0],
            Tissue::Marrow => [marrow, 110.0, 50.0, 0.0],
            Tissue::Diploe => [diploe, 110.0, 50.0, 0.0],
            _ => [grey, 0.8, 0.5, 0.0],
        }
    };
    Looks(classes.map(|c| look(c.tissue)))
}

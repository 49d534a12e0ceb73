//! Injuries laid over real head CTs that have none: what of them a model finds does not hang on how heads are
//! synthesised.
//!
//! The brain does not give way; there is no oedema and no swelling of the scalp.

mod blood;
mod cleft;
mod inside;

use saswin_volume::Volume;
use serde::Deserialize;

use inside::Inside;

/// What is laid over a head, and where.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Injury {
    /// A ball, as of a bleed in the brain.
    Clot {
        /// Volume in mL.
        ml: f64,
        /// Place in the box of the skull's inside: right, front and top are 1.
        at: [f64; 3],
        /// Mean value in HU.
        hu: f32,
    },
    /// Two balls at the same place of both sides, as of blood in both occipital horns or under both temporal lobes.
    Clots {
        /// Volume of each in mL.
        ml: f64,
        /// Place of one in the box of the skull's inside; the other's is its mirror image.
        at: [f64; 3],
        /// Mean value in HU.
        hu: f32,
    },
    /// A layer under the skull, thickest in its middle, as of a subdural bleed.
    Crescent {
        /// Greatest thickness in mm.
        thick_mm: f64,
        /// Direction from the middle of the head: right, front, up.
        towards: [f64; 3],
        /// Mean value in HU.
        hu: f32,
    },
    /// A gap through the whole thickness of the skull.
    Cleft {
        /// Direction from the middle of the head: right, front, up.
        towards: [f64; 3],
        /// Width in mm.
        wide_mm: f64,
        /// Half its length in mm.
        reach_mm: f64,
        /// 0 if it runs up and down, 90 if it runs level.
        turn_degrees: f64,
    },
}

/// Lays `injury` over `scan` (HU); true where it is.
///
/// `None` if no inside of a skull is found, or the place is not in it.
pub fn lay(scan: &mut Volume<f32>, injury: &Injury) -> Option<Vec<bool>> {
    let inside = Inside::of(scan)?;
    let truth = match *injury {
        Injury::Clot { ml, at, hu } => ball(inside.place(at), ml).fill(scan, &inside, hu),
        Injury::Clots { ml, at: [right, front, top], hu } => {
            let [one, other] = [right, 1.0 - right].map(|x| ball(inside.place([x, front, top]), ml));
            let (one, other) = (one.fill(scan, &inside, hu), other.fill(scan, &inside, hu));
            one.iter().zip(other).map(|(one, other)| *one || other).collect()
        }
        Injury::Crescent { thick_mm, towards, hu } => {
            blood::Shape::Layer { top: inside.wall(towards)?, thick: thick_mm }.fill(scan, &inside, hu)
        }
        Injury::Cleft { towards, wide_mm, reach_mm, turn_degrees } => {
            let plate = cleft::Plate::new(inside.wall(towards)?, towards, turn_degrees);
            plate.cut(scan, &inside, wide_mm, reach_mm)
        }
    };
    truth.contains(&true).then_some(truth)
}

fn ball(centre: [f64; 3], ml: f64) -> blood::Shape {
    blood::Shape::Ball { centre, radius: (ml * 1000.0 * 0.75 / std::f64::consts::PI).cbrt() }
}

#[cfg(test)]
mod tests {
    use super::inside::norm;
    use super::*;
    use saswin_volume::{Affine, Grid};

    /// A head of 60 mm: bone around a ball of brain, voxels of 1 × 1 × 2 mm.
    fn head() -> Volume<f32> {
        let mut affine = Affine { translation: [-40.0; 3], ..Affine::IDENTITY };
        affine.linear[2][2] = 2.0;
        let mut scan = Volume::filled(Grid { dims: [81, 81, 41], affine }, -1000.0);
        for voxel in 0..scan.voxels.len() {
            let r = norm(scan.grid.place(voxel));
            let noise = (voxel * 7919 % 13) as f32 - 6.0;
            if r < 36.0 {
                scan.voxels[voxel] = if r < 30.0 { 35.0 + noise } else { 900.0 };
            }
        }
        scan
    }

    fn millilitres(scan: &Volume<f32>, truth: &[bool]) -> f64 {
        truth.iter().filter(|t| **t).count() as f64 * scan.grid.voxel_volume() / 1000.0
    }

    fn mean(scan: &Volume<f32>, truth: &[bool]) -> f32 {
        let (sum, count) = (scan.voxels.iter().zip(truth).filter(|(_, t)| **t))
            .fold((0.0, 0.0f32), |(s, n), (v, _)| (s + v, n + 1.0));
        sum / count
    }

    #[test]
    fn a_clot_has_its_volume_and_its_value() {
        let mut scan = head();
        let truth = lay(&mut scan, &Injury::Clot { ml: 4.0, at: [0.4, 0.5, 0.5], hu: 65.0 }).unwrap();
        let ml = millilitres(&scan, &truth);
        assert!((ml - 4.0).abs() < 0.3, "{ml} mL");
        assert!((mean(&scan, &truth) - 65.0).abs() < 3.0, "{} HU", mean(&scan, &truth));
    }

    #[test]
    fn clots_are_a_clot_and_its_mirror_image() {
        let mut scan = head();
        let truth = lay(&mut scan, &Injury::Clots { ml: 2.0, at: [0.3, 0.5, 0.5], hu: 65.0 }).unwrap();
        let ml = millilitres(&scan, &truth);
        assert!((ml - 4.0).abs() < 0.3, "{ml} mL");
        let right: Vec<bool> =
            truth.iter().enumerate().map(|(v, t)| *t && scan.grid.place(v)[0] > 0.0).collect();
        assert!((millilitres(&scan, &right) - 2.0).abs() < 0.2);
        assert!((mean(&scan, &truth) - 65.0).abs() < 3.0, "{} HU", mean(&scan, &truth));
    }

    #[test]
    fn a_crescent_lies_under_the_skull_on_its_side() {
        let (mut scan, before) = (head(), head());
        let crescent = Injury::Crescent { thick_mm: 5.0, towards: [1.0, 0.0, 0.0], hu: 65.0 };
        let truth = lay(&mut scan, &crescent).unwrap();
        for voxel in (0..truth.len()).filter(|v| truth[*v]) {
            let place = scan.grid.place(voxel);
            assert!(norm(place) > 23.0 && place[0] > -6.0, "{place:?}");
            assert!(before.voxels[voxel] < 100.0, "bone at {place:?}");
        }
        assert!(millilitres(&scan, &truth) > 5.0);
    }

    #[test]
    fn without_a_skull_nothing_is_laid() {
        let grid = Grid { dims: [9; 3], affine: Affine::IDENTITY };
        let clot = Injury::Clot { ml: 1.0, at: [0.5; 3], hu: 60.0 };
        assert_eq!(lay(&mut Volume::filled(grid, -1000.0), &clot), None);
    }

    #[test]
    fn a_cleft_opens_bone_on_its_side_and_nothing_else() {
        let (mut scan, before) = (head(), head());
        let cleft =
            Injury::Cleft { towards: [1.0, 0.2, 0.3], wide_mm: 2.0, reach_mm: 15.0, turn_degrees: 20.0 };
        let broken = lay(&mut scan, &cleft).unwrap();
        let opened: Vec<bool> =
            (scan.voxels.iter().zip(&before.voxels)).map(|(v, b)| *v < b - 300.0).collect();
        for voxel in (0..broken.len()).filter(|v| scan.voxels[*v] != before.voxels[*v]) {
            assert!(before.voxels[voxel] > 800.0 && scan.grid.place(voxel)[0] > 0.0);
            assert!(broken[voxel] || !opened[voxel], "the cleft is not among what is broken");
        }
        // A plate of 2 mm through 6 mm of bone, 30 mm long; 6 mm of bone count as broken.
        let ml = [&opened, &broken].map(|part| millilitres(&scan, part));
        assert!(ml[0] > 0.15 && ml[0] < 0.5 && ml[1] > 0.8 && ml[1] < 1.5, "{ml:?} mL");
        assert!(mean(&scan, &opened) < 400.0, "{} HU", mean(&scan, &opened));
    }
}

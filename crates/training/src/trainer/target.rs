//! What a network is taught about a head: which labels, and which outputs of the class head.

use crate::recipe::Target;
use crate::synth::targets::{
    BACKGROUND, BRAIN_STEM, FLUID, LEFT_CEREBELLUM, LEFT_DEEP, LEFT_GREY, LEFT_VENTRICLE, LEFT_WHITE,
    RIGHT_CEREBELLUM, RIGHT_DEEP, RIGHT_GREY, RIGHT_VENTRICLE, RIGHT_WHITE,
};
use crate::synth::{finding, targets};

/// Findings of at least this volume count as present; smaller ones are neither present nor absent. mL.
const LEAST_ML: f32 = 0.1;
/// Midline shift that is reported as one, mm.
const SHIFT_MM: f32 = 5.0;
/// The class head gives midline shift in units of this many mm.
pub const SHIFT_UNIT_MM: f32 = 10.0;

/// What is to be said of a window or a whole head.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Anatomical classes (see [`crate::synth::targets`]).
    pub anatomy: &'a [u8],
    /// Lesions, blood and clefts (see [`crate::synth::finding`]).
    pub findings: &'a [u8],
    /// mL of one voxel.
    pub voxel_ml: f32,
    /// Displacement of the septum in mm, positive to the right, if it lies in the window.
    pub midline_shift: Option<f32>,
}

impl Target {
    /// How many labels there are, background included.
    pub fn label_count(self) -> usize {
        match self {
            Self::Anatomy => targets::COUNT,
            Self::Lesions => 6,
            Self::Emergencies => 8,
            Self::Fractures => 3,
        }
    }

    /// Outputs of the class head that it has a truth for.
    pub fn output_count(self) -> usize {
        match self {
            Self::Anatomy => 0,
            Self::Lesions | Self::Fractures => 1,
            Self::Emergencies => 4,
        }
    }

    /// Whether a finding is one of those that are taught.
    pub fn teaches(self, found: u8) -> bool {
        match self {
            Self::Anatomy => false,
            Self::Lesions => found == finding::LESION,
            Self::Emergencies => matches!(found, finding::BLEED | finding::FRACTURE),
            Self::Fractures => found == finding::FRACTURE,
        }
    }

    /// Segmentation target of each voxel.
    pub fn labels(self, seen: &Seen<'_>) -> Vec<u8> {
        let each = |label: fn(u8, u8) -> u8| {
            seen.anatomy.iter().zip(seen.findings).map(|(a, f)| label(*a, *f)).collect()
        };
        match self {
            Self::Anatomy => seen.anatomy.to_vec(),
            Self::Lesions => each(lesion),
            Self::Emergencies => each(emergency),
            Self::Fractures => each(fracture),
        }
    }

    /// Outputs of the class head, not a number where unknown.
    ///
    /// Lesions, fractures: whether there is one. Emergencies: whether there is blood, midline shift, a fracture; and the
    /// shift in units of [`SHIFT_UNIT_MM`].
    pub fn classes(self, seen: &Seen<'_>) -> Vec<f32> {
        let present = |wanted: u8| {
            let voxels = seen.findings.iter().filter(|f| **f == wanted).count();
            match voxels as f32 * seen.voxel_ml {
                ml if ml >= LEAST_ML => 1.0,
                _ if voxels > 0 => f32::NAN,
                _ => 0.0,
            }
        };
        match self {
            Self::Anatomy => Vec::new(),
            Self::Lesions => vec![present(finding::LESION)],
            Self::Fractures => vec![present(finding::FRACTURE)],
            Self::Emergencies => {
                let shift = seen.midline_shift.unwrap_or(f32::NAN);
                let shifted =
                    if shift.is_nan() { shift } else { f32::from(u8::from(shift.abs() > SHIFT_MM)) };
                vec![present(finding::BLEED), shifted, present(finding::FRACTURE), shift / SHIFT_UNIT_MM]
            }
        }
    }
}

/// Label of a voxel of head CT: what is found there, or else the part of the brain, coarsely. The halves of the
/// cerebrum and its ventricles are where the midline is read off.
fn emergency(anatomy: u8, finding: u8) -> u8 {
    match (finding, anatomy) {
        (finding::BLEED, _) => 1,
        (finding::FRACTURE, _) => 2,
        (_, LEFT_GREY | LEFT_WHITE | LEFT_DEEP) => 3,
        (_, RIGHT_GREY | RIGHT_WHITE | RIGHT_DEEP) => 4,
        (_, LEFT_VENTRICLE) => 5,
        (_, RIGHT_VENTRICLE) => 6,
        (_, LEFT_CEREBELLUM | RIGHT_CEREBELLUM | BRAIN_STEM) => 7,
        _ => 0,
    }
}

/// Label of a voxel of the skull's surroundings: cleft, or else inside of it. What lies outside is mostly air.
fn fracture(anatomy: u8, finding: u8) -> u8 {
    match (finding, anatomy) {
        (finding::FRACTURE, _) => 1,
        (_, BACKGROUND) => 0,
        _ => 2,
    }
}

/// Label of a voxel of brain MR: lesion, or else its tissue. A network that is taught lesions alone learns for long
/// that there are none.
fn lesion(anatomy: u8, finding: u8) -> u8 {
    match (finding, anatomy) {
        (finding::LESION, _) => 1,
        (_, LEFT_GREY | RIGHT_GREY | LEFT_DEEP | RIGHT_DEEP) => 2,
        (_, LEFT_WHITE | RIGHT_WHITE) => 3,
        (_, LEFT_VENTRICLE | RIGHT_VENTRICLE | FLUID) => 4,
        (_, LEFT_CEREBELLUM | RIGHT_CEREBELLUM | BRAIN_STEM) => 5,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specks_are_neither_present_nor_absent() {
        let findings = [vec![finding::BLEED; 13], vec![finding::FRACTURE; 3], vec![0; 84]].concat();
        let anatomy = vec![4; 100];
        let seen =
            Seen { anatomy: &anatomy, findings: &findings, voxel_ml: 0.008, midline_shift: Some(-6.0) };
        let classes = Target::Emergencies.classes(&seen);
        assert_eq!((classes[0], classes[1], classes[3]), (1.0, 1.0, -0.6));
        assert!(classes[2].is_nan());
        assert_eq!(Target::Lesions.classes(&seen), [0.0]);
        assert_eq!(Target::Emergencies.labels(&seen)[12..17], [1, 2, 2, 2, 4]);
        assert_eq!(Target::Fractures.labels(&seen)[12..17], [2, 1, 1, 1, 2]);
        assert!(Target::Fractures.classes(&seen)[0].is_nan());
        let unknown = Seen { midline_shift: None, ..seen };
        assert!(Target::Emergencies.classes(&unknown)[1].is_nan());
        assert_eq!(Target::Anatomy.labels(&seen), anatomy);
        let taught = |target: Target| (0..4).filter(|found| target.teaches(*found)).collect::<Vec<_>>();
        assert_eq!(taught(Target::Fractures), [finding::FRACTURE]);
        assert_eq!(taught(Target::Lesions), [finding::LESION]);
        assert_eq!(taught(Target::Emergencies), [finding::BLEED, finding::FRACTURE]);
    }
}

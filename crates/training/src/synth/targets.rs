//! Target classes of `head-mr` and what counts as brain.
//!
//! The brain mask is the morphological closing of the classes 1…11 as surgeons' masks have it:
//! brain tissue and ventricles, with the fluid of narrow sulci but without the outer fluid layer.
//! Class 12 (fluid inside the skull) is kept apart so that a caller may choose either.

/// Number of classes, background included.
pub const COUNT: usize = 13;

/// Everything outside the skull's inside, and vessels, dura and nerves inside it.
pub const BACKGROUND: u8 = 0;
/// Left cerebral cortex.
pub const LEFT_GREY: u8 = 1;
/// Right cerebral cortex.
pub const RIGHT_GREY: u8 = 2;
/// Left cerebral white matter, its lesions included.
pub const LEFT_WHITE: u8 = 3;
/// Right cerebral white matter, its lesions included.
pub const RIGHT_WHITE: u8 = 4;
/// Left thalamus, caudate, putamen, pallidum, accumbens, amygdala, hippocampus, ventral diencephalon.
pub const LEFT_DEEP: u8 = 5;
/// Right deep grey nuclei.
pub const RIGHT_DEEP: u8 = 6;
/// Left lateral ventricle with its inferior horn and choroid plexus.
pub const LEFT_VENTRICLE: u8 = 7;
/// Right lateral ventricle with its inferior horn and choroid plexus.
pub const RIGHT_VENTRICLE: u8 = 8;
/// Left cerebellum, grey and white.
pub const LEFT_CEREBELLUM: u8 = 9;
/// Right cerebellum, grey and white.
pub const RIGHT_CEREBELLUM: u8 = 10;
/// Brain stem.
pub const BRAIN_STEM: u8 = 11;
/// Other fluid inside the skull: 3rd and 4th ventricle, cisterns, sulci, outer layer.
pub const FLUID: u8 = 12;

/// Names in class order.
pub const NAMES: [&str; COUNT] = [
    "background",
    "left cerebral grey matter",
    "right cerebral grey matter",
    "left cerebral white matter",
    "right cerebral white matter",
    "left deep grey matter",
    "right deep grey matter",
    "left lateral ventricle",
    "right lateral ventricle",
    "left cerebellum",
    "right cerebellum",
    "brain stem",
    "other intracranial fluid",
];

/// The class on the other side: left and right are exchanged, midline classes stay.
pub const fn mirrored(target: u8) -> u8 {
    match target {
        LEFT_GREY..=RIGHT_CEREBELLUM => {
            if target % 2 == 1 {
                target + 1
            } else {
                target - 1
            }
        }
        other => other,
    }
}

/// Whether the class is brain tissue or lateral ventricle (1…11).
pub const fn is_brain(target: u8) -> bool {
    target >= LEFT_GREY && target <= BRAIN_STEM
}

/// Whether the class is tissue of the cerebrum, deep nuclei included.
pub const fn is_cerebrum(target: u8) -> bool {
    target >= LEFT_GREY && target <= RIGHT_DEEP
}

/// Whether the class is cerebellum.
pub const fn is_cerebellum(target: u8) -> bool {
    target == LEFT_CEREBELLUM || target == RIGHT_CEREBELLUM
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirroring_swaps_left_and_right_names() {
        for target in 0..COUNT as u8 {
            let other = mirrored(target);
            assert_eq!(mirrored(other), target);
            let swapped =
                NAMES[target as usize].replace("left", "?").replace("right", "left").replace('?', "right");
            assert_eq!(NAMES[other as usize], swapped);
        }
    }
}

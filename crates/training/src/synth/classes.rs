//! The compact classes of a packed head map, and the tissue and target of each.

use super::targets::{self as t};

/// What a class is made of: classes of one tissue share their appearance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names are anatomical terms")]
pub enum Tissue {
    Air,
    Cortex,
    White,
    WhiteLesion,
    Ventricle,
    Fluid,
    Choroid,
    Thalamus,
    Caudate,
    Putamen,
    Pallidum,
    Accumbens,
    Amygdala,
    Hippocampus,
    VentralDiencephalon,
    CerebellarCortex,
    CerebellarWhite,
    BrainStem,
    Chiasm,
    SpinalCord,
    Artery,
    Vein,
    Eye,
    OpticNerve,
    EyeMuscle,
    SoftTissue,
    Fat,
    Mucosa,
    Skin,
    CorticalBone,
    Marrow,
    Diploe,
}

impl Tissue {
    /// Number of tissues.
    pub const COUNT: usize = Self::Diploe as usize + 1;
}

/// One class of a packed head map.
#[derive(Debug, Clone, Copy)]
pub struct Class {
    /// Id in the source maps (FreeSurfer ids, and 502…530 outside the brain); 9001… are made while packing.
    pub source: u16,
    /// Appearance.
    pub tissue: Tissue,
    /// Target class of `head-mr` (see [`super::targets`]).
    pub target: u8,
}

const fn class(source: u16, tissue: Tissue, target: u8) -> Class {
    Class { source, tissue, target }
}

/// Source id of fat under the skin and around the eyes, split from "other tissue".
pub(crate) const FAT: u16 = 9001;
/// Source id of fluid around the spinal cord, split from intracranial fluid.
pub(crate) const SPINAL_FLUID: u16 = 9002;
/// Source id of air enclosed by the head.
pub(crate) const INNER_AIR: u16 = 9003;
/// Source ids of fluid touching the left and the right cortex, split from other fluid.
pub(crate) const RIM: [u16; 2] = [9004, 9005];
/// Source id of cortical bone.
pub(crate) const CORTICAL_BONE: u16 = 515;
/// Source id of the spongy bone between the tables of smooth vaults.
pub(crate) const DIPLOE: u16 = 9008;
/// Source ids of the left and the right cortex.
pub(crate) const CORTEX: [u16; 2] = [3, 42];
/// Source ids of the left and the right limbic cortex (insula, cingulum, medial temporal lobe), split from the other.
pub(crate) const LIMBIC: [u16; 2] = [9006, 9007];
/// Source ids of what limbic cortex lies around, and how far in voxels: putamen, lateral ventricle, amygdala.
pub(crate) const LIMBIC_CENTRES: [([u16; 2], usize); 3] = [([12, 51], 15), ([4, 43], 17), ([18, 54], 8)];
/// Source id of fluid inside the skull.
pub(crate) const FLUID: u16 = 24;
/// Source id of muscle and all else that has no class of its own.
pub(crate) const OTHER_TISSUE: u16 = 507;
/// Source id of skin.
pub(crate) const SKIN: u16 = 511;
/// Source id of the eyes.
pub(crate) const EYE: u16 = 506;

/// All classes; a packed voxel is an index into this table. Class 0 is air around the head.
pub const CLASSES: [Class; 62] = [
    class(0, Tissue::Air, t::BACKGROUND),
    class(2, Tissue::White, t::LEFT_WHITE),
    class(3, Tissue::Cortex, t::LEFT_GREY),
    class(4, Tissue::Ventricle, t::LEFT_VENTRICLE),
    class(5, Tissue::Ventricle, t::LEFT_VENTRICLE),
    class(7, Tissue::CerebellarWhite, t::LEFT_CEREBELLUM),
    class(8, Tissue::CerebellarCortex, t::LEFT_CEREBELLUM),
    class(10, Tissue::Thalamus, t::LEFT_DEEP),
    class(11, Tissue::Caudate, t::LEFT_DEEP),
    class(12, Tissue::Putamen, t::LEFT_DEEP),
    class(13, Tissue::Pallidum, t::LEFT_DEEP),
    class(14, Tissue::Ventricle, t::FLUID),
    class(15, Tissue::Ventricle, t::FLUID),
    class(16, Tissue::BrainStem, t::BRAIN_STEM),
    class(17, Tissue::Hippocampus, t::LEFT_DEEP),
    class(18, Tissue::Amygdala, t::LEFT_DEEP),
    class(FLUID, Tissue::Fluid, t::FLUID),
    class(25, Tissue::WhiteLesion, t::LEFT_WHITE),
    class(26, Tissue::Accumbens, t::LEFT_DEEP),
    class(28, Tissue::VentralDiencephalon, t::LEFT_DEEP),
    class(30, Tissue::Fluid, t::LEFT_DEEP),
    class(41, Tissue::White, t::RIGHT_WHITE),
    class(42, Tissue::Cortex, t::RIGHT_GREY),
    class(43, Tissue::Ventricle, t::RIGHT_VENTRICLE),
    class(44, Tissue::Ventricle, t::RIGHT_VENTRICLE),
    class(46, Tissue::CerebellarWhite, t::RIGHT_CEREBELLUM),
    class(47, Tissue::CerebellarCortex, t::RIGHT_CEREBELLUM),
    class(49, Tissue::Thalamus, t::RIGHT_DEEP),
    class(50, Tissue::Caudate, t::RIGHT_DEEP),
    class(51, Tissue::Putamen, t::RIGHT_DEEP),
    class(52, Tissue::Pallidum, t::RIGHT_DEEP),
    class(53, Tissue::Hippocampus, t::RIGHT_DEEP),
    class(54, Tissue::Amygdala, t::RIGHT_DEEP),
    class(57, Tissue::WhiteLesion, t::RIGHT_WHITE),
    class(58, Tissue::Accumbens, t::RIGHT_DEEP),
    class(60, Tissue::VentralDiencephalon, t::RIGHT_DEEP),
    class(62, Tissue::Fluid, t::RIGHT_DEEP),
    class(72, Tissue::Ventricle, t::FLUID),
    class(85, Tissue::Chiasm, t::BACKGROUND),
    class(136, Tissue::Choroid, t::LEFT_VENTRICLE),
    class(137, Tissue::Choroid, t::LEFT_VENTRICLE),
    class(163, Tissue::Choroid, t::RIGHT_VENTRICLE),
    class(164, Tissue::Choroid, t::RIGHT_VENTRICLE),
    class(502, Tissue::Artery, t::BACKGROUND),
    class(EYE, Tissue::Eye, t::BACKGROUND),
    class(OTHER_TISSUE, Tissue::SoftTissue, t::BACKGROUND),
    class(508, Tissue::EyeMuscle, t::BACKGROUND),
    class(509, Tissue::Mucosa, t::BACKGROUND),
    class(SKIN, Tissue::Skin, t::BACKGROUND),
    class(512, Tissue::SpinalCord, t::BACKGROUND),
    class(514, Tissue::Vein, t::BACKGROUND),
    class(CORTICAL_BONE, Tissue::CorticalBone, t::BACKGROUND),
    class(516, Tissue::Marrow, t::BACKGROUND),
    class(530, Tissue::OpticNerve, t::BACKGROUND),
    class(FAT, Tissue::Fat, t::BACKGROUND),
    class(SPINAL_FLUID, Tissue::Fluid, t::BACKGROUND),
    class(INNER_AIR, Tissue::Air, t::BACKGROUND),
    class(RIM[0], Tissue::Fluid, t::FLUID),
    class(RIM[1], Tissue::Fluid, t::FLUID),
    class(LIMBIC[0], Tissue::Cortex, t::LEFT_GREY),
    class(LIMBIC[1], Tissue::Cortex, t::RIGHT_GREY),
    class(DIPLOE, Tissue::Diploe, t::BACKGROUND),
];

/// The classes of a sample's brain. With full sulci, as young brains have, the fluid that touches
/// the cortex is cortex as well; without white matter lesions those are white matter.
pub(crate) fn classes(full_sulci: bool, white_lesions: bool) -> [Class; CLASSES.len()] {
    let mut classes = CLASSES;
    for class in &mut classes {
        let rim = RIM.iter().position(|rim| full_sulci && *rim == class.source);
        if let Some(side) = rim {
            class.tissue = Tissue::Cortex;
            class.target = [t::LEFT_GREY, t::RIGHT_GREY][side];
        }
        if class.tissue == Tissue::WhiteLesion && !white_lesions {
            class.tissue = Tissue::White;
        }
    }
    classes
}

/// Index of the class with this source id.
pub(crate) fn index_of(source: u16) -> Option<u8> {
    CLASSES.iter().position(|c| c.source == source).map(|i| i as u8)
}

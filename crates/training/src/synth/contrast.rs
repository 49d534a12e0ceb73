//! MR appearance of every class: mean, texture and grain per sample.

use super::classes::{CLASSES, Class, LIMBIC, Tissue};
use super::{Contrast, Rng, hounsfield};

/// Appearance of one class; the value at a voxel is
/// `mean + rough · smooth field + grain · white noise + mix · blend field`.
pub(crate) type Look = [f32; 4];

/// Intensity bounds for the tissues that set a contrast; white matter is about 1 in T1.
struct Palette {
    fluid: (f32, f32),
    grey: (f32, f32),
    white: (f32, f32),
    lesion: (f32, f32),
    vein: (f32, f32),
    artery: (f32, f32),
    muscle: (f32, f32),
    fat: (f32, f32),
    mucosa: (f32, f32),
    skin: (f32, f32),
    bone: (f32, f32),
    marrow: (f32, f32),
}

const T1: Palette = Palette {
    fluid: (0.12, 0.38),
    grey: (0.52, 0.82),
    white: (0.95, 1.05),
    lesion: (0.55, 0.9),
    vein: (0.2, 1.1),
    artery: (0.1, 1.6),
    muscle: (0.35, 0.7),
    fat: (0.9, 2.6),
    mucosa: (0.4, 0.9),
    skin: (0.6, 1.5),
    bone: (0.03, 0.25),
    marrow: (0.35, 1.3),
};

const T2: Palette = Palette {
    fluid: (0.85, 1.2),
    grey: (0.42, 0.68),
    white: (0.25, 0.48),
    lesion: (0.5, 0.8),
    vein: (0.03, 0.4),
    artery: (0.02, 0.3),
    muscle: (0.1, 0.3),
    fat: (0.25, 0.95),
    mucosa: (0.5, 0.95),
    skin: (0.2, 0.7),
    bone: (0.02, 0.12),
    marrow: (0.15, 0.6),
};

const FLAIR: Palette = Palette {
    fluid: (0.05, 0.25),
    grey: (0.5, 0.75),
    white: (0.48, 0.66),
    lesion: (0.75, 1.15),
    vein: (0.05, 0.5),
    artery: (0.03, 0.4),
    muscle: (0.15, 0.4),
    fat: (0.25, 1.0),
    mucosa: (0.5, 1.0),
    skin: (0.3, 0.9),
    bone: (0.02, 0.12),
    marrow: (0.15, 0.7),
};

const PD: Palette = Palette {
    fluid: (0.6, 1.05),
    grey: (0.85, 1.0),
    white: (0.62, 0.8),
    lesion: (0.85, 1.1),
    vein: (0.2, 0.8),
    artery: (0.1, 0.9),
    muscle: (0.4, 0.75),
    fat: (0.6, 1.2),
    mucosa: (0.6, 1.0),
    skin: (0.5, 1.0),
    bone: (0.03, 0.2),
    marrow: (0.3, 0.9),
};

const WIDE: (f32, f32) = (0.03, 1.1);
const ANY: Palette = Palette {
    fluid: WIDE,
    grey: WIDE,
    white: WIDE,
    lesion: WIDE,
    vein: WIDE,
    artery: WIDE,
    muscle: WIDE,
    fat: WIDE,
    mucosa: WIDE,
    skin: WIDE,
    bone: (0.02, 0.5),
    marrow: WIDE,
};

/// Looks of all classes of one sample.
#[derive(Debug, Clone)]
pub(crate) struct Looks(pub [Look; CLASSES.len()]);

impl Looks {
    /// The same looks, but for white matter lesions, which look like white matter.
    pub fn without_lesions(&self, classes: &[Class; CLASSES.len()]) -> Self {
        let white = CLASSES.iter().position(|c| c.tissue == Tissue::White).map_or([0.0; 4], |i| self.0[i]);
        let mut looks = self.0;
        let lesions = looks.iter_mut().zip(classes).filter(|(_, c)| c.tissue == Tissue::WhiteLesion);
        lesions.for_each(|(look, _)| *look = white);
        Self(looks)
    }

    /// Mean intensity of a tissue.
    pub fn mean(&self, tissue: Tissue) -> f32 {
        CLASSES.iter().position(|c| c.tissue == tissue).map_or(0.0, |i| self.0[i][0])
    }
}

/// Draws the look of every class.
pub(crate) fn draw_looks(contrast: Contrast, classes: &[Class; CLASSES.len()], rng: &mut Rng) -> Looks {
    let palette = match contrast {
        Contrast::T1 => &T1,
        Contrast::T2 => &T2,
        Contrast::Flair => &FLAIR,
        Contrast::Pd => &PD,
        Contrast::Any => &ANY,
        Contrast::Ct => return hounsfield::draw_looks(classes, rng),
    };
    let means = draw_means(palette, contrast, rng);
    let (rough, grain) = (rng.range(0.005, 0.05), rng.range(0.0, 0.04));
    let soft = means[Tissue::SoftTissue as usize];
    let mut tissues = [[0.0; 4]; Tissue::COUNT];
    for (t, look) in tissues.iter_mut().enumerate() {
        let mean = means[t];
        let varied = 0.25 * mean;
        *look = match t {
            _ if t == Tissue::Air as usize => [mean, 0.0, 0.0, 0.0],
            _ if t == Tissue::SoftTissue as usize => {
                [soft, varied, 0.1 * mean, 0.8 * (means[Tissue::Fat as usize] - soft)]
            }
            _ if t == Tissue::Cortex as usize && contrast == Contrast::Flair => {
                [mean, rough.max(0.025) * rng.range(1.0, 2.8), grain * rng.range(0.5, 1.5), 0.0]
            }
            _ if t >= Tissue::Artery as usize => [mean, varied, 0.1 * mean, 0.0],
            _ => [mean, rough * rng.range(0.5, 1.5), grain * rng.range(0.5, 1.5), 0.0],
        };
    }
    let mut looks = Looks(classes.map(|c| tissues[c.tissue as usize]));
    if contrast == Contrast::Flair {
        brighten_limbic(&mut looks, classes, &mut rng.fork("limbic"));
    }
    looks
}

/// On FLAIR limbic cortex is the brightest of the healthy brain.
fn brighten_limbic(looks: &mut Looks, classes: &[Class; CLASSES.len()], rng: &mut Rng) {
    let by = rng.range(1.0, 1.25);
    for (look, class) in looks.0.iter_mut().zip(classes) {
        if LIMBIC.contains(&class.source) {
            look[0] *= by;
        }
    }
}

fn draw_means(palette: &Palette, contrast: Contrast, rng: &mut Rng) -> [f32; Tissue::COUNT] {
    let mut draw = |(low, high): (f32, f32)| rng.range(low, high);
    let (fluid, mut grey, white) = (draw(palette.fluid), draw(palette.grey), draw(palette.white));
    let (vein, muscle, fat) = (draw(palette.vein), draw(palette.muscle), draw(palette.fat));
    let (artery, mucosa, skin) = (draw(palette.artery), draw(palette.mucosa), draw(palette.skin));
    let (bone, marrow, lesion) = (draw(palette.bone), draw(palette.marrow), draw(palette.lesion));
    if contrast == Contrast::Flair {
        // In place of the palette's: brighter than white matter. Fluid in its voxels takes about 0.15 of that away again;
        // a real scan has 1.15 then.
        grey = white * rng.fork("grey").range(1.1, 1.6);
    }
    // How white a structure is: 0 as cortex, 1 as white matter.
    let wild = if contrast == Contrast::Any { 0.35 } else { 0.1 };
    let mut between = |whiteness: f32, spread: f32| {
        let w = whiteness + rng.normal() * (spread + wild * 0.5);
        (grey + w * (white - grey)).max(0.02)
    };
    let mut means = [0.0; Tissue::COUNT];
    let mut set = |tissue: Tissue, mean: f32| means[tissue as usize] = mean;
    set(Tissue::Cortex, grey);
    set(Tissue::White, white);
    for (tissue, whiteness, spread) in [
        (Tissue::Thalamus, 0.5, 0.15),
        (Tissue::Caudate, 0.1, 0.1),
        (Tissue::Putamen, 0.3, 0.15),
        (Tissue::Pallidum, 0.8, 0.15),
        (Tissue::Accumbens, 0.1, 0.1),
        (Tissue::Amygdala, 0.0, 0.08),
        (Tissue::Hippocampus, 0.05, 0.08),
        (Tissue::VentralDiencephalon, 0.7, 0.15),
        (Tissue::CerebellarCortex, 0.0, 0.1),
        (Tissue::CerebellarWhite, 0.95, 0.06),
        (Tissue::BrainStem, 0.8, 0.1),
        (Tissue::Chiasm, 0.8, 0.15),
        (Tissue::SpinalCord, 0.8, 0.15),
        (Tissue::OpticNerve, 0.8, 0.2),
    ] {
        set(tissue, between(whiteness, spread));
    }
    if contrast == Contrast::Flair {
        let mut bright = rng.fork("striatum");
        for tissue in [Tissue::Caudate, Tissue::Accumbens, Tissue::Amygdala, Tissue::Hippocampus] {
            set(tissue, grey * bright.range(0.9, 1.25));
        }
    }
    set(Tissue::WhiteLesion, lesion);
    set(Tissue::Fluid, fluid * rng.range(0.85, 1.2));
    set(Tissue::Ventricle, fluid);
    set(Tissue::Choroid, fluid + rng.range(0.1, 0.6) * (grey - fluid));
    set(Tissue::Vein, vein);
    set(Tissue::Artery, artery);
    set(Tissue::Eye, fluid * rng.range(0.8, 1.2));
    set(Tissue::EyeMuscle, muscle * rng.range(0.9, 1.3));
    set(Tissue::SoftTissue, muscle);
    set(Tissue::Fat, fat);
    set(Tissue::Mucosa, mucosa);
    set(Tissue::Skin, skin);
    set(Tissue::CorticalBone, bone);
    set(Tissue::Marrow, marrow);
    set(Tissue::Diploe, marrow);
    set(Tissue::Air, rng.range(0.0, 0.02));
    means
}

//! A head made by formula: the sample that needs no file, and a truth to test against.
//!
//! Deterministic; the mid-sagittal plane is x = 0 exactly, left is −x. The outline, ventricles and nuclei
//! are mirror images of each other; the course of the sulci differs a little between the sides.

mod anatomy;
mod field;
mod lesion;
mod shape;

use anatomy::{Anatomy, Place, place};
use field::white_noise;
pub use lesion::{Lesion, Side};

use crate::smooth::gaussian;
use crate::{Affine, Grid, Volume};

/// What a phantom voxel is made of; the discriminant is its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Tissue {
    /// Air, round and inside the head.
    Background = 0,
    Skin = 1,
    Fat = 2,
    Muscle = 3,
    Bone = 4,
    Marrow = 5,
    Eye = 6,
    /// Fluid round the brain.
    Csf = 7,
    Cortex = 8,
    WhiteMatter = 9,
    Ventricle = 10,
    /// Caudate, putamen, thalamus, hippocampus.
    DeepGrey = 11,
    CerebellarCortex = 12,
    CerebellarWhite = 13,
    BrainStem = 14,
    Lesion = 15,
}

/// What the phantom is imaged with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contrast {
    /// T1-weighted MR in arbitrary units (white matter about 110); the lesion is dark, as an old infarct.
    T1,
    /// CT in Hounsfield units; the lesion is slightly darker than brain.
    Ct,
}

/// How to make a phantom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhantomOptions {
    /// Voxels along x, y, z.
    pub dims: [usize; 3],
    /// Voxel size in millimetres along x, y, z. The head is 160 mm wide whatever the grid.
    pub spacing: [f64; 3],
    /// What it is imaged with.
    pub contrast: Contrast,
    /// A lesion on one side.
    pub lesion: Option<Lesion>,
    /// Another seed is another person: other sulci, other noise.
    pub seed: u32,
}

impl Default for PhantomOptions {
    fn default() -> Self {
        Self { dims: [176, 208, 176], spacing: [1.0; 3], contrast: Contrast::T1, lesion: None, seed: 1 }
    }
}

/// A phantom scan and its truth, on one RAS grid centred at the origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Phantom {
    /// The scan.
    pub image: Volume<f32>,
    /// The [`Tissue`] of each voxel.
    pub labels: Volume<u8>,
}

impl Phantom {
    /// Makes the phantom.
    pub fn new(options: &PhantomOptions) -> Self {
        let grid = centred_grid(options.dims, options.spacing);
        let mut labels = Volume::filled(grid, Tissue::Background as u8);
        let mut image = Volume::filled(grid, 0.0);
        paint_anatomy(&Anatomy::new(options.seed), &mut labels);
        if let Some(lesion) = options.lesion {
            lesion.paint(&mut labels, options.seed);
        }
        for (value, &label) in image.voxels.iter_mut().zip(&labels.voxels) {
            *value = options.contrast.value(label);
        }
        // The scanner's resolution: 0.6 mm standard deviation.
        gaussian(&mut image.voxels, grid.dims, options.spacing.map(|s| 0.6 / s));
        options.contrast.add_scanner(&mut image, options.seed);
        Self { image, labels }
    }

    /// Volume of the voxels of one tissue in millilitres.
    pub fn volume_ml(&self, tissue: Tissue) -> f64 {
        let count = self.labels.voxels.iter().filter(|&&label| label == tissue as u8).count();
        count as f64 * self.labels.grid.voxel_volume() / 1e3
    }
}

impl Contrast {
    /// Value of a tissue, indexed by label.
    fn value(self, label: u8) -> f32 {
        const T1: [f32; 16] = [
            2.0, 70.0, 135.0, 58.0, 10.0, 75.0, 38.0, 26.0, 76.0, 110.0, 24.0, 84.0, 74.0, 106.0, 102.0, 44.0,
        ];
        const CT: [f32; 16] = [
            -1000.0, 30.0, -90.0, 55.0, 1150.0, 450.0, 15.0, 8.0, 38.0, 30.0, 6.0, 38.0, 38.0, 31.0, 31.0,
            18.0,
        ];
        match self {
            Self::T1 => T1[usize::from(label)],
            Self::Ct => CT[usize::from(label)],
        }
    }

    /// Bias field and noise of MR, noise of CT.
    fn add_scanner(self, image: &mut Volume, seed: u32) {
        let grid = image.grid;
        let voxels = &mut image.voxels;
        match self {
            Self::T1 => for_each_voxel(&grid, |offset, p| {
                // A coil on the right, in front and above.
                let gain = (1.0 + 0.0008 * (p[0] + p[1] + p[2])) as f32;
                // The magnitude of a complex signal: noise stays positive in the air.
                let real = voxels[offset] * gain + 2.5 * white_noise(seed, 2 * offset);
                let imaginary = 2.5 * white_noise(seed, 2 * offset + 1);
                voxels[offset] = (real * real + imaginary * imaginary).sqrt();
            }),
            Self::Ct => voxels.iter_mut().enumerate().for_each(|(offset, value)| {
                *value = (*value + 4.0 * white_noise(seed, offset)).round();
            }),
        }
    }
}

/// Fills `labels`, whose grid is centred at x = 0, row by row from both ends.
fn paint_anatomy(anatomy: &Anatomy, labels: &mut Volume<u8>) {
    let grid = labels.grid;
    let [ni, nj, nk] = grid.dims;
    let step = grid.affine.linear[0][0];
    for (k, j) in (0..nk).flat_map(|k| (0..nj).map(move |j| (k, j))) {
        let mut i = 0;
        while i < ni.div_ceil(2) {
            let left = grid.affine.apply([i as f64, j as f64, k as f64]);
            let place = place([-left[0], left[1], left[2]]);
            for (i, x) in [(i, left[0]), (ni - 1 - i, -left[0])] {
                let tissue = anatomy.tissue([x, left[1], left[2]], &place);
                labels.voxels[grid.offset([i, j, k])] = tissue as u8;
            }
            // The distance is approximate where shapes are joined: half of it is surely still air.
            i += if let Place::Air(distance) = place { 1 + (0.5 * distance / step) as usize } else { 1 };
        }
    }
}

fn centred_grid(dims: [usize; 3], spacing: [f64; 3]) -> Grid {
    let linear = std::array::from_fn(|r| std::array::from_fn(|c| if r == c { spacing[c] } else { 0.0 }));
    let translation = std::array::from_fn(|a| -0.5 * (dims[a] as f64 - 1.0) * spacing[a]);
    Grid { dims, affine: Affine { linear, translation } }
}

fn for_each_voxel(grid: &Grid, mut visit: impl FnMut(usize, [f64; 3])) {
    let [ni, nj, nk] = grid.dims;
    let mut offset = 0;
    for k in 0..nk {
        for j in 0..nj {
            for i in 0..ni {
                visit(offset, grid.affine.apply([i as f64, j as f64, k as f64]));
                offset += 1;
            }
        }
    }
}

#[cfg(test)]
#[path = "phantom/tests.rs"]
mod tests;

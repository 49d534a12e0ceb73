//! A head CT out of a project of InVesalius, as NIfTI.

use crate::packages::{Packed, Registry, in_tar};
use anyhow::{Context, Result, ensure};
use flate2::read::GzDecoder;
use std::fs;
use std::path::{Path, PathBuf};

const PROJECT: Packed = Packed {
    registry: Registry::Debian,
    name: "invesalius-examples",
    version: "",
    inside: "Cranium.inv3",
    sha256: "3b34f11f7c4f557f4c65cd6543c412a2f6ceb0cfecfd9c41184420e02d9b7e2a",
};

/// Voxels along x, y, z, from right to left, back to front and bottom to top; and mm
/// between them: `main.plist` of the project.
const SIZE: [i16; 3] = [256, 256, 108];
const SPACING: [f32; 3] = [0.957_031, 0.957_031, 1.5];
/// Where the first voxel is, mm in RAS+; the project does not say.
const FIRST: [f32; 3] = [122.0, -122.0, -60.0];

/// Writes the scan into `folder`, and tells its name there.
pub fn provide(folder: &Path) -> Result<PathBuf> {
    let project = folder.join(PROJECT.inside);
    PROJECT.provide(&project)?;
    let voxels = in_tar(GzDecoder::new(fs::File::open(project)?), "matrix.dat")?
        .with_context(|| format!("{} holds no matrix.dat", PROJECT.inside))?;
    let count = SIZE.iter().map(|n| *n as usize).product::<usize>();
    ensure!(voxels.len() == 2 * count, "matrix.dat has {} bytes, not {}", voxels.len(), 2 * count);
    let name = PathBuf::from("cranium.nii");
    fs::write(folder.join(&name), [header(), voxels].concat())?;
    Ok(name)
}

/// Header of a NIfTI-1 file of 16-bit integers (`nifti1.h`), up to its voxels.
fn header() -> Vec<u8> {
    let mut header = vec![0; 352];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &348_i32.to_le_bytes());
    let dim = [3, SIZE[0], SIZE[1], SIZE[2], 1, 1, 1, 1];
    put(40, dim.map(i16::to_le_bytes).as_flattened());
    // Type, bits per voxel.
    put(70, [4_i16, 16].map(i16::to_le_bytes).as_flattened());
    put(76, [1.0, SPACING[0], SPACING[1], SPACING[2]].map(f32::to_le_bytes).as_flattened());
    // Where voxels begin, slope, intercept.
    put(108, [352.0_f32, 1.0, 0.0].map(f32::to_le_bytes).as_flattened());
    // Millimetres; a form of code 1, scanner.
    put(123, &[2]);
    put(254, &1_i16.to_le_bytes());
    let [[x, y, z], [right, back, bottom]] = [SPACING, FIRST];
    let rows = [-x, 0.0, 0.0, right, 0.0, y, 0.0, back, 0.0, 0.0, z, bottom];
    put(280, rows.map(f32::to_le_bytes).as_flattened());
    put(344, b"n+1\0");
    header
}

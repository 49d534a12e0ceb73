//! Writing NIfTI-1 single files.

use std::io::Write;

use flate2::{Compression, GzBuilder};
use saswin_volume::{Affine, Volume};

use super::forms::Forms;
use crate::ScanError;

pub(super) const HEADER: usize = 348;
pub(super) const PIXDIM: usize = 76;
pub(super) const UNITS: usize = 123;
pub(super) const QFORM_CODE: usize = 252;
pub(super) const SFORM_CODE: usize = 254;
pub(super) const QUATERNION: usize = 256;
pub(super) const SFORM: usize = 280;
/// Where the voxels begin when no extension follows the header.
const HEADER_END: usize = HEADER + 4;
/// `NIFTI_ECODE_COMMENT`: plain text.
const COMMENT: i32 = 6;
/// `NIFTI_INTENT_LABEL`: the voxels are label numbers.
const LABEL: i16 = 1002;
const NOTICE: &str = "research use only";

/// Texts and form of a written file.
#[derive(Debug, Clone, Default)]
pub struct NiftiOptions {
    /// First part of `descrip`; "research use only" always follows it.
    pub description: String,
    /// Names of the label values, kept in a comment extension as `value<TAB>name` lines. Ignored for images.
    pub labels: Vec<(u8, String)>,
    /// Orientations of the file that the volume was read from. Ignored where it is on another grid by now.
    pub forms: Option<Forms>,
    /// Whether to gzip the file (`.nii.gz`).
    pub gzip: bool,
}

/// A label map as NIfTI-1 bytes (`uint8`, intent `LABEL`).
///
/// # Errors
/// [`ScanError::Parameter`] if a dimension passes 32 767.
pub fn write_nifti_u8(volume: &Volume<u8>, options: &NiftiOptions) -> Result<Vec<u8>, ScanError> {
    let lines: Vec<String> = options.labels.iter().map(|(value, name)| format!("{value}\t{name}")).collect();
    let encoding = Encoding { data_type: 2, bits: 8, intent: LABEL, comment: lines.join("\n") };
    let range = volume.voxels.iter().max().map_or(0.0, |&m| f32::from(m));
    encoding.write(volume, options, [0.0, range], |out| out.extend_from_slice(&volume.voxels))
}

/// An image as NIfTI-1 bytes (`float32`, little endian).
///
/// # Errors
/// [`ScanError::Parameter`] if a dimension passes 32 767.
pub fn write_nifti_f32(volume: &Volume<f32>, options: &NiftiOptions) -> Result<Vec<u8>, ScanError> {
    let encoding = Encoding { data_type: 16, bits: 32, intent: 0, comment: String::new() };
    encoding.write(volume, options, [0.0; 2], |out| {
        let start = out.len();
        out.resize(start + 4 * volume.voxels.len(), 0);
        for (bytes, v) in out[start..].chunks_exact_mut(4).zip(&volume.voxels) {
            bytes.copy_from_slice(&v.to_le_bytes());
        }
    })
}

struct Encoding {
    data_type: i16,
    bits: i16,
    intent: i16,
    comment: String,
}

impl Encoding {
    fn write<T: Copy>(
        &self,
        volume: &Volume<T>,
        options: &NiftiOptions,
        range: [f32; 2],
        voxels: impl FnOnce(&mut Vec<u8>),
    ) -> Result<Vec<u8>, ScanError> {
        let extension = extension(&self.comment);
        let mut out = vec![0u8; HEADER_END];
        self.fill(&mut out, volume, range)?;
        if let Some(forms) = options.forms.filter(|forms| forms.grid == volume.grid) {
            forms.put(&mut out);
        }
        put(&mut out, 108, &((HEADER_END + extension.len()) as f32).to_le_bytes());
        put(&mut out, 148, description(&options.description).as_bytes());
        out[HEADER] = u8::from(!extension.is_empty());
        out.extend(extension);
        out.reserve_exact(volume.voxels.len() * self.bits as usize / 8);
        voxels(&mut out);
        if options.gzip { gzip(&out) } else { Ok(out) }
    }

    fn fill<T: Copy>(&self, out: &mut [u8], volume: &Volume<T>, range: [f32; 2]) -> Result<(), ScanError> {
        put(out, 0, &348i32.to_le_bytes());
        put(out, 40, &3i16.to_le_bytes());
        for axis in 0..7 {
            let extent = volume.grid.dims.get(axis).copied().unwrap_or(1);
            let extent = i16::try_from(extent).map_err(|_| {
                ScanError::parameter(format!("a dimension of {extent} does not fit a NIfTI-1 file"))
                    .in_field("dim")
            })?;
            put(out, 42 + 2 * axis, &extent.to_le_bytes());
        }
        put(out, 68, &self.intent.to_le_bytes());
        put(out, 70, &self.data_type.to_le_bytes());
        put(out, 72, &self.bits.to_le_bytes());
        put_floats(out, 112, &[1.0, 0.0]);
        // Millimetres.
        out[UNITS] = 2;
        put_floats(out, 124, &[range[1], range[0]]);
        put(out, 228, NOTICE.as_bytes());
        put_geometry(out, &volume.grid.affine);
        put(out, 344, b"n+1\0");
        Ok(())
    }
}

/// sform always; qform too unless the affine shears, which a quaternion cannot say.
fn put_geometry(out: &mut [u8], affine: &Affine) {
    let [dx, dy, dz] = affine.spacing();
    let handedness = if affine.determinant() < 0.0 { -1.0 } else { 1.0 };
    put_floats(out, PIXDIM, &[handedness, dx, dy, dz, 1.0, 1.0, 1.0, 1.0].map(|v| v as f32));
    let t = affine.translation;
    if let Some(quaternion) = quaternion(affine, [dx, dy, dz * handedness]) {
        put(out, QFORM_CODE, &1i16.to_le_bytes());
        put_floats(out, QUATERNION, &quaternion.map(|v| v as f32));
        put_floats(out, QUATERNION + 12, &t.map(|v| v as f32));
    }
    put(out, SFORM_CODE, &1i16.to_le_bytes());
    for (row, (linear, translation)) in affine.linear.iter().zip(t).enumerate() {
        let [a, b, c] = linear.map(|v| v as f32);
        put_floats(out, SFORM + 16 * row, &[a, b, c, translation as f32]);
    }
}

/// Vector part of the rotation's unit quaternion, its scalar part being at least 0.
fn quaternion(affine: &Affine, scale: [f64; 3]) -> Option<[f64; 3]> {
    let r: [[f64; 3]; 3] = affine.linear.map(|row| std::array::from_fn(|c| row[c] / scale[c]));
    let dot = |p: usize, q: usize| (0..3).map(|row| r[row][p] * r[row][q]).sum::<f64>();
    if [(0, 1), (0, 2), (1, 2)].iter().any(|&(p, q)| dot(p, q).abs() > 1e-4) {
        return None;
    }
    let [xx, yy, zz] = [r[0][0], r[1][1], r[2][2]];
    // The largest of the four is computed from the diagonal, the others from it: stable for every rotation.
    let squares = [1.0 + xx + yy + zz, 1.0 + xx - yy - zz, 1.0 - xx + yy - zz, 1.0 - xx - yy + zz];
    let largest = (0..4).max_by(|&p, &q| squares[p].total_cmp(&squares[q]))?;
    let half = squares[largest].sqrt() / 2.0;
    let over = 0.25 / half;
    let [x, y, z] = [r[2][1] - r[1][2], r[0][2] - r[2][0], r[1][0] - r[0][1]].map(|v| v * over);
    let [xy, xz, yz] = [r[0][1] + r[1][0], r[0][2] + r[2][0], r[1][2] + r[2][1]].map(|v| v * over);
    let [a, b, c, d] = match largest {
        0 => [half, x, y, z],
        1 => [x, half, xy, xz],
        2 => [y, xy, half, yz],
        _ => [z, xz, yz, half],
    };
    let sign = if a < 0.0 { -1.0 } else { 1.0 };
    Some([b, c, d].map(|v| v * sign))
}

/// `descrip` of at most 79 bytes that always ends in the notice.
fn description(text: &str) -> String {
    if text.is_empty() {
        return NOTICE.to_owned();
    }
    let room = 79 - NOTICE.len() - 2;
    let ascii: String = text.chars().filter(|c| c.is_ascii() && !c.is_ascii_control()).take(room).collect();
    format!("{ascii}; {NOTICE}")
}

/// A comment extension, padded to a multiple of 16 bytes; empty for an empty comment.
fn extension(comment: &str) -> Vec<u8> {
    if comment.is_empty() {
        return Vec::new();
    }
    let size = (8 + comment.len()).next_multiple_of(16);
    let mut out = Vec::with_capacity(size);
    out.extend((size as i32).to_le_bytes());
    out.extend(COMMENT.to_le_bytes());
    out.extend(comment.as_bytes());
    out.resize(size, 0);
    out
}

pub(super) fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    out[at..at + bytes.len()].copy_from_slice(bytes);
}

pub(super) fn put_floats(out: &mut [u8], at: usize, values: &[f32]) {
    for (index, value) in values.iter().enumerate() {
        put(out, at + 4 * index, &value.to_le_bytes());
    }
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>, ScanError> {
    // No name, no time: the same volume gives the same bytes.
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .map_err(|e| ScanError::parameter(format!("the file could not be compressed ({e})")))
}

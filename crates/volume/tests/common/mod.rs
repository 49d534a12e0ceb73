//! Reading the shared data set, where it is present.

pub mod moves;

use std::path::PathBuf;

use nifti::{NiftiHeader, NiftiObject, NiftiType, NiftiVolume, ReaderOptions};
use saswin_volume::{Affine, Grid, Volume};

/// A file of the data folder (`SASWIN_DATA`, or `../shared/data` beside the repository), if it is there.
pub fn data_file(name: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let path = std::env::var_os("SASWIN_DATA").map_or_else(beside, PathBuf::from).join(name);
    if !path.exists() {
        println!("skipped: no {} (set SASWIN_DATA to the data folder)", path.display());
        return None;
    }
    Some(path)
}

fn sform(header: &NiftiHeader) -> Affine {
    let rows = [header.srow_x, header.srow_y, header.srow_z].map(|row| row.map(f64::from));
    Affine { linear: rows.map(|[a, b, c, _]| [a, b, c]), translation: rows.map(|[_, _, _, t]| t) }
}

fn qform(header: &NiftiHeader) -> Affine {
    let [b, c, d] = [header.quatern_b, header.quatern_c, header.quatern_d].map(f64::from);
    let a = (1.0 - b * b - c * c - d * d).max(0.0).sqrt();
    let rotation = [
        [a * a + b * b - c * c - d * d, 2.0 * (b * c - a * d), 2.0 * (b * d + a * c)],
        [2.0 * (b * c + a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d - a * b)],
        [2.0 * (b * d - a * c), 2.0 * (c * d + a * b), a * a + d * d - c * c - b * b],
    ];
    let [factor, di, dj, dk, ..] = header.pixdim.map(f64::from);
    let scale = [di, dj, dk * if factor < 0.0 { -1.0 } else { 1.0 }];
    let linear = rotation.map(|row| std::array::from_fn(|column| row[column] * scale[column]));
    let translation = [header.quatern_x, header.quatern_y, header.quatern_z].map(f64::from);
    Affine { linear, translation }
}

/// A NIfTI-1 file.
pub fn read_nifti(path: &std::path::Path) -> Volume {
    let file = ReaderOptions::new().read_file(path).unwrap();
    let header = file.header();
    let affine = if header.sform_code > 0 { sform(header) } else { qform(header) };
    let dims: Vec<usize> = file.volume().dim().iter().map(|&d| usize::from(d)).collect();
    let kind = header.data_type().unwrap();
    let voxels = values(&file.into_volume().into_raw_data(), kind);
    Volume::new(Grid { dims: [dims[0], dims[1], dims[2]], affine }, voxels).unwrap()
}

/// Little-endian values of the types the data set uses.
fn values(bytes: &[u8], kind: NiftiType) -> Vec<f32> {
    fn cut<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        bytes.chunks_exact(N).map(|chunk| value(chunk.try_into().unwrap())).collect()
    }
    match kind {
        NiftiType::Uint8 => cut(bytes, |[byte]| f32::from(byte)),
        NiftiType::Int16 => cut(bytes, |b| f32::from(i16::from_le_bytes(b))),
        NiftiType::Int32 => cut(bytes, |b| i32::from_le_bytes(b) as f32),
        NiftiType::Float32 => cut(bytes, f32::from_le_bytes),
        NiftiType::Float64 => cut(bytes, |b| f64::from_le_bytes(b) as f32),
        other => panic!("no test file has voxels of type {other:?}"),
    }
}

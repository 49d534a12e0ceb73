//! Shapes of real strokes, as masks on the MNI grid.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use nifti::{NiftiObject, NiftiVolume, ReaderOptions, volume::RandomAccessNiftiVolume};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::synth::{HeadMapError, Region};

const MAGIC: &[u8; 8] = b"SALESI1\n";
/// Masks above this volume are no single lesion; 300 mL in voxels of 1 mm³.
const LARGEST: usize = 300_000;
/// Masks below this volume cannot be seen; in voxels of 1 mm³.
const SMALLEST: usize = 60;

/// A lesion mask in RAS+ MNI millimetres, 1 mm, compressed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LesionShape {
    /// MNI millimetres of the first voxel.
    start: [i32; 3],
    /// Voxels along x, y, z.
    size: [usize; 3],
    /// Number of lesion voxels.
    pub voxels: usize,
    #[serde(skip)]
    stream: Vec<u8>,
    bytes: usize,
}

impl LesionShape {
    /// The mask: its box in MNI millimetres and 0 or 1 per voxel, `z` fastest.
    pub(crate) fn mask(&self) -> (Region, Vec<u8>) {
        let region = Region { start: self.start, size: self.size };
        let mut mask = Vec::with_capacity(region.len());
        let read = ZlibDecoder::new(self.stream.as_slice()).take(region.len() as u64).read_to_end(&mut mask);
        if read.is_err() {
            mask.clear();
        }
        mask.resize(region.len(), 0);
        (region, mask)
    }

    fn read(path: &Path) -> Result<Option<Self>, HeadMapError> {
        let nifti = |source| HeadMapError::Nifti { path: path.into(), source };
        let object = ReaderOptions::new().read_file(path).map_err(nifti)?;
        let header = object.header().clone();
        let volume = object.into_volume();
        let rows = [header.srow_x, header.srow_y, header.srow_z];
        let [nx, ny, nz] = *volume.dim() else { return Ok(None) };
        let mut places = Vec::new();
        for k in 0..nz {
            for j in 0..ny {
                for i in 0..nx {
                    if volume.get_f32(&[i, j, k]).map_err(nifti)? > 0.5 {
                        let at = [f32::from(i), f32::from(j), f32::from(k), 1.0];
                        let mm = |r: usize| rows[r].iter().zip(at).map(|(m, v)| m * v).sum::<f32>();
                        places.push([mm(0), mm(1), mm(2)].map(|v| v.round() as i32));
                    }
                }
            }
        }
        if !(SMALLEST..=LARGEST).contains(&places.len()) {
            return Ok(None);
        }
        let low: [i32; 3] = std::array::from_fn(|a| places.iter().map(|p| p[a]).min().unwrap_or(0));
        let high: [i32; 3] = std::array::from_fn(|a| places.iter().map(|p| p[a]).max().unwrap_or(0));
        let size: [usize; 3] = std::array::from_fn(|a| (high[a] - low[a] + 1) as usize);
        let mut mask = vec![0; size.iter().product()];
        for p in &places {
            let [x, y, z]: [usize; 3] = std::array::from_fn(|a| (p[a] - low[a]) as usize);
            mask[(x * size[1] + y) * size[2] + z] = 1;
        }
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        let io = |source| HeadMapError::Io { path: path.into(), source };
        encoder.write_all(&mask).map_err(io)?;
        let stream = encoder.finish().map_err(io)?;
        Ok(Some(Self { start: low, size, voxels: places.len(), bytes: stream.len(), stream }))
    }
}

/// Loads the shapes packed at `cache`; when there is no such pack, reads the lesion masks in
/// `folder` (`*_lesion.nii.gz`) and writes it. Empty, tiny and huge masks are left out.
///
/// # Errors
/// If a file cannot be read or the pack cannot be written.
pub fn load_or_pack_shapes(folder: &Path, cache: &Path) -> Result<Vec<LesionShape>, HeadMapError> {
    if let Ok(file) = fs::read(cache)
        && let Some(shapes) = parse(&file)
    {
        return Ok(shapes);
    }
    let io = |path: &Path, source| HeadMapError::Io { path: path.into(), source };
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut paths: Vec<PathBuf> = entries.map_err(|e| io(folder, e))?.into_iter().map(|e| e.path()).collect();
    paths.retain(|p| p.to_string_lossy().ends_with("_lesion.nii.gz"));
    paths.sort();
    let shapes = paths.par_iter().map(|p| LesionShape::read(p)).collect::<Result<Vec<_>, _>>()?;
    let shapes: Vec<LesionShape> = shapes.into_iter().flatten().collect();
    let json = serde_json::to_vec(&shapes).map_err(|e| io(cache, e.into()))?;
    let mut file = MAGIC.to_vec();
    file.extend_from_slice(&(json.len() as u32).to_le_bytes());
    file.extend_from_slice(&json);
    shapes.iter().for_each(|s| file.extend_from_slice(&s.stream));
    fs::write(cache, file).map_err(|e| io(cache, e))?;
    Ok(shapes)
}

fn parse(file: &[u8]) -> Option<Vec<LesionShape>> {
    let (length, rest) = file.strip_prefix(MAGIC)?.split_first_chunk::<4>()?;
    let (json, mut rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let mut shapes: Vec<LesionShape> = serde_json::from_slice(json).ok()?;
    for shape in &mut shapes {
        let (stream, tail) = rest.split_at_checked(shape.bytes)?;
        shape.stream = stream.to_vec();
        rest = tail;
    }
    Some(shapes)
}

//! Reading a label map into compact classes on a RAS grid with a known mid-sagittal plane.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use nifti::volume::RandomAccessNiftiVolume;
use nifti::{NiftiObject, NiftiVolume, ReaderOptions};
use saswin_volume::Affine;

use super::classes::index_of;
use super::midline;

/// A head as compact classes (indices into [`super::CLASSES`]), cut to its bounding box.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadMap {
    /// Name of the source file without its extensions.
    pub name: String,
    /// Voxel counts along x, y, z of the RAS+ grid, spacing 1 mm.
    pub dims: [usize; 3],
    /// Classes, `z` fastest.
    pub labels: Vec<u8>,
    /// Millimetres in the head's frame (mid-plane `x = 0`, brain's middle at the origin) to voxel index.
    pub voxel_of_head: Affine,
    /// Voxel coordinates of the septum, found when first asked for.
    pub(crate) septum: OnceLock<Option<[f32; 3]>>,
}

/// Why a label map or a pack of them cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HeadMapError {
    /// The label map could not be read as NIfTI.
    #[error("{path}: not a readable NIfTI label map: {source}")]
    Nifti {
        /// File.
        path: PathBuf,
        /// Cause.
        source: nifti::NiftiError,
    },
    /// The file has something the synthesis cannot use.
    #[error("{path}: {what}")]
    Unusable {
        /// File.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// File.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
}

impl HeadMap {
    /// Reads a 1 mm whole-head label map with FreeSurfer ids, in any axis-aligned orientation.
    ///
    /// # Errors
    /// If the file is not such a map.
    pub fn read(path: &Path) -> Result<Self, HeadMapError> {
        let unusable = |what: String| HeadMapError::Unusable { path: path.into(), what };
        let object = ReaderOptions::new()
            .read_file(path)
            .map_err(|source| HeadMapError::Nifti { path: path.into(), source })?;
        let header = object.header().clone();
        let volume = object.into_volume();
        let [nx, ny, nz] = *volume.dim() else {
            return Err(unusable(format!("a 3-D map is needed, this has {} axes", volume.dim().len())));
        };
        let rows = [header.srow_x, header.srow_y, header.srow_z];
        let axes = ras_axes(&rows).ok_or_else(|| unusable("the axes are oblique or not 1 mm".into()))?;
        let lut = class_lut();
        let from = [nx, ny, nz].map(usize::from);
        let dims = axes.map(|(axis, _)| from[axis]);
        let mut labels = Vec::with_capacity(dims.iter().product());
        for x in 0..dims[0] {
            for y in 0..dims[1] {
                for z in 0..dims[2] {
                    let mut at = [0u16; 3];
                    for (index, (axis, reversed)) in [x, y, z].into_iter().zip(axes) {
                        at[axis] = if reversed { from[axis] - 1 - index } else { index } as u16;
                    }
                    let id = volume
                        .get_f64(&at)
                        .map_err(|source| HeadMapError::Nifti { path: path.into(), source })?;
                    let class = lut.get(id as usize).copied().flatten();
                    labels.push(class.ok_or_else(|| unusable(format!("label {id} is not known")))?);
                }
            }
        }
        let name = path.file_name().map(|n| n.to_string_lossy().replace(".nii", "").replace(".gz", ""));
        Self::from_labels(name.unwrap_or_default(), dims, labels).map_err(|what| unusable(what.into()))
    }

    /// Class at the voxel nearest to these voxel coordinates; air outside.
    pub(crate) fn nearest(&self, at: [f32; 3]) -> usize {
        let cell = at.map(|v| v.round());
        if (0..3).any(|a| cell[a] < 0.0 || cell[a] >= self.dims[a] as f32) {
            return 0;
        }
        let [x, y, z] = cell.map(|v| v as usize);
        self.labels[(x * self.dims[1] + y) * self.dims[2] + z] as usize
    }

    /// Voxel coordinates of a place in the head's frame (mm).
    pub(crate) fn voxel_of(&self, head: [f32; 3]) -> [f32; 3] {
        self.voxel_of_head.apply(head.map(f64::from)).map(|v| v as f32)
    }

    /// Place in the head's frame (mm) of voxel coordinates.
    pub(crate) fn head_of_voxel(&self, voxel: [f32; 3]) -> [f32; 3] {
        let Affine { linear, translation } = &self.voxel_of_head;
        // The linear part is a rotation.
        std::array::from_fn(|c| {
            (0..3).map(|r| linear[r][c] * (f64::from(voxel[r]) - translation[r])).sum::<f64>() as f32
        })
    }

    /// Completes raw classes: splits what one id lumps, finds the mid-plane, cuts to the head.
    fn from_labels(name: String, dims: [usize; 3], mut labels: Vec<u8>) -> Result<Self, &'static str> {
        super::refine::refine(&mut labels, dims);
        let voxel_of_head = midline::voxel_of_head(&labels, dims).ok_or("the two hemispheres do not meet")?;
        let (low, high) = bounds(&labels, dims, |l| l != 0).ok_or("the map is empty")?;
        let region = super::Region { start: [0; 3], size: dims };
        let inner = super::Region {
            start: low.map(|v| v as i32),
            size: std::array::from_fn(|a| high[a] - low[a] + 1),
        };
        let labels = region.cut(&labels, &inner);
        let mut voxel_of_head = voxel_of_head;
        for (t, l) in voxel_of_head.translation.iter_mut().zip(low) {
            *t -= l as f64;
        }
        Ok(Self { name, dims: inner.size, labels, voxel_of_head, septum: OnceLock::new() })
    }
}

/// For each RAS axis: the file's axis and whether it runs the other way.
fn ras_axes(rows: &[[f32; 4]; 3]) -> Option<[(usize, bool); 3]> {
    let mut axes = [(0, false); 3];
    for (row, axis) in rows.iter().zip(&mut axes) {
        let main = (0..3).max_by(|a, b| row[*a].abs().total_cmp(&row[*b].abs()))?;
        let off: f32 = (0..3).filter(|a| *a != main).map(|a| row[a].abs()).sum();
        if off > 1e-3 || (row[main].abs() - 1.0).abs() > 1e-2 {
            return None;
        }
        *axis = (main, row[main] < 0.0);
    }
    let used: std::collections::BTreeSet<_> = axes.iter().map(|a| a.0).collect();
    (used.len() == 3).then_some(axes)
}

fn class_lut() -> Vec<Option<u8>> {
    (0..600).map(index_of).collect()
}

/// Lowest and highest index with a wanted class along each axis.
pub(crate) fn bounds(
    labels: &[u8],
    dims: [usize; 3],
    wanted: impl Fn(u8) -> bool,
) -> Option<([usize; 3], [usize; 3])> {
    let (mut low, mut high) = ([usize::MAX; 3], [0; 3]);
    for (i, l) in labels.iter().enumerate() {
        if wanted(*l) {
            let at = [i / (dims[1] * dims[2]), i / dims[2] % dims[1], i % dims[2]];
            for a in 0..3 {
                low[a] = low[a].min(at[a]);
                high[a] = high[a].max(at[a]);
            }
        }
    }
    (low[0] != usize::MAX).then_some((low, high))
}

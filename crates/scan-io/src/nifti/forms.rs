//! Both orientations of a file as it states them, for files that shall lie where it does in every program, whichever of
//! the two that goes by.

use saswin_volume::Grid;

use super::bytes::Fields;
use super::orient::Layout;
use super::write::{HEADER, PIXDIM, QFORM_CODE, QUATERNION, SFORM, SFORM_CODE, UNITS, put, put_floats};

/// sform and qform of a NIfTI file with their codes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forms {
    /// The grid that they were read as.
    pub(super) grid: Grid,
    qform_code: i16,
    sform_code: i16,
    units: u8,
    /// Handedness of the qform, and voxel sizes.
    sizes: [f32; 4],
    /// Quaternion and offset.
    qform: [f32; 6],
    sform: [f32; 12],
}

impl Forms {
    /// None if they do not fit into NIfTI-1.
    pub(super) fn read(layout: &Layout, fields: Fields, grid: Grid) -> Option<Self> {
        let floats = |at, index| layout.float(fields, at, index) as f32;
        let forms = Self {
            grid,
            qform_code: i16::try_from(layout.code(fields, layout.qform_code)).ok()?,
            sform_code: i16::try_from(layout.code(fields, layout.sform_code)).ok()?,
            units: layout.units(fields),
            sizes: std::array::from_fn(|i| floats(layout.pixdim, i)),
            qform: std::array::from_fn(|i| floats(layout.quaternion, i)),
            sform: std::array::from_fn(|i| floats(layout.sform, i)),
        };
        let all = forms.sizes.iter().chain(&forms.qform).chain(&forms.sform);
        all.into_iter().all(|v| v.is_finite()).then_some(forms)
    }

    pub(super) fn put(&self, header: &mut [u8]) {
        header[UNITS] = self.units;
        put(header, QFORM_CODE, &self.qform_code.to_le_bytes());
        put(header, SFORM_CODE, &self.sform_code.to_le_bytes());
        put_floats(header, PIXDIM, &self.sizes);
        put_floats(header, QUATERNION, &self.qform);
        put_floats(header, SFORM, &self.sform);
    }

    /// The header of `nifti`, a file on the same grid that was written without them, with them. It is as long.
    pub fn header_of(&self, nifti: &[u8]) -> Vec<u8> {
        let Some(header) = nifti.first_chunk::<HEADER>() else { return Vec::new() };
        let mut header = header.to_vec();
        self.put(&mut header);
        header
    }
}

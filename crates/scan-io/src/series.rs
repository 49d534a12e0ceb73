//! A readable series and the scan it gives.

use saswin_volume::{Modality, Volume};

use crate::dicom::Stack;
use crate::hounsfield::looks_like_hounsfield;
use crate::nifti::Image;
use crate::thumbnail::{Gray, Slice};
use crate::{Forms, ScanError};

/// Centre and width in HU that brains are looked at with, where a file suggests none.
const BRAIN_WINDOW: (f32, f32) = (40.0, 80.0);

/// File format of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// NIfTI-1, single file or pair.
    Nifti1,
    /// NIfTI-2, single file or pair.
    Nifti2,
    /// DICOM, one file or many.
    Dicom,
}

/// One series found in the opened files. Its voxels are read by [`Series::load`].
#[derive(Debug, Clone)]
pub struct Series {
    /// File format.
    pub format: Format,
    /// What the file says; NIfTI says nothing.
    pub modality: Modality,
    /// Series description, or the file's name: for the screen, not for logs and exports.
    pub description: String,
    /// Voxels along `i`, `j`, `k` of one volume.
    pub dims: [usize; 3],
    /// Voxel spacing in millimetres along `i`, `j`, `k`.
    pub spacing: [f64; 3],
    /// Files the series is made of.
    pub files: usize,
    /// Volumes in the series: more than 1 for 4-D data.
    pub frames: usize,
    /// Whether this is the series to open first: see [`crate::open`].
    pub preferred: bool,
    /// Whether the series is a localiser (scout, survey).
    pub localiser: bool,
    /// What went wrong or was assumed while reading, in sentences.
    pub problems: Vec<String>,
    pub(crate) source: Source,
}

/// Where the voxels come from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Nifti(Image),
    Dicom(Stack),
}

/// How the slices of a scan were taken, where the file tells.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Slices {
    /// Slices that are missing between the first and the last, and were filled in.
    pub missing: usize,
    /// Stated thickness of the thickest slice in millimetres; less than their distance where there are gaps.
    pub thickness_mm: Option<f64>,
}

/// What the results depend on and the files do not settle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// No orientation.
    #[error("the file does not say which side is left: left and right may be swapped")]
    Sides,
    /// No size of voxels, or two that disagree.
    #[error("the file does not settle the size of its voxels: millimetres and millilitres may be wrong")]
    Size,
    /// NIfTI's two orientations turn an axis different ways.
    #[error("the file states two orientations that contradict each other: left and right may be swapped")]
    Contradiction,
    /// So many files, some of which may have been slices of the series.
    #[error(
        "{0} file(s) could not be read, so slices may be missing: copy the series again, or open it alone"
    )]
    Unread(usize),
}

/// One volume, read and on its true grid.
#[derive(Debug, Clone)]
pub struct Scan {
    /// Voxel values (HU for CT) with the native affine.
    pub volume: Volume<f32>,
    /// What the values are.
    pub modality: Modality,
    /// Name for the screen.
    pub name: String,
    /// Everything done to the values or assumed about them, in sentences.
    pub notes: Vec<String>,
    /// Display window (centre, width) that the file suggests.
    pub window: Option<(f32, f32)>,
    /// How its slices were taken.
    pub slices: Slices,
    /// Whether the file says that a contrast medium was given; NIfTI says nothing.
    pub contrast_medium: bool,
    /// Both orientations that a NIfTI file states.
    pub forms: Option<Forms>,
    /// What the results depend on and the file does not settle.
    pub doubts: Vec<Doubt>,
}

impl Scan {
    /// Thickness of the slices, or their distance where that is larger, in millimetres.
    pub fn slice_mm(&self) -> f64 {
        let widest = self.volume.grid.spacing().into_iter().fold(0.0, f64::max);
        self.slices.thickness_mm.unwrap_or(0.0).max(widest)
    }
}

impl Series {
    /// Reads volume `index` (0 unless [`Series::frames`] is more than 1).
    ///
    /// # Errors
    /// [`ScanError::Parameter`] if there is no such volume; else what the data gives cause for.
    pub fn load(&self, index: usize) -> Result<Scan, ScanError> {
        if index >= self.frames {
            let message = format!("volume {} was asked for, the series has {}", index + 1, self.frames);
            return Err(ScanError::parameter(message));
        }
        let mut scan = match &self.source {
            Source::Nifti(image) => self.load_nifti(image, index),
            Source::Dicom(stack) => self.load_dicom(stack, index),
        }?;
        if self.frames > 1 {
            scan.notes.push(format!("volume {} of {} was read", index + 1, self.frames));
        }
        Ok(scan)
    }

    /// The middle slice as stored, turned to radiological view, at most `size` pixels wide and high.
    ///
    /// # Errors
    /// As [`Series::load`].
    pub fn thumbnail(&self, size: usize) -> Result<Gray, ScanError> {
        match &self.source {
            Source::Nifti(image) => {
                let values = image.slice(self.dims[2] / 2)?;
                let slice = Slice {
                    values: &values,
                    dims: [self.dims[0], self.dims[1]],
                    affine: &image.header.affine,
                };
                Ok(slice.picture(size, None))
            }
            Source::Dicom(stack) => {
                let middle = stack.middle()?;
                let slice = Slice { values: &middle.values, dims: middle.size, affine: &stack.grid.affine };
                Ok(slice.picture(size, middle.window))
            }
        }
    }

    fn load_dicom(&self, stack: &Stack, index: usize) -> Result<Scan, ScanError> {
        let (volume, filled) = stack.load(index)?;
        let mut notes = stack.notes.clone();
        note_filled(&mut notes, filled);
        let window = stack.window(index).or_else(|| usual_window(self.modality));
        Ok(Scan {
            volume,
            modality: self.modality,
            name: self.description.clone(),
            notes,
            window,
            slices: stack.slices,
            contrast_medium: stack.contrast_medium,
            forms: None,
            doubts: stack.doubts.clone(),
        })
    }

    fn load_nifti(&self, image: &Image, index: usize) -> Result<Scan, ScanError> {
        let (volume, filled) = image.load(index)?;
        let mut notes = image.header.notes.clone();
        note_filled(&mut notes, filled);
        let modality = if looks_like_hounsfield(&volume.voxels) {
            notes.push("the values look like Hounsfield units, so the scan is taken as CT".to_owned());
            Modality::Ct
        } else {
            Modality::Unknown
        };
        let window = image.header.window.or_else(|| usual_window(modality));
        Ok(Scan {
            volume,
            modality,
            name: self.description.clone(),
            notes,
            window,
            slices: Slices::default(),
            contrast_medium: false,
            forms: image.header.forms,
            doubts: image.header.doubts.clone(),
        })
    }
}

/// The window for a file that suggests none: values of MR have no scale that one could hold for.
fn usual_window(modality: Modality) -> Option<(f32, f32)> {
    (modality == Modality::Ct).then_some(BRAIN_WINDOW)
}

/// Appends the note on voxels that were not finite.
fn note_filled(notes: &mut Vec<String>, filled: usize) {
    if filled > 0 {
        notes.push(format!("{filled} voxels were not finite numbers and took the lowest value"));
    }
}

//! What is made of the scan on screen when the page asks for it: its mirror image, its brain.

use saswin_pipeline::{PlaneInfo, RunError, brain_mask, masked, mirrored};
use saswin_scan_io::{Limits, NiftiOptions, open, write_nifti_f32, write_nifti_u8};
use saswin_volume::Volume;
use serde_bytes::ByteBuf;

use super::State;
use super::scan::source_file;
use crate::protocol::{Failure, FileBytes, Reply};

impl State {
    pub(super) fn mirror(&self, number: u32, plane: &PlaneInfo) -> Result<Reply, Failure> {
        let scan = self.selected(number)?;
        let mirror = mirrored(&scan.volume, plane).map_err(RunError::from)?;
        Ok(Reply::Mirrored { nifti: ByteBuf::from(write_nifti_f32(&mirror, &NiftiOptions::default())?) })
    }

    /// The page holds the labels, so that they are here once only, and after a restart, too.
    pub(super) fn strip(&self, number: u32, model: &str, files: Vec<FileBytes>) -> Result<Reply, Failure> {
        let unfit = |what: &str| Failure::new("parameter", what, "Analyse the scan again.");
        let scan = self.selected(number)?;
        let imported = self.imported.borrow().as_ref().map(|m| m.manifest.clone());
        let manifest = imported.filter(|m| m.name == model).map_or_else(|| self.manifest(model), Ok)?;
        let region = manifest.brain().ok_or_else(|| unfit("the model has no brain mask"))?;
        let series = open(files.into_iter().map(source_file).collect(), &Limits::default())?;
        let labels = series.first().ok_or_else(|| unfit("there are no labels"))?.load(0)?.volume;
        if labels.grid.dims != scan.volume.grid.dims {
            return Err(unfit("the labels are not of the selected scan"));
        }
        let voxels = labels.voxels.into_iter().map(|v| v as u8).collect();
        let mask = brain_mask(region, &Volume { grid: scan.volume.grid, voxels });
        let brain = masked(&scan.volume, &mask);
        let how = NiftiOptions { forms: scan.forms, ..NiftiOptions::default() };
        Ok(Reply::Stripped {
            brain: ByteBuf::from(write_nifti_f32(&brain, &how)?),
            mask: ByteBuf::from(write_nifti_u8(&mask, &how)?),
        })
    }
}

//! What is opened, and the scan on screen.

use std::rc::Rc;

use saswin_pipeline::scan_info;
use saswin_scan_io::{Gray, Limits, NiftiOptions, Scan, Series, SourceFile, open, write_nifti_f32};
use serde_bytes::ByteBuf;

use super::State;
use crate::protocol::{Failure, FileBytes, Reply, SeriesInfo, Thumbnail};

/// Pixels of a thumbnail's longer side.
const THUMBNAIL: usize = 96;

/// The scan on screen.
#[derive(Clone)]
pub(super) struct Selected {
    /// The page's number for it.
    number: u32,
    pub(super) scan: Rc<Scan>,
}

impl State {
    pub(super) fn open(&self, files: Vec<SourceFile>) -> Result<Reply, Failure> {
        let series = open(files, &Limits::default())?;
        let infos = series.iter().enumerate().map(|(index, s)| series_info(index, s)).collect();
        self.series.replace(Rc::new(series));
        self.phantom.replace(None);
        Ok(Reply::Series { series: infos })
    }

    pub(super) fn phantom(&self) -> Reply {
        let scan = saswin_pipeline::phantom_scan();
        let info = SeriesInfo {
            index: 0,
            modality: scan.modality,
            description: scan.name.clone(),
            dims: scan.volume.grid.dims,
            spacing: scan.volume.grid.spacing(),
            files: 0,
            frames: 1,
            preferred: true,
            problems: Vec::new(),
            thumbnail: Some(thumbnail(Gray::middle_of(&scan.volume, THUMBNAIL))),
        };
        self.series.replace(Rc::default());
        self.phantom.replace(Some(Rc::new(scan)));
        Reply::Series { series: vec![info] }
    }

    pub(super) fn select(&self, index: usize, volume: usize, number: u32) -> Result<Reply, Failure> {
        let series = Rc::clone(&self.series.borrow());
        let scan = match (series.get(index), &*self.phantom.borrow()) {
            (Some(series), _) => Rc::new(series.load(volume)?),
            (None, Some(phantom)) => Rc::clone(phantom),
            _ => {
                return Err(Failure::new(
                    "parameter",
                    format!("there is no series {index}"),
                    "Open a scan first.",
                ));
            }
        };
        let reply = shown(&scan)?;
        self.scan.replace(Some(Selected { number, scan }));
        self.refused.take();
        Ok(reply)
    }

    /// The scan that the page means: another one may have been selected since it asked.
    pub(super) fn selected(&self, number: u32) -> Result<Rc<Scan>, Failure> {
        let selected = self.scan.borrow().clone().filter(|selected| selected.number == number);
        let gone = || Failure::new("another_scan", "another scan is open by now", "Open this one again.");
        Ok(selected.ok_or_else(gone)?.scan)
    }
}

/// A scan for the page to draw.
pub(super) fn shown(scan: &Scan) -> Result<Reply, Failure> {
    let nifti = write_nifti_f32(&scan.volume, &NiftiOptions::default())?;
    Ok(Reply::Scan { info: scan_info(scan), nifti: ByteBuf::from(nifti) })
}

pub(super) fn source_file(file: FileBytes) -> SourceFile {
    SourceFile { name: file.name, bytes: file.bytes.into_vec() }
}

fn thumbnail(gray: Gray) -> Thumbnail {
    Thumbnail { width: gray.width, height: gray.height, gray: ByteBuf::from(gray.pixels) }
}

fn series_info(index: usize, series: &Series) -> SeriesInfo {
    let thumbnail = series.thumbnail(THUMBNAIL).ok().map(thumbnail);
    SeriesInfo {
        index,
        modality: series.modality,
        description: series.description.clone(),
        dims: series.dims,
        spacing: series.spacing,
        files: series.files,
        frames: series.frames,
        preferred: series.preferred,
        problems: series.problems.clone(),
        thumbnail,
    }
}

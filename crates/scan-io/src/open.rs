//! From dropped files to series.

use saswin_volume::Modality;

use crate::dicom::{self, Stack};
use crate::nifti::{self, Header};
use crate::series::{Format, Series, Source};
use crate::source::{Blob, Budget};
use crate::unpack::{Kind, unpack};
use crate::{Limits, ScanError, SourceFile};

/// Finds every series in `files`, which may be mixed, and marks one as preferred.
///
/// Preferred is, among the series that could be a head scan (at least 8 slices, every spacing at most 10 mm,
/// no localiser), the one with the most voxels per volume divided by the ratio of its largest to its smallest
/// spacing; if none could, the same rule among all.
///
/// # Errors
/// If nothing is readable: the first reason. Files that fail beside readable ones become
/// [`Series::problems`].
pub fn open(files: Vec<SourceFile>, limits: &Limits) -> Result<Vec<Series>, ScanError> {
    check_sizes(&files, limits)?;
    let mut found = Found::new(limits);
    for file in files {
        let mut pieces = Vec::new();
        let unpacked = unpack(file, limits, &mut found.budget, 0, &mut pieces);
        found.errors.extend(unpacked.err());
        for (kind, blob) in pieces {
            found.sort(kind, blob, limits);
        }
    }
    let mut series = found.nifti_series(limits);
    series.extend(found.dicom_series(limits));
    finish(&mut series, &found);
    if series.is_empty() {
        return Err(found.first_reason());
    }
    Ok(series)
}

fn check_sizes(files: &[SourceFile], limits: &Limits) -> Result<(), ScanError> {
    if files.is_empty() {
        return Err(ScanError::not_a_scan("no file was given"));
    }
    let mut total = 0u64;
    for file in files {
        let len = file.bytes.len() as u64;
        total += len;
        if len > limits.max_file_bytes {
            let message = format!("the file has {len} bytes, the limit is {}", limits.max_file_bytes);
            return Err(ScanError::over_limit(message).in_file(&file.name));
        }
    }
    if total > limits.max_total_bytes {
        let message =
            format!("the files have {total} bytes together, the limit is {}", limits.max_total_bytes);
        return Err(ScanError::over_limit(message));
    }
    Ok(())
}

/// The files sorted by what their content is.
struct Found {
    budget: Budget,
    nifti: Vec<(Header, Blob)>,
    dicom: Vec<Blob>,
    /// Unknown content: the `.img` of a pair, or no scan at all.
    other: Vec<Blob>,
    ignored: usize,
    errors: Vec<ScanError>,
}

impl Found {
    fn new(limits: &Limits) -> Self {
        Self {
            budget: Budget::new(limits),
            nifti: Vec::new(),
            dicom: Vec::new(),
            other: Vec::new(),
            ignored: 0,
            errors: Vec::new(),
        }
    }

    fn sort(&mut self, kind: Kind, blob: Blob, limits: &Limits) {
        match kind {
            Kind::Nifti => match nifti::Image::header_of(&blob, limits) {
                Ok(header) => self.nifti.push((header, blob)),
                Err(error) => self.errors.push(error),
            },
            Kind::Dicom => self.dicom.push(blob),
            Kind::Other => self.other.push(blob),
        }
    }

    fn nifti_series(&mut self, limits: &Limits) -> Vec<Series> {
        let mut all = Vec::new();
        let mut images = Vec::new();
        for (header, blob) in std::mem::take(&mut self.nifti) {
            let name = stem(&blob.name).to_owned();
            let files = if header.paired { 2 } else { 1 };
            let data = if header.paired { self.partner(&blob, &mut images) } else { Ok(blob) };
            match data.and_then(|data| nifti::Image::new(header, data, limits)) {
                Ok(image) => all.push(nifti_series(image, &name, files)),
                Err(error) => self.errors.push(error),
            }
        }
        self.ignored += self.other.iter().filter(|b| !images.contains(&b.name)).count();
        all
    }

    /// The `.img` beside a `.hdr`: same path, other extension.
    fn partner(&self, header: &Blob, used: &mut Vec<String>) -> Result<Blob, ScanError> {
        let found = self.other.iter().find(|b| stem_with_path(&b.name) == stem_with_path(&header.name));
        let found = found.ok_or_else(|| {
            ScanError::not_a_scan("the voxel file (.img) that belongs to this header is missing")
                .in_file(&header.name)
                .with_remedy("Open the .hdr and the .img file together.")
        })?;
        used.push(found.name.clone());
        Ok(found.clone())
    }

    fn dicom_series(&mut self, limits: &Limits) -> Vec<Series> {
        let files = dicom::group(std::mem::take(&mut self.dicom), limits, &mut self.budget);
        self.ignored += files.ignored;
        self.errors.extend(files.errors);
        files.stacks.into_iter().map(dicom_series).collect()
    }

    /// The most telling error: one that is not merely "no scan", if there is one.
    fn first_reason(&self) -> ScanError {
        let telling = self.errors.iter().find(|e| !matches!(e, ScanError::NotAScan(_)));
        telling.or(self.errors.first()).cloned().unwrap_or_else(|| {
            match (self.ignored, self.other.as_slice()) {
                (1, [only]) => ScanError::not_a_scan("the file is not a scan").in_file(&only.name),
                (n, _) => ScanError::not_a_scan(format!("none of the {n} files is a scan")),
            }
        })
    }
}

fn nifti_series(image: nifti::Image, name: &str, files: usize) -> Series {
    let header = &image.header;
    Series {
        format: if header.version == 1 { Format::Nifti1 } else { Format::Nifti2 },
        modality: Modality::Unknown,
        description: name.to_owned(),
        dims: header.dims,
        spacing: header.affine.spacing(),
        files,
        frames: header.frames,
        preferred: false,
        localiser: false,
        ignored: 0,
        problems: header.notes.clone(),
        source: Source::Nifti(image),
    }
}

fn dicom_series(stack: Stack) -> Series {
    Series {
        format: Format::Dicom,
        modality: stack.modality(),
        description: stack.description().to_owned(),
        dims: stack.grid.dims,
        spacing: stack.grid.spacing(),
        files: stack.files,
        frames: stack.frames(),
        preferred: false,
        localiser: stack.is_localiser(),
        ignored: 0,
        problems: stack.notes.clone(),
        source: Source::Dicom(stack),
    }
}

/// Marks the preferred series and hands what failed to all of them.
fn finish(series: &mut [Series], found: &Found) {
    let failed: Vec<&ScanError> =
        found.errors.iter().filter(|e| !matches!(e, ScanError::NotAScan(_))).collect();
    for one in series.iter_mut() {
        one.ignored = found.ignored;
        if let Some(first) = failed.first() {
            one.problems
                .push(format!("{} other file(s) could not be read; the first: {first}", failed.len()));
        }
    }
    let best = (0..series.len()).max_by(|&a, &b| {
        let [a_key, b_key] = [&series[a], &series[b]].map(|s| (could_be_head(s), preference(s)));
        a_key.0.cmp(&b_key.0).then(a_key.1.total_cmp(&b_key.1)).then(b.cmp(&a))
    });
    if let Some(best) = best {
        series[best].preferred = true;
    }
}

fn could_be_head(series: &Series) -> bool {
    series.dims[2] >= 8 && series.spacing.iter().all(|&s| s <= 10.0) && !series.localiser
}

fn preference(series: &Series) -> f64 {
    let voxels: usize = series.dims.iter().product();
    let largest = series.spacing.iter().copied().fold(0.0, f64::max);
    let smallest = series.spacing.iter().copied().fold(f64::INFINITY, f64::min);
    voxels as f64 * smallest / largest
}

/// File name without folder and extensions.
fn stem(name: &str) -> &str {
    stem_with_path(name.rsplit(['/', '\\']).next().unwrap_or(name))
}

fn stem_with_path(name: &str) -> &str {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && !extension.contains(['/', '\\']) => stem,
        _ => name,
    }
}

//! From dropped files to series.

use saswin_volume::Modality;

use crate::dicom::{self, Stack};
use crate::names::{file_name, split, stem};
use crate::nifti::{self, Header};
use crate::series::{Format, Series, Source};
use crate::source::{Blob, Budget};
use crate::unpack::{Kind, unpack};
use crate::unread::Unread;
use crate::{Doubt, Limits, ScanError, SourceFile};

/// Finds every series in `files`, which may be mixed, and marks one as preferred.
///
/// Preferred is, among the series that could be a head scan (at least 8 slices, every spacing at most 10 mm,
/// no localiser), the one with the most voxels per volume divided by the ratio of its largest to its smallest
/// spacing; if none could, the same rule among all. A CT that was reconstructed for bone gives way to one that was not
/// and is about as large.
///
/// # Errors
/// If nothing is readable: the first reason. Files that fail beside readable ones become
/// [`Series::problems`], and a [`Doubt`] where they may have been slices.
pub fn open(files: Vec<SourceFile>, limits: &Limits) -> Result<Vec<Series>, ScanError> {
    if files.is_empty() {
        return Err(ScanError::not_a_scan("no file was given"));
    }
    limits.check_sizes(files.iter().map(|f| (f.name.as_str(), f.bytes.len() as u64)))?;
    let mut found = Found::new(limits);
    let contents = unpack(files, limits, &mut found.budget);
    found.lose(contents.unread);
    found.others = contents.others;
    for (kind, blob) in contents.pieces {
        found.sort(kind, blob, limits);
    }
    let mut series = found.nifti_series();
    series.extend(found.dicom_series(limits));
    finish(&mut series, &found);
    if series.is_empty() {
        return Err(found.first_reason());
    }
    Ok(series)
}

/// The files sorted by what their content is.
struct Found {
    budget: Budget,
    nifti: Vec<(Header, Blob)>,
    dicom: Vec<Blob>,
    /// The `.img` of pairs, or no scans at all.
    images: Vec<Blob>,
    blank: Vec<Blob>,
    /// Names of files that are no scans.
    others: Vec<String>,
    /// DICOM objects that are no images.
    objects: usize,
    unread: Vec<Unread>,
    /// Files that could not be read and may have been slices.
    lost: usize,
}

impl Found {
    fn new(limits: &Limits) -> Self {
        Self {
            budget: Budget::new(limits),
            nifti: Vec::new(),
            dicom: Vec::new(),
            images: Vec::new(),
            blank: Vec::new(),
            others: Vec::new(),
            objects: 0,
            unread: Vec::new(),
            lost: 0,
        }
    }

    /// Takes note of files, any of which may have been a slice.
    fn lose(&mut self, unread: impl IntoIterator<Item = Unread>) {
        for one in unread {
            self.lost += if one.may_be_slices() { one.files } else { 0 };
            self.unread.push(one);
        }
    }

    /// As [`Self::lose`], with the files that hold nothing, as broken transfers leave them, save for those that systems
    /// hide.
    fn lose_blank(&mut self) {
        let (hidden, blank): (Vec<Blob>, _) =
            std::mem::take(&mut self.blank).into_iter().partition(|b| file_name(&b.name).starts_with('.'));
        self.blank = hidden;
        let why = |b: Blob| {
            ScanError::decoding("the file is empty or holds nothing but zeros").in_file(&b.name).into()
        };
        self.lose(Vec::into_iter(blank).map(why));
    }

    /// Files that are no scans at all.
    fn ignored(&self) -> usize {
        self.objects + self.blank.len() + self.others.len()
    }

    fn sort(&mut self, kind: Kind, blob: Blob, limits: &Limits) {
        match kind {
            Kind::Nifti => match nifti::Image::header_of(&blob, limits) {
                Ok(header) => self.nifti.push((header, blob)),
                Err(error) => self.unread.push(error.into()),
            },
            Kind::Dicom => self.dicom.push(blob),
            Kind::Image => self.images.push(blob),
            Kind::Blank => self.blank.push(blob),
        }
    }

    fn nifti_series(&mut self) -> Vec<Series> {
        let mut all = Vec::new();
        let mut used = Vec::new();
        for (header, blob) in std::mem::take(&mut self.nifti) {
            let name = stem(&blob.name).to_owned();
            let files = if header.paired { 2 } else { 1 };
            let data = if header.paired { self.partner(&header, &blob, &mut used) } else { Ok(blob) };
            match data.and_then(|data| nifti::Image::new(header, data)) {
                Ok(image) => all.push(nifti_series(image, &name, files)),
                Err(error) => self.unread.push(Unread { error, files }),
            }
        }
        let unused = std::mem::take(&mut self.images).into_iter().map(|b| b.name);
        self.others.extend(unused.filter(|name| !used.contains(name)));
        all
    }

    /// The `.img` beside a `.hdr`, or else what has the same path, another extension and the length of its voxels.
    fn partner(&self, header: &Header, blob: &Blob, used: &mut Vec<String>) -> Result<Blob, ScanError> {
        let mut all = self.images.iter().filter(|b| split(&b.name).0 == split(&blob.name).0);
        let image = all.clone().find(|b| split(&b.name).1.eq_ignore_ascii_case("img"));
        let fits = |b: &&Blob| b.bytes.len() as u64 == header.end();
        let found = image.or_else(|| all.find(fits)).ok_or_else(|| {
            ScanError::not_a_scan("the voxel file (.img) that belongs to this header is missing")
                .in_file(&blob.name)
                .with_remedy("Open the .hdr and the .img file together.")
        })?;
        used.push(found.name.clone());
        Ok(found.clone())
    }

    fn dicom_series(&mut self, limits: &Limits) -> Vec<Series> {
        let files = dicom::group(std::mem::take(&mut self.dicom), limits, &mut self.budget);
        self.objects += files.ignored;
        self.lose(files.unread);
        self.unread.extend(files.refused);
        if !files.stacks.is_empty() {
            self.lose_blank();
        }
        files.stacks.into_iter().map(dicom_series).collect()
    }

    /// The most telling error: one that is not merely "no scan", if there is one.
    fn first_reason(&self) -> ScanError {
        let mut errors = self.unread.iter().map(|u| &u.error);
        let telling = errors.clone().find(|e| !matches!(e, ScanError::NotAScan(_)));
        let blank = self.blank.iter().map(|b| &b.name);
        let mut names = self.others.iter().chain(blank);
        telling.or(errors.next()).cloned().unwrap_or_else(|| match (self.ignored(), names.next()) {
            (1, Some(only)) => ScanError::not_a_scan("the file is not a scan").in_file(only),
            (n, _) => ScanError::not_a_scan(format!("none of the {n} files is a scan")),
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
        problems: stack.notes.clone(),
        source: Source::Dicom(stack),
    }
}

/// Marks the preferred series and hands what failed to all of them.
fn finish(series: &mut [Series], found: &Found) {
    let failed: Vec<&Unread> =
        found.unread.iter().filter(|u| !matches!(u.error, ScanError::NotAScan(_))).collect();
    let count: usize = failed.iter().map(|u| u.files).sum();
    for one in series.iter_mut() {
        if let Some(Unread { error, .. }) = failed.first() {
            one.problems.push(format!("{count} other file(s) could not be read; the first: {error}"));
        }
        // What comes in one file is whole.
        if let Source::Dicom(stack) = &mut one.source
            && found.lost > 0
            && stack.files > 1
        {
            stack.doubts.push(Doubt::Unread(found.lost));
        }
    }
    if let Some(best) = preferred(series) {
        series[best].preferred = true;
    }
}

fn preferred(series: &[Series]) -> Option<usize> {
    let best = best_of(series, |_| true)?;
    let first = &series[best];
    if !is_sharp(first) {
        return Some(best);
    }
    let softer = best_of(series, |other| {
        other.modality == Modality::Ct
            && !is_sharp(other)
            && could_be_head(other) == could_be_head(first)
            && preference(other) >= ALIKE * preference(first)
    });
    softer.or(Some(best))
}

fn best_of(series: &[Series], among: impl Fn(&Series) -> bool) -> Option<usize> {
    (0..series.len()).filter(|&index| among(&series[index])).max_by(|&a, &b| {
        let [a_key, b_key] = [&series[a], &series[b]].map(|s| (could_be_head(s), preference(s)));
        a_key.0.cmp(&b_key.0).then(a_key.1.total_cmp(&b_key.1)).then(b.cmp(&a))
    })
}

/// From which share of the preferred series' measure on another is as good.
const ALIKE: f64 = 0.8;

/// Whether a series shows bone better than brain.
fn is_sharp(series: &Series) -> bool {
    matches!(&series.source, Source::Dicom(stack) if stack.is_sharp())
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

//! Planes of one series sorted into volumes.

use std::sync::Arc;

use saswin_volume::{Grid, Modality, Volume};

use super::geometry::{Pose, Spread, affine};
use super::image::Image;
use super::plane::SlicePlane;
use super::repeats::into_volumes;
use super::resample::Plan;
use crate::finite::fill_not_finite;
use crate::{Doubt, Limits, ScanError, Slices};

/// Planes without a position are taken to be axial.
const ASSUMED: Pose = Pose { position: [0.0; 3], across: [-1.0, 0.0, 0.0], down: [0.0, -1.0, 0.0] };

/// Volumes of one size.
#[derive(Debug, Clone)]
pub(crate) struct Stack {
    volumes: Vec<Vec<SlicePlane>>,
    plan: Option<Plan>,
    /// That of the first volume.
    pub grid: Grid,
    pub files: usize,
    pub notes: Vec<String>,
    pub slices: Slices,
    /// Whether a file names a contrast medium.
    pub contrast_medium: bool,
    pub doubts: Vec<Doubt>,
}

/// A middle slice for a thumbnail.
pub(crate) struct Middle {
    pub values: Vec<f32>,
    pub size: [usize; 2],
    pub window: Option<(f32, f32)>,
}

impl Stack {
    /// Sorts planes that share key, size, spacing and direction.
    pub(super) fn new(planes: Vec<SlicePlane>, limits: &Limits) -> Result<Self, ScanError> {
        let files = count_files(&planes);
        let contrast_medium = planes.iter().any(|p| p.contrast_medium);
        let mut notes = planes.first().map_or_else(Vec::new, |p| p.key.file.notes.clone());
        let placed = planes.iter().all(|p| p.pose.is_some());
        let volumes = if placed { into_volumes(planes, &mut notes) } else { vec![by_number(planes)] };
        let planes = volumes.first().map_or(&[][..], Vec::as_slice);
        let Some(first) = planes.first() else {
            return Err(ScanError::not_a_scan("the series has no slice"));
        };
        let (plan, grid, missing) = arrange(planes, first, placed, &mut notes)?;
        let thickness_mm = planes.iter().filter_map(|p| p.thickness).max_by(f64::total_cmp);
        let slices = Slices { missing, thickness_mm };
        limits.check_dims(&grid.dims).map_err(|e| e.in_file(first.image.name()))?;
        if volumes.len() > limits.max_frames {
            let message = format!("{} volumes pass the limit of {}", volumes.len(), limits.max_frames);
            return Err(ScanError::over_limit(message));
        }
        grid.affine.inverse().map_err(|e| ScanError::decoding(e.to_string()).in_field("(0020,0037)"))?;
        if first.image.inverted && first.key.file.modality != Modality::Ct {
            notes.push("white-on-black values (MONOCHROME1) were inverted".to_owned());
        }
        if !first.is_sized {
            notes.push("the distance of pixels is not stated: 1 mm is assumed".to_owned());
        }
        let doubts = doubts(first, placed);
        Ok(Self { plan, grid, files, notes, slices, contrast_medium, doubts, volumes })
    }

    /// Number of volumes.
    pub fn frames(&self) -> usize {
        self.volumes.len()
    }

    pub fn modality(&self) -> Modality {
        self.first().map_or(Modality::Unknown, |p| p.key.file.modality)
    }

    pub fn description(&self) -> &str {
        self.first().map_or("", |p| p.key.file.description.as_str())
    }

    pub fn is_localiser(&self) -> bool {
        self.first().is_some_and(|p| p.key.file.localiser)
    }

    /// Whether it was reconstructed for bone.
    pub fn is_sharp(&self) -> bool {
        self.first().is_some_and(|p| p.is_sharp)
    }

    fn first(&self) -> Option<&SlicePlane> {
        self.volumes.first().and_then(|v| v.first())
    }

    /// Window of the middle plane of volume `index`.
    pub fn window(&self, index: usize) -> Option<(f32, f32)> {
        let planes = self.volumes.get(index)?;
        planes.get(planes.len() / 2)?.shown_window()
    }

    /// Voxels of volume `index`, and how many were not finite and were filled in.
    pub fn load(&self, index: usize) -> Result<(Volume<f32>, usize), ScanError> {
        let planes = self.volumes.get(index).map_or(&[][..], Vec::as_slice);
        let mut decoder = Decoder::default();
        let mut voxels = match &self.plan {
            Some(plan) => plan.apply(|k| decoder.plane(&planes[k]))?,
            None => {
                let mut voxels = Vec::with_capacity(self.grid.len());
                for plane in planes {
                    voxels.extend(decoder.plane(plane)?);
                }
                voxels
            }
        };
        fill_not_finite(&mut voxels);
        let volume =
            Volume::new(self.grid_of(index), voxels).map_err(|e| ScanError::decoding(e.to_string()))?;
        Ok((volume, decoder.unknown))
    }

    /// The grid of volume `index`, which lies beside the first where a scanner followed a head that moved.
    fn grid_of(&self, index: usize) -> Grid {
        let position = |volume: usize| self.volumes.get(volume)?.first()?.pose.map(|pose| pose.position);
        let Some((own, first)) = position(index).zip(position(0)) else { return self.grid };
        let mut grid = self.grid;
        for (axis, at) in grid.affine.translation.iter_mut().enumerate() {
            *at += own[axis] - first[axis];
        }
        grid
    }

    /// The middle plane of the first volume.
    pub fn middle(&self) -> Result<Middle, ScanError> {
        let planes = self.volumes.first().map_or(&[][..], Vec::as_slice);
        let Some(plane) = planes.get(planes.len() / 2) else {
            return Err(ScanError::not_a_scan("the series has no slice"));
        };
        let mut values = Decoder::default().plane(plane)?;
        fill_not_finite(&mut values);
        Ok(Middle { values, size: plane.size, window: plane.shown_window() })
    }
}

fn doubts(first: &SlicePlane, placed: bool) -> Vec<Doubt> {
    let sides = (!placed).then_some(Doubt::Sides);
    let size = (!first.is_sized || !placed && first.slice_spacing.is_none()).then_some(Doubt::Size);
    sides.into_iter().chain(size).collect()
}

pub(super) fn count_files(planes: &[SlicePlane]) -> usize {
    let mut images: Vec<*const Image> = planes.iter().map(|p| Arc::as_ptr(&p.image)).collect();
    images.sort_unstable();
    images.dedup();
    images.len()
}

pub(super) fn by_order(mut planes: Vec<SlicePlane>) -> Vec<SlicePlane> {
    planes.sort_by(|a, b| a.order.compare(&b.order));
    planes
}

fn by_number(mut planes: Vec<SlicePlane>) -> Vec<SlicePlane> {
    planes.sort_by(|a, b| a.order.compare_numbers(&b.order));
    planes
}

/// The grid of the planes, the plan to get there if they do not form one, and how many slices are missing.
fn arrange(
    planes: &[SlicePlane],
    first: &SlicePlane,
    placed: bool,
    notes: &mut Vec<String>,
) -> Result<(Option<Plan>, Grid, usize), ScanError> {
    let stated = first.slice_spacing.unwrap_or(1.0);
    let [columns, rows] = first.size;
    if !placed {
        notes.push("positions are not stated: left and right and the slice distance are assumed".to_owned());
        let grid =
            Grid { dims: [columns, rows, planes.len()], affine: affine(&ASSUMED, first.spacing, stated) };
        return Ok((None, grid, 0));
    }
    let poses: Vec<Pose> = planes.iter().filter_map(|p| p.pose).collect();
    let spread = Spread::of(&poses, first.spacing);
    let plan = Plan::new(&spread, first.size)?;
    let pose = poses.first().copied().unwrap_or(ASSUMED);
    let missing = if plan.is_some() { missing(&spread, planes) } else { None };
    let grid = match &plan {
        Some(plan) => {
            describe(&spread, missing, plan, first, notes);
            Grid {
                dims: plan.dims,
                affine: affine(&plan.pose(&pose, first.spacing), first.spacing, plan.gap),
            }
        }
        None => {
            let gap = spread.regular_gap().unwrap_or(stated);
            Grid { dims: [columns, rows, planes.len()], affine: affine(&pose, first.spacing, gap) }
        }
    };
    Ok((plan, grid, missing.unwrap_or(0)))
}

/// How many slices are missing: none of even ones.
fn missing(spread: &Spread, planes: &[SlicePlane]) -> Option<usize> {
    if spread.regular_gap().is_some() {
        return None;
    }
    let thicker = |pair: &[SlicePlane]| Some(pair[0].thickness?.max(pair[1].thickness?));
    match planes.windows(2).map(thicker).collect::<Option<Vec<f64>>>() {
        Some(thick) => spread.missing_of(&thick),
        None => spread.missing(),
    }
}

fn describe(
    spread: &Spread,
    missing: Option<usize>,
    plan: &Plan,
    first: &SlicePlane,
    notes: &mut Vec<String>,
) {
    if spread.is_sheared() {
        let angle = spread.tilt(first.spacing);
        let what =
            if first.key.file.modality == Modality::Ct { "gantry tilt" } else { "sideways drift of slices" };
        notes.push(format!("{what} of {angle:.1}° was corrected by resampling"));
    }
    if spread.regular_gap().is_some() {
        return;
    }
    match missing {
        Some(count) => {
            notes.push(format!("{count} slice(s) are missing and were filled in by interpolation"))
        }
        None => notes.push(format!("uneven slice distances were resampled to {:.2} mm", plan.gap)),
    }
}

/// Decodes planes, keeping the last frame for mosaics.
#[derive(Default)]
struct Decoder {
    frame: Option<(Arc<Image>, usize, Vec<f64>)>,
    /// Values that were not finite.
    unknown: usize,
}

impl Decoder {
    /// Values of a plane; NaN where they are not finite.
    fn plane(&mut self, plane: &SlicePlane) -> Result<Vec<f32>, ScanError> {
        let held =
            self.frame.as_ref().is_some_and(|(i, f, _)| Arc::ptr_eq(i, &plane.image) && *f == plane.frame);
        if !held {
            let stored = plane.image.stored(plane.frame)?;
            self.frame = Some((Arc::clone(&plane.image), plane.frame, stored));
        }
        let Some((image, _, stored)) = &self.frame else { return Ok(Vec::new()) };
        let value = plane.value_of();
        let [columns, rows] = plane.size;
        let mut out = Vec::with_capacity(columns * rows);
        for row in plane.corner[1]..plane.corner[1] + rows {
            let start = row * image.columns + plane.corner[0];
            out.extend(stored[start..start + columns].iter().map(|&s| value(s) as f32));
        }
        for sample in out.iter_mut().filter(|s| !s.is_finite()) {
            *sample = f32::NAN;
            self.unknown += 1;
        }
        Ok(out)
    }
}

impl SlicePlane {
    /// The range within which stored values are turned over: that of the stored bits in MONOCHROME1, save for CT,
    /// whose Hounsfield units mean the same however they are shown.
    fn turn(&self) -> Option<[f64; 2]> {
        (self.image.inverted && self.key.file.modality != Modality::Ct).then(|| self.image.range())
    }

    /// Stored value to real value, turned over where [`Self::turn`] says so.
    fn value_of(&self) -> impl Fn(f64) -> f64 + use<> {
        let turn = self.turn();
        let (slope, intercept) = (self.slope, self.intercept);
        move |stored| {
            let stored = turn.map_or(stored, |[low, high]| low + high - stored);
            stored * slope + intercept
        }
    }

    /// Display window (centre, width) of the values that [`Self::value_of`] gives: turned over with them.
    fn shown_window(&self) -> Option<(f32, f32)> {
        let (centre, width) = self.window?;
        let Some([low, high]) = self.turn() else { return Some((centre, width)) };
        let turned = self.slope * (low + high) + 2.0 * self.intercept - f64::from(centre);
        Some((turned as f32, width))
    }
}

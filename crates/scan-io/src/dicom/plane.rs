//! The 2-D planes of an image: frames, or tiles of a [`mosaic`], each with its place, scale and time.

use std::sync::Arc;

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::dataset::Dataset;
use super::geometry::{Pose, add};
use super::image::Image;
use super::key::{Key, Keys};
use super::order::Order;
use super::{kernel, mosaic};

/// What scanners write in the place of a contrast medium's name where there was none.
const NO_AGENT: [&str; 3] = ["NONE", "NO", "NO CONTRAST"];

/// One slice of some volume.
#[derive(Debug, Clone)]
pub(super) struct SlicePlane {
    pub image: Arc<Image>,
    pub frame: usize,
    /// First column and row inside the frame: not 0 for mosaic tiles.
    pub corner: [usize; 2],
    /// Columns and rows.
    pub size: [usize; 2],
    pub pose: Option<Pose>,
    /// Millimetres between columns and between rows.
    pub spacing: [f64; 2],
    /// Stated distance between slices, for stacks whose positions do not tell.
    pub slice_spacing: Option<f64>,
    /// Stated thickness of the slice in millimetres.
    pub thickness: Option<f64>,
    pub slope: f64,
    pub intercept: f64,
    /// Display window (centre, width) as the file states it.
    pub window: Option<(f32, f32)>,
    /// Whether the distance of pixels is stated.
    pub is_sized: bool,
    pub b_value: f64,
    /// Whether it was reconstructed for bone.
    pub is_sharp: bool,
    /// Whether the file names a contrast medium.
    pub contrast_medium: bool,
    pub order: Order,
    pub key: Arc<Key>,
}

/// A data set seen from one of its frames: per-frame functional groups, then shared ones, then the top level.
pub(super) struct FrameView<'a> {
    levels: [Option<&'a Dataset>; 3],
}

impl<'a> FrameView<'a> {
    pub fn new(dataset: &'a Dataset, frame: usize) -> Self {
        Self {
            levels: [
                dataset.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).get(frame),
                dataset.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE),
                Some(dataset),
            ],
        }
    }

    /// The first level that gives an answer, looking inside `group` in the functional groups.
    pub fn find<T>(&self, group: Tag, get: impl Fn(&Dataset) -> Option<T>) -> Option<T> {
        let [frame, shared, top] = self.levels;
        let inside = |level: Option<&Dataset>| level.and_then(|l| l.item(group)).and_then(&get);
        inside(frame).or_else(|| inside(shared)).or_else(|| top.and_then(&get))
    }

    fn pose(&self) -> Option<Pose> {
        let position =
            self.find(tags::PLANE_POSITION_SEQUENCE, |d| d.floats(tags::IMAGE_POSITION_PATIENT))?;
        let cosines =
            self.find(tags::PLANE_ORIENTATION_SEQUENCE, |d| d.floats(tags::IMAGE_ORIENTATION_PATIENT))?;
        Pose::from_lps(position, cosines)
    }

    /// Row spacing comes first in the file.
    fn spacing(&self) -> Option<[f64; 2]> {
        let measures = |tag| self.find(tags::PIXEL_MEASURES_SEQUENCE, |d| d.floats::<2>(tag));
        let usable = |s: &[f64; 2]| s.iter().all(|v| (1e-4..1e3).contains(v));
        let spacing = measures(tags::PIXEL_SPACING).or_else(|| measures(tags::IMAGER_PIXEL_SPACING));
        spacing.filter(usable).map(|[y, x]| [x, y])
    }

    fn thickness(&self) -> Option<f64> {
        self.millimetres(tags::SLICE_THICKNESS)
    }

    fn slice_spacing(&self) -> Option<f64> {
        self.millimetres(tags::SPACING_BETWEEN_SLICES).or_else(|| self.thickness())
    }

    /// A usable length among the pixel measures.
    fn millimetres(&self, tag: Tag) -> Option<f64> {
        let length = self.find(tags::PIXEL_MEASURES_SEQUENCE, |d| d.float(tag)).map(f64::abs);
        length.filter(|mm| (1e-3..1e3).contains(mm))
    }

    fn rescale(&self) -> (f64, f64) {
        let value = |tag| self.find(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE, |d| d.float(tag));
        let slope = value(tags::RESCALE_SLOPE).filter(|&s| s != 0.0).unwrap_or(1.0);
        (slope, value(tags::RESCALE_INTERCEPT).unwrap_or(0.0))
    }

    fn window(&self) -> Option<(f32, f32)> {
        let value = |tag| self.find(tags::FRAME_VOILUT_SEQUENCE, |d| d.float(tag));
        let (centre, width) = (value(tags::WINDOW_CENTER)?, value(tags::WINDOW_WIDTH)?);
        (width > 0.0).then_some((centre as f32, width as f32))
    }

    /// s/mm²; 0 where none is stated.
    fn b_value(&self) -> f64 {
        self.find(tags::MR_DIFFUSION_SEQUENCE, |d| d.float(tags::DIFFUSION_B_VALUE)).unwrap_or(0.0)
    }

    fn is_sharp(&self) -> bool {
        let kernel = self.find(tags::CT_RECONSTRUCTION_SEQUENCE, |d| d.text(tags::CONVOLUTION_KERNEL));
        kernel.is_some_and(|name| kernel::is_sharp(&name))
    }

    /// Whether a contrast medium is named; its name is not kept.
    fn contrast_medium(&self) -> bool {
        self.levels[2].is_some_and(|top| {
            let named = top.text(tags::CONTRAST_BOLUS_AGENT);
            let none = |name: String| NO_AGENT.contains(&name.to_uppercase().as_str());
            named.is_some_and(|name| !none(name)) || top.item(tags::CONTRAST_BOLUS_AGENT_SEQUENCE).is_some()
        })
    }

    fn order(&self, frame: usize) -> Order {
        let top = |tag| self.levels[2].and_then(|d| d.float(tag)).unwrap_or(0.0);
        let content = |tag| self.find(tags::FRAME_CONTENT_SEQUENCE, |d| d.float(tag));
        let temporal = content(tags::TEMPORAL_POSITION_INDEX)
            .or_else(|| content(tags::TEMPORAL_POSITION_IDENTIFIER))
            .unwrap_or(0.0);
        Order {
            temporal,
            acquisition: top(tags::ACQUISITION_NUMBER),
            trigger: top(tags::TRIGGER_TIME),
            time: top(tags::ACQUISITION_TIME),
            instance: top(tags::INSTANCE_NUMBER),
            frame: frame as f64,
        }
    }
}

/// All planes of an image.
pub(super) fn planes(image: Image, dataset: &Dataset) -> Vec<SlicePlane> {
    let image = Arc::new(image);
    if let Some(tiles) = mosaic::tiles(&image, dataset) {
        return tiles;
    }
    let mut keys = Keys::of(dataset);
    let offsets = Offsets::of(dataset);
    (0..image.frames)
        .map(|frame| {
            let view = FrameView::new(dataset, frame);
            let mut plane = plane(&image, &view, frame, keys.of_frame(&view));
            let offset = offsets.at(frame);
            plane.pose = plane.pose.map(|p| Pose { position: add(p.position, offset, p.normal()), ..p });
            plane
        })
        .collect()
}

/// Distances of frames from the stated position, in objects that state one for all frames.
struct Offsets {
    listed: Vec<f64>,
    /// Between frames that are not listed.
    even: f64,
}

impl Offsets {
    fn of(dataset: &Dataset) -> Self {
        if !dataset.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).is_empty() {
            return Self { listed: Vec::new(), even: 0.0 };
        }
        Self {
            listed: dataset.all_floats(tags::GRID_FRAME_OFFSET_VECTOR),
            even: dataset.float(tags::SPACING_BETWEEN_SLICES).unwrap_or(0.0),
        }
    }

    fn at(&self, frame: usize) -> f64 {
        let listed = self.listed.get(frame).zip(self.listed.first()).map(|(at, first)| at - first);
        let offset = listed.unwrap_or(frame as f64 * self.even);
        Some(offset).filter(|o| o.abs() < 1e5).unwrap_or(0.0)
    }
}

pub(super) fn plane(image: &Arc<Image>, view: &FrameView, frame: usize, key: Arc<Key>) -> SlicePlane {
    let (slope, intercept) = view.rescale();
    let spacing = view.spacing();
    SlicePlane {
        image: Arc::clone(image),
        frame,
        corner: [0, 0],
        size: [image.columns, image.rows],
        pose: view.pose(),
        spacing: spacing.unwrap_or([1.0; 2]),
        is_sized: spacing.is_some(),
        b_value: view.b_value(),
        is_sharp: view.is_sharp(),
        contrast_medium: view.contrast_medium(),
        slice_spacing: view.slice_spacing(),
        thickness: view.thickness(),
        slope,
        intercept,
        window: view.window(),
        order: view.order(frame),
        key,
    }
}

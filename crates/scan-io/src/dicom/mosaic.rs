//! Siemens mosaics: the slices of a volume side by side in one picture.

use std::sync::Arc;

use dicom_dictionary_std::tags;

use super::csa::{self, Mosaic};
use super::dataset::{CSA_CREATOR, CSA_IMAGE, Dataset, MOSAIC_COUNT};
use super::geometry::{Pose, add, dot};
use super::image::Image;
use super::key::Keys;
use super::plane::{FrameView, SlicePlane, plane};

/// Whether the image is a Siemens mosaic of more than one tile that divides evenly.
fn mosaic(image: &Image, dataset: &Dataset) -> Option<Mosaic> {
    if image.frames != 1 || !dataset.texts(tags::IMAGE_TYPE).iter().any(|t| t == "MOSAIC") {
        return None;
    }
    let siemens = dataset.text(CSA_CREATOR).is_some_and(|c| c.starts_with("SIEMENS CSA"));
    let header = dataset.bytes(CSA_IMAGE).filter(|_| siemens).and_then(|bytes| csa::read(&bytes));
    let counted = dataset.int(MOSAIC_COUNT).filter(|n| (1..=4096).contains(n));
    let mosaic = header.or(counted.map(|n| Mosaic { tiles: n as usize, normal: None }))?;
    let side = side(mosaic.tiles);
    (mosaic.tiles > 1 && image.columns.is_multiple_of(side) && image.rows.is_multiple_of(side))
        .then_some(mosaic)
}

/// Tiles per row of a mosaic.
fn side(tiles: usize) -> usize {
    (1..=64).find(|s| s * s >= tiles).unwrap_or(64)
}

/// The tiles of `image`, if it is a mosaic.
pub(super) fn tiles(image: &Arc<Image>, dataset: &Dataset) -> Option<Vec<SlicePlane>> {
    let mosaic = mosaic(image, dataset)?;
    let side = side(mosaic.tiles);
    let size = [image.columns / side, image.rows / side];
    let view = FrameView::new(dataset, 0);
    let whole = plane(image, &view, 0, Keys::of(dataset).of_frame(&view));
    let step = whole.slice_spacing.unwrap_or(1.0);
    let tiles = (0..mosaic.tiles).map(|index| SlicePlane {
        corner: [index % side * size[0], index / side * size[1]],
        size,
        pose: whole.pose.map(|pose| tile_pose(&pose, &whole, size, mosaic, step * index as f64)),
        ..whole.clone()
    });
    Some(tiles.collect())
}

/// A mosaic's position is that of its own corner, as if one big slice were centred where the tiles are.
fn tile_pose(pose: &Pose, whole: &SlicePlane, size: [usize; 2], mosaic: Mosaic, along: f64) -> Pose {
    let middle = |axis: usize| (whole.size[axis] - size[axis]) as f64 / 2.0 * whole.spacing[axis];
    let corner = add(add(pose.position, middle(0), pose.across), middle(1), pose.down);
    let stated = mosaic.normal.map(|[x, y, z]| [-x, -y, z]);
    let flipped = stated.is_some_and(|n| dot(n, pose.normal()) < 0.0);
    Pose { position: add(corner, if flipped { -along } else { along }, pose.normal()), ..*pose }
}

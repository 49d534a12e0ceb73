//! The scan as its own left-right mirror, for the viewer and for rules that compare the sides.

use saswin_volume::{Affine, Grid, GridError, Plane, Volume, resample};

/// Reflection through a plane with unit normal.
pub(crate) fn reflection(plane: &Plane) -> Affine {
    let n = plane.normal;
    let linear =
        std::array::from_fn(|r| std::array::from_fn(|c| f64::from(u8::from(r == c)) - 2.0 * n[r] * n[c]));
    let offset: f64 = (0..3).map(|a| n[a] * plane.point[a]).sum();
    Affine { linear, translation: n.map(|v| 2.0 * offset * v) }
}

/// `volume` reflected through `plane`, on its own grid.
///
/// # Errors
/// If the volume's affine has no inverse.
pub fn mirrored(volume: &Volume<f32>, plane: &Plane) -> Result<Volume<f32>, GridError> {
    let reflected = Grid { dims: volume.grid.dims, affine: reflection(plane).compose(&volume.grid.affine) };
    let values = resample(volume, &reflected, volume.lowest())?;
    Volume::new(volume.grid, values.voxels)
}

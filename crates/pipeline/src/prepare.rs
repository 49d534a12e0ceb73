//! From a scan to the network's input on an aligned working grid, with the way back.

use saswin_model::{InputChannel, Preprocessing, Window};
use saswin_volume::windows::to_tensor_order;
use saswin_volume::{Affine, Grid, Modality, Volume, floor, keep_largest_piece, midway, resample};

use crate::survey::{self, SURVEY_MM};
use crate::{Alignment, RunError};

/// Kept below the top of the head, millimetres: the brain and some neck.
const HEAD_HEIGHT_MM: f64 = 185.0;
/// Widest head, millimetres: the grid is cut there.
const MAX_EXTENT_MM: f64 = 240.0;
/// Margin around the head, millimetres.
const MARGIN_MM: f64 = 4.0;
/// Samples along the longest side of the coarse grid.
const MOST_SAMPLES: f64 = 250.0;
/// A scan's longest side, millimetres, whatever is in it.
const BELIEVABLE_MM: (f64, f64) = (20.0, 3000.0);

/// The network's input and where it lies.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Working grid in scanner space; x is symmetric about the mid-sagittal plane.
    pub grid: Grid,
    /// Channel values `[channels, x, y, z]`, z fastest.
    pub input: Vec<f32>,
    /// What the channels hold.
    pub channels: Vec<InputChannel>,
    /// Mid-sagittal plane.
    pub alignment: Alignment,
    /// What was done, in words.
    pub steps: Vec<String>,
}

/// Aligns, crops, resamples and scales `volume` as the model wants it.
///
/// # Errors
/// If the scan's affine is unusable or no head is in it.
pub fn prepare(volume: &Volume<f32>, modality: Modality, how: &Preprocessing) -> Result<Prepared, RunError> {
    believable(&volume.grid)?;
    let ras = volume.to_ras();
    let background = background(&ras, modality);
    let (to_world, alignment) = align(&ras);
    let coarse_grid = survey_grid(&ras.grid, &to_world)?;
    let coarse = resample(&ras, &placed(&coarse_grid, &to_world), background)?;
    let level = survey::level(&coarse.voxels, modality);
    let head = head_box(&coarse.voxels, &coarse_grid, level)
        .ok_or_else(|| RunError::NoHead { reason: "every voxel is background".to_owned() })?;
    let local = working_grid(head, how.spacing_mm);
    let grid = placed(&local, &to_world);
    let image = resample(&ras, &grid, background)?;
    let [x, y, z] = grid.dims;
    let mut steps = vec![
        format!("reoriented from {} to RAS", volume.orientation()),
        alignment_step(&alignment),
        format!("resampled to {x}×{y}×{z} voxels of {} mm", how.spacing_mm),
    ];
    steps.extend(how.channels.iter().map(|channel| channel_step(channel, &how.window, modality)));
    // An imported model may have the same scan in several channels.
    steps.dedup();
    let mut input = Vec::with_capacity(how.channels.len() * grid.len());
    for channel in &how.channels {
        input.extend(channel_values(channel, &image, &local, &how.window));
    }
    Ok(Prepared { grid, input, channels: how.channels.clone(), alignment, steps })
}

/// Refuses sizes that no override makes a head, before anything is computed on them.
pub(crate) fn believable(grid: &Grid) -> Result<(), RunError> {
    let spacing = grid.spacing();
    let largest = (0..3).map(|a| spacing[a] * grid.dims[a] as f64).fold(0.0, f64::max);
    if (BELIEVABLE_MM.0..=BELIEVABLE_MM.1).contains(&largest) {
        return Ok(());
    }
    let reason = format!("its longest side measures {largest:.1} mm: its voxel size cannot be right");
    Err(RunError::NoHead { reason })
}

/// Value of empty space.
fn background(volume: &Volume<f32>, modality: Modality) -> f32 {
    match modality {
        Modality::Ct => -1000.0,
        Modality::Mr | Modality::Other | Modality::Unknown => volume.lowest().max(floor(&volume.voxels)),
    }
}

/// Map from aligned millimetres to scanner millimetres, and the plane behind it.
fn align(volume: &Volume<f32>) -> (Affine, Alignment) {
    match midway(volume) {
        Ok(m) => {
            let alignment = Alignment {
                aligned: true,
                residual: m.residual,
                yaw_deg: m.yaw_deg,
                roll_deg: m.roll_deg,
                off_centre_mm: m.off_centre_mm,
                plane: m.plane,
                reason: None,
            };
            (m.aligned_to_world, alignment)
        }
        Err(reason) => {
            let dims = volume.grid.dims.map(|d| (d as f64 - 1.0) / 2.0);
            let centre = volume.grid.affine.apply(dims);
            let to_world = Affine { translation: [centre[0], 0.0, 0.0], ..Affine::IDENTITY };
            (to_world, Alignment::not_found(centre, reason.to_string()))
        }
    }
}

fn alignment_step(alignment: &Alignment) -> String {
    match &alignment.reason {
        None => format!(
            "mid-sagittal plane centred (the head lay {:.1} mm off the scan's centre; yaw {:.1}°, roll {:.1}°)",
            alignment.off_centre_mm.abs(),
            alignment.yaw_deg,
            alignment.roll_deg
        ),
        Some(reason) => format!("mid-sagittal plane not found; {reason}; the middle of the scan was used"),
    }
}

fn channel_step(channel: &InputChannel, window: &Window, modality: Modality) -> String {
    match (channel, window) {
        (InputChannel::Scan, Window::Percentiles { low, high, ceiling }) => {
            let cut = if *ceiling > 1.0 { format!(", cut at {ceiling} times that") } else { String::new() };
            format!("scaled between the {low} and {high} percentiles of the head{cut}")
        }
        (InputChannel::Scan, Window::ZScore) => {
            "scaled to mean 0 and standard deviation 1 of the voxels that are not 0".to_owned()
        }
        (InputChannel::Scan, Window::Hounsfield { low, high }) if modality == Modality::Mr => {
            format!("scaled between the values {low} and {high}")
        }
        (InputChannel::Scan, Window::Hounsfield { low, high })
        | (InputChannel::Hounsfield { low, high }, _) => {
            format!("scaled between {low} and {high} HU")
        }
        (InputChannel::Difference { low, high }, _) => {
            format!("scaled between {low} and {high} HU, less its mirror image")
        }
        (InputChannel::Lateral { scale_mm }, _) => {
            format!("distance from the mid-sagittal plane in {scale_mm} mm")
        }
    }
}

/// `local`, a grid in aligned space, as a grid in scanner space.
fn placed(local: &Grid, to_world: &Affine) -> Grid {
    Grid { dims: local.dims, affine: to_world.compose(&local.affine) }
}

/// A coarse grid in aligned space that covers the whole scan; coarser still where that is no head's size.
fn survey_grid(scan: &Grid, to_world: &Affine) -> Result<Grid, RunError> {
    let to_local = to_world.inverse().map_err(saswin_volume::GridError::from)?.compose(&scan.affine);
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for corner in 0..8 {
        let index =
            std::array::from_fn(|a| if corner >> a & 1 == 1 { scan.dims[a] as f64 - 1.0 } else { 0.0 });
        let p = to_local.apply(index);
        for a in 0..3 {
            low[a] = low[a].min(p[a]);
            high[a] = high[a].max(p[a]);
        }
    }
    let longest = (0..3).map(|a| high[a] - low[a]).fold(0.0, f64::max);
    Ok(axis_grid(low, high, SURVEY_MM.max(longest / MOST_SAMPLES)))
}

/// The axis-aligned grid of voxel centres from `low` to at least `high`.
fn axis_grid(low: [f64; 3], high: [f64; 3], spacing: f64) -> Grid {
    let dims = std::array::from_fn(|a| ((high[a] - low[a]) / spacing).ceil().max(0.0) as usize + 1);
    let linear = std::array::from_fn(|r| std::array::from_fn(|c| if r == c { spacing } else { 0.0 }));
    Grid { dims, affine: Affine { linear, translation: low } }
}

/// Box of the head in aligned millimetres, `(low, high)`, around the voxels of `survey_grid` above `level`.
fn head_box(values: &[f32], survey_grid: &Grid, level: f32) -> Option<([f64; 3], [f64; 3])> {
    let mut inside: Vec<bool> = values.iter().map(|v| *v > level).collect();
    let all = ranges(&inside, survey_grid)?;
    keep_largest_piece(&mut inside, survey_grid.dims);
    let head = ranges(&inside, survey_grid)?;
    let half = all[0].0.abs().max(all[0].1.abs()).min(MAX_EXTENT_MM / 2.0);
    let top = end(all[2], head[2], HEAD_HEIGHT_MM);
    let bottom = all[2].0.max(top - HEAD_HEIGHT_MM);
    let front = end(all[1], head[1], MAX_EXTENT_MM);
    let depth = (front - all[1].0).min(MAX_EXTENT_MM);
    Some(([-half, front - depth, bottom], [half, front, top]))
}

/// Where `all` ends, or, if it is cut to `most`, where the head does: an arm in front of a face takes no place from it.
fn end(all: (f64, f64), head: (f64, f64), most: f64) -> f64 {
    if all.1 - all.0 > most { all.1.min(head.1) } else { all.1 }
}

/// Where what is `inside` lies along each axis, millimetres, with a margin. Slices that hold only specks do not count.
fn ranges(inside: &[bool], grid: &Grid) -> Option<[(f64, f64); 3]> {
    let mut ranges = [(0.0, 0.0); 3];
    for (axis, found) in survey::extent(inside, grid.dims).into_iter().enumerate() {
        let (first, last) = found?;
        let at = |i: usize| grid.affine.translation[axis] + grid.affine.linear[axis][axis] * i as f64;
        ranges[axis] = (at(first) - MARGIN_MM, at(last) + MARGIN_MM);
    }
    Some(ranges)
}

/// Working grid in aligned millimetres; an even number of columns, symmetric about x = 0.
fn working_grid((low, high): ([f64; 3], [f64; 3]), spacing: f64) -> Grid {
    let columns = (high[0] / spacing).ceil().max(1.0) * 2.0;
    let first = -(columns - 1.0) / 2.0 * spacing;
    let mut grid = axis_grid([first, low[1], low[2]], [-first, high[1], high[2]], spacing);
    // Rounding may have added one, and the mirror would be off by a voxel.
    grid.dims[0] = columns as usize;
    grid
}

fn channel_values(channel: &InputChannel, image: &Volume<f32>, local: &Grid, window: &Window) -> Vec<f32> {
    let mut values = to_tensor_order(image);
    match channel {
        InputChannel::Scan => scale(&mut values, window),
        InputChannel::Hounsfield { low, high } => {
            scale(&mut values, &Window::Hounsfield { low: *low, high: *high });
        }
        InputChannel::Difference { low, high } => {
            scale(&mut values, &Window::Hounsfield { low: *low, high: *high });
            values = minus_mirror(&values, local.dims);
        }
        InputChannel::Lateral { scale_mm } => {
            let [_, ny, nz] = local.dims;
            for (column, plane) in values.chunks_mut(ny * nz).enumerate() {
                plane.fill(lateral(local, column as i64, *scale_mm));
            }
        }
    }
    values
}

/// How far to the right of the mid-sagittal plane a column of the working grid lies, or one that would lie beside it.
pub(crate) fn lateral(grid: &Grid, column: i64, scale_mm: f64) -> f32 {
    let middle = (grid.dims[0] as f64 - 1.0) / 2.0;
    ((column as f64 - middle) * grid.spacing()[0] / scale_mm) as f32
}

/// `values` minus their mirror image; the planes of x lie one after the other, symmetric about the middle.
fn minus_mirror(values: &[f32], [_, ny, nz]: [usize; 3]) -> Vec<f32> {
    let planes = values.chunks(ny * nz);
    planes
        .clone()
        .zip(planes.rev())
        .flat_map(|(here, there)| here.iter().zip(there).map(|(h, t)| h - t))
        .collect()
}

/// Scales values as the network learnt them.
fn scale(values: &mut [f32], window: &Window) {
    let ((low, high), ceiling) = match *window {
        Window::Hounsfield { low, high } => ((low as f32, high as f32), 1.0),
        Window::Percentiles { low, high, ceiling } => (percentiles(values, low, high), ceiling as f32),
        Window::ZScore => return z_scores(values),
    };
    let range = if high > low { high - low } else { 1.0 };
    for v in values {
        *v = ((*v - low) / range).clamp(0.0, ceiling);
    }
}

/// Values that are not 0 less their mean, by their standard deviation if they have one.
fn z_scores(values: &mut [f32]) {
    let seen = || values.iter().filter(|v| **v != 0.0).map(|v| f64::from(*v));
    let count = seen().count() as f64;
    let mean = seen().sum::<f64>() / count;
    let deviation = (seen().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt();
    let unit = if deviation > 0.0 { deviation } else { 1.0 };
    for v in values.iter_mut().filter(|v| **v != 0.0) {
        *v = ((f64::from(*v) - mean) / unit) as f32;
    }
}

/// Two percentiles of the values above the [`floor`].
fn percentiles(values: &[f32], low: f64, high: f64) -> (f32, f32) {
    let floor = floor(values);
    let mut foreground: Vec<f32> = values.iter().copied().filter(|v| *v > floor).collect();
    if foreground.is_empty() {
        return (0.0, 1.0);
    }
    let mut at = |p: f64| {
        let rank = ((foreground.len() - 1) as f64 * p / 100.0).round() as usize;
        *foreground.select_nth_unstable_by(rank, f32::total_cmp).1
    };
    (at(low), at(high))
}

#[cfg(test)]
mod tests {
    use saswin_model::Manifest;

    use super::*;
    use crate::phantom_scan;

    #[test]
    fn the_working_grid_is_its_own_mirror_image_at_any_spacing() {
        for tenth in 3..=30 {
            let spacing = f64::from(tenth) / 10.0;
            for half in 60..120 {
                let half = f64::from(half);
                let grid = working_grid(([-half, -90.0, -90.0], [half, 90.0, 90.0]), spacing);
                let (first, n) = (grid.affine.translation[0], grid.dims[0]);
                assert_eq!(n % 2, 0, "{spacing} mm, {half} mm");
                assert!((first + (n - 1) as f64 / 2.0 * spacing).abs() < 1e-9);
            }
        }
    }

    /// The box around blocks of bright voxels, each from one corner to another, 4 mm apart.
    fn box_around(blocks: &[[[usize; 3]; 2]]) -> ([f64; 3], [f64; 3]) {
        let grid = axis_grid([0.0; 3], [400.0; 3], 4.0);
        let mut values = vec![0.0; grid.len()];
        for [from, to] in blocks {
            for (k, j) in (from[2]..to[2]).flat_map(|k| (from[1]..to[1]).map(move |j| (k, j))) {
                values[grid.offset([from[0], j, k])..grid.offset([to[0], j, k])].fill(1.0);
            }
        }
        head_box(&values, &grid, 0.5).unwrap()
    }

    #[test]
    fn what_lies_before_or_above_the_head_takes_no_place_from_it() {
        let head = [[0, 5, 5], [40, 60, 45]];
        let alone = box_around(&[head]);
        let (arm, holder) = ([[0, 65, 5], [40, 85, 25]], [[0, 20, 50], [40, 50, 60]]);
        assert_eq!(box_around(&[head, arm, holder]), alone);
        let near = [[0, 62, 5], [40, 64, 25]];
        assert_eq!(box_around(&[head, near]).1[1], alone.1[1] + 16.0, "there is place for it");
    }

    #[test]
    fn a_difference_is_the_opposite_of_its_mirror_image() {
        let values = [0.0, 1.0, 0.25, 0.5, 1.0, 0.5, 0.0, 0.0];
        assert_eq!(minus_mirror(&values, [4, 1, 2]), [0.0, 1.0, -0.75, 0.0, 0.75, 0.0, 0.0, -1.0]);
    }

    #[test]
    fn negative_values_are_foreground_too() {
        let scores: Vec<f32> = (0..=200).map(|v| v as f32 / 100.0 - 1.0).collect();
        let (low, high) = percentiles(&scores, 0.0, 100.0);
        assert!(low < -0.98 && high > 0.99, "{low} to {high}");
        assert_eq!(percentiles(&[0.0, 1.0, 3.0], 0.0, 100.0), (1.0, 3.0));
    }

    #[test]
    fn one_voxel_below_zero_changes_no_scale() {
        let grid = axis_grid([0.0; 3], [9.0; 3], 1.0);
        let voxels = (0..grid.len()).map(|i| i.saturating_sub(800) as f32).collect();
        let mut scan = Volume { grid, voxels };
        let before = percentiles(&scan.voxels, 0.5, 99.5);
        scan.voxels[0] = -0.01;
        assert_eq!(percentiles(&scan.voxels, 0.5, 99.5), before);
        assert_eq!(background(&scan, Modality::Mr), 0.0, "outside of the scan, too");
    }

    #[test]
    fn z_scores_are_those_of_the_voxels_that_are_not_zero() {
        let scaled = |mut values: Vec<f32>| {
            scale(&mut values, &Window::ZScore);
            values
        };
        // Mean 5, variance (9 + 1 + 1 + 9 + 0) / 5 = 4: of all of them, not of one less.
        assert_eq!(scaled(vec![0.0, 2.0, 4.0, 0.0, 6.0, 8.0, 5.0]), [0.0, -1.5, -0.5, 0.0, 0.5, 1.5, 0.0]);
        assert_eq!(scaled(vec![7.0, 0.0, 7.0]), [0.0; 3], "no spread");
        assert_eq!(scaled(vec![0.0; 3]), [0.0; 3], "nothing");
        let thousands: Vec<f32> = (0..1000).map(|v| 30_000.0 + (v % 2) as f32).collect();
        assert_eq!(scaled(thousands)[..2], [-1.0, 1.0], "a small spread far from 0");
    }

    #[test]
    fn steps_name_the_scaling_that_was_declared() {
        let step = |window, modality| channel_step(&InputChannel::Scan, &window, modality);
        let fixed = Window::Hounsfield { low: -1000.0, high: 1000.0 };
        assert_eq!(step(fixed, Modality::Mr), "scaled between the values -1000 and 1000");
        assert_eq!(step(fixed, Modality::Ct), "scaled between -1000 and 1000 HU");
        assert_eq!(
            step(Window::ZScore, Modality::Mr),
            "scaled to mean 0 and standard deviation 1 of the voxels that are not 0"
        );
    }

    #[test]
    fn sizes_that_nothing_has_are_refused_for_good() {
        let sized = |mm: f64| Grid {
            dims: [64; 3],
            affine: Affine {
                linear: [[mm, 0.0, 0.0], [0.0, mm, 0.0], [0.0, 0.0, mm]],
                translation: [0.0; 3],
            },
        };
        assert!(believable(&sized(1.0)).is_ok());
        for mm in [0.001, 2000.0, f64::NAN] {
            assert_eq!(believable(&sized(mm)).unwrap_err().kind(), "no_head", "{mm} mm");
        }
        let widest = survey_grid(&sized(3000.0 / 64.0), &Affine::IDENTITY).unwrap();
        assert!(widest.len() < 1 << 25, "{:?}", widest.dims);
    }

    #[test]
    fn steps_name_the_bounds_of_every_channel() {
        let shipped = include_str!("../../../models/ct-triage/manifest.json");
        let mut how = Manifest::from_json(shipped).unwrap().preprocessing;
        how.spacing_mm = 8.0;
        let steps = prepare(&phantom_scan().volume, Modality::Ct, &how).unwrap().steps;
        assert_eq!(
            steps[3..],
            [
                "scaled between 0 and 100 HU",
                "scaled between -200 and 1300 HU",
                "distance from the mid-sagittal plane in 100 mm",
                "scaled between 0 and 100 HU, less its mirror image",
            ]
        );
    }

    #[test]
    fn where_the_head_lies_is_not_told_as_a_midline_shift() {
        let centre = Alignment::not_found([0.0; 3], String::new());
        let off = Alignment { aligned: true, off_centre_mm: -6.24, reason: None, ..centre };
        let step = alignment_step(&off);
        assert!(step.contains("the head lay 6.2 mm off the scan's centre"), "{step}");
        assert!(!step.contains("shift"), "{step}");
        assert_eq!(serde_json::to_value(&off).unwrap()["off_centre_mm"], -6.24);
    }

    #[test]
    fn a_scan_of_background_holds_no_head() {
        let manifest = Manifest::from_json(include_str!("../tests/tiny-manifest.json")).unwrap();
        let nothing = Volume::filled(phantom_scan().volume.grid, 0.0);
        let error = prepare(&nothing, Modality::Mr, &manifest.preprocessing).unwrap_err();
        assert_eq!(error.to_string(), "there is no head in this scan: every voxel is background");
        assert!(!error.remedy().contains("run anyway"));
    }
}

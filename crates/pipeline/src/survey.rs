//! Where something stands out of the background, at a glance.

use saswin_volume::{Modality, Volume, floor};

/// Distance of the samples that are looked at, millimetres.
pub(crate) const SURVEY_MM: f64 = 4.0;
/// Hounsfield units above which a voxel is no air.
const CT_LEVEL: f32 = -300.0;
/// Share of the bright values above which a voxel of another kind is no background.
const BRIGHT_SHARE: f32 = 0.15;
/// The dark value, where a real share is below zero: this many hundredths of all voxels are darker.
const DARK_RANK: u64 = 1;
/// The bright value: this many hundredths of all voxels are darker.
const BRIGHT_RANK: u64 = 98;

/// What stands out of the background.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Foreground {
    /// Extent along the grid's axes, without slices that hold only specks.
    pub sides_mm: [f64; 3],
    /// Volume.
    pub millilitres: f64,
}

/// Value above which a voxel belongs to the head.
pub(crate) fn level(values: &[f32], modality: Modality) -> f32 {
    match modality {
        Modality::Ct => CT_LEVEL,
        Modality::Mr | Modality::Other | Modality::Unknown => {
            let mut values: Vec<f32> = values.iter().copied().filter(|v| v.is_finite()).collect();
            if values.is_empty() {
                return f32::INFINITY;
            }
            let signed = floor(&values) < 0.0;
            let mut ranked = |hundredths: u64| {
                let rank = ((values.len() - 1) as u64 * hundredths / 100) as usize;
                *values.select_nth_unstable_by(rank, f32::total_cmp).1
            };
            let low = if signed { ranked(DARK_RANK).min(0.0) } else { 0.0 };
            low + BRIGHT_SHARE * (ranked(BRIGHT_RANK) - low)
        }
    }
}

/// First and last position along each axis of `dims` whose slice has more than specks `inside`; `None` where nothing is.
pub(crate) fn extent(inside: &[bool], dims: [usize; 3]) -> [Option<(usize, usize)>; 3] {
    let mut counts = dims.map(|n| vec![0_usize; n]);
    for (offset, inside) in inside.iter().enumerate() {
        if *inside {
            counts[0][offset % dims[0]] += 1;
            counts[1][offset / dims[0] % dims[1]] += 1;
            counts[2][offset / (dims[0] * dims[1])] += 1;
        }
    }
    counts.map(|counts| {
        let enough = (counts.iter().max()? / 50).max(1);
        let first = counts.iter().position(|c| *c >= enough)?;
        Some((first, counts.iter().rposition(|c| *c >= enough)?))
    })
}

/// What stands out of the background of `volume`.
pub(crate) fn foreground(volume: &Volume<f32>, modality: Modality) -> Foreground {
    let spacing = volume.grid.spacing();
    let strides = spacing.map(|mm| ((SURVEY_MM / mm) as usize).max(1));
    let dims: [usize; 3] = std::array::from_fn(|a| volume.grid.dims[a].div_ceil(strides[a]));
    let mut values = Vec::with_capacity(dims.iter().product());
    for k in (0..volume.grid.dims[2]).step_by(strides[2]) {
        for j in (0..volume.grid.dims[1]).step_by(strides[1]) {
            let row = (0..volume.grid.dims[0]).step_by(strides[0]);
            values.extend(row.map(|i| volume.voxels[volume.grid.offset([i, j, k])]));
        }
    }
    let level = level(&values, modality);
    let steps: [f64; 3] = std::array::from_fn(|a| spacing[a] * strides[a] as f64);
    let inside: Vec<bool> = values.iter().map(|v| *v > level).collect();
    let ranges = extent(&inside, dims);
    let sides_mm =
        std::array::from_fn(|a| ranges[a].map_or(0.0, |(first, last)| (last - first + 1) as f64 * steps[a]));
    let count = inside.iter().filter(|inside| **inside).count();
    let sample_mm3 = volume.grid.voxel_volume() * strides.iter().product::<usize>() as f64;
    Foreground { sides_mm, millilitres: count as f64 * sample_mm3 / 1000.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_volume::{Affine, Grid};

    #[test]
    fn the_level_lies_above_the_background_wherever_that_is() {
        let values = |background: f32, head: f32, share: usize| {
            let of = |i| if i < share { head } else { background };
            (0..1000).map(of).collect::<Vec<f32>>()
        };
        for (background, head, expected) in
            [(0.0, 100.0, 15.0), (-1000.0, 0.0, -850.0), (-4096.0, -3096.0, -3946.0)]
        {
            let found = level(&values(background, head, 300), Modality::Mr);
            assert!((found - expected).abs() < 1e-2, "{found} instead of {expected}");
        }
        // A few voxels of overshoot, and one that is far off, are no background.
        let mut overshot = values(0.0, 100.0, 300);
        overshot[990..].fill(-0.5);
        overshot[999] = -1e6;
        assert!((level(&overshot, Modality::Mr) - 15.0).abs() < 1.0);
    }

    #[test]
    fn a_sheared_scan_holds_what_its_voxels_do() {
        let linear = [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let grid = Grid { dims: [40; 3], affine: Affine { linear, ..Affine::IDENTITY } };
        let millilitres = foreground(&Volume::filled(grid, 0.0), Modality::Ct).millilitres;
        assert!((millilitres - 64.0).abs() < 1e-9, "{millilitres} mL");
    }
}

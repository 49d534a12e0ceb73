//! What a network is run on to compare its weights.

use saswin_model::{Manifest, Preprocessing};
use saswin_scan_io::Scan;
use saswin_volume::phantom::{Contrast, Lesion, Phantom, PhantomOptions, Side};
use saswin_volume::windows::WindowGrid;
use saswin_volume::{Modality, Volume};

use crate::infer::input;
use crate::suitability::read_as;
use crate::{RunError, WindowInput, prepare};

/// Size of the lesion of each phantom, millilitres.
const LESION_ML: f64 = 30.0;

/// A window in the middle of each of `count` phantoms, seeds 1 to `count`, of the modality `mr` or `ct`. Lesions lie
/// on the left and on the right in turns.
///
/// # Errors
/// If the preprocessing makes no windows.
pub fn phantom_windows(
    how: &Preprocessing,
    modality: &str,
    count: u32,
) -> Result<Vec<WindowInput>, RunError> {
    let (contrast, modality) =
        if modality == "ct" { (Contrast::Ct, Modality::Ct) } else { (Contrast::T1, Modality::Mr) };
    let mut windows = Vec::new();
    for seed in 1..=count {
        let side = if seed % 2 == 1 { Side::Left } else { Side::Right };
        let lesion = Some(Lesion { side, volume_ml: LESION_ML });
        let phantom = Phantom::new(&PhantomOptions { contrast, lesion, seed, ..PhantomOptions::default() });
        windows.extend(some_windows(&phantom.image, modality, how, 1)?);
    }
    Ok(windows)
}

/// `count` of the windows that the pipeline lays over a scan, evenly spread; all, if there are fewer.
///
/// # Errors
/// If the scan cannot be prepared as the model wants it.
pub fn scan_windows(scan: &Scan, manifest: &Manifest, count: usize) -> Result<Vec<WindowInput>, RunError> {
    some_windows(&scan.volume, read_as(scan, manifest), &manifest.preprocessing, count)
}

fn some_windows(
    scan: &Volume<f32>,
    modality: Modality,
    how: &Preprocessing,
    count: usize,
) -> Result<Vec<WindowInput>, RunError> {
    let prepared = prepare(scan, modality, how)?;
    let windows = WindowGrid::new(prepared.grid.dims, how.roi, how.overlap)?;
    let total = windows.starts.len();
    let count = count.min(total);
    let spread = (0..count).map(|index| (2 * index + 1) * total / (2 * count));
    spread.map(|index| Ok(input(&prepared, &windows, index)?)).collect()
}

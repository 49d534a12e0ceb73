//! The sample that needs no file.

use saswin_scan_io::{Scan, Slices};
use saswin_volume::Modality;
use saswin_volume::phantom::{Lesion, Phantom, PhantomOptions, Side};

/// Size of the phantom's lesion, millilitres.
const LESION_ML: f64 = 30.0;

/// A generated T1-like head with a lesion on its left.
pub fn phantom_scan() -> Scan {
    let lesion = Lesion { side: Side::Left, volume_ml: LESION_ML };
    let phantom = Phantom::new(&PhantomOptions { lesion: Some(lesion), ..PhantomOptions::default() });
    Scan {
        volume: phantom.image,
        modality: Modality::Mr,
        name: "Generated phantom (not a patient)".to_owned(),
        notes: vec![format!(
            "a computed phantom with a lesion of {LESION_ML} mL on its left, for trying the page"
        )],
        window: None,
        slices: Slices::default(),
        contrast_medium: false,
        forms: None,
        doubts: Vec::new(),
    }
}

//! Files of the data folder.

use std::path::{Path, PathBuf};

/// A label map, or the reason on stderr why there is none.
pub fn map_path() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("SASWIN_DATA").map_or_else(beside, PathBuf::from);
    let path = data.join("synthseg-label-maps/training_seg_13.nii.gz");
    if !path.exists() {
        eprintln!("skipped: {} is missing (set SASWIN_DATA)", path.display());
        return None;
    }
    Some(path)
}

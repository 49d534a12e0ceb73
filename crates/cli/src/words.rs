//! An error as the terminal shows it: what happened, where, and what to do, as on the page.

use std::error::Error;

use saswin_pipeline::RunError;
use saswin_scan_io::ScanError;

/// The error's sentences, one line each.
pub fn words(error: &(dyn Error + 'static)) -> String {
    let (place, remedy) = if let Some(scan) = error.downcast_ref::<ScanError>() {
        (scan.place(), scan.remedy().map(ToOwned::to_owned))
    } else if let Some(run) = error.downcast_ref::<RunError>() {
        (None, Some(run.remedy().to_owned()))
    } else {
        (None, None)
    };
    let place = place.map(|p| format!("\n  in {p}")).unwrap_or_default();
    let remedy = remedy.map(|r| format!("\n  {r}")).unwrap_or_default();
    format!("error: {error}{place}{remedy}")
}

//! An error as the terminal shows it: what happened, where, and what to do, as on the page.

use std::error::Error;

use saswin_pipeline::RunError;
use saswin_scan_io::ScanError;

/// The error's sentences, one line each.
pub fn words(error: &(dyn Error + 'static)) -> String {
    let (place, remedy) = if let Some(scan) = error.downcast_ref::<ScanError>() {
        (scan.place(), scan.remedy().map(ToOwned::to_owned))
    } else if let Some(run) = error.downcast_ref::<RunError>() {
        (None, Some(natively(run.remedy())))
    } else {
        (None, None)
    };
    let place = place.map(|p| format!("\n  in {p}")).unwrap_or_default();
    let remedy = remedy.map(|r| format!("\n  {r}")).unwrap_or_default();
    format!("error: {error}{place}{remedy}")
}

/// What the page calls otherwise.
const NATIVELY: [(&str, &str); 5] = [
    ("?backend=cpu", "--backend cpu"),
    ("run anyway;", "run anyway with --ignore-warnings;"),
    ("Reload the page to download the model again.", "Get the model's folder again."),
    ("Use a browser with WebGPU", "Build with --features wgpu"),
    (
        "Allow graphics acceleration in the browser's settings",
        "Install a driver of Vulkan, Metal or DirectX 12",
    ),
];

/// A remedy as it can be followed on the command line.
fn natively(remedy: &str) -> String {
    NATIVELY.iter().fold(remedy.to_owned(), |text, (page, here)| text.replace(page, here))
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_model::ManifestError;
    use saswin_pipeline::DeviceTrouble;

    #[test]
    fn remedies_are_of_the_command_line() {
        let device = |trouble: DeviceTrouble| RunError::from(trouble);
        let hash = ManifestError::Hash { file: String::new(), expected: String::new(), got: String::new() };
        let errors = [
            device(DeviceTrouble::Absent(String::new())),
            device(DeviceTrouble::NoAdapter(String::new())),
            RunError::Unsuitable { reasons: vec![] },
            RunError::from(hash),
        ];
        let said: Vec<String> = errors.iter().map(|error| words(error)).collect();
        for (page, here) in NATIVELY {
            assert!(errors.iter().any(|error| error.remedy().contains(page)), "no remedy says {page}");
            assert!(said.iter().any(|words| words.contains(here) && !words.contains(page)), "{said:?}");
        }
    }
}

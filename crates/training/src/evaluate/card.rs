//! The model card, written from the manifest and from evaluations; no number in it is typed by hand.

use std::fmt::Write as _;

use saswin_model::Manifest;

use super::{Evaluation, card_section};

/// `README.md` of a model folder. `notes` (compute spent, known failures) is taken over as it is.
pub fn card(manifest: &Manifest, evaluations: &[Evaluation], notes: &str) -> String {
    let mut text = format!("# {}\n\n{}\n\n", manifest.title, manifest.note);
    let p = &manifest.preprocessing;
    let _ = write!(
        text,
        "| | |\n|---|---|\n| network | {} |\n\
         | input | {} channels at {} mm, windows of {:?} voxels, overlap {} |\n| licence | {} |\n| data | {} |\n",
        manifest.architecture.summary(),
        manifest.architecture.in_channels(),
        p.spacing_mm,
        p.roi,
        p.overlap,
        manifest.license,
        manifest.provenance
    );
    for file in &manifest.files {
        let megabytes = file.bytes as f64 / 1e6;
        let _ = writeln!(text, "| `{}` | {megabytes:.2} MB, SHA-256 `{}` |", file.name, file.sha256);
    }
    let notes = notes.trim();
    if !notes.is_empty() {
        let _ = write!(text, "\n{notes}\n");
    }
    if !evaluations.is_empty() {
        text.push_str("\n## Evaluation\n");
        if evaluations.iter().any(|e| e.command.contains("target/evaluation/")) {
            text.push_str("\nLists in `target/evaluation` are made by `cargo xtask evaluation`.\n");
        }
    }
    for evaluation in evaluations {
        let _ = write!(text, "\n{}", card_section(evaluation));
    }
    text
}

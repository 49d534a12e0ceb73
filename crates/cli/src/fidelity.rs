//! `saswin-cli fidelity`: the table of docs/fidelity.md.

use std::path::PathBuf;

use fs_err as fs;
use saswin_model::fidelity::{NETWORKS, compare};

use crate::CliResult;
use crate::engine::{self, BackendArg};

/// Compare with the reference.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of fixtures.
    #[arg(long, default_value = "tests/golden/fixtures")]
    fixtures: PathBuf,
    /// Where to compute.
    #[arg(long, value_enum, default_value = "cpu")]
    backend: BackendArg,
    /// Only fixtures whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
}

/// Prints one Markdown row per stage.
///
/// # Errors
/// If a fixture is broken or the device fails.
pub fn run(args: &Args) -> CliResult {
    let engine = engine::open(args.backend, None)?;
    println!("Relative L2 error per stage on {} ({}).\n", engine.adapter.name, engine.adapter.backend);
    println!("| fixture | stage | error | reference's own f32 error |\n|---|---|---|---|");
    let mut paths: Vec<_> =
        fs::read_dir(&args.fixtures)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let mut worst = 0.0_f64;
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !NETWORKS.iter().any(|p| name.starts_with(p)) || !name.contains(&args.only) {
            continue;
        }
        let bytes = fs::read(&path)?;
        for s in pollster::block_on(compare(&bytes, &engine.device))? {
            worst = worst.max(s.relative_l2);
            println!("| {name} | {} | {:.1e} | {:.1e} |", s.stage, s.relative_l2, s.reference_f32);
        }
    }
    println!("\nWorst: {worst:.1e}");
    Ok(())
}

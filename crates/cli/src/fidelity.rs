//! `saswin-cli fidelity`: the table of docs/fidelity.md.

use std::path::PathBuf;

use fs_err as fs;
use saswin_model::fidelity::{NETWORKS, StageError, TOLERANCE, TOLERANCE_GPU, compare};

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
/// If a fixture is broken, the device fails, a stage is further from the reference than the tests allow, or there is
/// none.
pub fn run(args: &Args) -> CliResult {
    let engine = engine::open(args.backend, None)?;
    println!("Relative L2 error per stage on {} ({}).\n", engine.adapter.name, engine.adapter.backend);
    println!("| fixture | stage | error | reference's own f32 error |\n|---|---|---|---|");
    let mut paths: Vec<_> =
        fs::read_dir(&args.fixtures)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !NETWORKS.iter().any(|p| name.starts_with(p)) || !name.contains(&args.only) {
            continue;
        }
        let bytes = fs::read(&path)?;
        let stages =
            pollster::block_on(compare(&bytes, &engine.device)).map_err(|e| format!("{name}: {e}"))?;
        for s in &stages {
            println!("| {name} | {} | {:.1e} | {:.1e} |", s.stage, s.relative_l2, s.reference_f32);
        }
        all.extend(stages);
    }
    let bar = if engine.adapter.backend == "cpu" { TOLERANCE } else { TOLERANCE_GPU };
    let worst = verdict(&all, bar).map_err(|e| format!("{}: {e}", args.fixtures.display()))?;
    println!("\nWorst: {worst:.1e}");
    Ok(())
}

/// The largest error, if there is one and none is above `bar`.
fn verdict(stages: &[StageError], bar: f64) -> Result<f64, String> {
    let above = stages.iter().filter(|stage| !stage.is_within(bar)).count();
    if above > 0 {
        return Err(format!(
            "{above} of {} stages are further from the reference than {bar:.0e}",
            stages.len()
        ));
    }
    let worst = stages.iter().map(|stage| stage.relative_l2).reduce(f64::max);
    worst.ok_or_else(|| "no fixture of a network has such a name: nothing was compared".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_above_the_bar_that_are_no_number_or_of_no_stage_fail() {
        let of = |errors: &[f64]| {
            let stage =
                |error: &f64| StageError { stage: "x0".to_owned(), relative_l2: *error, reference_f32: 0.0 };
            verdict(&errors.iter().map(stage).collect::<Vec<_>>(), TOLERANCE)
        };
        assert_eq!(of(&[1e-6, 3e-6, 2e-6]), Ok(3e-6));
        assert!(of(&[1e-6, 2e-5]).unwrap_err().contains("1 of 2 stages"));
        assert!(of(&[1e-6, f64::NAN]).unwrap_err().contains("1 of 2 stages"));
        assert!(of(&[]).unwrap_err().contains("nothing was compared"));
    }
}

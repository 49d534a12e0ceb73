//! `train`: a recipe to a model folder.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use saswin_training::metrics::Record;
use saswin_training::recipe::Recipe;
use saswin_training::trainer::{Options, train, used};

use crate::CliResult;
use crate::engine::{self, BackendArg};

#[derive(clap::Args)]
pub struct Args {
    /// Recipe, as in models/recipes.
    recipe: PathBuf,
    /// Folder of the run: checkpoint, model, metrics.jsonl, curve.svg.
    #[arg(long)]
    out: PathBuf,
    /// Go on from the folder's checkpoint, if it has one.
    #[arg(long)]
    resume: bool,
    /// Where to compute.
    #[arg(long, value_enum, default_value = "cpu")]
    backend: BackendArg,
}

pub fn run(args: &Args) -> CliResult {
    let recipe = Recipe::read(&args.recipe)?;
    let engine = engine::open(args.backend, None)?;
    eprintln!("training on {}", engine.adapter.name);
    let options = Options { out: args.out.clone(), resume: args.resume, device: engine.device.clone() };
    let live = std::io::stderr().is_terminal();
    train(&recipe, &options, &mut |record| {
        progress(&recipe, record, live);
        // What a GPU computes after an error is no result, and burn does not say so.
        engine.watch.trouble().map_or(Ok(()), |trouble| Err(trouble.to_string()))
    })?;
    eprintln!("\nmodel folder: {}", args.out.join("model").display());
    Ok(())
}

/// One line per record; on a terminal, steps overwrite each other.
fn progress(recipe: &Recipe, record: &Record, live: bool) {
    let mut stderr = std::io::stderr().lock();
    // A closed terminal is no reason to stop training.
    let _ = match record {
        Record::Steps { step, minutes, rate, loss, norm, seconds_per_step, waiting, .. } => {
            let percent = 100.0 * used(recipe.budget, *step, 60.0 * minutes);
            let (start, end) = if live { ("\r", "") } else { ("", "\n") };
            write!(
                stderr,
                "{start}{percent:5.1} %  step {step}  {minutes:.1} min  loss {loss:.4}  norm {norm:.2}  \
                 rate {rate:.2e}  {seconds_per_step:.2} s/step ({waiting:.2} waiting){end}"
            )
        }
        Record::Validation { step, mean_dice, .. } => {
            let dice = mean_dice.map_or_else(|| "none".to_owned(), |d| format!("{d:.4}"));
            writeln!(stderr, "{}validation at step {step}: mean Dice {dice}", if live { "\n" } else { "" })
        }
    };
}

//! The command line twin of the page: the same pipeline, natively.

mod bench;
mod check;
mod checkpoint;
mod contact_sheet;
mod convert;
mod curve;
mod engine;
mod evaluate;
mod examples;
mod fidelity;
mod forward;
mod run;
mod scaling;
mod scan;
mod sensitivity;
mod train;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What every subcommand returns; errors are printed once, here.
type CliResult = Result<(), Box<dyn std::error::Error>>;

/// SA-Swin on brain scans. Research use only, not a medical device.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a model on a scan: writes segmentation.nii.gz, report.json, report.csv and, if the model
    /// strips skulls, brain_mask.nii.gz and brain.nii.gz.
    Run(run::Args),
    /// Import a checkpoint, or store a model at another precision.
    Convert(convert::Args),
    /// Measure which weights of a checkpoint bear rounding least.
    Sensitivity(sensitivity::Args),
    /// Run the bare network on tensors.
    Forward(forward::Args),
    /// Compare every stage with the golden tensors of the reference.
    Fidelity(fidelity::Args),
    /// Train a model from a recipe.
    Train(train::Args),
    /// Write what a recipe trains on, for another trainer.
    Examples(examples::Args),
    /// Render samples of a recipe to one PNG.
    ContactSheet(contact_sheet::Args),
    /// Draw how a training went as SVG.
    Curve(curve::Args),
    /// Measure a model.
    Evaluate(evaluate::Args),
    /// Measure the speed of networks on a device.
    Bench(bench::Args),
    /// Compare every operation that has a shader with its definition on the CPU.
    Check(check::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Sensitivity(args) => sensitivity::run(&args),
        Command::Forward(args) => forward::run(&args),
        Command::Fidelity(args) => fidelity::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Examples(args) => examples::run(&args),
        Command::ContactSheet(args) => contact_sheet::run(&args),
        Command::Curve(args) => curve::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Bench(args) => bench::run(args),
        Command::Check(args) => check::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", words::words(&*error));
            ExitCode::FAILURE
        }
    }
}

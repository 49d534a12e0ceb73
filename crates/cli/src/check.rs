//! `saswin-cli check`: a device against the definitions of the operations.

use saswin_kernels::check::agreement;

use crate::CliResult;
use crate::engine::{self, BackendArg};

/// Compare every operation that has a shader with its definition on the CPU.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to compute.
    #[arg(long, value_enum, default_value = "wgpu")]
    backend: BackendArg,
}

/// Prints one Markdown row per operation and shape.
///
/// # Errors
/// If the device fails, or an operation disagrees.
pub fn run(args: &Args) -> CliResult {
    let engine = engine::open(args.backend, None)?;
    println!("Relative L2 error against the definition, on {}.\n", engine.adapter.name);
    println!("| pass | case | error |\n|---|---|---|");
    let mut failed = 0;
    for a in pollster::block_on(agreement(&engine.device, &engine.adapter.capabilities().ways()))? {
        println!("| {} | {} | {:.1e} |", a.pass, a.case, a.relative_l2);
        failed += usize::from(!a.holds());
    }
    if failed == 0 {
        Ok(())
    } else {
        Err(format!("{failed} cases differ by more than their tolerance").into())
    }
}

//! `contact-sheet`: samples of a recipe as one picture, to look at before training on them.

use std::path::PathBuf;

use saswin_training::recipe::{Recipe, Target};
use saswin_training::synth::{ContactSheet, SheetStyle, SynthKind};
use saswin_training::trainer::head_synth;

use crate::CliResult;

#[derive(clap::Args)]
pub struct Args {
    /// Recipe, as in models/recipes.
    recipe: PathBuf,
    /// PNG to write.
    #[arg(long)]
    out: PathBuf,
    /// Folder for the packed label maps.
    #[arg(long, default_value = "runs")]
    cache: PathBuf,
    /// Seed of the first sample; the others follow.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Number of samples, one below the other.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=64))]
    count: u64,
}

/// Draws whole heads as the recipe's training does and says on standard error what is true of each.
///
/// # Errors
/// If the recipe, label maps or lesion shapes cannot be read, or the picture cannot be written.
pub fn run(args: &Args) -> CliResult {
    let data = Recipe::read(&args.recipe)?.data;
    fs_err::create_dir_all(&args.cache)?;
    let synth = head_synth(&data, data.training, &args.cache)?;
    let mut sheet = ContactSheet::new(style(data.synthesis.kind, data.target));
    for seed in (args.first..).take(args.count as usize) {
        let sample = synth.sample(seed);
        eprintln!("{seed}: {:?}", sample.truth);
        sheet.add(&sample);
    }
    let (width, height, rgb) = sheet.rgb();
    let mut encoder = png::Encoder::new(fs_err::File::create(&args.out)?, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    Ok(encoder.write_header()?.write_image_data(rgb)?)
}

fn style(kind: SynthKind, target: Target) -> SheetStyle {
    match (kind, target) {
        (SynthKind::Ct, _) => SheetStyle::Ct,
        (SynthKind::Mr, Target::Anatomy) => SheetStyle::Targets,
        (SynthKind::Mr, _) => SheetStyle::Findings,
    }
}

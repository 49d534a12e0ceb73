//! `examples`: what a recipe trains on, as bytes, for a trainer outside of this program.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use saswin_training::recipe::Recipe;
use saswin_training::trainer::{Example, Feed, HeadSource, HeldOut, Source};

use crate::CliResult;

#[derive(clap::Args)]
pub struct Args {
    /// Recipe, as in models/recipes.
    recipe: PathBuf,
    /// Folder for the packed label maps.
    #[arg(long, default_value = "runs")]
    cache: PathBuf,
    /// Write the recipe's held-out examples and end, instead of training examples without end.
    #[arg(long)]
    validation: bool,
    /// Draw the heads that the recipe keeps, if any, and end.
    #[arg(long)]
    draw_heads: bool,
    /// Number of the first training example.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Window sides instead of the recipe's, voxels.
    #[arg(long, num_args = 3)]
    crop: Option<Vec<usize>>,
}

/// Writes example after example to standard output, each as little-endian `image` (f32, `[c, x, y, z]`),
/// `mirror` (the same), `labels` (u8, `[x, y, z]`) and `classes` (f32).
pub fn run(args: &Args) -> CliResult {
    let mut recipe = Recipe::read(&args.recipe)?;
    if let Some(&[x, y, z]) = args.crop.as_deref() {
        recipe.data.crop = [x, y, z];
    }
    fs_err::create_dir_all(&args.cache)?;
    let [training, validation] = HeadSource::pair(&recipe, &args.cache)?;
    if args.draw_heads {
        validation.fill()?;
        return Ok(training.fill()?);
    }
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let result = if args.validation {
        HeldOut::draw(&validation, &recipe).examples().iter().try_for_each(|e| write(&mut out, e))
    } else {
        let source = Arc::new(training) as Arc<dyn Source>;
        let mut feed = Feed::start(&source, recipe.seed, args.first, recipe.data.threads);
        std::iter::from_fn(|| feed.take(1).pop()).try_for_each(|e| write(&mut out, &e))
    };
    match result.and_then(|()| out.flush()) {
        // The reader has enough.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

fn write(out: &mut impl Write, example: &Example) -> io::Result<()> {
    let floats =
        |out: &mut dyn Write, values: &[f32]| values.iter().try_for_each(|v| out.write_all(&v.to_le_bytes()));
    floats(out, &example.image)?;
    floats(out, &example.mirror)?;
    out.write_all(&example.labels)?;
    floats(out, &example.classes)
}

//! Renders synthetic samples to one PNG.
//!
//! `cargo run --release -p saswin-training --example contact_sheet -- --recipe models/recipes/head-mr.toml`
//!
//! Options: `--recipe` whose synthesis is drawn, `--first` seed, `--count` samples, `--out` PNG, `--cache`
//! folder of packed maps.

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::path::PathBuf;
use std::time::Instant;

use saswin_training::synth::{
    ContactSheet, HeadSynth, SheetStyle, SynthConfig, SynthKind, load_or_pack, load_or_pack_shapes,
};
use serde::Deserialize;

/// What a sheet takes from a recipe; reading all of it needs the trainer, which takes minutes to build.
#[derive(Deserialize)]
struct Recipe {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    synthesis: SynthConfig,
    target: Option<String>,
}

impl Data {
    fn style(&self) -> SheetStyle {
        match (self.synthesis.kind, &self.target) {
            (SynthKind::Ct, _) => SheetStyle::Ct,
            (SynthKind::Mr, Some(_)) => SheetStyle::Findings,
            (SynthKind::Mr, None) => SheetStyle::Targets,
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let options: HashMap<&str, &str> =
        args.chunks_exact(2).map(|pair| (pair[0].trim_start_matches('-'), pair[1].as_str())).collect();
    let option = |name: &str, default: &'static str| options.get(name).copied().unwrap_or(default).to_owned();
    let (first, count): (u64, u64) = (option("first", "0").parse()?, option("count", "6").parse()?);
    let recipe = std::fs::read_to_string(option("recipe", "models/recipes/head-mr.toml"))?;
    let drawn = toml::from_str::<Recipe>(&recipe)?.data;
    let data = PathBuf::from(std::env::var("SASWIN_DATA").unwrap_or_else(|_| "../shared/data".into()));
    let cache = PathBuf::from(option("cache", "target"));
    let start = Instant::now();
    let maps = load_or_pack(&data.join("synthseg-label-maps"), &cache.join("heads.pack"))?;
    let shapes = load_or_pack_shapes(&data.join("soop-lesion-masks"), &cache.join("lesions.pack"))?;
    eprintln!("{} heads, {} lesions: {:.1} s", maps.len(), shapes.len(), start.elapsed().as_secs_f32());
    let mut sheet = ContactSheet::new(drawn.style());
    let synth = HeadSynth::new(maps, drawn.synthesis).ok_or("no head maps")?.with_shapes(shapes);
    for seed in first..first + count {
        let start = Instant::now();
        let sample = synth.sample(seed);
        eprintln!("{seed}: {:.2} s {:?}", start.elapsed().as_secs_f32(), sample.truth);
        sheet.add(&sample);
    }
    let (width, height, rgb) = sheet.rgb();
    let mut encoder =
        png::Encoder::new(File::create(option("out", "sheet.png"))?, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(rgb)?;
    Ok(())
}

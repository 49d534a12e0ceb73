//! Renders synthetic samples to one PNG.
//!
//! `cargo run --release -p saswin-training --example contact_sheet -- --kind head-mr --out sheet.png`
//!
//! Options: `--kind head-mr|lesion-mr|ct`, `--first` seed, `--count` samples, `--out` PNG, `--cache`
//! folder of packed maps.

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::path::PathBuf;
use std::time::Instant;

use saswin_training::synth::{
    ContactSheet, HeadSynth, SheetStyle, SynthConfig, load_or_pack, load_or_pack_shapes,
};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let options: HashMap<&str, &str> =
        args.chunks_exact(2).map(|pair| (pair[0].trim_start_matches('-'), pair[1].as_str())).collect();
    let option = |name: &str, default: &'static str| options.get(name).copied().unwrap_or(default).to_owned();
    let (first, count): (u64, u64) = (option("first", "0").parse()?, option("count", "6").parse()?);
    let (config, style) = match option("kind", "head-mr").as_str() {
        "head-mr" => (SynthConfig::head_mr(), SheetStyle::Targets),
        "lesion-mr" => (SynthConfig::lesion_mr(), SheetStyle::Findings),
        "ct" => (SynthConfig::ct_triage(), SheetStyle::Ct),
        other => return Err(format!("--kind {other}: one of head-mr, lesion-mr, ct is needed").into()),
    };
    let data = PathBuf::from(std::env::var("SASWIN_DATA").unwrap_or_else(|_| "../shared/data".into()));
    let cache = PathBuf::from(option("cache", "target"));
    let start = Instant::now();
    let maps = load_or_pack(&data.join("synthseg-label-maps"), &cache.join("heads.pack"))?;
    let shapes = load_or_pack_shapes(&data.join("soop-lesion-masks"), &cache.join("lesions.pack"))?;
    eprintln!("{} heads, {} lesions: {:.1} s", maps.len(), shapes.len(), start.elapsed().as_secs_f32());
    let synth = HeadSynth::new(maps, config).ok_or("no head maps")?.with_shapes(shapes);
    let mut sheet = ContactSheet::new(style);
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

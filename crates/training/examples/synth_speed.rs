//! Times the synthesis on one thread, in seconds of processor time where the system tells them.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use saswin_training::synth::{HeadSynth, SynthConfig, SynthKind, load_or_pack};

fn main() -> Result<(), Box<dyn Error>> {
    let data = std::env::var("SASWIN_DATA").unwrap_or_else(|_| "../shared/data".into());
    let cache = std::env::args().nth(1).unwrap_or_else(|| "target/heads.pack".into());
    let start = Instant::now();
    let maps = load_or_pack(&Path::new(&data).join("synthseg-label-maps"), Path::new(&cache))?;
    println!("{} maps loaded in {:.2} s", maps.len(), start.elapsed().as_secs_f32());
    let clock = Instant::now();
    let seconds = || busy_seconds().unwrap_or_else(|| clock.elapsed().as_secs_f64());
    let mean = |n: u64, draw: &dyn Fn(u64)| {
        let start = seconds();
        (0..n).for_each(draw);
        (seconds() - start) / n as f64
    };
    for kind in [SynthKind::Mr, SynthKind::Ct] {
        let config = SynthConfig { kind, ..SynthConfig::default() };
        let synth = HeadSynth::new(maps.clone(), config).ok_or("no head maps")?;
        println!("{kind:?}, whole sample: {:.3} s", mean(6, &|s| drop(synth.sample(s))));
        for size in [[64; 3], [96; 3], [112, 128, 112], [128; 3]] {
            let each = mean(10, &|s| drop(synth.sample_crop(s, size)));
            println!("{kind:?}, window {size:?} with its mirror: {each:.3} s");
        }
    }
    Ok(())
}

/// Time this thread has run, on Linux.
fn busy_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(stat.split(' ').next()?.parse::<f64>().ok()? * 1e-9)
}

//! Writes every volume of every series as raw little-endian f32 for comparison with other readers.
//!
//! `dump OUT_DIR PATH…` opens each path (a folder counts as one drop) and prints one JSON line for it.

use std::error::Error;
use std::path::{Path, PathBuf};

use saswin_scan_io::{Limits, ScanError, Series, SourceFile, open};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let out = arguments.next().ok_or("usage: dump OUT_DIR PATH…")?;
    std::fs::create_dir_all(&out)?;
    for (number, path) in arguments.enumerate() {
        let answer = match open(read(&path)?, &Limits::default()) {
            Ok(all) => all
                .iter()
                .enumerate()
                .map(|(index, series)| describe(series, &out, &format!("{number}-{index}")))
                .collect::<Result<Vec<Value>, _>>()
                .map(Value::Array)?,
            Err(error) => refusal(&error),
        };
        println!("{}", json!({ "path": path, "answer": answer }));
    }
    Ok(())
}

fn refusal(error: &ScanError) -> Value {
    json!({ "kind": error.kind(), "message": error.message(), "place": error.place(), "remedy": error.remedy() })
}

fn describe(series: &Series, out: &Path, stem: &str) -> Result<Value, Box<dyn Error>> {
    let mut volumes = Vec::new();
    for frame in 0..series.frames.min(32) {
        volumes.push(match series.load(frame) {
            Ok(scan) => {
                let file = out.join(format!("{stem}-{frame}.f32"));
                std::fs::write(
                    &file,
                    scan.volume.voxels.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>(),
                )?;
                let affine = scan.volume.grid.affine;
                json!({
                    "file": file, "dims": scan.volume.grid.dims, "linear": affine.linear,
                    "translation": affine.translation, "modality": scan.modality, "notes": scan.notes,
                    "window": scan.window,
                })
            }
            Err(error) => refusal(&error),
        });
    }
    Ok(json!({
        "description": series.description, "dims": series.dims, "spacing": series.spacing,
        "frames": series.frames, "files": series.files, "preferred": series.preferred,
        "problems": series.problems, "volumes": volumes,
    }))
}

fn read(path: &Path) -> std::io::Result<Vec<SourceFile>> {
    if path.is_dir() {
        let mut entries = std::fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(std::fs::DirEntry::path);
        return Ok(entries.iter().map(|e| read(&e.path())).collect::<Result<Vec<_>, _>>()?.concat());
    }
    Ok(vec![SourceFile { name: path.to_string_lossy().into_owned(), bytes: std::fs::read(path)? }])
}

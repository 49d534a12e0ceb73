//! The cache of packed head maps: one compressed file, quick to load.
//!
//! Layout: `SAHEAD3\n`, a little-endian `u32` length, that many bytes of JSON describing each map,
//! then one zlib stream per map with its classes, in the order and of the lengths the JSON gives.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use rayon::prelude::*;
use saswin_volume::Affine;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};

use super::{CLASSES, HeadMap, HeadMapError};

const MAGIC: &[u8; 8] = b"SAHEAD3\n";

#[derive(Serialize, Deserialize)]
struct Entry {
    name: String,
    dims: [usize; 3],
    voxel_of_head: Affine,
    bytes: usize,
}

/// Loads the pack at `cache`; when there is none of this version, reads every `*.nii.gz` in `folder` in order of
/// name and writes it.
///
/// # Errors
/// If a map or the pack cannot be read, or the pack cannot be written.
pub fn load_or_pack(folder: &Path, cache: &Path) -> Result<Vec<HeadMap>, HeadMapError> {
    if fs::read(cache).is_ok_and(|file| file.starts_with(MAGIC)) {
        return read_pack(cache);
    }
    let io = |source| HeadMapError::Io { path: folder.into(), source };
    let entries = fs::read_dir(folder).map_err(io)?.collect::<Result<Vec<_>, _>>().map_err(io)?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|e| e.path()).collect();
    paths.retain(|p| p.to_string_lossy().ends_with(".nii.gz"));
    paths.sort();
    let maps = paths.par_iter().map(|p| HeadMap::read(p)).collect::<Result<Vec<_>, _>>()?;
    write_pack(cache, &maps)?;
    Ok(maps)
}

/// Writes a pack.
///
/// # Errors
/// If the file cannot be written.
pub fn write_pack(path: &Path, maps: &[HeadMap]) -> Result<(), HeadMapError> {
    let io = |source| HeadMapError::Io { path: path.into(), source };
    let streams = maps.par_iter().map(compressed).collect::<Result<Vec<_>, _>>().map_err(io)?;
    let entries: Vec<Entry> = maps
        .iter()
        .zip(&streams)
        .map(|(map, stream)| Entry {
            name: map.name.clone(),
            dims: map.dims,
            voxel_of_head: map.voxel_of_head,
            bytes: stream.len(),
        })
        .collect();
    let json = serde_json::to_vec(&entries).map_err(|e| io(e.into()))?;
    let mut file = Vec::new();
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&(json.len() as u32).to_le_bytes());
    file.extend_from_slice(&json);
    streams.iter().for_each(|s| file.extend_from_slice(s));
    fs::write(path, file).map_err(io)
}

fn compressed(map: &HeadMap) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&map.labels)?;
    encoder.finish()
}

/// Reads a pack.
///
/// # Errors
/// If the file cannot be read or is not a whole pack of this version.
pub fn read_pack(path: &Path) -> Result<Vec<HeadMap>, HeadMapError> {
    let file = fs::read(path).map_err(|source| HeadMapError::Io { path: path.into(), source })?;
    parse(&file).map_err(|what| HeadMapError::Unusable {
        path: path.into(),
        what: format!("{what}; delete it to have it made again"),
    })
}

fn parse(file: &[u8]) -> Result<Vec<HeadMap>, String> {
    let rest = file.strip_prefix(MAGIC).ok_or("not a pack of head maps of this version")?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or("cut short in its head")?;
    let (json, mut rest) =
        rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or("cut short in its table")?;
    let entries: Vec<Entry> = serde_json::from_slice(json).map_err(|e| e.to_string())?;
    let mut parts = Vec::new();
    for entry in entries {
        let (stream, tail) = rest.split_at_checked(entry.bytes).ok_or("cut short in its maps")?;
        parts.push((entry, stream));
        rest = tail;
    }
    parts.into_par_iter().map(|(entry, stream)| unpacked(entry, stream)).collect()
}

fn unpacked(entry: Entry, stream: &[u8]) -> Result<HeadMap, String> {
    let voxels = entry.dims.iter().try_fold(1usize, |n, d| n.checked_mul(*d)).unwrap_or(usize::MAX);
    let mut labels = Vec::new();
    let limit = voxels.saturating_add(1) as u64;
    ZlibDecoder::new(stream).take(limit).read_to_end(&mut labels).map_err(|e| e.to_string())?;
    if labels.len() != voxels {
        return Err(format!("map {} has {} voxels instead of {voxels}", entry.name, labels.len()));
    }
    if let Some(label) = labels.iter().find(|l| usize::from(**l) >= CLASSES.len()) {
        return Err(format!("map {} has the unknown class {label}", entry.name));
    }
    let Entry { name, dims, voxel_of_head, .. } = entry;
    Ok(HeadMap { name, dims, labels, voxel_of_head, septum: OnceLock::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_comes_back_and_a_cut_one_is_refused() {
        let labels = (0..4 * 5 * 6).map(|i| (i % 57) as u8).collect();
        let map = HeadMap {
            name: "a".into(),
            dims: [4, 5, 6],
            labels,
            voxel_of_head: Affine::IDENTITY,
            septum: OnceLock::new(),
        };
        let path = std::env::temp_dir().join(format!("saswin-pack-{}", std::process::id()));
        write_pack(&path, std::slice::from_ref(&map)).unwrap();
        assert_eq!(read_pack(&path).unwrap(), vec![map]);
        let bytes = fs::read(&path).unwrap();
        for cut in [0, 9, 30, bytes.len() - 1] {
            assert!(parse(&bytes[..cut]).is_err());
        }
        fs::remove_file(path).unwrap();
    }
}

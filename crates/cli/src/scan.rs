//! Scans from paths.

use std::error::Error;
use std::path::{Path, PathBuf};

use fs_err as fs;
use saswin_scan_io::{Limits, Scan, Series, SourceFile, open};

/// All series at or below `path`.
pub fn read_series(path: &Path) -> Result<Vec<Series>, Box<dyn Error>> {
    Ok(open(read(path, &Limits::default())?, &Limits::default())?)
}

/// Number of the series to take when none is named.
pub fn preferred(series: &[Series]) -> usize {
    series.iter().position(|s| s.preferred).unwrap_or(0)
}

/// Reads the preferred scan at or below `path`.
pub fn load_scan(path: &Path) -> Result<Scan, Box<dyn Error>> {
    let series = read_series(path)?;
    let chosen =
        series.get(preferred(&series)).ok_or_else(|| format!("{}: no scan in it", path.display()))?;
    Ok(chosen.load(0)?)
}

/// Every file at or below `path`, none of which is read unless all are within the limits.
fn read(path: &Path, limits: &Limits) -> Result<Vec<SourceFile>, Box<dyn Error>> {
    let mut paths = Vec::new();
    find(path, &mut paths)?;
    let name = |path: &PathBuf| path.to_string_lossy().into_owned();
    let sized = |path: &PathBuf| Ok((name(path), fs::metadata(path)?.len()));
    let sizes: Vec<(String, u64)> = paths.iter().map(sized).collect::<std::io::Result<_>>()?;
    limits.check_sizes(sizes.iter().map(|(name, bytes)| (name.as_str(), *bytes)))?;
    let source = |path: &PathBuf| Ok(SourceFile { name: name(path), bytes: fs::read(path)? });
    paths.iter().map(source).collect()
}

/// Every file at or below `path`. Links to folders are not followed: they may lead back up.
fn find(path: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        into.push(path.to_owned());
        return Ok(());
    }
    let mut entries: Vec<PathBuf> =
        fs::read_dir(path)?.map(|e| Ok(e?.path())).collect::<std::io::Result<_>>()?;
    entries.retain(|entry| !(entry.is_symlink() && entry.is_dir()));
    entries.sort();
    entries.iter().try_for_each(|entry| find(entry, into))
}

#[cfg(test)]
mod tests {
    use saswin_scan_io::{NiftiOptions, ScanError, write_nifti_f32};
    use saswin_volume::{Affine, Grid, Volume};

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("saswin-scan-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("below")).unwrap();
        fs::write(folder.join("a"), [0; 60]).unwrap();
        fs::write(folder.join("below/b"), [0; 50]).unwrap();
        folder
    }

    fn names(files: &[SourceFile]) -> Vec<&str> {
        files.iter().map(|f| f.name.rsplit('/').next().unwrap()).collect()
    }

    #[cfg(unix)]
    #[test]
    fn links_to_folders_are_not_followed_below_what_was_named() {
        let folder = folder("links");
        std::os::unix::fs::symlink(&folder, folder.join("below/up")).unwrap();
        std::os::unix::fs::symlink(folder.join("a"), folder.join("below/c")).unwrap();
        let files = read(&folder, &Limits::default()).unwrap();
        assert_eq!(names(&files), ["a", "b", "c"]);
        let linked = read(&folder.join("below/up"), &Limits::default()).unwrap();
        assert_eq!(names(&linked), ["a", "b", "c"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let folder = folder("large");
        fs::File::create(folder.join("c")).unwrap().set_len(1 << 40).unwrap();
        let refused = read(&folder, &Limits::default()).unwrap_err();
        assert_eq!(refused.downcast_ref::<ScanError>().unwrap().kind(), "limits");
        let together = Limits { max_file_bytes: u64::MAX, ..Limits::default() };
        let refused = read(&folder, &together).unwrap_err().to_string();
        assert!(refused.starts_with("the files have 1099511627886 bytes together"), "{refused}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_preferred_series_is_loaded_not_the_first() {
        let folder = folder("preferred");
        for (name, dims) in [("1.nii", [9, 9, 1]), ("2.nii", [9, 9, 9])] {
            let volume = Volume::filled(Grid { dims, affine: Affine::IDENTITY }, 1.0);
            fs::write(folder.join(name), write_nifti_f32(&volume, &NiftiOptions::default()).unwrap())
                .unwrap();
        }
        assert_eq!(load_scan(&folder).unwrap().volume.grid.dims, [9, 9, 9]);
        fs::remove_dir_all(folder).unwrap();
    }
}

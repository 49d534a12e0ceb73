//! Zip archives, mixed drops, and what is done with junk.

#![allow(clippy::unwrap_used)]

mod support;

use saswin_scan_io::{Doubt, Format, Limits, ScanError, Series, SourceFile, open};
use support::dicom::{Encoding, SliceSpec, Value, short, write};
use support::nifti::Nifti;
use support::{file, gzip, shared_zip, zip};

fn slice(k: u16) -> Vec<u8> {
    SliceSpec { position: [0.0, 0.0, 5.0 * f64::from(k)], pixels: vec![k; 12], ..SliceSpec::default() }
        .bytes()
}

/// A slice of more bytes.
fn slice_with(padding: Vec<u8>) -> Vec<u8> {
    let extra = vec![((0x0029, 0x1099), Value::Bytes("OB", padding))];
    SliceSpec { extra, ..SliceSpec::default() }.bytes()
}

fn refused(files: Vec<SourceFile>, limits: &Limits) -> ScanError {
    open(files, limits).map(|s: Vec<Series>| s.len()).unwrap_err()
}

#[test]
fn a_zip_of_folders_zips_and_gzips_is_searched() {
    let names: Vec<String> = (0..8).map(|k| format!("study/series/IM{k}")).collect();
    let mut entries: Vec<(&str, Vec<u8>)> = names.iter().map(String::as_str).zip((0..8).map(slice)).collect();
    entries.push(("__MACOSX/._IM0", vec![0, 5, 22, 7]));
    entries.push(("more.zip", zip(&[("t1.nii.gz", gzip(&Nifti::default().bytes()))])));
    entries.push(("lone.dcm.gz", gzip(&SliceSpec { series: "7.7", ..SliceSpec::default() }.bytes())));
    let series = open(vec![file("all.zip", zip(&entries))], &Limits::default()).unwrap();
    let mut shapes: Vec<_> = series.iter().map(|s| (s.dims, s.files)).collect();
    shapes.sort();
    assert_eq!(shapes, [([4, 3, 1], 1), ([4, 3, 2], 1), ([4, 3, 8], 8)]);
    assert!(series.iter().all(|s| s.problems.is_empty()));
    let stack = series.iter().find(|s| s.files == 8).unwrap();
    assert_eq!(stack.load(0).unwrap().volume.at([0, 0, 7]), 7.0);
}

#[test]
fn a_preamble_that_looks_like_analyze_is_still_dicom() {
    let mut bytes = slice(0);
    bytes[..4].copy_from_slice(&348i32.to_le_bytes());
    assert_eq!(open(vec![file("a", bytes)], &Limits::default()).unwrap()[0].format, Format::Dicom);
}

#[test]
fn a_damaged_file_beside_good_ones_is_a_problem_not_an_end() {
    let mut cut = slice(9);
    cut.truncate(cut.len() - 4);
    let files = vec![file("a", slice(0)), file("b", slice(1)), file("c", cut)];
    let series = open(files, &Limits::default()).unwrap();
    assert_eq!((series.len(), series[0].dims[2]), (1, 2));
    assert!(
        series[0].problems[0].starts_with("1 other file(s) could not be read"),
        "{:?}",
        series[0].problems
    );
}

/// What a report says of the slices of `name` in `files`.
fn doubts(files: Vec<SourceFile>, limits: &Limits) -> Vec<Doubt> {
    open(files, limits).unwrap()[0].load(0).unwrap().doubts
}

#[test]
fn files_that_may_have_been_slices_are_doubted() {
    let with = |name: &str, bytes: Vec<u8>| {
        let files = vec![file("a", slice(0)), file("b", slice(1)), file("c", slice(2)), file(name, bytes)];
        doubts(files, &Limits::default())
    };
    let cut = slice(9)[..400].to_vec();
    for bytes in [cut.clone(), vec![], vec![0; 512], gzip(&slice(9))[..100].to_vec()] {
        assert_eq!(with("d", bytes), [Doubt::Unread(1)]);
    }
    assert_eq!(with("e.zip", zip(&[("d", cut.clone()), ("e", cut), ("f", vec![])])), [Doubt::Unread(3)]);
    // A dose sheet in colour, a note, an object without pixels and a system's marker were no slices.
    let colour = SliceSpec { extra: vec![short((0x0028, 0x0002), 3)], ..SliceSpec::default() };
    let objects = [colour.bytes(), b"hello".to_vec(), write(&[], Encoding::Explicit, None)];
    for bytes in objects {
        assert_eq!(with("d", bytes), []);
    }
    assert_eq!(with("x/.localized", vec![]), []);
}

#[test]
fn every_file_after_a_limit_is_counted() {
    let inner: Vec<(String, Vec<u8>)> = (0..20).map(|k| (format!("s/{k}"), slice(k))).collect();
    let mut entries: Vec<(&str, Vec<u8>)> = inner.iter().map(|(n, b)| (n.as_str(), b.clone())).collect();
    entries.insert(0, ("s/", vec![]));
    let crowd = zip(&[("inner.zip", zip(&entries)), ("x", slice(30)), ("y", slice(31))]);
    let few = Limits { max_files: 10, ..Limits::default() };
    let files = vec![file("e.zip", crowd), file("z", slice(32))];
    let series = open(files, &few).unwrap().remove(0);
    assert_eq!((series.files, series.load(0).unwrap().doubts), (10, vec![Doubt::Unread(13)]));
    let told = "13 other file(s) could not be read; the first: there are more than 10 files";
    assert_eq!(series.problems, [told]);
}

#[test]
fn what_is_no_scan_costs_nothing() {
    // The disc of a patient: a viewer's program before the slices, in folders or as one archive.
    let limits = Limits { max_files: 8, max_decompressed_bytes: 1 << 20, ..Limits::default() };
    let big = || (0..700u32 << 10).map(|v| (v.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<_>>();
    let classes: Vec<(String, Vec<u8>)> = (0..30).map(|k| (format!("a{k}.class"), vec![202, 254])).collect();
    let mut jar: Vec<(&str, Vec<u8>)> = classes.iter().map(|(n, b)| (n.as_str(), b.clone())).collect();
    jar.push(("META-INF/MANIFEST.MF", vec![]));
    jar.push(("copy.dcm", slice(40)));
    let letter = zip(&[("[Content_Types].xml", vec![]), ("word/copy.dcm", slice(41))]);
    let mut disc = vec![
        ("viewer/lib.jar", zip(&jar)),
        ("viewer/letter.docx", letter),
        ("viewer/a.dll", big()),
        ("viewer/b.dll", big()),
        ("viewer/help.zip", zip(&[("1.html", big()), ("2.html", big())])),
        ("viewer/log.gz", gzip(&big())),
    ];
    let names: Vec<String> = (0..8).map(|k| format!("z/{k}")).collect();
    disc.extend(names.iter().map(String::as_str).zip((0..8).map(slice)));
    let folders = disc.iter().map(|(name, bytes)| file(name, bytes.clone())).collect();
    for files in [folders, vec![file("disc.zip", zip(&disc))]] {
        let series = open(files, &limits).unwrap();
        assert_eq!((series.len(), series[0].files), (1, 8));
        assert_eq!(series[0].problems, [""; 0]);
        assert_eq!(series[0].load(0).unwrap().doubts, []);
    }
}

#[test]
fn nothing_readable_gives_the_first_telling_reason() {
    let limits = Limits::default();
    assert_eq!(refused(vec![], &limits).message(), "no file was given");
    let junk = refused(vec![file("a.txt", b"hello".to_vec()), file("b", vec![])], &limits);
    assert_eq!((junk.kind(), junk.message()), ("not-a-scan", "none of the 2 files is a scan"));
    let mut cut = slice(0);
    cut.truncate(cut.len() - 4);
    let reason = refused(vec![file("a.txt", b"hello".to_vec()), file("cut", cut)], &limits);
    assert_eq!(reason.kind(), "decoding");
    assert!(reason.place().unwrap().starts_with("cut, (7FE0,0010), byte "), "{:?}", reason.place());
}

#[test]
fn bombs_meet_the_limits() {
    let limits = Limits { max_decompressed_bytes: 1 << 20, ..Limits::default() };
    let zeros = vec![0u8; 8 << 20];
    for (name, bytes) in [("a.zip", zip(&[("zeros", zeros.clone())])), ("b.gz", gzip(&zeros))] {
        assert_eq!(refused(vec![file(name, bytes)], &limits).kind(), "limits", "{name}");
    }
    // Many entries, each within the limit, together beyond it.
    let part = slice_with(vec![1; 600 << 10]);
    let many = zip(&[("1", part.clone()), ("2", part.clone()), ("3", part)]);
    let series = open(vec![file("c.zip", many)], &limits).unwrap();
    assert!(series[0].problems[0].contains("2 other file(s)"), "{:?}", series[0].problems);
    assert!(
        series[0].problems[0].ends_with("expands to more than 1048576 bytes"),
        "{:?}",
        series[0].problems
    );
    let nested = (0..6).fold(slice(0), |inner, _| zip(&[("inner", inner)]));
    let depth = refused(vec![file("d.zip", nested)], &Limits::default());
    assert!(depth.message().contains("nested deeper than 4"), "{depth}");
    let crowd: Vec<(String, Vec<u8>)> = (0..50).map(|k| (k.to_string(), slice(k))).collect();
    let crowd: Vec<(&str, Vec<u8>)> = crowd.iter().map(|(n, b)| (n.as_str(), b.clone())).collect();
    let few = Limits { max_files: 20, ..Limits::default() };
    // What was read before the limit stays usable, and the limit is told.
    let series = open(vec![file("e.zip", zip(&crowd))], &few).unwrap();
    assert!(series[0].problems.iter().any(|p| p.contains("more than 20 files")), "{:?}", series[0].problems);
}

#[test]
fn junk_is_not_expanded_without_end() {
    let limits = Limits { max_expanded_bytes: 1 << 21, ..Limits::default() };
    let document = zip(&[("[Content_Types].xml", vec![]), ("0", slice(0))]);
    let behind = [("slice", slice(0))];
    for start in [document, b"PK\x03\x04 that is no archive".to_vec()] {
        let junk = [vec![0; 1 << 18], start.clone()].concat();
        let junk = [&start[..4], &junk[4..]].concat();
        let open_of = |count| open(vec![file("a.zip", shared_zip(junk.clone(), count, &behind))], &limits);
        assert_eq!(open_of(3).unwrap()[0].files, 1);
        // The slice behind them is not reached.
        open_of(100).unwrap_err();
    }
    // What fails its checksum has been expanded, too.
    let mut broken = shared_zip(vec![0; 1 << 18], 100, &behind);
    let checksums: Vec<usize> =
        (0..broken.len() - 51).filter(|&at| broken[at..].starts_with(b"PK\x01\x02")).collect();
    checksums.iter().take(100).for_each(|at| broken[at + 16] ^= 1);
    let error = refused(vec![file("a.zip", broken)], &limits);
    assert!(error.message().contains("stream is damaged"), "{error}");
}

#[test]
fn entries_of_archives_are_counted_before_they_are_listed() {
    let archives = || {
        let three = zip(&[("a", slice(0)), ("b", slice(1)), ("c.txt", b"hello".to_vec())]);
        vec![file("a.zip", three), file("b.zip", zip(&[("c", slice(2))]))]
    };
    let opened = |max_entries| open(archives(), &Limits { max_entries, ..Limits::default() });
    assert_eq!(opened(4).unwrap()[0].files, 3);
    let series = opened(3).unwrap().remove(0);
    assert_eq!((series.files, series.load(0).unwrap().doubts), (2, vec![Doubt::Unread(1)]));
    assert!(
        series.problems[0].ends_with("there are more than 3 entries in archives"),
        "{:?}",
        series.problems
    );
    let error = opened(0).unwrap_err();
    assert_eq!((error.kind(), error.place().unwrap().as_str()), ("limits", "a.zip"));
}

#[test]
fn input_sizes_are_limited() {
    let small = Limits { max_file_bytes: 100, ..Limits::default() };
    assert_eq!(refused(vec![file("a", slice(0))], &small).kind(), "limits");
    let small = Limits { max_total_bytes: 1000, ..Limits::default() };
    assert_eq!(refused(vec![file("a", slice(0)), file("b", slice(1))], &small).kind(), "limits");
}

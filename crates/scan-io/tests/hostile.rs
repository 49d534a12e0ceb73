//! Bytes that lie: every outcome is a scan or a typed error, never a panic, and never more memory than allowed.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use saswin_scan_io::{Doubt, Limits, open};
use support::dicom::{Element, Encoding, PIXELS, SliceSpec, Value, decimals, items, text, write};
use support::hostile::{LIMITS, broken, huge_element, seeds, swallow, swallow_frame};
use support::{file, frames};

/// One change to a file.
#[derive(Debug, Clone)]
enum Change {
    Set(usize, u8),
    Word(usize, u32),
    Cut(usize),
    Repeat(usize, usize),
    Remove(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = 0usize..4096;
    let word = prop_oneof![
        Just(u32::MAX),
        Just(0x7FFF_FFFF),
        Just(0xE000_FFFE),
        Just(0xE00D_FFFE),
        Just(0xE0DD_FFFE),
        Just(0x0010_7FE0),
        0u32..70_000
    ];
    prop_oneof![
        4 => (at.clone(), any::<u8>()).prop_map(|(a, v)| Change::Set(a, v)),
        3 => (at.clone(), word).prop_map(|(a, v)| Change::Word(a, v)),
        1 => at.clone().prop_map(Change::Cut),
        1 => (at.clone(), 1usize..64).prop_map(|(a, n)| Change::Repeat(a, n)),
        1 => (at, 1usize..64).prop_map(|(a, n)| Change::Remove(a, n)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    if bytes.is_empty() {
        return;
    }
    let len = bytes.len();
    match *change {
        Change::Set(at, value) => bytes[at % len] = value,
        Change::Word(at, value) => {
            let at = at % len;
            for (slot, byte) in bytes[at..].iter_mut().zip(value.to_le_bytes()) {
                *slot = byte;
            }
        }
        Change::Cut(at) => bytes.truncate(at % len),
        Change::Repeat(at, count) => {
            let at = at % len;
            let part = bytes[at..(at + count).min(len)].to_vec();
            bytes.splice(at..at, part);
        }
        Change::Remove(at, count) => {
            let at = at % len;
            bytes.drain(at..(at + count).min(len));
        }
    }
}

/// `PROPTEST_CASES` asks for more (or fewer) than the usual number.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(2000);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn changed_files_never_panic(seed in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 1..6)) {
        let mut bytes = seed.get(&seeds()).1.clone();
        changes.iter().for_each(|c| apply(&mut bytes, c));
        swallow(bytes);
    }

    #[test]
    fn random_bytes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..2000), head in 0usize..6) {
        let heads: [&[u8]; 6] = [b"", b"DICM", &[92, 1, 0, 0], &[0, 0, 2, 28], b"PK\x03\x04", &[0x1f, 0x8b, 8]];
        bytes.splice(0..0, heads[head].iter().copied());
        swallow(bytes);
    }
}

/// Folder of the files for a fuzz target.
fn bad(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/bad").join(target)
}

/// `dicom_pixels` holds compressed frames as its fuzz target takes them.
#[test]
fn broken_files_are_survived() {
    for target in ["archive", "dicom", "dicom_pixels", "nifti"] {
        let files: Vec<_> = std::fs::read_dir(bad(target)).unwrap().map(|e| e.unwrap().path()).collect();
        assert!(!files.is_empty(), "{} is empty", bad(target).display());
        for bytes in files.into_iter().map(|path| std::fs::read(path).unwrap()) {
            if target == "dicom_pixels" { swallow_frame(&bytes) } else { swallow(bytes) }
        }
    }
}

#[test]
#[ignore = "writes the files that come of `broken`"]
fn broken_files_are_made() {
    for (target, name, bytes) in broken() {
        std::fs::create_dir_all(bad(target)).unwrap();
        std::fs::write(bad(target).join(name), bytes).unwrap();
    }
}

#[test]
fn every_seed_cut_anywhere_is_survived() {
    for (_, seed) in seeds() {
        for end in (0..seed.len()).step_by(seed.len() / 150 + 1) {
            swallow(seed[..end].to_vec());
        }
    }
}

#[test]
fn sequences_nested_without_end_meet_the_limit() {
    let deep = (0..200).fold(vec![], |inner, _| vec![items((0x5200, 0x9230), vec![inner])]);
    let spec = SliceSpec { extra: deep, ..SliceSpec::default() };
    let error = open(vec![file("deep", spec.bytes())], &LIMITS).unwrap_err();
    assert_eq!(error.kind(), "limits");
    assert!(error.message().contains("deeper than 8"), "{error}");
}

#[test]
fn frames_that_are_not_there_are_refused() {
    let frame = frames::hex(frames::JPEG_LS);
    let extra = vec![text((0x0028, 0x0008), "IS", "10000"), (PIXELS, Value::Fragments(vec![vec![], frame]))];
    let spec = SliceSpec { columns: 8, rows: 6, extra, ..SliceSpec::default() };
    let bytes = write(&spec.elements(), Encoding::Explicit, Some("1.2.840.10008.1.2.4.80"));
    let error = open(vec![file("a", bytes)], &Limits::default()).unwrap_err();
    assert_eq!((error.kind(), error.message()), ("decoding", "the file claims 10000 frames and holds 1"));
}

#[test]
fn slices_of_all_files_together_meet_the_limit() {
    let eight = |z: f64| {
        let frames = vec![text((0x0028, 0x0008), "IS", "8"), decimals((0x0018, 0x0088), &[5.0])];
        SliceSpec { position: [0.0, 0.0, z], pixels: vec![1; 96], extra: frames, ..SliceSpec::default() }
            .bytes()
    };
    let limits = Limits { max_planes: 20, ..Limits::default() };
    let files = (0..4).map(|k| file(&k.to_string(), eight(40.0 * f64::from(k)))).collect();
    let series = open(files, &limits).unwrap().remove(0);
    assert_eq!((series.files, series.dims[2]), (2, 16));
    assert_eq!(
        series.problems,
        ["2 other file(s) could not be read; the first: there are more than 20 slices"]
    );
    assert_eq!(series.load(0).unwrap().doubts, [Doubt::Unread(2)]);
}

#[test]
fn frames_of_one_file_are_slices_not_volumes() {
    let frames = vec![text((0x0028, 0x0008), "IS", "8"), decimals((0x0018, 0x0088), &[5.0])];
    let bytes = SliceSpec { pixels: vec![1; 96], extra: frames, ..SliceSpec::default() }.bytes();
    let opened = |limits: Limits| open(vec![file("a", bytes.clone())], &limits).map(|s| s[0].dims[2]);
    assert_eq!(opened(Limits { max_frames: 1, ..Limits::default() }), Ok(8));
    let refused = opened(Limits { max_planes: 7, ..Limits::default() }).unwrap_err();
    assert_eq!(refused.message(), "the file claims 8 frames, the limit is 7");
}

#[test]
fn a_volume_of_many_voxels_is_refused_with_a_way_to_open_it() {
    let limits = Limits { max_voxels: 11, ..Limits::default() };
    let refused = open(vec![file("a", SliceSpec::default().bytes())], &limits).unwrap_err();
    assert_eq!(refused.message(), "4×3 voxels pass the limit of 11");
    assert!(refused.remedy().unwrap().contains("thicker slices"), "{:?}", refused.remedy());
}

#[test]
fn values_that_are_too_long_to_be_meant_are_not_kept() {
    let opened = |extra: Vec<Element>| {
        let bytes = write(&SliceSpec { extra, ..SliceSpec::default() }.elements(), Encoding::Implicit, None);
        open(vec![file("a", bytes)], &Limits::default()).unwrap().remove(0)
    };
    let described = |length: usize| opened(vec![text((0x0008, 0x103E), "LO", &"a".repeat(length))]);
    assert_eq!([64, 1024, 1026].map(|length| described(length).description.len()), [64, 1024, 0]);
    let windowed = |parts: usize| {
        let width = decimals((0x0028, 0x1051), &[80.0]);
        opened(vec![decimals((0x0028, 0x1050), &vec![40.0; parts]), width]).load(0).unwrap().window
    };
    assert_eq!([2, 32, 33].map(windowed), [Some((40.0, 80.0)), Some((40.0, 80.0)), None]);
}

/// A file of `frames` frames of one pixel, without items for each.
fn many_frames(frames: usize, extra: Vec<Element>) -> Vec<u8> {
    let count = text((0x0028, 0x0008), "IS", &frames.to_string());
    let extra = [extra, vec![count]].concat();
    let spec = SliceSpec { columns: 1, rows: 1, pixels: vec![1; frames], extra, ..SliceSpec::default() };
    write(&spec.elements(), Encoding::Implicit, None)
}

#[test]
fn frames_that_are_listed_in_one_long_value_are_placed() {
    // A longer text, and more parts, than other values have.
    let offsets: Vec<f64> = (0..900).map(|k| 100.5 + 2.25 * f64::from(k)).collect();
    let listed = decimals((0x3004, 0x000C), &offsets);
    let series = open(vec![file("a", many_frames(900, vec![listed.clone()]))], &Limits::default()).unwrap();
    assert_eq!((series[0].dims, series[0].spacing[2]), ([1, 1, 900], 2.25));
    // Far more than the frames need.
    let spacing = decimals((0x0018, 0x0088), &[5.0]);
    let series = open(vec![file("a", many_frames(8, vec![listed, spacing]))], &Limits::default()).unwrap();
    assert_eq!(series[0].spacing[2], 5.0);
}

#[test]
fn what_one_value_says_of_all_frames_is_read_once() {
    let offsets: Vec<f64> = (0..20_000).map(f64::from).collect();
    let bytes = many_frames(20_000, vec![decimals((0x3004, 0x000C), &offsets)]);
    let start = Instant::now();
    let refused = open(vec![file("a", bytes)], &Limits::default()).unwrap_err();
    assert!(refused.message().starts_with("one dimension is 20000"), "{refused}");
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

/// A file of `frames` frames of one pixel with an item for each.
fn frames_with(frames: usize, item: impl Fn(usize) -> Element) -> Vec<u8> {
    many_frames(frames, vec![items((0x5200, 0x9230), (0..frames).map(|k| vec![item(k)]).collect())])
}

#[test]
fn frames_of_as_many_stacks_are_grouped_without_comparing_each_with_all() {
    let stack = |k: usize| items((0x0020, 0x9111), vec![vec![text((0x0020, 0x9056), "SH", &k.to_string())]]);
    let bytes = frames_with(10_000, stack);
    let start = Instant::now();
    let series = open(vec![file("a", bytes)], &Limits::default()).unwrap();
    assert_eq!((series.len(), series[9999].dims), (10_000, [1, 1, 1]));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn frames_of_one_stack_in_as_many_sizes_meet_the_limit() {
    let size = |k: usize| {
        let mm = 1.01f64.powi(k as i32 % 1001 - 500);
        items((0x0028, 0x9110), vec![vec![decimals((0x0028, 0x0030), &[mm, mm])]])
    };
    let sizes = |frames: usize| open(vec![file("a", frames_with(frames, size))], &Limits::default()).unwrap();
    let (most, one_more) = (sizes(1000), sizes(1001));
    assert_eq!((most.len(), most[0].problems.len()), (1000, 0));
    let problem = "1 other file(s) could not be read; the first: a series has slices of more than 1000 \
                   directions or pixel sizes";
    assert_eq!((one_more.len(), one_more[0].problems.as_slice()), (1000, [problem.to_owned()].as_slice()));
}

#[test]
fn a_huge_element_in_a_tiny_file_costs_nothing() {
    let error = open(vec![file("huge", huge_element())], &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), "decoding");
    assert!(error.place().unwrap().contains("(0010,0010), byte "), "{:?}", error.place());
}

//! One tiny image in every compressed transfer syntax that is read.
//!
//! The frames come from independent encoders, see `support/frames.rs`.

#![allow(clippy::unwrap_used)]

mod support;

use saswin_scan_io::{Limits, ScanError, open};
use support::dicom::{Element, Encoding, PIXELS, SliceSpec, Value, short, write};
use support::file;
use support::frames::{self, hex, truth};

fn image(syntax: &str, fragments: Vec<Vec<u8>>, extra: Vec<Element>) -> Vec<u8> {
    let mut all = vec![short((0x0028, 0x0101), 12), short((0x0028, 0x0102), 11)];
    all.retain(|(tag, _)| !extra.iter().any(|(other, _)| other == tag));
    all.extend(extra);
    all.push((PIXELS, Value::Fragments([vec![Vec::new()], fragments].concat())));
    let spec = SliceSpec { columns: 8, rows: 6, extra: all, ..SliceSpec::default() };
    write(&spec.elements(), Encoding::Explicit, Some(syntax))
}

fn decode(bytes: Vec<u8>) -> Result<Vec<f32>, ScanError> {
    let series = open(vec![file("a", bytes)], &Limits::default())?;
    Ok(series[0].load(0)?.volume.voxels)
}

fn even(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

#[test]
fn lossless_codecs_are_exact() {
    let expected: Vec<f32> = truth().into_iter().map(f32::from).collect();
    for (syntax, text) in [
        ("1.2.840.10008.1.2.4.57", frames::JPEG_LOSSLESS),
        ("1.2.840.10008.1.2.4.80", frames::JPEG_LS),
        ("1.2.840.10008.1.2.4.90", frames::JPEG_2000),
    ] {
        let whole = even(hex(text));
        assert_eq!(decode(image(syntax, vec![whole.clone()], vec![])).unwrap(), expected, "{syntax}");
        // One frame may be cut into several fragments.
        let cut = vec![whole[..30].to_vec(), whole[30..].to_vec()];
        assert_eq!(decode(image(syntax, cut, vec![])).unwrap(), expected, "{syntax} in two fragments");
    }
}

#[test]
fn lossless_jpeg_with_restart_intervals_is_refused() {
    let with = |syntax: &str, interval: &str| {
        let frame = hex(&frames::JPEG_LOSSLESS.replacen("ffd8", &format!("ffd8ffdd0004{interval}"), 1));
        decode(image(syntax, vec![even(frame)], vec![]))
    };
    for syntax in ["1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"] {
        let error = with(syntax, "0008").unwrap_err();
        assert_eq!(error.kind(), "unsupported", "{error}");
        assert!(error.message().contains("restart"), "{error}");
        assert_eq!(with(syntax, "0000").unwrap()[47], f32::from(truth()[47]));
    }
}

#[test]
fn lossless_jpeg_with_a_point_transform_is_refused() {
    let mut frame = hex(frames::JPEG_LOSSLESS);
    let scan = frame.windows(2).position(|w| w == [0xFF, 0xDA]).unwrap();
    let last = scan + 1 + usize::from(u16::from_be_bytes([frame[scan + 2], frame[scan + 3]]));
    frame[last] |= 1;
    let error = decode(image("1.2.840.10008.1.2.4.70", vec![even(frame)], vec![])).unwrap_err();
    assert_eq!(error.kind(), "unsupported", "{error}");
    assert!(error.message().contains("point transform"), "{error}");
}

#[test]
fn signed_jpeg_2000_keeps_its_sign() {
    let mut signed = hex(frames::JPEG_2000);
    signed[42] |= 0x80;
    let extra = vec![short((0x0028, 0x0103), 1)];
    let voxels = decode(image("1.2.840.10008.1.2.4.90", vec![even(signed)], extra)).unwrap();
    assert!(voxels.iter().zip(truth()).all(|(&v, t)| v == f32::from(t) - 2048.0));
}

#[test]
fn near_lossless_stays_within_its_bound() {
    let voxels =
        decode(image("1.2.840.10008.1.2.4.81", vec![even(hex(frames::JPEG_LS_NEAR_2))], vec![])).unwrap();
    assert_eq!(voxels[..8], [5.0, 5.0, 5.0, 5.0, 590.0, 925.0, 1331.0, 1813.0]);
    assert!(voxels.iter().zip(truth()).all(|(&v, t)| (v - f32::from(t)).abs() <= 2.0));
}

#[test]
fn baseline_jpeg_is_near() {
    let bits = vec![short((0x0028, 0x0100), 8), short((0x0028, 0x0101), 8), short((0x0028, 0x0102), 7)];
    let voxels =
        decode(image("1.2.840.10008.1.2.4.50", vec![even(hex(frames::JPEG_BASELINE))], bits)).unwrap();
    assert!(voxels.iter().zip(truth()).all(|(&v, t)| (v - f32::from(t >> 4)).abs() <= 2.0), "{voxels:?}");
}

#[test]
fn rle_is_exact() {
    let voxels = decode(image("1.2.840.10008.1.2.5", vec![even(frames::rle())], vec![])).unwrap();
    assert!(voxels.iter().zip(truth()).all(|(&v, t)| v == f32::from(t)));
}

#[test]
fn frames_are_found_by_magic_when_the_offset_table_is_empty() {
    let whole = even(hex(frames::JPEG_LS));
    let cut = || vec![whole[..30].to_vec(), whole[30..].to_vec()];
    let extra = vec![support::dicom::text((0x0028, 0x0008), "IS", "2")];
    let bytes = image("1.2.840.10008.1.2.4.80", [cut(), cut()].concat(), extra);
    let series = open(vec![file("a", bytes)], &Limits::default()).unwrap();
    assert_eq!(series[0].frames, 2);
    assert_eq!(series[0].load(1).unwrap().volume.voxels[4], 592.0);
}

#[test]
fn other_syntaxes_are_refused_by_uid_and_name() {
    for (syntax, name) in [
        ("1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 Image Compression (Lossless Only)"),
        ("1.2.840.10008.1.2.4.110", "JPEG XL Lossless"),
        ("1.2.840.10008.1.2.4.100", "MPEG2 Main Profile / Main Level"),
        ("1.2.3.4.5", "private or unknown"),
    ] {
        let error = decode(image(syntax, vec![vec![0; 8]], vec![])).unwrap_err();
        let expected = format!("the transfer syntax {syntax} ({name}) is not read");
        assert_eq!((error.kind(), error.message()), ("unsupported", expected.as_str()));
    }
}

#[test]
fn damaged_frames_are_errors_with_a_place() {
    for (syntax, text) in [
        ("1.2.840.10008.1.2.4.50", frames::JPEG_BASELINE),
        ("1.2.840.10008.1.2.4.80", frames::JPEG_LS),
        ("1.2.840.10008.1.2.4.90", frames::JPEG_2000),
        ("1.2.840.10008.1.2.5", "0300000040000000"),
    ] {
        let cut = hex(text)[..(hex(text).len() / 3) & !1].to_vec();
        let error = decode(image(syntax, vec![cut], vec![])).unwrap_err();
        assert_eq!(error.kind(), "decoding", "{syntax}: {error}");
        assert!(error.place().unwrap().contains("(7FE0,0010), byte "), "{:?}", error.place());
    }
}

#[test]
fn a_size_that_the_codec_contradicts_is_refused() {
    let extra = vec![short((0x0028, 0x0010), 600)];
    for (syntax, text) in
        [("1.2.840.10008.1.2.4.80", frames::JPEG_LS), ("1.2.840.10008.1.2.4.90", frames::JPEG_2000)]
    {
        let error = decode(image(syntax, vec![even(hex(text))], extra.clone())).unwrap_err();
        assert!(error.message().contains("8×6"), "{error}");
    }
}

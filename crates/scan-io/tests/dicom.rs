//! DICOM series: grouping, order, geometry, values.

#![allow(clippy::unwrap_used)]

mod support;

use saswin_scan_io::{Doubt, Format, Limits, Scan, Series, SourceFile, open};
use saswin_volume::{Affine, Modality};
use support::dicom::{
    Element, Encoding, PIXELS, SliceSpec, Value, dataset, decimals, items, short, text, write,
};
use support::file;

fn open_all(files: Vec<SourceFile>) -> Vec<Series> {
    open(files, &Limits::default()).unwrap()
}

fn open_one(files: Vec<SourceFile>) -> Series {
    let mut all = open_all(files);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// Axial slices 5 mm apart, written in a shuffled order; every pixel holds its slice number.
fn slices(count: u16) -> Vec<SliceSpec> {
    (0..count)
        .map(|k| (k * 7 + 3) % count)
        .map(|k| SliceSpec {
            position: [-10.0, -20.0, 5.0 * f64::from(k)],
            number: count - k,
            pixels: vec![k; 12],
            ..SliceSpec::default()
        })
        .collect()
}

fn files(specs: &[SliceSpec]) -> Vec<SourceFile> {
    specs.iter().enumerate().map(|(i, s)| file(&format!("IM{i:04}"), s.bytes())).collect()
}

fn load(specs: &[SliceSpec]) -> Scan {
    open_one(files(specs)).load(0).unwrap()
}

/// Files that lack `tags`.
fn files_without(specs: &[SliceSpec], tags: &[(u16, u16)]) -> Vec<SourceFile> {
    let bytes = |s: &SliceSpec| {
        let kept: Vec<Element> = s.elements().into_iter().filter(|(t, _)| !tags.contains(t)).collect();
        write(&kept, Encoding::Explicit, None)
    };
    specs.iter().enumerate().map(|(i, s)| file(&format!("IM{i:04}"), bytes(s))).collect()
}

#[test]
fn slices_are_ordered_by_position_and_placed_in_ras() {
    let series = open_one(files(&slices(10)));
    assert_eq!((series.format, series.modality, series.files), (Format::Dicom, Modality::Mr, 10));
    assert_eq!(series.description, "t1 head");
    assert!(series.preferred && !series.localiser && series.problems.is_empty(), "{:?}", series.problems);
    let volume = series.load(0).unwrap().volume;
    assert_eq!(volume.grid.dims, [4, 3, 10]);
    assert!((0..10).all(|k| volume.at([1, 1, k]) == k as f32));
    let expected = Affine {
        linear: [[-1.5, 0.0, 0.0], [0.0, -2.0, 0.0], [0.0, 0.0, 5.0]],
        translation: [10.0, 20.0, 0.0],
    };
    assert_eq!(volume.grid.affine, expected);
}

#[test]
fn every_encoding_reads_the_same() {
    // Among private sequences that software which did not know them passed on.
    let inner = items((0x2005, 0x1084), vec![vec![text((0x2005, 0x1030), "LO", "odd one")], vec![]]);
    let private = vec![vec![inner, short((0x2005, 0x1060), 5)], vec![short((0x2005, 0x1060), 6)]];
    let extra = vec![
        ((0x2001, 0x105F), Value::Unknown(private.clone(), true)),
        ((0x0019, 0x105F), Value::Items(vec![vec![((0x2005, 0x1402), Value::Unknown(private, true))]])),
        ((0x2005, 0x1402), Value::Unknown(vec![], true)),
        decimals((0x0028, 0x1053), &[2.0]),
    ];
    let spec = SliceSpec { extra, ..SliceSpec::default() };
    let truth: Vec<f32> = (0..12).map(|v| 2.0 * v as f32).collect();
    for encoding in [Encoding::Implicit, Encoding::Explicit, Encoding::Big, Encoding::Deflated] {
        let bytes = write(&spec.elements(), encoding, None);
        let scan = open_one(vec![file("a", bytes)]).load(0).unwrap();
        assert_eq!(scan.volume.voxels, truth, "{encoding:?}");
    }
    for encoding in [Encoding::Implicit, Encoding::Explicit, Encoding::Big] {
        let bare = dataset(&spec.elements(), encoding);
        assert_eq!(open_one(vec![file("a", bare)]).load(0).unwrap().volume.voxels, truth, "{encoding:?}");
    }
    let no_preamble = write(&spec.elements(), Encoding::Explicit, None)[132..].to_vec();
    assert_eq!(open_one(vec![file("a", no_preamble)]).load(0).unwrap().volume.voxels, truth);
    // A writer that declares implicit VR but writes explicit.
    let lying = write(&spec.elements(), Encoding::Explicit, Some("1.2.840.10008.1.2"));
    assert_eq!(open_one(vec![file("a", lying)]).load(0).unwrap().volume.voxels, truth);
}

#[test]
fn stored_bits_sign_and_rescale_make_the_value() {
    let spec = SliceSpec {
        modality: "CT",
        // 12 stored bits; the upper four hold an overlay and must not count.
        pixels: vec![0x0FFF, 0xF001, 0x0800, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        extra: vec![
            short((0x0028, 0x0101), 12),
            short((0x0028, 0x0102), 11),
            short((0x0028, 0x0103), 1),
            decimals((0x0028, 0x1052), &[-1024.0]),
            decimals((0x0028, 0x1053), &[2.0]),
            decimals((0x0028, 0x1050), &[40.0, 600.0]),
            decimals((0x0028, 0x1051), &[80.0, 2800.0]),
        ],
        ..SliceSpec::default()
    };
    let scan = load(&[spec]);
    assert_eq!(scan.volume.voxels[..4], [-1026.0, -1022.0, -5120.0, -1024.0]);
    assert_eq!((scan.modality, scan.window), (Modality::Ct, Some((40.0, 80.0))));
}

#[test]
fn eight_and_thirty_two_bit_pixels_are_read() {
    let bits =
        |n: u16| vec![short((0x0028, 0x0100), n), short((0x0028, 0x0101), n), short((0x0028, 0x0102), n - 1)];
    let mut extra = bits(8);
    extra.push((PIXELS, Value::Bytes("OB", (0..12).collect())));
    assert_eq!(load(&[SliceSpec { extra, ..SliceSpec::default() }]).volume.voxels[11], 11.0);
    let mut extra = bits(32);
    let wide = (0..12u32).flat_map(|v| (v * 100_000).to_le_bytes()).collect();
    extra.push((PIXELS, Value::Bytes("OW", wide)));
    assert_eq!(load(&[SliceSpec { extra, ..SliceSpec::default() }]).volume.voxels[11], 1_100_000.0);
}

#[test]
fn what_is_not_finite_becomes_background_with_a_note() {
    // Slice k holds k but for one pixel that is not finite and, in the third, air.
    let slice = |k: u16, depth: f64| {
        let mut values = [f32::from(k); 12];
        values[5] = if k == 1 { f32::NEG_INFINITY } else { f32::NAN };
        values[0] = if k == 2 { -1000.0 } else { values[0] };
        let floats = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let extra = vec![short((0x0028, 0x0100), 32), ((0x7FE0, 0x0008), Value::Bytes("OF", floats))];
        let position = [0.0, 0.0, depth];
        let mut elements = SliceSpec { modality: "CT", position, extra, ..SliceSpec::default() }.elements();
        elements.retain(|(tag, _)| *tag != PIXELS);
        file(&format!("IM{k}"), write(&elements, Encoding::Explicit, None))
    };
    let read = |depths: [f64; 4]| open_one((0..).zip(depths).map(|(k, z)| slice(k, z)).collect());
    // Evenly spaced slices are taken as they are, others are resampled, here with two more between the last ones.
    for last in [15.0, 25.0] {
        let series = read([0.0, 5.0, 10.0, last]);
        let scan = series.load(0).unwrap();
        let volume = &scan.volume;
        assert_eq!([0, 1, 2].map(|k| volume.at([1, 1, k])), [-1000.0; 3], "{last}");
        assert_eq!([0, 1, 2].map(|k| volume.at([0, 1, k])), [0.0, 1.0, 2.0], "{last}");
        assert!(scan.notes.iter().any(|n| n.starts_with("4 voxels were not finite")), "{:?}", scan.notes);
        assert!(series.thumbnail(4).is_ok());
    }
}

#[test]
fn monochrome1_is_turned_over_but_hounsfield_units_are_not() {
    let extra = vec![
        text((0x0028, 0x0004), "CS", "MONOCHROME1"),
        short((0x0028, 0x0101), 8),
        short((0x0028, 0x0102), 7),
    ];
    let mr = SliceSpec { extra, ..SliceSpec::default() };
    let scan = load(std::slice::from_ref(&mr));
    assert_eq!(scan.volume.voxels[..2], [255.0, 254.0]);
    assert!(scan.notes.iter().any(|n| n.contains("MONOCHROME1")), "{:?}", scan.notes);
    assert_eq!(load(&[SliceSpec { modality: "CT", ..mr }]).volume.voxels[..2], [0.0, 1.0]);
}

#[test]
fn the_window_of_monochrome1_is_turned_over_with_the_values() {
    // Values from -100 to 1100 in 12 bits that could hold up to 8090.
    let spec = |modality, photometric| SliceSpec {
        modality,
        pixels: (0..12).map(|v| v * 600 / 11).collect(),
        extra: vec![
            text((0x0028, 0x0004), "CS", photometric),
            short((0x0028, 0x0101), 12),
            short((0x0028, 0x0102), 11),
            decimals((0x0028, 0x1052), &[-100.0]),
            decimals((0x0028, 0x1053), &[2.0]),
            decimals((0x0028, 0x1050), &[500.0]),
            decimals((0x0028, 0x1051), &[1200.0]),
        ],
        ..SliceSpec::default()
    };
    let show = |modality, photometric| {
        let series = open_one(files(&[spec(modality, photometric)]));
        (series.load(0).unwrap().window, series.thumbnail(4).unwrap().pixels)
    };
    let ((upright, black), (turned, white)) = (show("MR", "MONOCHROME2"), show("MR", "MONOCHROME1"));
    assert_eq!((upright, turned), (Some((500.0, 1200.0)), Some((7490.0, 1200.0))));
    assert!(black.contains(&0) && black.contains(&255), "{black:?}");
    // Rounding down may cost one grey level.
    assert!(black.iter().zip(&white).all(|(b, w)| (254..=255).contains(&(u16::from(*b) + u16::from(*w)))));
    assert_eq!(show("CT", "MONOCHROME1"), (upright, black));
}

#[test]
fn a_ct_that_states_no_window_is_shown_in_that_of_brains() {
    let of = |modality| load(&[SliceSpec { modality, ..SliceSpec::default() }]).window;
    assert_eq!([of("CT"), of("MR")], [Some((40.0, 80.0)), None]);
}

#[test]
fn mixed_series_are_told_apart_and_the_head_is_preferred() {
    let mut specs = slices(10);
    specs.extend(slices(12).into_iter().map(|s| SliceSpec { series: "9.9", ..s }));
    let scout = text((0x0008, 0x103E), "LO", "3-plane Scout");
    for orientation in [[0.0, 1.0, 0.0, 0.0, 0.0, -1.0], [1.0, 0.0, 0.0, 0.0, 0.0, -1.0]] {
        let (columns, rows, pixels) = (40, 40, vec![0; 1600]);
        let extra = vec![scout.clone()];
        specs.push(SliceSpec {
            series: "5.5",
            orientation,
            columns,
            rows,
            pixels,
            extra,
            ..SliceSpec::default()
        });
    }
    let mut all = files(&specs);
    all.push(file("DICOMDIR", write(&[], Encoding::Explicit, None)));
    all.push(file(".DS_Store", vec![0, 0, 0, 1, b'B', b'u', b'd', b'1']));
    all.push(file("README.TXT", b"nothing to see".to_vec()));
    let series = open_all(all);
    let shape: Vec<_> = series.iter().map(|s| (s.dims[2], s.localiser, s.preferred)).collect();
    assert_eq!(shape, [(10, false, false), (12, false, true), (1, true, false), (1, true, false)]);
    assert!(series.iter().all(|s| s.problems.is_empty()), "{:?}", series[0].problems);
}

#[test]
fn a_ct_for_brain_is_preferred_to_one_for_bone_of_its_size() {
    let of = |series: &'static str, count: u16, kernel: &str| {
        let extra = vec![text((0x0018, 0x1210), "SH", kernel)];
        slices(count).into_iter().map(move |s| SliceSpec {
            series,
            modality: "CT",
            extra: extra.clone(),
            ..s
        })
    };
    let preferred = |all: &[(&'static str, u16, &str)]| {
        let specs: Vec<_> =
            all.iter().flat_map(|&(series, count, kernel)| of(series, count, kernel)).collect();
        open_all(files(&specs)).iter().position(|s| s.preferred).unwrap()
    };
    assert_eq!(preferred(&[("1.1", 12, "H70h\\3"), ("2.2", 12, "H31s"), ("3.3", 12, "J40s")]), 1);
    assert_eq!(preferred(&[("1.1", 13, "BONEPLUS"), ("2.2", 12, "STANDARD")]), 1);
    // Thin slices for bone are still more than thick ones for brain.
    assert_eq!(preferred(&[("1.1", 12, "STANDARD"), ("2.2", 24, "BONE")]), 1);
    assert_eq!(preferred(&[("1.1", 12, "H31s"), ("2.2", 13, "H41s")]), 1);
}

#[test]
fn echoes_and_components_are_split() {
    let with = |extra: Vec<_>| slices(8).into_iter().map(move |s| SliceSpec { extra: extra.clone(), ..s });
    let mut specs: Vec<_> = with(vec![decimals((0x0018, 0x0081), &[20.0])]).collect();
    specs.extend(with(vec![decimals((0x0018, 0x0081), &[80.0])]));
    specs.extend(with(vec![text((0x0008, 0x0008), "CS", "ORIGINAL\\PRIMARY\\P")]));
    assert_eq!(open_all(files(&specs)).len(), 3);
}

/// A function that linear interpolation reproduces exactly.
fn ramp([x, y, z]: [f64; 3]) -> f64 {
    3.0 * x - 2.0 * y + 5.0 * z + 2000.0
}

/// CT slices of [`ramp`] (over RAS) at the given LPS positions.
fn ramp_slices(positions: &[[f64; 3]]) -> Vec<SliceSpec> {
    let slice = |&[x, y, z]: &[f64; 3]| {
        let (columns, rows) = (20u16, 30u16);
        let at =
            |i: u16, j: u16| ramp([-(x + 1.5 * f64::from(i)), -(y + 2.0 * f64::from(j)), z]).round() as u16;
        SliceSpec {
            modality: "CT",
            columns,
            rows,
            position: [x, y, z],
            pixels: (0..rows).flat_map(|j| (0..columns).map(move |i| at(i, j))).collect(),
            ..SliceSpec::default()
        }
    };
    positions.iter().map(slice).collect()
}

/// Share of voxels that hold the ramp at their place, within rounding of the stored numbers.
fn on_ramp(scan: &Scan) -> f64 {
    let grid = &scan.volume.grid;
    let mut right = 0;
    for k in 0..grid.dims[2] {
        for j in 0..grid.dims[1] {
            for i in 0..grid.dims[0] {
                let place = grid.affine.apply([i as f64, j as f64, k as f64]);
                right += usize::from((f64::from(scan.volume.at([i, j, k])) - ramp(place)).abs() <= 1.01);
            }
        }
    }
    right as f64 / grid.len() as f64
}

#[test]
fn gantry_tilt_is_resampled_to_a_right_angle() {
    let shift = 5.0 * 18.5f64.to_radians().tan();
    let positions: Vec<_> =
        (0..12).map(|k| [5.0, -10.0 + shift * f64::from(k), 5.0 * f64::from(k)]).collect();
    let scan = load(&ramp_slices(&positions));
    assert!(
        scan.notes.iter().any(|n| n == "gantry tilt of 18.5° was corrected by resampling"),
        "{:?}",
        scan.notes
    );
    // 11 · 1.67 mm over 2 mm rows: ten more rows, and the same number of voxels outside of the source.
    assert_eq!(scan.volume.grid.dims, [20, 40, 12]);
    let share = on_ramp(&scan);
    assert!((0.72..=0.751).contains(&share), "{share}");
}

#[test]
fn uneven_slices_are_resampled_to_the_finer_distance() {
    let depths = [0.0, 3.0, 6.0, 9.0, 12.0, 15.0, 20.0, 27.0, 34.0, 42.0];
    let positions: Vec<_> = depths.iter().map(|&z| [5.0, -10.0, z]).collect();
    let scan = load(&ramp_slices(&positions));
    assert_eq!(scan.notes, ["uneven slice distances were resampled to 3.00 mm"]);
    assert_eq!(scan.volume.grid.dims, [20, 30, 15]);
    assert_eq!(on_ramp(&scan), 1.0);
}

#[test]
fn missing_slices_are_filled_and_named() {
    let positions: Vec<_> =
        [0, 1, 2, 5, 6, 7, 8, 9].iter().map(|&k| [5.0, -10.0, 4.0 * f64::from(k)]).collect();
    let scan = load(&ramp_slices(&positions));
    assert_eq!(scan.notes, ["2 slice(s) are missing and were filled in by interpolation"]);
    assert_eq!(scan.slices.missing, 2);
    assert_eq!(scan.volume.grid.dims[2], 10);
    assert_eq!(on_ramp(&scan), 1.0);
}

#[test]
fn scattered_slices_are_refused() {
    let positions = [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 2.0], [0.0, 0.0, 900.0]];
    let error = open(files(&ramp_slices(&positions)), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), "unsupported");
    assert!(error.place().unwrap().contains("(0020,0032)"));
}

#[test]
fn a_time_series_becomes_volumes_and_a_lone_repeat_is_dropped() {
    let mut specs = Vec::new();
    for time in 0..3u16 {
        specs.extend(slices(8).into_iter().map(|s| SliceSpec {
            number: time * 8 + s.pixels[0],
            pixels: vec![100 * time + s.pixels[0]; 12],
            ..s
        }));
    }
    let series = open_one(files(&specs));
    assert_eq!((series.frames, series.dims), (3, [4, 3, 8]));
    assert_eq!(series.load(2).unwrap().volume.at([0, 0, 5]), 205.0);

    let mut specs = slices(8);
    specs.push(SliceSpec { number: 99, ..specs[2].clone() });
    let scan = load(&specs);
    assert_eq!(scan.notes, ["1 slice(s) repeat a position and were left out"]);
    assert_eq!(scan.volume.grid.dims, [4, 3, 8]);
}

/// Repetitions of one stack, marked by `mark`; every pixel holds 100 times the repetition plus its slice.
fn repeated(mark: impl Fn(u16) -> Element) -> Vec<SliceSpec> {
    let of = |time: u16| {
        let extra = vec![mark(time)];
        slices(8).into_iter().map(move |s| SliceSpec {
            number: time * 8 + s.pixels[0],
            pixels: vec![100 * time + s.pixels[0]; 12],
            extra: extra.clone(),
            ..s
        })
    };
    (0..3).flat_map(of).collect()
}

#[test]
fn a_repetition_that_lacks_a_slice_does_not_mix_with_others() {
    let acquisition = |t: u16| text((0x0020, 0x0012), "IS", &(t + 1).to_string());
    let b_value =
        |t: u16| ((0x0018, 0x9087), Value::Bytes("FD", (1000.0 * f64::from(t)).to_le_bytes().to_vec()));
    for mut specs in [repeated(acquisition), repeated(b_value)] {
        let lost = specs.iter().position(|s| s.pixels[0] == 104).unwrap();
        specs.remove(lost);
        let series = open_one(files(&specs));
        assert_eq!((series.frames, series.dims), (2, [4, 3, 8]));
        for (index, base) in [(0, 0.0), (1, 200.0)] {
            let scan = series.load(index).unwrap();
            assert!((0..8).all(|k| scan.volume.at([0, 0, k]) == base + k as f32), "{:?}", scan.volume.voxels);
            let read = format!("volume {} of 2 was read", index + 1);
            assert_eq!(scan.notes, ["1 repetition(s) lack slices and were left out", &read]);
        }
    }
}

#[test]
fn a_repetition_that_was_moved_lies_where_it_was_taken() {
    let at = |moved: f64| -> Vec<[f64; 3]> {
        (0..8).map(|k| [5.0 + moved, -10.0 - moved, 4.0 * f64::from(k)]).collect()
    };
    let specs: Vec<_> = [0.0, 7.0].iter().flat_map(|&moved| ramp_slices(&at(moved))).collect();
    let numbered = (1..).zip(specs).map(|(number, s)| SliceSpec { number, ..s });
    let series = open_one(files(&numbered.collect::<Vec<_>>()));
    assert_eq!((series.frames, series.dims), (2, [20, 30, 8]));
    assert_eq!([0, 1].map(|index| on_ramp(&series.load(index).unwrap())), [1.0; 2]);
}

/// CT slices at `depths`, as thick as `thickness` says of each depth.
fn thick_slices(depths: &[f64], thickness: impl Fn(f64) -> f64) -> Vec<SliceSpec> {
    let slice = |&z: &f64| SliceSpec {
        extra: vec![decimals((0x0018, 0x0050), &[thickness(z)])],
        ..ramp_slices(&[[5.0, -10.0, z]]).remove(0)
    };
    depths.iter().map(slice).collect()
}

#[test]
fn slices_of_two_thicknesses_are_not_missing_ones() {
    let depths = [0.0, 2.5, 5.0, 7.5, 10.0, 12.5, 17.5, 22.5, 27.5];
    let scan = load(&thick_slices(&depths, |z| if z > 13.0 { 5.0 } else { 2.5 }));
    assert_eq!(scan.slices.missing, 0, "{:?}", scan.notes);
    assert_eq!(scan.notes, ["uneven slice distances were resampled to 2.50 mm"]);
    assert_eq!(scan.slices.thickness_mm, Some(5.0), "the thick ones are what findings are less certain in");
}

#[test]
fn a_slice_that_is_missing_among_two_thicknesses_is_counted_once() {
    let missing = |depths: &[f64], thin_to: f64| {
        load(&thick_slices(depths, |z| if z > thin_to { 5.0 } else { 2.5 })).slices.missing
    };
    // Without the one at 27.5, and without the one at 45: first thin ones are the more, then thick ones.
    assert_eq!(missing(&[0.0, 2.5, 5.0, 7.5, 10.0, 12.5, 17.5, 22.5, 32.5], 13.0), 1);
    assert_eq!(missing(&[0.0, 2.5, 5.0, 7.5, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 50.0], 11.0), 1);
    // Where positions are those of centres, thin and thick ones that touch are 3.75 mm apart.
    assert_eq!(missing(&[0.0, 2.5, 5.0, 8.75, 13.75, 18.75], 6.0), 0);
    assert_eq!(missing(&[0.0, 2.5, 5.0, 8.75, 13.75, 23.75, 28.75], 6.0), 1);
    assert_eq!(missing(&[0.0, 2.5, 5.0, 13.75, 18.75, 23.75], 6.0), 1);
}

#[test]
fn slices_that_overlap_or_lie_apart_are_counted_by_their_distance() {
    for (distance, thickness) in [(6.0, 5.0), (7.5, 5.0), (10.0, 5.0), (2.0, 3.0)] {
        let missing = |places: &[f64]| {
            let depths: Vec<f64> = places.iter().map(|k| distance * k).collect();
            load(&thick_slices(&depths, |_| thickness)).slices.missing
        };
        assert_eq!(missing(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), 0, "{distance} {thickness}");
        assert_eq!(missing(&[0.0, 1.0, 2.0, 4.0, 5.0, 6.0, 9.0, 10.0]), 3, "{distance} {thickness}");
    }
}

#[test]
fn what_geometry_a_file_does_not_state_is_doubted() {
    assert_eq!(load(&slices(10)).doubts, []);
    let without = |tag: (u16, u16)| open_one(files_without(&slices(10), &[tag])).load(0).unwrap().doubts;
    assert_eq!(without((0x0020, 0x0032)), [Doubt::Sides]);
    assert_eq!(without((0x0028, 0x0030)), [Doubt::Size]);
}

#[test]
fn slices_without_pixel_distance_keep_their_place() {
    let unusable = |s: SliceSpec| SliceSpec { extra: vec![decimals((0x0028, 0x0030), &[0.0, 0.0])], ..s };
    let unusable: Vec<_> = slices(10).into_iter().map(unusable).collect();
    for all in [files_without(&slices(10), &[(0x0028, 0x0030)]), files(&unusable)] {
        let scan = open_one(all).load(0).unwrap();
        assert!((0..10).all(|k| scan.volume.at([1, 1, k]) == k as f32));
        let expected = Affine {
            linear: [[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 5.0]],
            translation: [10.0, 20.0, 0.0],
        };
        assert_eq!(scan.volume.grid.affine, expected);
        assert_eq!(scan.notes, ["the distance of pixels is not stated: 1 mm is assumed"]);
        assert_eq!(scan.doubts, [Doubt::Size]);
    }
}

#[test]
fn interleaved_slices_without_position_are_stacked_as_numbered() {
    // Slices 1, 3, 5, 7 are taken first, then 2, 4, 6, 8; every pixel holds its slice's number.
    let slice = |turn: u16| {
        let number = if turn < 4 { 2 * turn + 1 } else { 2 * (turn - 4) + 2 };
        let time = text((0x0008, 0x0032), "TM", &format!("1200{turn:02}.5"));
        SliceSpec { number, pixels: vec![number; 12], extra: vec![time], ..SliceSpec::default() }
    };
    let specs: Vec<_> = (0..8).rev().map(slice).collect();
    let pose = [(0x0020, 0x0032), (0x0020, 0x0037)];
    let order = |tags: &[(u16, u16)]| {
        let volume = open_one(files_without(&specs, tags)).load(0).unwrap().volume;
        (0..8).map(|k| volume.at([0, 0, k])).collect::<Vec<_>>()
    };
    assert_eq!(order(&pose), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    // Without numbers, times are the best there is.
    let unnumbered = [pose.as_slice(), &[(0x0020, 0x0013)]].concat();
    assert_eq!(order(&unnumbered), [1.0, 3.0, 5.0, 7.0, 2.0, 4.0, 6.0, 8.0]);
}

#[test]
fn a_contrast_medium_is_known_but_not_its_name() {
    let agent = |name: &str| text((0x0018, 0x0010), "LO", name);
    let listed = |items_of: Vec<Vec<Element>>| items((0x0018, 0x0012), items_of);
    let given = |extra| load(&[SliceSpec { modality: "CT", extra, ..SliceSpec::default() }]).contrast_medium;
    assert!(given(vec![agent("SECRETOL 300")]));
    assert!(given(vec![listed(vec![vec![text((0x0008, 0x0104), "LO", "SECRETOL")]])]));
    for nothing in [vec![], vec![agent("")], vec![agent("  ")], vec![agent("None ")], vec![listed(vec![])]] {
        assert!(!given(nothing));
    }
    let mut all = slices(3);
    all[1].extra = vec![agent("SECRETOL 300")];
    let series = open_one(files(&all));
    assert!(series.load(0).unwrap().contrast_medium);
    assert!(!format!("{series:?}").contains("SECRETOL"));
}

#[test]
fn other_modalities_are_not_unknown_ones() {
    let of = |modality| load(&[SliceSpec { modality, ..SliceSpec::default() }]).modality;
    assert_eq!([of("PT"), of("MR"), of("")], [Modality::Other, Modality::Mr, Modality::Unknown]);
}

/// CT slices of [`ramp`] that are 4 mm apart and lie `moved` mm further up.
fn stack_at(moved: f64, count: u16) -> Vec<SliceSpec> {
    ramp_slices(&(0..count).map(|k| [5.0, -10.0, 4.0 * f64::from(k) + moved]).collect::<Vec<_>>())
}

fn marked(specs: Vec<SliceSpec>, mark: Element) -> impl Iterator<Item = SliceSpec> {
    specs.into_iter().map(move |s| SliceSpec { extra: [s.extra, vec![mark.clone()]].concat(), ..s })
}

fn acquisition(number: usize) -> Element {
    text((0x0020, 0x0012), "IS", &(number + 1).to_string())
}

#[test]
fn repetitions_that_were_moved_along_the_normal_are_volumes() {
    let temporal = |k: usize| text((0x0020, 0x0100), "IS", &(k + 1).to_string());
    let b_value =
        |k: usize| ((0x0018, 0x9087), Value::Bytes("FD", (700.0 * k as f64).to_le_bytes().to_vec()));
    let trigger = |k: usize| decimals((0x0018, 0x1060), &[33.0 * k as f64]);
    let time = |k: usize| text((0x0008, 0x0032), "TM", &format!("1200{k:02}.5"));
    let marks: [&dyn Fn(usize) -> Element; 5] = [&temporal, &b_value, &acquisition, &trigger, &time];
    for (index, mark) in marks.into_iter().enumerate() {
        for shifts in [[0.0, 0.5, 0.0], [0.0, -1.7, 2.0], [1.3, 1.3, 0.0]] {
            let repetition = |(k, &moved): (usize, &f64)| marked(stack_at(moved, 8), mark(k));
            let specs: Vec<_> = shifts.iter().enumerate().flat_map(repetition).collect();
            let series = open_one(files(&specs));
            assert_eq!((series.frames, series.dims), (3, [20, 30, 8]), "{index} {shifts:?}");
            for (k, moved) in shifts.iter().enumerate() {
                let scan = series.load(k).unwrap();
                assert_eq!(scan.notes, [format!("volume {} of 3 was read", k + 1)]);
                assert_eq!(on_ramp(&scan), 1.0, "{index} {shifts:?}");
                assert!((scan.volume.grid.affine.translation[2] - moved).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn a_long_series_that_follows_a_head_has_a_volume_for_each_acquisition() {
    let moved = |k: usize| 0.1 * ((k * 37) % 11) as f64;
    let mut specs: Vec<_> = (0..100).flat_map(|k| marked(stack_at(moved(k), 5), acquisition(k))).collect();
    // The last one was broken off.
    specs.truncate(497);
    let series = open_one(files(&specs));
    assert_eq!((series.frames, series.dims), (99, [20, 30, 5]));
    assert_eq!(series.problems, ["1 repetition(s) lack slices and were left out"]);
    assert!([0, 41, 98].iter().all(|&k| on_ramp(&series.load(k).unwrap()) == 1.0));
}

#[test]
fn acquisitions_one_below_the_other_are_one_volume() {
    for (lower, count) in [(-32.0, 16), (-28.0, 15), (-20.0, 13)] {
        let two = marked(stack_at(0.0, 8), acquisition(0));
        let specs: Vec<_> = two.chain(marked(stack_at(lower, 8), acquisition(1))).collect();
        let series = open_one(files(&specs));
        assert_eq!((series.frames, series.dims[2]), (1, count));
        assert_eq!(on_ramp(&series.load(0).unwrap()), 1.0);
    }
}

#[test]
fn acquisitions_of_unlike_stacks_are_series() {
    let two = marked(stack_at(0.0, 8), acquisition(0));
    let specs: Vec<_> = two.chain(marked(stack_at(1.7, 9), acquisition(1))).collect();
    let series = open_all(files(&specs));
    assert_eq!(series.iter().map(|s| (s.frames, s.dims[2])).collect::<Vec<_>>(), [(1, 8), (1, 9)]);
    assert!(series.iter().all(|s| s.problems.is_empty()));
}

#[test]
fn interleaved_acquisitions_are_one_volume() {
    for turns in [2, 3] {
        let turn = |s: SliceSpec| {
            let acquisition = text((0x0020, 0x0012), "IS", &(s.pixels[0] % turns + 1).to_string());
            SliceSpec { extra: vec![acquisition], ..s }
        };
        let specs: Vec<_> = slices(24).into_iter().map(turn).collect();
        let volume = open_one(files(&specs)).load(0).unwrap().volume;
        assert_eq!((volume.grid.dims, volume.grid.spacing()), ([4, 3, 24], [1.5, 2.0, 5.0]));
        assert!((0..24).all(|k| volume.at([0, 0, k]) == k as f32));
    }
}

#[test]
fn interleaved_acquisitions_that_lost_slices_are_one_volume() {
    for (turns, lost) in [(2, vec![9]), (2, vec![4, 9, 10]), (3, vec![13])] {
        let turn = |s: SliceSpec| {
            let acquisition = text((0x0020, 0x0012), "IS", &(s.pixels[0] % turns + 1).to_string());
            SliceSpec { extra: vec![acquisition], ..s }
        };
        let left = slices(24).into_iter().filter(|s| !lost.contains(&s.pixels[0]));
        let series = open_one(files(&left.map(turn).collect::<Vec<_>>()));
        let scan = series.load(0).unwrap();
        assert_eq!((series.dims, scan.slices.missing), ([4, 3, 24], lost.len()));
        assert!((0..24).all(|k| (scan.volume.at([0, 0, k]) - k as f32).abs() < 1e-4));
    }
}

#[test]
fn a_last_turn_of_fewer_slices_fills_gaps_as_others_do() {
    let turn = |k: usize| marked(vec![stack_at(0.0, 23).remove(k)], acquisition(k % 3));
    let series = open_one(files(&(0..23).flat_map(turn).collect::<Vec<_>>()));
    assert_eq!((series.frames, series.dims[2], series.problems.len()), (1, 23, 0));
}

#[test]
fn volumes_that_are_taken_in_turns_again_and_again_are_volumes() {
    // Even slices, odd ones, and the same once more.
    let turn = |number: usize| {
        let half = stack_at(0.0, 16).into_iter().skip(number % 2).step_by(2).collect();
        marked(half, acquisition(number))
    };
    let series = open_one(files(&(0..4).flat_map(turn).collect::<Vec<_>>()));
    assert_eq!((series.frames, series.dims[2], series.problems.len()), (2, 16, 0));
    assert!((0..2).all(|k| on_ramp(&series.load(k).unwrap()) == 1.0));
    // The same place twice and the gaps once are repetitions, of which one was moved by half a gap.
    let repetition = |(k, moved): (usize, f64)| marked(stack_at(moved, 8), acquisition(k));
    let specs: Vec<_> = [0.0, 2.0, 0.0].into_iter().enumerate().flat_map(repetition).collect();
    assert_eq!(open_one(files(&specs)).frames, 3);
    // A third of their distance apart, two do not fill each other's gaps.
    let specs: Vec<_> = [0.0, 4.0 / 3.0].into_iter().enumerate().flat_map(repetition).collect();
    assert_eq!(open_one(files(&specs)).frames, 2);
}

#[test]
fn enhanced_multi_frame_takes_geometry_and_scale_per_frame() {
    let frame = |k: usize, time: usize| {
        vec![
            items(
                (0x0020, 0x9111),
                vec![vec![((0x0020, 0x9128), Value::Bytes("UL", (time as u32 + 1).to_le_bytes().to_vec()))]],
            ),
            items((0x0020, 0x9113), vec![vec![decimals((0x0020, 0x0032), &[0.0, 0.0, 3.0 * k as f64])]]),
            items(
                (0x0028, 0x9145),
                vec![vec![
                    decimals((0x0028, 0x1052), &[1000.0 * time as f64]),
                    decimals((0x0028, 0x1053), &[10.0]),
                ]],
            ),
        ]
    };
    // Frames come time by time and from the top down.
    let order: Vec<(usize, usize)> = (0..2).flat_map(|time| (0..8).rev().map(move |k| (k, time))).collect();
    let shared = vec![
        items((0x0020, 0x9116), vec![vec![decimals((0x0020, 0x0037), &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])]]),
        items((0x0028, 0x9110), vec![vec![decimals((0x0028, 0x0030), &[2.0, 1.5])]]),
    ];
    let mut elements = SliceSpec::default().elements();
    elements.retain(|(tag, _)| !matches!(*tag, (0x0020, 0x0032 | 0x0037) | (0x0028, 0x0030) | PIXELS));
    elements.push(text((0x0028, 0x0008), "IS", "16"));
    elements.push(items((0x5200, 0x9229), vec![shared]));
    elements.push(items((0x5200, 0x9230), order.iter().map(|&(k, time)| frame(k, time)).collect()));
    elements
        .push((PIXELS, Value::Shorts("OW", order.iter().flat_map(|&(k, _)| vec![k as u16; 12]).collect())));
    // As archives keep groups that are newer than they are.
    let unknown = |undefined| {
        let known = elements.iter().cloned().map(|(tag, value)| match value {
            Value::Items(items) => (tag, Value::Unknown(items, undefined)),
            other => (tag, other),
        });
        (known.collect::<Vec<_>>(), Encoding::Explicit)
    };
    let [undefined, defined] = [true, false].map(unknown);
    for (elements, encoding) in
        [(elements.clone(), Encoding::Implicit), (elements.clone(), Encoding::Explicit), undefined, defined]
    {
        let series = open_one(vec![file("enhanced", write(&elements, encoding, None))]);
        assert_eq!((series.frames, series.dims, series.spacing), (2, [4, 3, 8], [1.5, 2.0, 3.0]));
        let second = series.load(1).unwrap().volume;
        assert!((0..8).all(|k| second.at([2, 1, k]) == 1000.0 + 10.0 * k as f32), "{encoding:?}");
    }
}

/// A CSA header with the given tags.
fn csa(tags: &[(&str, &[&str])]) -> Vec<u8> {
    let mut out = b"SV10\x04\x03\x02\x01".to_vec();
    let word = |out: &mut Vec<u8>, v: u32| out.extend(v.to_le_bytes());
    word(&mut out, tags.len() as u32);
    word(&mut out, 77);
    for (name, values) in tags {
        let mut field = name.as_bytes().to_vec();
        field.resize(64, 0);
        out.extend(field);
        for v in [values.len() as u32, 0, 0, values.len() as u32, 77] {
            word(&mut out, v);
        }
        for value in *values {
            let length = value.len() as u32 + 1;
            for v in [length, length, 77, length] {
                word(&mut out, v);
            }
            out.extend(value.as_bytes());
            out.resize(out.len() + 1, 0);
            out.resize(out.len().next_multiple_of(4), 0);
        }
    }
    out
}

#[test]
fn siemens_mosaics_are_cut_into_tiles() {
    // Nine 4×3 tiles of which seven are used, in a 12×9 picture; tile t holds t.
    let pixels = (0..9u16).flat_map(|row| (0..12u16).map(move |column| row / 3 * 3 + column / 4)).collect();
    let header = csa(&[
        ("EchoLinePosition", &["64"]),
        ("NumberOfImagesInMosaic", &["7"]),
        ("SliceNormalVector", &["0.0", "0.0", "1.0"]),
    ]);
    let spec = |normal: Vec<u8>| SliceSpec {
        columns: 12,
        rows: 9,
        position: [-100.0, -100.0, 50.0],
        pixels: Vec::clone(&pixels),
        extra: vec![
            text((0x0008, 0x0008), "CS", "ORIGINAL\\PRIMARY\\M\\ND\\MOSAIC"),
            decimals((0x0018, 0x0088), &[4.0]),
            text((0x0029, 0x0010), "LO", "SIEMENS CSA HEADER"),
            ((0x0029, 0x1010), Value::Bytes("OB", normal)),
        ],
        ..SliceSpec::default()
    };
    let scan = load(&[spec(header)]);
    let volume = scan.volume;
    assert_eq!((volume.grid.dims, volume.grid.spacing()), ([4, 3, 7], [1.5, 2.0, 4.0]));
    assert!((0..7).all(|k| volume.at([3, 2, k]) == k as f32));
    // The corner moves inwards by half of what the mosaic is larger than a tile.
    assert_eq!(volume.grid.affine.translation, [100.0 - 6.0, 100.0 - 6.0, 50.0]);
    // Tiles stacked against the normal end up in the opposite order.
    let down = csa(&[("NumberOfImagesInMosaic", &["7"]), ("SliceNormalVector", &["0", "0", "-1"])]);
    let volume = load(&[spec(down)]).volume;
    assert!((0..7).all(|k| volume.at([0, 0, k]) == 6.0 - k as f32));
    assert_eq!(volume.grid.affine.translation[2], 50.0 - 24.0);
}

#[test]
fn images_without_positions_are_stacked_with_a_warning() {
    let series = open_one(files_without(&[SliceSpec::default()], &[(0x0020, 0x0032), (0x0020, 0x0037)]));
    assert!(series.problems[0].contains("left and right"), "{:?}", series.problems);
    assert_eq!(series.spacing, [1.5, 2.0, 5.0]);
}

#[test]
fn what_is_no_scan_is_refused_by_name() {
    let refuse = |extra: Vec<_>| {
        let spec = SliceSpec { extra, ..SliceSpec::default() };
        open(files(&[spec]), &Limits::default()).unwrap_err()
    };
    let colour = refuse(vec![short((0x0028, 0x0002), 3)]);
    assert_eq!((colour.kind(), colour.place().unwrap().as_str()), ("unsupported", "IM0000, (0028,0002)"));
    let palette = refuse(vec![text((0x0028, 0x0004), "CS", "PALETTE COLOR")]);
    assert_eq!(palette.kind(), "unsupported");
    let mask = refuse(vec![short((0x0028, 0x0100), 1), short((0x0028, 0x0101), 1)]);
    assert!(mask.message().contains("1-bit"));
    let short_pixels = refuse(vec![(PIXELS, Value::Shorts("OW", vec![0; 5]))]);
    assert_eq!(short_pixels.kind(), "decoding");
    assert!(short_pixels.place().unwrap().contains("(7FE0,0010), byte "));
    let many = refuse(vec![text((0x0028, 0x0008), "IS", "999999")]);
    assert_eq!(many.kind(), "limits");
    let mut report = SliceSpec::default().elements();
    report.retain(|(tag, _)| !matches!(*tag, PIXELS | (0x0008, 0x0016)));
    report.push(text((0x0008, 0x0016), "UI", "1.2.840.10008.5.1.4.1.1.88.33"));
    let report =
        open(vec![file("sr", write(&report, Encoding::Explicit, None))], &Limits::default()).unwrap_err();
    assert_eq!(report.kind(), "not-a-scan");
}

#[test]
fn patient_data_is_nowhere_in_what_comes_out() {
    let mut all = files(&slices(8));
    all.push(file("bad", SliceSpec { pixels: vec![], ..SliceSpec::default() }.bytes()));
    let series = open_one(all);
    let told = format!("{:?} {:?}", series.problems, series.load(0).unwrap().notes);
    assert!(told.contains("could not be read"), "{told}");
    assert!(!format!("{series:?}{told}").contains("SECRET"), "{told}");
}

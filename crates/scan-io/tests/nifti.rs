//! NIfTI in and out.

#![allow(clippy::unwrap_used)]

mod support;

use saswin_scan_io::{
    Doubt, Format, Gray, Limits, NiftiOptions, Scan, ScanError, Series, open, write_nifti_f32, write_nifti_u8,
};
use saswin_volume::{Affine, Grid, Modality, Volume};
use support::dicom::SliceSpec;
use support::nifti::Nifti;
use support::{file, gzip, zip};

fn open_one(name: &str, bytes: Vec<u8>) -> Result<Series, ScanError> {
    open(vec![file(name, bytes)], &Limits::default()).map(|mut s| s.remove(0))
}

fn load(nifti: &Nifti) -> Volume<f32> {
    open_one("a.nii", nifti.bytes()).unwrap().load(0).unwrap().volume
}

fn oblique() -> Affine {
    // 30° about z, 1×2×3 mm, left-handed.
    let (s, c) = (0.5, 0.75f64.sqrt());
    Affine {
        linear: [[-c, -2.0 * s, 0.0], [-s, 2.0 * c, 0.0], [0.0, 0.0, 3.0]],
        translation: [10.0, -20.0, 30.5],
    }
}

fn assert_close(a: &Affine, b: &Affine) {
    let flat = |x: &Affine| x.linear.into_iter().flatten().chain(x.translation).collect::<Vec<_>>();
    for (p, q) in flat(a).into_iter().zip(flat(b)) {
        assert!((p - q).abs() < 1e-5, "{a:?}\n{b:?}");
    }
}

#[test]
fn every_number_type_and_byte_order_reads_the_same() {
    macro_rules! voxels {
        ($number:ty, $big:expr) => {
            (0..24)
                .map(|v| v as $number)
                .flat_map(|v| if $big { v.to_be_bytes() } else { v.to_le_bytes() })
                .collect::<Vec<u8>>()
        };
    }
    for version in [1, 2] {
        for big_endian in [false, true] {
            let all = [
                (2, voxels!(u8, big_endian)),
                (256, voxels!(i8, big_endian)),
                (512, voxels!(u16, big_endian)),
                (4, voxels!(i16, big_endian)),
                (768, voxels!(u32, big_endian)),
                (8, voxels!(i32, big_endian)),
                (1280, voxels!(u64, big_endian)),
                (1024, voxels!(i64, big_endian)),
                (16, voxels!(f32, big_endian)),
                (64, voxels!(f64, big_endian)),
            ];
            for (data_type, voxels) in all {
                let nifti = Nifti { version, big_endian, data_type, voxels, ..Nifti::default() };
                let volume = load(&nifti);
                assert_eq!(volume.grid.dims, [4, 3, 2]);
                assert_eq!(volume.grid.affine.translation, [-4.0, -5.0, -6.0]);
                assert!(volume.voxels.iter().enumerate().all(|(i, &v)| v == i as f32), "type {data_type}");
            }
        }
    }
}

#[test]
fn scaling_applies_unless_the_slope_is_zero() {
    let scaled = load(&Nifti { scaling: (0.5, -3.0), ..Nifti::default() });
    assert_eq!(scaled.voxels[..3], [-3.0, -2.5, -2.0]);
    let plain = load(&Nifti { scaling: (0.0, 7.0), ..Nifti::default() });
    assert_eq!(plain.voxels[..3], [0.0, 1.0, 2.0]);
}

#[test]
fn sform_goes_before_qform_before_voxel_sizes() {
    // Half a turn about x: y and z reversed.
    let qform = Some([1.0, 0.0, 0.0, 7.0, 8.0, 9.0]);
    let both = Nifti { qform, ..Nifti::default() };
    assert_eq!(load(&both).grid.affine.translation, [-4.0, -5.0, -6.0]);
    let turned = load(&Nifti { sform: None, ..both.clone() }).grid.affine;
    assert_close(
        &turned,
        &Affine {
            linear: [[2.0, 0.0, 0.0], [0.0, -2.0, 0.0], [0.0, 0.0, -2.0]],
            translation: [7.0, 8.0, 9.0],
        },
    );
    let singular = Nifti { sform: Some([0.0; 12]), ..both };
    assert_close(&load(&singular).grid.affine, &turned);
    let bare = open_one("a.nii", Nifti { sform: None, ..Nifti::default() }.bytes()).unwrap().load(0).unwrap();
    assert_eq!(bare.volume.grid.affine.linear[0], [-2.0, 0.0, 0.0]);
    assert_eq!(bare.volume.grid.affine.translation, [3.0, -2.0, -1.0]);
    assert!(bare.notes[0].contains("left and right are assumed"), "{:?}", bare.notes);
    assert_eq!(bare.doubts, [Doubt::Sides]);
    let unsized_by = |sform, qform| {
        let nifti =
            Nifti { sform, qform, pixdim: [1.0, 2.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0], ..Nifti::default() };
        open_one("a.nii", nifti.bytes()).unwrap().load(0).unwrap().doubts
    };
    assert_eq!(unsized_by(None, qform), [Doubt::Size]);
    assert_eq!(unsized_by(None, None), [Doubt::Size, Doubt::Sides]);
    assert_eq!(unsized_by(Nifti::default().sform, None), []);
}

#[test]
fn forms_that_contradict_each_other_are_doubted() {
    let doubts = |qform| {
        open_one("a.nii", Nifti { qform, ..Nifti::default() }.bytes()).unwrap().load(0).unwrap().doubts
    };
    assert_eq!(doubts(Some([1.0, 0.0, 0.0, 7.0, 8.0, 9.0])), [Doubt::Contradiction]);
    assert_eq!(doubts(Some([0.05, 0.0, 0.0, -4.0, -5.0, -6.0])), []);
    assert_eq!(doubts(None), []);
}

/// 1 mm voxels by the qform, those of `sform` by the sform.
fn two_sizes(codes: [i32; 2], sform: [f64; 12]) -> Nifti {
    Nifti {
        pixdim: [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        qform_code: codes[0],
        qform: Some([0.0, 0.0, 0.0, -1.0, -2.0, -3.0]),
        sform_code: codes[1],
        sform: Some(sform),
        ..Nifti::default()
    }
}

fn scaled(by: f64) -> [f64; 12] {
    [by, 0.0, 0.0, -4.0, 0.0, by, 0.0, -5.0, 0.0, 0.0, by, -6.0]
}

fn scan(nifti: &Nifti) -> Scan {
    open_one("a.nii", nifti.bytes()).unwrap().load(0).unwrap()
}

#[test]
fn a_head_that_a_template_stretches_keeps_its_scanned_size() {
    for version in [1, 2] {
        for codes in [[1, 3], [1, 4], [2, 4], [2, 5]] {
            let scan = scan(&Nifti { version, ..two_sizes(codes, scaled(1.15)) });
            assert_eq!(scan.volume.grid.spacing(), [1.0; 3]);
            assert_eq!(scan.volume.grid.affine.translation, [-1.0, -2.0, -3.0]);
            assert!(
                scan.notes[0].contains("1.52 times") && scan.notes[0].contains("qform"),
                "{:?}",
                scan.notes
            );
            assert_eq!(scan.doubts, []);
        }
    }
}

#[test]
fn the_note_on_contradicting_axes_names_the_form_that_was_used() {
    // Half a turn about x, and two sizes.
    let qform = Some([1.0, 0.0, 0.0, 7.0, 8.0, 9.0]);
    for (sform_code, name, doubts) in
        [(4, "qform", vec![Doubt::Contradiction]), (1, "sform", vec![Doubt::Contradiction, Doubt::Size])]
    {
        let scan = scan(&Nifti { qform, ..two_sizes([1, sform_code], scaled(1.15)) });
        assert!(scan.notes[0].ends_with(&format!("the {name} was used")), "{:?}", scan.notes);
        assert_eq!(scan.doubts, doubts);
    }
}

#[test]
fn two_sizes_that_nothing_settles_are_doubted() {
    for codes in [[1, 1], [1, 2], [3, 4], [4, 4], [0, 1], [0, 4]] {
        let scan = scan(&two_sizes(codes, scaled(1.15)));
        assert_eq!(scan.volume.grid.affine.translation, [-4.0, -5.0, -6.0]);
        assert!(scan.notes[0].contains("1.52 times") && scan.notes[0].contains("sform"), "{:?}", scan.notes);
        assert_eq!(scan.doubts, [Doubt::Size]);
    }
}

#[test]
fn sizes_that_agree_or_are_not_stated_are_not_compared() {
    let quiet = |nifti: Nifti| {
        let scan = scan(&nifti);
        assert_eq!(scan.volume.grid.affine.translation, [-4.0, -5.0, -6.0]);
        assert_eq!((scan.notes, scan.doubts), (vec![], vec![]));
    };
    quiet(two_sizes([1, 4], scaled(1.005)));
    quiet(Nifti { pixdim: [1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0], ..two_sizes([1, 4], scaled(1.15)) });
    // Slices that a gantry tilt of 18.5° moves sideways: 1 mm apart along the normal, or along the tilted axis.
    let (sine, cosine) = 18.5f64.to_radians().sin_cos();
    for z in [[sine / cosine, 1.0], [sine, cosine]] {
        quiet(two_sizes([1, 4], [1.0, 0.0, 0.0, -4.0, 0.0, 1.0, z[0], -5.0, 0.0, 0.0, z[1], -6.0]));
    }
}

#[test]
fn metres_become_millimetres() {
    let volume = load(&Nifti { units: 1, ..Nifti::default() });
    assert_eq!(volume.grid.spacing(), [2000.0; 3]);
}

#[test]
fn any_volume_of_a_4d_file_can_be_picked() {
    let voxels = (0..72i16).flat_map(i16::to_le_bytes).collect();
    let nifti = Nifti { dim: [4, 4, 3, 2, 3, 1, 1, 1], voxels, ..Nifti::default() };
    // All of them would not be expanded at once.
    let limits = Limits { max_decompressed_bytes: 100, ..Limits::default() };
    for bytes in [nifti.bytes(), gzip(&nifti.bytes())] {
        let series = open(vec![file("a.nii", bytes)], &limits).unwrap().remove(0);
        assert_eq!(series.frames, 3);
        assert_eq!(series.load(2).unwrap().volume.voxels[0], 48.0);
        assert_eq!(series.load(3).unwrap_err().kind(), "parameter");
    }
}

#[test]
fn header_and_image_files_go_together() {
    let nifti = Nifti { magic: Some(*b"ni1\0"), offset: Some(0.0), ..Nifti::default() };
    let header = nifti.header()[..348].to_vec();
    for (hdr, img) in [(header.clone(), nifti.voxels.clone()), (gzip(&header), gzip(&nifti.voxels))] {
        let files =
            vec![file("x/b.img", img), file("x/b.hdr", hdr.clone()), file("x/c.txt", b"note".to_vec())];
        let series = open(files, &Limits::default()).unwrap().remove(0);
        assert_eq!((series.files, series.problems.len()), (2, 0));
        assert_eq!(series.load(0).unwrap().volume.voxels[23], 23.0);
        let alone = open_one("x/b.hdr", hdr).unwrap_err();
        assert_eq!(alone.kind(), "not-a-scan");
        assert!(alone.remedy().unwrap().contains(".img"));
    }
}

#[test]
fn an_image_file_that_begins_like_bare_dicom_is_voxels() {
    // Group 8, an element, a short even length: how a data set begins in implicit VR.
    let start: [i16; 4] = [8, 5, 10, 0];
    let voxels: Vec<u8> = start.into_iter().chain(4..24).flat_map(i16::to_le_bytes).collect();
    let nifti = Nifti { magic: Some(*b"ni1\0"), offset: Some(0.0), ..Nifti::default() };
    let pair = |img: Vec<u8>| vec![file("b.hdr", nifti.header()[..348].to_vec()), file("b.img", img)];
    let zipped = zip(&[("b.img", voxels.clone()), ("b.hdr", nifti.header()[..348].to_vec())]);
    for files in [pair(voxels.clone()), pair(gzip(&voxels)), vec![file("c.zip", zipped)]] {
        let series = open(files, &Limits::default()).unwrap();
        assert_eq!((series.len(), series[0].files), (1, 2));
        assert_eq!(series[0].load(0).unwrap().volume.voxels[..3], [8.0, 5.0, 10.0]);
    }
    // What has the preamble is DICOM even beside a header.
    let found = open(pair(SliceSpec::default().bytes()), &Limits::default()).unwrap();
    assert!(found.iter().any(|s| s.format == Format::Dicom), "{found:?}");
}

#[test]
fn a_header_takes_the_image_file_before_others_of_its_name() {
    let nifti = Nifti { magic: Some(*b"ni1\0"), offset: Some(0.0), ..Nifti::default() };
    let header = || file("x/dwi.hdr", nifti.header()[..348].to_vec());
    let beside = || file("x/dwi.bval", b"0 1000 1000 1000 ".repeat(4));
    let last = |files| open(files, &Limits::default()).unwrap().remove(0).load(0).unwrap().volume.voxels[23];
    for (name, bytes) in [
        ("x/dwi.img", nifti.voxels.clone()),
        ("x/dwi.IMG", nifti.voxels.clone()),
        ("x/dwi.Img.GZ", gzip(&nifti.voxels)),
    ] {
        assert_eq!(last(vec![beside(), header(), file(name, bytes)]), 23.0, "{name}");
    }
    // Another name will do for what is as long as the voxels are, but not for a note on them.
    let raw = || file("x/dwi.raw", nifti.voxels.clone());
    assert_eq!(last(vec![beside(), header(), raw()]), 23.0);
    assert_eq!(last(vec![header(), file("x/dwi.raw.gz", gzip(&nifti.voxels))]), 23.0);
    let alone = open(vec![beside(), header()], &Limits::default()).unwrap_err();
    assert!(alone.message().contains("(.img) that belongs to this header is missing"), "{alone}");
}

#[test]
fn what_is_not_finite_becomes_background_with_a_note() {
    let read = |values: [f32; 24]| {
        let voxels = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        scan(&Nifti { data_type: 16, voxels, ..Nifti::default() })
    };
    let mut values = [1.5f32; 24];
    values[3..6].copy_from_slice(&[f32::NAN, f32::INFINITY, -1000.0]);
    let filled = read(values);
    assert_eq!(filled.volume.voxels[2..7], [1.5, -1000.0, -1000.0, -1000.0, 1.5]);
    assert_eq!(filled.notes, ["2 voxels were not finite numbers and took the lowest value"]);
    assert_eq!(read([f32::NAN; 24]).volume.voxels, [0.0; 24]);
}

#[test]
fn hounsfield_units_are_recognised_and_phases_are_not() {
    let read = |value: fn(i16) -> i16| {
        let voxels = (0..24).map(value).flat_map(i16::to_le_bytes).collect();
        let scan = scan(&Nifti { voxels, ..Nifti::default() });
        (scan.modality, scan.notes.len(), scan.window.is_some())
    };
    assert_eq!(read(|v| if v < 12 { -1000 } else { v * 50 }), (Modality::Ct, 1, true));
    assert_eq!(read(|v| v * 341 - 4096), (Modality::Unknown, 0, false));
}

#[test]
fn bad_headers_are_refused_with_their_place() {
    let d = Nifti::default;
    let cases = [
        (Nifti { dim: [9, 4, 3, 2, 1, 1, 1, 1], ..d() }, "decoding", "dim"),
        (Nifti { dim: [3, 4, -3, 2, 1, 1, 1, 1], ..d() }, "decoding", "dim"),
        (Nifti { dim: [3, 30_000, 30_000, 30_000, 1, 1, 1, 1], ..d() }, "limits", "dim"),
        (Nifti { dim: [4, 4, 3, 2, 32_000, 1, 1, 1], ..d() }, "limits", "dim"),
        (Nifti { data_type: 128, ..d() }, "unsupported", "datatype"),
        (Nifti { data_type: 32, ..d() }, "unsupported", "datatype"),
        (Nifti { data_type: 77, ..d() }, "decoding", "datatype"),
        (Nifti { magic: Some([0; 4]), ..d() }, "unsupported", "magic"),
        (Nifti { offset: Some(f64::NAN), ..d() }, "decoding", "vox_offset"),
        (Nifti { offset: Some(12.0), ..d() }, "decoding", "vox_offset"),
        (Nifti { dim: [3, 40, 3, 2, 1, 1, 1, 1], ..d() }, "decoding", "byte 400"),
    ];
    for (nifti, kind, place) in cases {
        let error = open_one("bad.nii", nifti.bytes()).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.place().unwrap().contains(place), "{:?}", error.place());
        assert!(error.place().unwrap().contains("bad.nii") && !error.message().contains("bad.nii"));
        assert!(error.remedy().is_some(), "{error}");
    }
}

#[test]
fn a_cut_gzip_stream_is_an_error_at_its_byte() {
    // Pseudo-random voxels do not compress, so the cut falls into them.
    let voxels =
        (0..24 * 500u32).flat_map(|v| (v.wrapping_mul(2_654_435_761) as i16).to_le_bytes()).collect();
    let nifti = Nifti { dim: [3, 40, 30, 10, 1, 1, 1, 1], voxels, ..Nifti::default() };
    let whole = gzip(&nifti.bytes());
    let series = open_one("a.nii.gz", whole[..whole.len() / 2].to_vec()).unwrap();
    assert_eq!(series.load(0).unwrap_err().kind(), "decoding");
}

#[test]
fn a_gzip_stream_that_fails_its_checksum_is_an_error() {
    let whole = gzip(&Nifti::default().bytes());
    let load = |bytes| open_one("a.nii.gz", bytes).unwrap().load(0).map(|scan| scan.volume.voxels[23]);
    let mut wrong = whole.clone();
    let checksum = wrong.len() - 8;
    wrong[checksum] ^= 1;
    let error = load(wrong).unwrap_err();
    assert_eq!((error.kind(), error.place().unwrap().as_str()), ("decoding", "a.nii.gz"));
    assert_eq!(load(whole[..checksum].to_vec()).unwrap_err().kind(), "decoding");
    // Voxels in two members, and what media fill up files with.
    let (first, second) =
        (Nifti::default().bytes()[..360].to_vec(), Nifti::default().bytes()[360..].to_vec());
    assert_eq!(load([gzip(&first), gzip(&second), vec![0; 512]].concat()), Ok(23.0));
}

#[test]
fn written_files_read_back_the_same() {
    let grid = Grid { dims: [5, 4, 3], affine: oblique() };
    let image = Volume::new(grid, (0..60).map(|v| v as f32 / 7.0 - 3.0).collect()).unwrap();
    for gzip in [false, true] {
        let options = NiftiOptions { description: "x".repeat(200), gzip, ..NiftiOptions::default() };
        let bytes = write_nifti_f32(&image, &options).unwrap();
        assert_eq!(bytes, write_nifti_f32(&image, &options).unwrap(), "not reproducible");
        let series = open_one("out.nii", bytes).unwrap();
        assert_eq!(series.format, Format::Nifti1);
        let scan = series.load(0).unwrap();
        assert_eq!(scan.volume.voxels, image.voxels);
        assert_close(&scan.volume.grid.affine, &grid.affine);
    }
}

#[test]
fn written_labels_carry_names_notice_and_both_forms() {
    let grid = Grid { dims: [2, 2, 2], affine: oblique() };
    let labels = Volume::new(grid, vec![0u8, 1, 2, 3, 0, 1, 2, 3]).unwrap();
    let names = vec![(1, "left".to_owned()), (2, "right".to_owned())];
    let options = NiftiOptions { description: "SA-Swin".into(), labels: names, ..NiftiOptions::default() };
    let mut bytes = write_nifti_u8(&labels, &options).unwrap();
    let header = String::from_utf8_lossy(&bytes);
    assert!(header.contains("SA-Swin; research use only"));
    assert!(header.contains("1\tleft\n2\tright"));
    assert_eq!(open_one("a.nii", bytes.clone()).unwrap().load(0).unwrap().volume.voxels[3], 3.0);
    // Without the sform, the qform must say the same.
    bytes[254] = 0;
    assert_close(&open_one("a.nii", bytes).unwrap().load(0).unwrap().volume.grid.affine, &grid.affine);
}

#[test]
fn what_is_written_lies_where_its_scan_does_by_either_form() {
    let geometry =
        |nifti: &[u8]| [&nifti[40..48], &nifti[76..92], &nifti[123..124], &nifti[252..328]].concat();
    // Fitted to a template, in micrometres, left-handed, sheared, and without any orientation.
    let turned = Some([0.1, -0.2, 0.3, 7.0, 8.0, 9.0]);
    let fitted = two_sizes([1, 4], scaled(1.15));
    let all = [
        Nifti { qform: turned, ..fitted.clone() },
        Nifti { qform: turned, sform: None, units: 3, ..Nifti::default() },
        Nifti { qform: turned, pixdim: [-1.0, 2.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0], ..Nifti::default() },
        Nifti { sform: Some([1.0, 0.0, 0.4, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]), ..fitted.clone() },
        Nifti { sform: None, ..Nifti::default() },
    ];
    for nifti in all {
        for (version, big_endian) in [(1, false), (2, true)] {
            let voxels = vec![0; 48];
            let scan = scan(&Nifti { version, big_endian, voxels: voxels.clone(), ..nifti.clone() });
            let labels = Volume::filled(scan.volume.grid, 3u8);
            let how = NiftiOptions { forms: scan.forms, ..NiftiOptions::default() };
            let bytes = write_nifti_u8(&labels, &how).unwrap();
            assert_eq!(geometry(&bytes), geometry(&Nifti { voxels, ..nifti.clone() }.bytes()));
            let again = open_one("a.nii", bytes.clone()).unwrap().load(0).unwrap();
            assert_close(&again.volume.grid.affine, &scan.volume.grid.affine);
            // The file for a viewer has the grid that was used, and the header of the other can be put on it.
            let shown = write_nifti_u8(&labels, &NiftiOptions::default()).unwrap();
            assert_eq!(scan.forms.unwrap().header_of(&shown), bytes[..348]);
            // On another grid its forms are wrong.
            let grid = Grid { dims: [4, 3, 1], ..scan.volume.grid };
            let other = write_nifti_u8(&Volume::filled(grid, 3u8), &how).unwrap();
            assert_eq!(other, write_nifti_u8(&Volume::filled(grid, 3u8), &NiftiOptions::default()).unwrap());
        }
    }
    assert_eq!(scan(&Nifti { sform: Some([0.0; 12]), ..fitted }).forms, None);
}

#[test]
fn sheared_grids_are_written_without_a_qform() {
    let mut affine = oblique();
    affine.linear[0][2] = 1.0;
    let volume = Volume::filled(Grid { dims: [2, 2, 2], affine }, 1u8);
    let bytes = write_nifti_u8(&volume, &NiftiOptions::default()).unwrap();
    assert_eq!((bytes[252], bytes[254]), (0, 1));
    assert_close(&open_one("a.nii", bytes).unwrap().load(0).unwrap().volume.grid.affine, &affine);
}

#[test]
fn thumbnails_keep_the_shape() {
    let series = open_one("a.nii", Nifti::default().bytes()).unwrap();
    let picture = series.thumbnail(64).unwrap();
    assert_eq!((picture.width, picture.height, picture.pixels.len()), (64, 48, 64 * 48));
    assert_eq!(Gray::middle_of(&series.load(0).unwrap().volume, 64), picture);
}

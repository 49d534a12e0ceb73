//! Limits, seeds and the one property of hostile input, shared by the property tests and the fuzz targets.

use saswin_scan_io::{Limits, open};

use super::dicom::{Encoding, PIXELS, SliceSpec, Value, items, short, text, write};
use super::nifti::Nifti;
use super::{file, frames, gzip, shared_zip, zip};

/// Small enough that a breach would show as an abort of the test.
pub const LIMITS: Limits = Limits {
    max_file_bytes: 1 << 20,
    max_total_bytes: 1 << 20,
    max_files: 64,
    max_nesting: 3,
    max_decompressed_bytes: 1 << 20,
    max_expanded_bytes: 1 << 22,
    max_entries: 1000,
    max_voxels: 1 << 18,
    max_dimension: 2048,
    max_frames: 64,
    max_planes: 128,
    max_sequence_depth: 8,
    max_elements: 10_000,
};

/// Opens `bytes` and reads everything that opens.
pub fn swallow(bytes: Vec<u8>) {
    let Ok(all) = open(vec![file("x", bytes)], &LIMITS) else { return };
    for series in all {
        assert!(series.dims.iter().product::<usize>() <= LIMITS.max_voxels);
        assert!(series.frames <= LIMITS.max_frames);
        let _ = series.thumbnail(16);
        for frame in 0..series.frames.min(2) {
            if let Ok(scan) = series.load(frame) {
                assert!(scan.volume.voxels.iter().all(|v| v.is_finite()));
            }
        }
    }
}

/// Transfer syntaxes of [`frames::all`].
pub const SYNTAXES: [&str; 5] = [
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
];

/// A DICOM file around one compressed frame.
pub fn compressed(syntax: &str, (columns, rows, mut frame): (u8, u8, Vec<u8>)) -> Vec<u8> {
    frame.resize(frame.len().next_multiple_of(2), 0);
    let (columns, rows) = (u16::from(columns), u16::from(rows));
    let extra = vec![(PIXELS, Value::Fragments(vec![vec![], frame]))];
    let spec = SliceSpec { columns, rows, extra, ..SliceSpec::default() };
    write(&spec.elements(), Encoding::Explicit, Some(syntax))
}

/// Opens a compressed frame: the first byte picks the transfer syntax, the next two the image size.
pub fn swallow_frame(bytes: &[u8]) {
    let [syntax, columns, rows, frame @ ..] = bytes else { return };
    let syntax = SYNTAXES[usize::from(*syntax) % SYNTAXES.len()];
    swallow(compressed(syntax, (*columns, *rows, frame.to_vec())));
}

/// Small files to start from, each with the fuzz target it suits.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let slice = SliceSpec::default();
    let nested = (0..5).fold(vec![short((0x0028, 0x0010), 3)], |inner, _| {
        vec![items((0x5200, 0x9230), vec![inner.clone(), inner])]
    });
    let enhanced =
        SliceSpec { extra: [nested, vec![text((0x0028, 0x0008), "IS", "2")]].concat(), ..slice.clone() };
    let frames = Value::Unknown(vec![vec![short((0x0028, 0x0010), 3)], vec![]], true);
    let unknown = SliceSpec { extra: vec![((0x5200, 0x9230), frames)], ..slice.clone() };
    let mut all = vec![
        ("nifti", Nifti::default().bytes()),
        (
            "nifti",
            Nifti { version: 2, big_endian: true, dim: [4, 4, 3, 1, 2, 1, 1, 1], ..Nifti::default() }.bytes(),
        ),
        ("nifti", gzip(&Nifti::default().bytes())),
        ("dicom", slice.bytes()),
        ("dicom", write(&slice.elements(), Encoding::Implicit, None)),
        ("dicom", write(&slice.elements(), Encoding::Big, None)),
        ("dicom", write(&slice.elements(), Encoding::Deflated, None)),
        ("dicom", write(&enhanced.elements(), Encoding::Explicit, None)),
        ("dicom", unknown.bytes()),
        ("archive", zip(&[("a", slice.bytes()), ("b.zip", zip(&[("c", Nifti::default().bytes())]))])),
    ];
    let frames = SYNTAXES.iter().zip(frames::all());
    all.extend(frames.map(|(syntax, frame)| ("dicom", compressed(syntax, frame))));
    all
}

/// A slice whose patient's name claims nearly 4 GiB.
pub fn huge_element() -> Vec<u8> {
    let mut bytes = SliceSpec::default().bytes();
    let at = bytes.windows(4).position(|w| w == [0x10, 0x00, 0x10, 0x00]).unwrap();
    bytes[at + 4..at + 8].copy_from_slice(b"OB\0\0");
    bytes.splice(at + 8..at + 8, 0xFFFF_FFF0u32.to_le_bytes());
    bytes
}

/// Small broken files, each with its fuzz target and its name there.
pub fn broken() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let junk = [&b"PK\x03\x04"[..], &[0; 1 << 19]].concat();
    let promised = Nifti { dim: [3, 32, 32, 32, 1, 1, 1, 1], ..Nifti::default() };
    let frame = frames::hex(frames::JPEG_LS);
    vec![
        ("archive", "entries-that-share-bytes.zip", shared_zip(junk, 32, &[])),
        ("dicom", "element-of-4-gib.dcm", huge_element()),
        ("dicom_pixels", "jpeg-ls-cut-off", [&[3, 8, 6], &frame[..frame.len() / 2]].concat()),
        ("nifti", "voxels-that-are-not-there.nii.gz", gzip(&promised.bytes())),
    ]
}

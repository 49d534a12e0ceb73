//! One tiny image in every compression that is read.
//!
//! The bytes were made by the encoders of CharLS, OpenJPEG, libjpeg and a lossless-JPEG encoder from [`truth`], so
//! they test the decoders against independent code.

pub const JPEG_LS: &str = "ffd8ffe800205350494646000200000100000006000000080a1006010000012c0000012cffe8000800000001ffd8\
    fff7000b100006000801011100fff8000d01ffff0012004301140040ffda000801010000000040d80100400191d33cafdec00e991322\
    634c8e4c8b12c298d964581beb132c8de6eac2c591b8db5800ffd9";
pub const JPEG_LS_NEAR_2: &str = "ffd8ffe800205350494646000200000100000006000000080a1006010000012c0000012cffe8000800000001\
    ffd8fff7000b100006000801011100fff8000d01ffff0018004d01220040ffda000801010002000040601010034e1742bf8074a25151\
    28e5454535465466cd4d9519b35463464c9980ffd9";
pub const JPEG_LOSSLESS: &str = "ffd8ffc400190001010101010100000000000000000000000607090a0bffc3000b0c0006000801001100ffda\
    0008010000060000f8030f493d4decbf784364b2b2b20d92cacac8364b2b2b20d92cacac8364b2b2b2ffd9";
pub const JPEG_2000: &str = "ff4fff5100290000000000080000000600000000000000000000000800000006000000000000000000010b0101ff\
    52000c00000001000004040001ff5c00044060ff640025000143726561746564206279204f70656e4a5045472076657273696f6e2032\
    2e352e34ff90000a00000000004a0001ff93cfe4e411504e11897bb5908fb5c7ccd97d27e7894927eb03b1886f47afe4043e863db48c\
    578e1833da6c1ec32ba148ca24eebf7377be46f34e083e9fffd9";
pub const JPEG_BASELINE: &str = "ffd8ffe000104a46494600010100000100010000ffdb00430002010101010102010101020202020204030202\
    02020504040304060506060605060606070908060709070606080b08090a0a0a0a0a06080b0c0b0a0c090a0a0affc0000b0800060008\
    01011100ffc4001f0000010501010101010100000000000000000102030405060708090a0bffc400b510000201030302040305050404\
    0000017d01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a\
    3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798\
    999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6\
    f7f8f9faffda0008010100003f00fcb7ff008241f84ad7c53f1c6f3ed257f712d9e323fbcd2ff857ffd9";

/// 8 columns, 6 rows, 12 bits: flat columns for the run modes, then ramps.
pub fn truth() -> Vec<u16> {
    let value = |row: u16, column: u16| if column > 3 { 100 * row + 37 * column * column } else { 7 };
    (0..6).flat_map(|row| (0..8).map(move |column| value(row, column))).collect()
}

/// Bytes of hexadecimal text.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// The image by hand in RLE: replicate runs for the flat columns, literal runs for the rest.
pub fn rle() -> Vec<u8> {
    let plane = |shift: u16| -> Vec<u8> {
        let bytes: Vec<u8> = truth().iter().map(|v| (v >> shift) as u8).collect();
        let row = |row: &[u8]| [&[(257 - 4) as u8, row[0], 3][..], &row[4..]].concat();
        bytes.chunks(8).flat_map(row).collect()
    };
    let (high, low) = (plane(8), plane(0));
    let mut frame: Vec<u8> = [2, 64, 64 + high.len() as u32].iter().flat_map(|v| v.to_le_bytes()).collect();
    frame.resize(64, 0);
    frame.extend([high, low].concat());
    frame
}

/// Columns, rows and frame for each syntax, in the order of the fuzz target `dicom_pixels`.
pub fn all() -> [(u8, u8, Vec<u8>); 5] {
    [rle(), hex(JPEG_BASELINE), hex(JPEG_LOSSLESS), hex(JPEG_LS), hex(JPEG_2000)].map(|frame| (8, 6, frame))
}

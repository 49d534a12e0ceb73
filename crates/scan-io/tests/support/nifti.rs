//! A NIfTI header that a test can bend.

/// Fields of a NIfTI file under construction. Defaults: 4×3×2 voxels of i16, sform of 2 mm.
#[derive(Clone)]
pub struct Nifti {
    pub version: u8,
    pub big_endian: bool,
    pub dim: [i64; 8],
    pub data_type: i16,
    pub scaling: (f64, f64),
    pub pixdim: [f64; 8],
    pub units: u8,
    pub qform_code: i32,
    pub qform: Option<[f64; 6]>,
    pub sform_code: i32,
    pub sform: Option<[f64; 12]>,
    pub magic: Option<[u8; 4]>,
    pub offset: Option<f64>,
    pub voxels: Vec<u8>,
}

impl Default for Nifti {
    fn default() -> Self {
        Self {
            version: 1,
            big_endian: false,
            dim: [3, 4, 3, 2, 1, 1, 1, 1],
            data_type: 4,
            scaling: (0.0, 0.0),
            pixdim: [1.0, 2.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0],
            units: 2,
            qform_code: 1,
            qform: None,
            sform_code: 1,
            sform: Some([2.0, 0.0, 0.0, -4.0, 0.0, 2.0, 0.0, -5.0, 0.0, 0.0, 2.0, -6.0]),
            magic: None,
            offset: None,
            voxels: (0..24i16).flat_map(i16::to_le_bytes).collect(),
        }
    }
}

impl Nifti {
    fn put<const N: usize>(&self, out: &mut [u8], at: usize, mut little: [u8; N]) {
        if self.big_endian {
            little.reverse();
        }
        out[at..at + N].copy_from_slice(&little);
    }

    fn float(&self, out: &mut [u8], at: usize, index: usize, value: f64) {
        if self.version == 1 {
            self.put(out, at + 4 * index, (value as f32).to_le_bytes());
        } else {
            self.put(out, at + 8 * index, value.to_le_bytes());
        }
    }

    fn code(&self, out: &mut [u8], at: usize, value: i32) {
        if self.version == 1 {
            self.put(out, at, (value as i16).to_le_bytes());
        } else {
            self.put(out, at, value.to_le_bytes());
        }
    }

    /// The header alone, padded to where voxels of a single file begin.
    pub fn header(&self) -> Vec<u8> {
        let one = self.version == 1;
        let mut out = vec![0; if one { 352 } else { 544 }];
        self.put(&mut out, 0, if one { 348i32 } else { 540 }.to_le_bytes());
        for (axis, &extent) in self.dim.iter().enumerate() {
            if one {
                self.put(&mut out, 40 + 2 * axis, (extent as i16).to_le_bytes());
            } else {
                self.put(&mut out, 16 + 8 * axis, extent.to_le_bytes());
            }
        }
        self.put(&mut out, if one { 70 } else { 12 }, self.data_type.to_le_bytes());
        let scaling = if one { 112 } else { 176 };
        self.float(&mut out, scaling, 0, self.scaling.0);
        self.float(&mut out, scaling, 1, self.scaling.1);
        for (i, &v) in self.pixdim.iter().enumerate() {
            self.float(&mut out, if one { 76 } else { 104 }, i, v);
        }
        let offset = self.offset.unwrap_or(out.len() as f64);
        if one {
            self.put(&mut out, 108, (offset as f32).to_le_bytes());
            out[123] = self.units;
        } else {
            self.put(&mut out, 168, (offset as i64).to_le_bytes());
            self.put(&mut out, 500, i32::from(self.units).to_le_bytes());
        }
        self.geometry(&mut out);
        let magic = self.magic.unwrap_or(if one { *b"n+1\0" } else { *b"n+2\0" });
        let at = if one { 344 } else { 4 };
        out[at..at + 4].copy_from_slice(&magic);
        out
    }

    fn geometry(&self, out: &mut [u8]) {
        let one = self.version == 1;
        if let Some(q) = self.qform {
            self.code(out, if one { 252 } else { 344 }, self.qform_code);
            for (i, v) in q.into_iter().enumerate() {
                self.float(out, if one { 256 } else { 352 }, i, v);
            }
        }
        if let Some(s) = self.sform {
            self.code(out, if one { 254 } else { 348 }, self.sform_code);
            for (i, v) in s.into_iter().enumerate() {
                self.float(out, if one { 280 } else { 400 }, i, v);
            }
        }
    }

    /// Header and voxels as one file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = self.header();
        out.extend(&self.voxels);
        out
    }
}

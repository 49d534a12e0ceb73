//! Voxel-to-RAS affine: sform, else qform, else voxel sizes alone. Where the sform stretches a scan into a template,
//! the qform comes first, so that sizes are those of the patient.

use saswin_volume::{Affine, Grid, Orientation as Axes};

use super::bytes::Fields;
use super::forms::Forms;
use crate::{Doubt, ScanError};

/// Byte offsets of the orientation fields.
pub(super) struct Layout {
    wide: bool,
    pub pixdim: usize,
    units: usize,
    pub qform_code: usize,
    pub sform_code: usize,
    pub quaternion: usize,
    pub sform: usize,
}

pub(super) const NIFTI1: Layout = Layout {
    wide: false,
    pixdim: 76,
    units: 123,
    qform_code: 252,
    sform_code: 254,
    quaternion: 256,
    sform: 280,
};

pub(super) const NIFTI2: Layout = Layout {
    wide: true,
    pixdim: 104,
    units: 500,
    qform_code: 344,
    sform_code: 348,
    quaternion: 352,
    sform: 400,
};

/// The affine of a file and what the user should know about it.
pub(super) struct Orientation {
    pub affine: Affine,
    /// None if one of them cannot be used.
    pub forms: Option<Forms>,
    pub notes: Vec<String>,
    pub doubts: Vec<Doubt>,
}

/// `NIFTI_XFORM_ALIGNED_ANAT`: codes above it are spaces of templates.
const LAST_NATIVE_CODE: i32 = 2;

/// Share by which two volumes of one voxel may differ and still be the same.
const SAME_VOLUME: f64 = 0.02;

const NO_ORIENTATION: &str =
    "the file does not state its orientation: left and right are assumed (radiological order)";

/// Reads the affine, in millimetres.
pub(super) fn read(layout: &Layout, fields: Fields, dims: [usize; 3]) -> Result<Orientation, ScanError> {
    let mut notes = Vec::new();
    let usable = |affine: &Affine| affine.inverse().is_ok();
    let sform = (layout.code(fields, layout.sform_code) > 0).then(|| layout.sform(fields));
    let qform = (layout.code(fields, layout.qform_code) > 0).then(|| layout.qform(fields));
    if sform.as_ref().is_some_and(|a| !usable(a)) {
        notes.push("the sform cannot be inverted and was passed over".to_owned());
    }
    let sound = sform.iter().chain(&qform).all(usable);
    let (sform, qform) = (sform.filter(usable), qform.filter(usable));
    let mut doubts = Vec::new();
    // Only the sform holds sizes of its own.
    if sform.is_none() && (0..3).any(|axis| layout.size(fields, axis).is_none()) {
        doubts.push(Doubt::Size);
    }
    let stated = match (sform, qform) {
        (Some(s), Some(q)) => Some(layout.choose(fields, [s, q], &mut notes, &mut doubts)),
        (Some(s), None) => {
            if let Some(growth) = layout.growth(fields, &s) {
                disagree(growth, &mut notes, &mut doubts);
            }
            Some(s)
        }
        (None, qform) => qform,
    };
    let affine = stated.unwrap_or_else(|| {
        notes.push(NO_ORIENTATION.to_owned());
        doubts.push(Doubt::Sides);
        layout.unoriented(fields, dims)
    });
    if !usable(&affine) {
        return Err(ScanError::decoding("neither sform, qform nor voxel sizes give a usable geometry")
            .in_field("srow_x")
            .at_byte(layout.sform as u64));
    }
    let affine = layout.in_millimetres(fields, affine, &mut notes);
    let forms = Forms::read(layout, fields, Grid { dims, affine }).filter(|_| sound);
    Ok(Orientation { affine, forms, notes, doubts })
}

/// Sizes by the sform, which is used, are not those of the header's list of voxel sizes.
fn disagree(growth: f64, notes: &mut Vec<String>, doubts: &mut Vec<Doubt>) {
    notes.push(format!(
        "voxels are {growth:.2} times as large by the sform as by the voxel sizes: the sform was used"
    ));
    doubts.push(Doubt::Size);
}

impl Layout {
    pub fn float(&self, fields: Fields, at: usize, index: usize) -> f64 {
        if self.wide { fields.f64(at + 8 * index) } else { fields.f32(at + 4 * index) }
    }

    pub fn code(&self, fields: Fields, at: usize) -> i32 {
        if self.wide { fields.i32(at) } else { i32::from(fields.i16(at)) }
    }

    /// Code of the unit of lengths.
    pub fn units(&self, fields: Fields) -> u8 {
        let units = if self.wide { fields.i32(self.units) as u8 } else { fields.u8(self.units) };
        units & 7
    }

    /// The sform or the qform, and what speaks against it.
    fn choose(
        &self,
        fields: Fields,
        [sform, qform]: [Affine; 2],
        notes: &mut Vec<String>,
        doubts: &mut Vec<Doubt>,
    ) -> Affine {
        let growth = self.growth(fields, &sform);
        let native = growth.is_some() && self.is_fitted_to_template(fields);
        let (used, name) = if native { (qform, "qform") } else { (sform, "sform") };
        if Axes::of(&sform) != Axes::of(&qform) {
            notes.push(format!("sform and qform turn the axes different ways: the {name} was used"));
            doubts.push(Doubt::Contradiction);
        }
        let Some(growth) = growth else { return used };
        if native {
            notes.push(format!(
                "the sform fits the scan to a template, which makes it {growth:.2} times as large: the qform was \
                 used, which keeps the size it was scanned with"
            ));
        } else {
            disagree(growth, notes, doubts);
        }
        used
    }

    /// Whether the sform leads into a template's space and the qform into the patient's own.
    fn is_fitted_to_template(&self, fields: Fields) -> bool {
        self.code(fields, self.sform_code) > LAST_NATIVE_CODE
            && self.code(fields, self.qform_code) <= LAST_NATIVE_CODE
    }

    /// How many times as large a voxel is by the sform as by the voxel sizes, if all are stated and disagree.
    ///
    /// A sform that shears, as that of a tilted gantry, agrees in the determinant if the stated distance of slices is
    /// that along their normal, and in the lengths of its columns if it is that along the tilted axis.
    fn growth(&self, fields: Fields, sform: &Affine) -> Option<f64> {
        let stated: f64 = (0..3).map(|axis| self.size(fields, axis)).product::<Option<f64>>()?;
        let growth = sform.determinant().abs() / stated;
        let by_lengths = sform.spacing().iter().product::<f64>() / stated;
        let agrees = |growth: f64| (growth - 1.0).abs() <= SAME_VOLUME;
        (!agrees(growth) && !agrees(by_lengths)).then_some(growth)
    }

    /// Size of a voxel along `axis`, if it is stated.
    fn size(&self, fields: Fields, axis: usize) -> Option<f64> {
        let size = self.float(fields, self.pixdim, axis + 1).abs();
        (size.is_finite() && size > 0.0).then_some(size)
    }

    /// Voxel sizes; those missing or not positive become 1 mm.
    fn spacing(&self, fields: Fields) -> [f64; 3] {
        std::array::from_fn(|axis| self.size(fields, axis).unwrap_or(1.0))
    }

    fn sform(&self, fields: Fields) -> Affine {
        let at = |row: usize, column: usize| self.float(fields, self.sform, 4 * row + column);
        Affine {
            linear: std::array::from_fn(|r| std::array::from_fn(|c| at(r, c))),
            translation: std::array::from_fn(|r| at(r, 3)),
        }
    }

    fn qform(&self, fields: Fields) -> Affine {
        let [b, c, d] = std::array::from_fn(|i| self.float(fields, self.quaternion, i));
        let translation = std::array::from_fn(|i| self.float(fields, self.quaternion, 3 + i));
        let handedness = if self.float(fields, self.pixdim, 0) < 0.0 { -1.0 } else { 1.0 };
        let [x, y, z] = self.spacing(fields);
        let rotation = rotation([b, c, d]);
        let scale = [x, y, z * handedness];
        Affine { linear: rotation.map(|row| std::array::from_fn(|i| row[i] * scale[i])), translation }
    }

    /// The ANALYZE convention: first axis towards the left, origin in the middle.
    fn unoriented(&self, fields: Fields, dims: [usize; 3]) -> Affine {
        let [x, y, z] = self.spacing(fields);
        let steps = [-x, y, z];
        let mut affine = Affine { linear: [[0.0; 3]; 3], translation: [0.0; 3] };
        for axis in 0..3 {
            affine.linear[axis][axis] = steps[axis];
            affine.translation[axis] = -steps[axis] * (dims[axis] as f64 - 1.0) / 2.0;
        }
        affine
    }

    fn in_millimetres(&self, fields: Fields, affine: Affine, notes: &mut Vec<String>) -> Affine {
        let (factor, name) = match self.units(fields) {
            1 => (1e3, "metres"),
            3 => (1e-3, "micrometres"),
            _ => return affine,
        };
        notes.push(format!("the geometry is stored in {name} and was converted to millimetres"));
        Affine {
            linear: affine.linear.map(|row| row.map(|v| v * factor)),
            translation: affine.translation.map(|v| v * factor),
        }
    }
}

/// Rotation matrix of the unit quaternion whose vector part is `[b, c, d]`.
fn rotation([b, c, d]: [f64; 3]) -> [[f64; 3]; 3] {
    let squares = b * b + c * c + d * d;
    // Stored as f32, half a turn leaves a vector part a little shorter or longer than 1; the bound is that of the
    // reference implementation.
    let (a, b, c, d) = if squares > 1.0 - 1e-7 {
        let length = squares.sqrt();
        (0.0, b / length, c / length, d / length)
    } else {
        ((1.0 - squares).sqrt(), b, c, d)
    };
    [
        [a * a + b * b - c * c - d * d, 2.0 * (b * c - a * d), 2.0 * (b * d + a * c)],
        [2.0 * (b * c + a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d - a * b)],
        [2.0 * (b * d - a * c), 2.0 * (c * d + a * b), a * a + d * d - c * c - b * b],
    ]
}

//! What the page's findings panel and `report.json` hold; one structure for both.

use saswin_model::{DisplayWindow, Side};
use saswin_volume::{Modality, Plane};
use serde::{Deserialize, Serialize};

use crate::Adapter;

/// Shown with every result and written into every export.
pub const DISCLAIMER: &str = "Research use only. Not a medical device. Not for diagnosis or treatment.";

/// The program that made a report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct App {
    /// Product name.
    pub name: String,
    /// Version.
    pub version: String,
}

impl Default for App {
    fn default() -> Self {
        Self { name: "SA-Swin Web".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// The scan. A report leaves its name out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScanInfo {
    /// File or series name as the user sees it; empty in a report.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// CT or MR.
    pub modality: Modality,
    /// Voxel counts.
    pub dims: [usize; 3],
    /// Millimetres.
    pub spacing: [f64; 3],
    /// What reading the file had to do.
    pub notes: Vec<String>,
    /// Display window (centre, width), if the file or modality suggests one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<DisplayWindow>,
}

/// The model as the report names it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ModelInfo {
    /// Folder name.
    pub name: String,
    /// Plain title.
    pub title: String,
    /// Digest of the weight file.
    pub sha256: String,
    /// What the weights are and are not.
    pub note: String,
    /// False for random weights.
    pub trained: bool,
    /// What its findings are seen best in, if not in the scan's own window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<DisplayWindow>,
}

/// Result of midway registration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Alignment {
    /// Whether a trustworthy mid-sagittal plane was found; otherwise the scanner's x = centre is used.
    pub aligned: bool,
    /// 0 for perfect symmetry.
    pub residual: f64,
    /// Rotation about z, degrees.
    pub yaw_deg: f64,
    /// Rotation about y, degrees.
    pub roll_deg: f64,
    /// How far the head lies off the centre of the field of view, millimetres, positive to the patient's right: of its
    /// place in the scan, not of a midline shift.
    pub off_centre_mm: f64,
    /// The plane used: the head's, or that through the middle of the scan.
    pub plane: Plane,
    /// Why it is not aligned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Alignment {
    /// Of a head whose mid-sagittal plane is not known: the sagittal plane through `centre`, RAS millimetres.
    pub(crate) fn not_found(centre: [f64; 3], reason: String) -> Self {
        Self {
            aligned: false,
            residual: 1.0,
            yaw_deg: 0.0,
            roll_deg: 0.0,
            off_centre_mm: 0.0,
            plane: Plane { point: centre, normal: [1.0, 0.0, 0.0] },
            reason: Some(reason),
        }
    }
}

/// A probability.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Probability {
    /// Plain name.
    pub name: String,
    /// 0 to 1.
    pub value: f64,
    /// Value from which it counts as present.
    pub threshold: f64,
    /// Whether it does.
    pub present: bool,
    /// Plain words.
    pub sentence: String,
}

/// A segmented structure.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LabelVolume {
    /// Voxel value in the segmentation.
    pub value: u8,
    /// Plain name.
    pub name: String,
    /// Side, for paired structures.
    pub side: Option<Side>,
    /// Display colour.
    pub color: [u8; 3],
    /// Millilitres.
    pub volume_ml: f64,
}

/// A separate piece of a finding.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Place {
    /// Plain name of its label.
    pub name: String,
    /// Millilitres.
    pub volume_ml: f64,
    /// A voxel in its middle, scanner RAS millimetres.
    pub at: [f64; 3],
    /// How far that is to the patient's right of the head's mid-sagittal plane, mm; none if the plane is not known. The
    /// scanner's own x says nothing of a head that does not lie in its middle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right_mm: Option<f64>,
}

/// Left against right.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asymmetry {
    /// Plain name.
    pub name: String,
    /// Millilitres on the left.
    pub left_ml: f64,
    /// Millilitres on the right.
    pub right_ml: f64,
    /// `(left − right) / mean`; pairs that are both empty are left out.
    pub index: f64,
    /// Whether the scan ends within one of them, so that the difference may be of what was scanned.
    #[serde(default)]
    pub cut: bool,
}

/// A measured quantity.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MeasureValue {
    /// Plain name.
    pub name: String,
    /// Value.
    pub value: f64,
    /// Unit.
    pub unit: String,
}

/// Time of one stage.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Timing {
    /// Stage.
    pub stage: String,
    /// Milliseconds.
    pub milliseconds: f64,
}

/// Everything that a run found, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// The program.
    pub app: App,
    /// [`DISCLAIMER`].
    pub disclaimer: String,
    /// The scan.
    pub scan: ScanInfo,
    /// The model.
    pub model: ModelInfo,
    /// What computed it.
    pub adapter: Adapter,
    /// Mid-sagittal plane.
    pub alignment: Alignment,
    /// Steps from voxel values to the network's input and from its output to labels, in words.
    pub preprocessing: Vec<String>,
    /// Why the result may not be trusted.
    pub warnings: Vec<String>,
    /// Whether the user chose to run despite warnings.
    pub overridden: bool,
    /// From the class head, from volumes or from the midline shift.
    pub probabilities: Vec<Probability>,
    /// Segmentation.
    pub labels: Vec<LabelVolume>,
    /// The largest separate pieces of what findings are read off.
    #[serde(default)]
    pub places: Vec<Place>,
    /// How many pieces there are in all.
    #[serde(default)]
    pub places_in_all: usize,
    /// Paired structures.
    pub asymmetry: Vec<Asymmetry>,
    /// Unions of labels and other quantities.
    pub measures: Vec<MeasureValue>,
    /// Where the time went.
    pub timing: Vec<Timing>,
}

/// The side of what lies so far to the right; none where that is 0.0 mm.
pub(crate) fn side(right_mm: f64) -> Option<Side> {
    let side = if right_mm < 0.0 { Side::Left } else { Side::Right };
    (right_mm.abs() >= 0.05).then_some(side)
}

impl Report {
    /// The results as comma-separated values, one row per number.
    pub fn to_csv(&self) -> String {
        let mut rows = vec!["kind,name,side,value,unit".to_owned()];
        let quote = |s: &str| format!("\"{}\"", s.replace('"', "\"\""));
        let word = |side: Option<Side>| side.map(|s| s.to_string()).unwrap_or_default();
        for p in &self.probabilities {
            rows.push(format!("score,{},,{:.4},", quote(&p.name), p.value));
            rows.push(format!("threshold,{},,{:.4},", quote(&p.name), p.threshold));
            rows.push(format!("reported,{},,{},", quote(&p.name), if p.present { "yes" } else { "no" }));
        }
        for l in &self.labels {
            rows.push(format!("volume,{},{},{:.3},mL", quote(&l.name), word(l.side), l.volume_ml));
        }
        for p in &self.places {
            let [x, y, z] = p.at;
            let name = format!("{} at {x:.1} {y:.1} {z:.1} mm", p.name);
            rows.push(format!(
                "piece,{},{},{:.3},mL",
                quote(&name),
                word(p.right_mm.and_then(side)),
                p.volume_ml
            ));
        }
        for a in self.asymmetry.iter().filter(|a| !a.cut) {
            rows.push(format!("asymmetry,{},,{:.4},", quote(&a.name), a.index));
        }
        for m in &self.measures {
            rows.push(format!("measure,{},,{:.3},{}", quote(&m.name), m.value, quote(&m.unit)));
        }
        for t in &self.timing {
            rows.push(format!("time,{},,{:.1},ms", quote(&t.stage), t.milliseconds));
        }
        for w in &self.warnings {
            rows.push(format!("warning,{},,,", quote(w)));
        }
        for n in &self.scan.notes {
            rows.push(format!("note,{},,,", quote(n)));
        }
        rows.push(format!("model,{},,,{}", quote(&self.model.name), quote(&self.model.sha256)));
        rows.push(format!("notice,{},,,", quote(&self.disclaimer)));
        rows.join("\n") + "\n"
    }
}

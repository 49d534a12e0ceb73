//! What rules took away from findings: the reader is told, because a rule that is right of most is not right of all.

use saswin_model::{Label, Manifest};
use saswin_volume::Volume;

use crate::certainty::Certainty;

/// Least volume that a reader is warned of, mL: less than what cards call small.
const WORTH_A_WARNING_ML: f64 = 0.5;

/// Least volume that is mentioned, mL.
const LEAST_ML: f64 = 0.05;

/// Why a rule took something away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// It does not touch the tissue that it is looked for in.
    Apart,
    /// It is small and lies where such findings do not.
    Elsewhere,
    /// It is of any size and lies where such findings do not.
    Outside,
    /// It does not stand out from what is around it.
    Faint,
    /// The network sees it on the other side, too.
    OtherSide,
    /// It is small and both sides have it.
    BothSides,
    /// The network is not certain of it.
    Uncertain,
}

impl Why {
    fn reason(self) -> &'static str {
        match self {
            Self::Apart => "which does not touch the brain",
            Self::Elsewhere => "small and outside of its usual places",
            Self::Outside => "which lies outside of its usual places",
            Self::Faint => "which hardly stands out from what is around it",
            Self::OtherSide => "which the other side has, too",
            Self::BothSides => "small and alike on both sides",
            Self::Uncertain => "which the network is not certain of",
        }
    }

    /// Why the reader should look, where a rule may take what matters.
    fn caution(self) -> Option<&'static str> {
        match self {
            Self::Apart => Some("mostly bone or scalp, but not always"),
            Self::BothSides | Self::Faint => Some("mostly healthy, but not always"),
            Self::Outside => Some("mostly bone, scalp or fluid, but not always"),
            Self::Elsewhere | Self::OtherSide | Self::Uncertain => None,
        }
    }
}

/// Follows a map's findings through the rules.
pub(crate) struct LeftOut<'a> {
    /// Labels that stand for findings.
    labels: Vec<&'a Label>,
    /// Voxels of each of them.
    marked: Vec<Vec<usize>>,
    lost: Vec<Lost<'a>>,
}

/// What a rule took from a label.
struct Lost<'a> {
    label: &'a Label,
    why: Why,
    voxels: Vec<usize>,
}

impl<'a> LeftOut<'a> {
    pub fn new(manifest: &'a Manifest, map: &Volume<u8>) -> Self {
        let labels = manifest.labels.iter().filter(|l| manifest.is_finding(l.value)).collect();
        let mut new = Self { labels, marked: Vec::new(), lost: Vec::new() };
        new.restart(map);
        new
    }

    /// What follows counts from `map` on.
    pub fn restart(&mut self, map: &Volume<u8>) {
        let of = |label: &&Label| (0..map.voxels.len()).filter(|v| map.voxels[*v] == label.value).collect();
        self.marked = self.labels.iter().map(of).collect();
    }

    /// A rule has been applied to `map`; what it added does not count.
    pub fn after(&mut self, why: Why, map: &Volume<u8>) {
        for (label, marked) in self.labels.iter().zip(&mut self.marked) {
            let (kept, voxels) = marked.iter().partition(|v| map.voxels[**v] == label.value);
            *marked = kept;
            self.lost.push(Lost { label, why, voxels });
        }
    }

    /// A rule has taken these voxels from a label, and others for reasons that need not be told.
    pub fn took(&mut self, why: Why, label: u8, voxels: Vec<usize>) {
        self.lost.extend(self.labels.iter().filter(|l| l.value == label).map(|label| Lost {
            label,
            why,
            voxels: voxels.clone(),
        }));
    }

    /// What was done, in words.
    pub fn steps(&self, map: &Volume<u8>) -> Vec<String> {
        let told = |lost: &Lost| step(millilitres(lost.voxels.len(), map), lost.label, lost.why);
        self.lost.iter().filter_map(told).collect()
    }

    /// What the reader should look at: what the network is certain enough of to be shown, had a rule not taken it.
    pub fn warnings(&self, map: &Volume<u8>, certainty: &Certainty<'_>) -> Vec<String> {
        let warning = |lost: &Lost| {
            let (label, caution) = (lost.label, lost.why.caution()?);
            let mut only = Volume::filled(map.grid, 0);
            lost.voxels.iter().for_each(|v| only.voxels[*v] = label.value);
            certainty.drop_less(&mut only, label.value, label.certain);
            let ml = millilitres(lost.voxels.iter().filter(|v| only.voxels[**v] > 0).count(), map);
            let said = || {
                let (name, reason) = (&label.name, lost.why.reason());
                format!("{ml:.1} mL of what may be {name} was left out, {reason}: {caution}")
            };
            (ml >= WORTH_A_WARNING_ML).then(said)
        };
        self.lost.iter().filter(|lost| !lost.voxels.is_empty()).filter_map(warning).collect()
    }
}

/// What was done, in words, if it is worth them.
pub(crate) fn step(ml: f64, label: &Label, why: Why) -> Option<String> {
    (ml >= LEAST_ML).then(|| format!("{ml:.1} mL of {} left out, {}", label.name, why.reason()))
}

fn millilitres(voxels: usize, map: &Volume<u8>) -> f64 {
    voxels as f64 * map.grid.voxel_volume() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scores;
    use saswin_model::VolumeEvidence;
    use saswin_volume::{Affine, Grid};

    #[test]
    fn what_rules_took_from_findings_is_told_and_what_matters_is_warned_of() {
        let mut manifest = Manifest::from_json(include_str!("../tests/tiny-manifest.json")).unwrap();
        let label = &mut manifest.labels[0];
        (label.name, label.certain) = ("blood".to_owned(), 5.0);
        let value = label.value;
        manifest.classes[0].volume =
            Some(VolumeEvidence { label: value, half_ml: 1.0, gain: 1.0, certainty: None, by_piece: false });
        let grid = Grid { dims: [20, 10, 10], affine: Affine::IDENTITY };
        let mut map = Volume::filled(grid, value);
        let mut left_out = LeftOut::new(&manifest, &map);
        let mut after = |why, from: usize, to: usize| {
            map.voxels[from..to].fill(0);
            left_out.after(why, &map);
        };
        after(Why::Apart, 0, 700);
        after(Why::BothSides, 700, 700);
        after(Why::BothSides, 700, 1300);
        after(Why::Uncertain, 1300, 1900);
        let steps = [
            "0.7 mL of blood left out, which does not touch the brain",
            "0.6 mL of blood left out, small and alike on both sides",
            "0.6 mL of blood left out, which the network is not certain of",
        ];
        assert_eq!(left_out.steps(&map), steps);
        let warnings = |certain_of: std::ops::Range<usize>| {
            let mut segmentation = vec![0.0; 3 * grid.len()];
            // Scores have x slowest; the map has it fastest.
            for v in certain_of {
                let [x, y, z] = [v % 20, v / 20 % 10, v / 200];
                segmentation[grid.len() * usize::from(value) + (x * 10 + y) * 10 + z] = 6.0;
            }
            let scores = Scores { segmentation, classes: 3, class_logits: vec![], windows: 1 };
            left_out.warnings(&map, &Certainty { scores: &scores, grid: &grid })
        };
        let both = "0.6 mL of what may be blood was left out, small and alike on both sides: mostly healthy, but not always";
        assert_eq!(warnings(900..901), [both], "one voxel makes its piece certain");
        assert_eq!(warnings(1500..1501), [] as [&str; 0]);
    }
}

//! What rules took away from findings: the reader is told, because a rule that is right of most is not right of all.

use saswin_model::Manifest;
use saswin_volume::Volume;

/// Least volume that a reader is warned of, mL: less than what cards call small.
const WORTH_A_WARNING_ML: f64 = 0.5;

/// Why a rule took something away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// It does not touch the tissue that it is looked for in.
    Apart,
    /// It is small and lies where such findings do not.
    Elsewhere,
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
            Self::BothSides => "small and alike on both sides",
            Self::Uncertain => "which the network is not certain of",
        }
    }

    /// Why the reader should look, where a rule may take what matters.
    fn caution(self) -> Option<&'static str> {
        match self {
            Self::Apart => Some("mostly bone or scalp, but not always"),
            Self::BothSides => Some("mostly healthy, but not always"),
            Self::Elsewhere | Self::Uncertain => None,
        }
    }
}

/// Counts a map's findings before and after each rule.
pub(crate) struct LeftOut<'a> {
    manifest: &'a Manifest,
    /// Labels that stand for findings.
    labels: Vec<u8>,
    voxels: Vec<u64>,
    lost: Vec<(u8, Why, f64)>,
}

impl<'a> LeftOut<'a> {
    pub fn new(manifest: &'a Manifest, map: &Volume<u8>) -> Self {
        let labels: Vec<u8> =
            manifest.classes.iter().filter_map(|class| Some(class.volume.as_ref()?.label)).collect();
        let voxels = counts(map, &labels);
        Self { manifest, labels, voxels, lost: Vec::new() }
    }

    /// What follows counts from `map` on.
    pub fn restart(&mut self, map: &Volume<u8>) {
        self.voxels = counts(map, &self.labels);
    }

    /// A rule has been applied to `map`; what it added does not count.
    pub fn after(&mut self, why: Why, map: &Volume<u8>) {
        let now = counts(map, &self.labels);
        for ((label, before), now) in self.labels.iter().zip(&self.voxels).zip(&now) {
            if now < before {
                self.lost.push((*label, why, (before - now) as f64 * map.grid.voxel_volume() / 1000.0));
            }
        }
        self.voxels = now;
    }

    /// What was done, in words.
    pub fn steps(&self) -> Vec<String> {
        let step =
            |(name, ml, why): (&str, f64, Why)| format!("{ml:.1} mL of {name} left out, {}", why.reason());
        self.sums(0.05).map(step).collect()
    }

    /// What the reader should look at.
    pub fn warnings(&self) -> Vec<String> {
        let warning = |(name, ml, why): (&str, f64, Why)| {
            let caution = why.caution()?;
            Some(format!("{ml:.1} mL of what may be {name} was left out, {}: {caution}", why.reason()))
        };
        self.sums(WORTH_A_WARNING_ML).filter_map(warning).collect()
    }

    /// Name and volume of each label by reason, from `least` on.
    fn sums(&self, least: f64) -> impl Iterator<Item = (&str, f64, Why)> {
        let whys = [Why::Apart, Why::Elsewhere, Why::BothSides, Why::Uncertain];
        let labels = self.manifest.labels.iter().filter(|l| self.labels.contains(&l.value));
        labels.flat_map(move |label| {
            whys.into_iter().filter_map(move |why| {
                let of = self.lost.iter().filter(|(l, w, _)| (*l, *w) == (label.value, why));
                let ml: f64 = of.map(|(.., ml)| ml).sum();
                (ml >= least).then_some((label.name.as_str(), ml, why))
            })
        })
    }
}

fn counts(map: &Volume<u8>, labels: &[u8]) -> Vec<u64> {
    let mut all = [0_u64; 256];
    map.voxels.iter().for_each(|v| all[usize::from(*v)] += 1);
    labels.iter().map(|label| all[usize::from(*label)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_model::VolumeEvidence;
    use saswin_volume::{Affine, Grid};

    #[test]
    fn what_rules_took_from_findings_is_told_and_what_matters_is_warned_of() {
        let mut manifest = Manifest::from_json(include_str!("../tests/tiny-manifest.json")).unwrap();
        manifest.labels[0].name = "blood".to_owned();
        let value = manifest.labels[0].value;
        manifest.classes[0].volume =
            Some(VolumeEvidence { label: value, half_ml: 1.0, gain: 1.0, certainty: None, by_piece: false });
        let grid = Grid { dims: [20, 10, 10], affine: Affine::IDENTITY };
        let mut map = Volume::filled(grid, value);
        let mut left_out = LeftOut::new(&manifest, &map);
        let mut after = |why, from: usize, to: usize| {
            map.voxels[from..to].fill(0);
            left_out.after(why, &map);
        };
        after(Why::Apart, 0, 400);
        after(Why::BothSides, 400, 700);
        after(Why::Elsewhere, 700, 700);
        after(Why::BothSides, 700, 1000);
        after(Why::Uncertain, 1000, 1900);
        assert_eq!(
            left_out.steps(),
            [
                "0.4 mL of blood left out, which does not touch the brain",
                "0.6 mL of blood left out, small and alike on both sides",
                "0.9 mL of blood left out, which the network is not certain of",
            ]
        );
        assert_eq!(
            left_out.warnings(),
            [
                "0.6 mL of what may be blood was left out, small and alike on both sides: mostly healthy, but not always"
            ]
        );
    }
}

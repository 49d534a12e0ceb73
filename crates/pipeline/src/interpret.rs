//! From scores to labels, volumes and sentences.

use saswin_model::{BothSides, ClassOutput, Manifest, Side, VolumeEvidence, WindowPool};
use saswin_volume::{Plane, Volume, keep_largest_piece, resample_argmax};

use crate::certainty::{Certainty, Marked};
use crate::midline::Halves;
use crate::report::{Asymmetry, LabelVolume, MeasureValue, Probability};
use crate::{Prepared, RunError, Scores, both_sides, half_contrast, islands, mirrored, surroundings, twins};

/// Lowers the logits of labels that need a margin by it.
pub(crate) fn apply_margins(manifest: &Manifest, scores: &mut Scores) {
    let size = scores.segmentation.len() / scores.classes.max(1);
    for label in manifest.labels.iter().filter(|l| l.margin != 0.0) {
        let channel = usize::from(label.value) - usize::from(manifest.overlapping);
        scores.segmentation[channel * size..][..size].iter_mut().for_each(|logit| *logit -= label.margin);
    }
}

/// Label map on the grid of `scan`, as the network has it.
pub(crate) fn label_map(
    manifest: &Manifest,
    scores: &Scores,
    prepared: &Prepared,
    scan: &Volume<f32>,
) -> Result<Volume<u8>, RunError> {
    let native = &scan.grid;
    let highest = |logits: &[f32], classes| {
        resample_argmax(logits, classes, &prepared.grid.transposed(), native)
            .map_err(|e| RunError::Internal(e.to_string()))
    };
    if scores.classes == 0 {
        return Ok(Volume::filled(*native, 0));
    }
    if !manifest.overlapping {
        let mut map = highest(&scores.segmentation, scores.classes)?;
        manifest.pieces.iter().for_each(|classes| keep_one_piece(&mut map, classes));
        drop_brighter(&mut map, scan, manifest);
        manifest.islands.iter().for_each(|i| islands::mark(&mut map, &scan.voxels, i));
        manifest.surroundings.iter().for_each(|s| surroundings::drop_strays(&mut map, s));
        if prepared.alignment.aligned {
            let plane = &prepared.alignment.plane;
            drop_paired(&mut map, scan, plane, manifest)?;
            manifest.twins.iter().try_for_each(|t| twins::drop_twins(&mut map, plane, t))?;
        }
        return Ok(map);
    }
    let mut map = Volume::filled(*native, 0);
    let size = scores.segmentation.len() / scores.classes;
    for label in &manifest.labels {
        let from = (usize::from(label.value) - 1) * size;
        // A mask is a class beside a background whose logit is 0.
        let mut logits = vec![0.0; size];
        logits.extend_from_slice(&scores.segmentation[from..from + size]);
        for (voxel, inside) in map.voxels.iter_mut().zip(highest(&logits, 2)?.voxels) {
            if inside == 1 {
                *voxel = label.value;
            }
        }
    }
    Ok(map)
}

/// Drops pieces that the network is not certain of, and moves borders to where the scan has them.
pub(crate) fn refine(
    manifest: &Manifest,
    certainty: &Certainty<'_>,
    scan: &Volume<f32>,
    map: &mut Volume<u8>,
) {
    for label in manifest.labels.iter().filter(|l| l.certain > 0.0) {
        certainty.drop_less(map, label.value, label.certain);
    }
    let most = most(manifest);
    for wanted in &manifest.half_contrast {
        half_contrast::move_borders(map, &scan.voxels, most[usize::from(wanted.label)], wanted);
    }
    if !manifest.overlapping {
        drop_unnamed(map, manifest);
    }
}

/// Channels that the manifest names no label for were trained but are not reported.
fn drop_unnamed(map: &mut Volume<u8>, manifest: &Manifest) {
    let mut named = [manifest.labels.is_empty(); 256];
    manifest.labels.iter().for_each(|l| named[usize::from(l.value)] = true);
    map.voxels.iter_mut().filter(|v| !named[usize::from(**v)]).for_each(|v| *v = 0);
}

/// The brightest that each label may be, by its value.
fn most(manifest: &Manifest) -> [f32; 256] {
    let mut most = [f32::INFINITY; 256];
    let bounded = manifest.labels.iter().filter_map(|l| Some((l.value, l.at_most?)));
    bounded.for_each(|(value, at_most)| most[usize::from(value)] = at_most);
    most
}

/// Drops findings that `scan` has on both sides of `plane`.
fn drop_paired(
    map: &mut Volume<u8>,
    scan: &Volume<f32>,
    plane: &Plane,
    manifest: &Manifest,
) -> Result<(), RunError> {
    // The mirror image is as large as the scan: only for what there is.
    let marked = |rule: &&BothSides| map.voxels.contains(&rule.label);
    let rules: Vec<&BothSides> = manifest.both_sides.iter().filter(marked).collect();
    if rules.is_empty() {
        return Ok(());
    }
    let (mirrored, most) = (mirrored(scan, plane)?, most(manifest));
    for rule in rules {
        let at_most = most[usize::from(rule.label)];
        both_sides::drop_paired(map, &scan.voxels, &mirrored.voxels, at_most, rule);
    }
    Ok(())
}

/// Voxels that are brighter in the scan than their label may be become background.
fn drop_brighter(map: &mut Volume<u8>, scan: &Volume<f32>, manifest: &Manifest) {
    let most = most(manifest);
    for (voxel, brightness) in map.voxels.iter_mut().zip(&scan.voxels) {
        if *brightness > most[usize::from(*voxel)] {
            *voxel = 0;
        }
    }
}

/// Voxels of `classes` outside of the largest piece of their union become background.
fn keep_one_piece(map: &mut Volume<u8>, classes: &[u8]) {
    let of_union = |v: &u8| classes.contains(v);
    let mut kept: Vec<bool> = map.voxels.iter().map(of_union).collect();
    keep_largest_piece(&mut kept, map.grid.dims);
    for (voxel, kept) in map.voxels.iter_mut().zip(kept) {
        if !kept && of_union(voxel) {
            *voxel = 0;
        }
    }
}

/// Millilitres of each value of a label map.
fn millilitres(labels: &Volume<u8>) -> [f64; 256] {
    let mut counts = [0_u64; 256];
    for v in &labels.voxels {
        counts[usize::from(*v)] += 1;
    }
    counts.map(|n| n as f64 * labels.grid.voxel_volume() / 1000.0)
}

/// Volume of each label of the manifest.
pub(crate) fn volumes(manifest: &Manifest, labels: &Volume<u8>) -> Vec<LabelVolume> {
    let ml = millilitres(labels);
    manifest
        .labels
        .iter()
        .map(|l| LabelVolume {
            value: l.value,
            name: l.name.clone(),
            side: l.side,
            color: l.color,
            volume_ml: ml[usize::from(l.value)],
        })
        .collect()
}

/// Left against right for labels that share a name.
pub(crate) fn asymmetry(volumes: &[LabelVolume]) -> Vec<Asymmetry> {
    let of = |name: &str, side| volumes.iter().find(|v| v.name == name && v.side == Some(side));
    volumes
        .iter()
        .filter(|v| v.side == Some(Side::Left))
        .filter_map(|left| {
            let (left_ml, right_ml) = (left.volume_ml, of(&left.name, Side::Right)?.volume_ml);
            let mean = (left_ml + right_ml) / 2.0;
            let index = if mean > 0.0 { (left_ml - right_ml) / mean } else { 0.0 };
            Some(Asymmetry { name: left.name.clone(), left_ml, right_ml, index })
        })
        .collect()
}

/// Midline shift in mm on the segmentation, positive to the right.
pub(crate) fn midline_shift(manifest: &Manifest, scores: &Scores, prepared: &Prepared) -> Option<f64> {
    let midline = manifest.midline.as_ref()?;
    let spacing_mm = manifest.preprocessing.spacing_mm;
    Halves { labels: &scores.labels(), dims: prepared.grid.dims, spacing_mm }.shift_mm(midline)
}

/// Regions, and measures read from the class head or the midline.
pub(crate) fn measures(
    manifest: &Manifest,
    labels: &[LabelVolume],
    scores: &Scores,
    shift_mm: Option<f64>,
) -> Vec<MeasureValue> {
    let volume_of =
        |value: &u8| labels.iter().filter(|l| l.value == *value).map(|l| l.volume_ml).sum::<f64>();
    let regions = manifest.regions.iter().map(|region| MeasureValue {
        name: region.name.clone(),
        value: region.labels.iter().map(volume_of).sum(),
        unit: "mL".to_owned(),
    });
    let logits = pooled(scores, WindowPool::Mean);
    let heads = manifest.measures.iter().filter_map(|m| {
        let value = if m.midline { shift_mm? } else { m.scale * f64::from(*logits.get(m.index)?) };
        Some(MeasureValue { name: m.name.clone(), value, unit: m.unit.clone() })
    });
    regions.chain(heads).collect()
}

/// The scan's class logits.
fn pooled(scores: &Scores, how: WindowPool) -> Vec<f32> {
    let windows = scores.class_logits.len() as f32;
    let pool = |a: f32, b: f32| match how {
        WindowPool::Mean => a + b / windows,
        WindowPool::Max => a.max(b),
    };
    let start = match how {
        WindowPool::Mean => 0.0,
        WindowPool::Max => f32::NEG_INFINITY,
    };
    let outputs = scores.class_logits.first().map_or(0, Vec::len);
    (0..outputs).map(|i| scores.class_logits.iter().fold(start, |sum, w| pool(sum, w[i]))).collect()
}

/// What speaks for each class that is read off one piece, or, if not `by_piece`, off a volume and how certain it is.
pub(crate) fn marked(
    manifest: &Manifest,
    certainty: &Certainty<'_>,
    map: &Volume<u8>,
    by_piece: bool,
) -> Vec<Option<Marked>> {
    let asks = |v: &VolumeEvidence| v.by_piece == by_piece && (by_piece || v.certainty.is_some());
    manifest.classes.iter().map(|c| c.volume.filter(asks).map(|v| certainty.of(map, &v))).collect()
}

/// Calibrated probabilities, from the class head, from volumes or from the midline.
pub(crate) fn probabilities(
    manifest: &Manifest,
    labels: &[LabelVolume],
    scores: &Scores,
    marked: &[Option<Marked>],
    shift_mm: Option<f64>,
) -> Vec<Probability> {
    let logits = pooled(scores, manifest.windows);
    let of_label = |value: u8| labels.iter().filter(|l| l.value == value).map(|l| l.volume_ml).sum();
    manifest
        .classes
        .iter()
        .zip(marked)
        .filter_map(|(class, marked)| {
            let (value, seen) = match (class.volume, class.shift) {
                (Some(volume), _) => {
                    let ml = of_label(volume.label);
                    let marked = marked.unwrap_or_default();
                    let logit = volume.logit(marked.piece_ml.unwrap_or(ml), marked.certainty);
                    (sigmoid(logit / class.temperature), format!(", {ml:.1} mL"))
                }
                (_, Some(shift)) => {
                    let (mm, side) = (shift_mm?, if shift_mm? < 0.0 { "left" } else { "right" });
                    (
                        sigmoid(shift.logit(mm) / class.temperature),
                        format!(", {:.1} mm to the {side}", mm.abs()),
                    )
                }
                _ => (of_head(class, &logits)?, String::new()),
            };
            let present = value >= class.threshold;
            let sentence = sentence(&class.name, value, present, &seen);
            Some(Probability {
                name: class.name.clone(),
                value,
                threshold: class.threshold,
                present,
                sentence,
            })
        })
        .collect()
}

/// Probability of a class output, calibrated.
fn of_head(class: &ClassOutput, logits: &[f32]) -> Option<f64> {
    let logit = f64::from(*logits.get(class.index)?);
    if !class.softmax {
        return Some(sigmoid(logit / class.temperature));
    }
    let odds = |other: &f32| ((f64::from(*other) - logit) / class.temperature).exp();
    Some(1.0 / logits.iter().map(odds).sum::<f64>())
}

fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

fn sentence(name: &str, value: f64, present: bool, seen: &str) -> String {
    let verdict = if present { "the network reports" } else { "the network does not report" };
    format!("{name}: {verdict} it{seen} ({} % on its own scale)", percent(value))
}

/// Whole percents, of which 0 and 100 are exact.
fn percent(share: f64) -> String {
    match 100.0 * share {
        low if low > 0.0 && low < 1.0 => "<1".to_owned(),
        high if high > 99.0 && high < 100.0 => ">99".to_owned(),
        percents => format!("{percents:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use saswin_volume::Grid;

    #[test]
    fn only_what_is_certain_is_said_to_be() {
        assert_eq!([0.0, 0.004, 0.5, 0.996, 1.0].map(percent), ["0", "<1", "50", ">99", "100"]);
    }

    #[test]
    fn a_margin_lowers_the_logits_of_its_label_alone() {
        let mut manifest =
            Manifest::from_json(include_str!("../../../models/ct-triage/manifest.json")).unwrap();
        manifest.labels.retain(|l| l.value == 1);
        manifest.labels[0].margin = 1.0;
        // Background, the label, another one; two voxels each.
        let segmentation = vec![2.0, 0.0, 4.0, 4.0, 1.0, 1.0];
        let mut scores = Scores { segmentation, classes: 3, class_logits: vec![], windows: 1 };
        apply_margins(&manifest, &mut scores);
        assert_eq!(scores.segmentation, [2.0, 0.0, 3.0, 3.0, 1.0, 1.0]);
    }

    #[test]
    fn windows_pool_by_mean_or_by_the_highest() {
        let class_logits = vec![vec![1.0, -3.0], vec![-2.0, 5.0], vec![4.0, 1.0]];
        let scores = Scores { segmentation: vec![], classes: 0, class_logits, windows: 3 };
        assert_eq!(pooled(&scores, WindowPool::Mean), [1.0, 1.0]);
        assert_eq!(pooled(&scores, WindowPool::Max), [4.0, 5.0]);
    }

    #[test]
    fn a_head_is_read_by_sigmoid_or_softmax() {
        let mut class = ClassOutput {
            index: 1,
            name: "x".into(),
            threshold: 0.5,
            temperature: 2.0,
            softmax: false,
            volume: None,
            shift: None,
        };
        assert!((of_head(&class, &[0.0, 2.0]).unwrap() - 0.731).abs() < 1e-3);
        class.softmax = true;
        assert!((of_head(&class, &[0.0, 2.0]).unwrap() - 0.731).abs() < 1e-3);
        assert!((of_head(&class, &[2.0, 2.0]).unwrap() - 0.5).abs() < 1e-6);
        assert_eq!(of_head(&class, &[0.0]), None);
    }

    #[test]
    fn what_is_too_bright_for_its_label_becomes_background() {
        let mut manifest =
            Manifest::from_json(include_str!("../../../models/ct-triage/manifest.json")).unwrap();
        manifest.labels.retain(|l| l.value == 1);
        manifest.labels[0].at_most = Some(100.0);
        let grid = Grid { dims: [4, 1, 1], affine: saswin_volume::Affine::IDENTITY };
        let mut map = Volume { voxels: vec![1, 1, 3, 0], ..Volume::filled(grid, 0) };
        let scan = Volume { voxels: vec![90.0, 101.0, 900.0, 900.0], ..Volume::filled(grid, 0.0) };
        drop_brighter(&mut map, &scan, &manifest);
        assert_eq!(map.voxels, [1, 0, 3, 0]);
    }

    #[test]
    fn islands_become_background_and_other_labels_stay() {
        let grid = Grid { dims: [5, 1, 1], affine: saswin_volume::Affine::IDENTITY };
        let mut map = Volume::filled(grid, 0);
        map.voxels = vec![1, 2, 0, 2, 3];
        keep_one_piece(&mut map, &[1, 2]);
        assert_eq!(map.voxels, [1, 2, 0, 0, 3]);
    }
}

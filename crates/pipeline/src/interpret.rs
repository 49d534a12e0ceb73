//! From scores to labels, volumes and sentences.

use saswin_model::{BothSides, ClassOutput, Manifest, Side, VolumeEvidence, WindowPool};
use saswin_volume::{Grid, Plane, Volume, keep_largest_piece, resample_argmax};

use crate::certainty::{Certainty, Marked};
use crate::left_out::{LeftOut, Why};
use crate::levels::Look;
use crate::midline::Halves;
use crate::report::{Asymmetry, LabelVolume, MeasureValue, Probability, side};
use crate::{Prepared, RunError, Scores, both_sides, half_contrast, islands, mirrored, surroundings, twins};

/// Pieces of more than this are not small, mL.
const SMALL_ML: f64 = 5.0;

/// Lowers the logits of labels that need a margin by it.
pub(crate) fn apply_margins(manifest: &Manifest, scores: &mut Scores) {
    let size = scores.segmentation.len() / scores.classes.max(1);
    for label in manifest.labels.iter().filter(|l| l.margin != 0.0) {
        let channel = usize::from(label.value) - usize::from(manifest.overlapping);
        scores.segmentation[channel * size..][..size].iter_mut().for_each(|logit| *logit -= label.margin);
    }
}

/// Numbers of voxels by their label.
pub(crate) type Counts = [u64; 256];

/// What the network marks, on the scan's own grid.
pub(crate) struct Labelled<'a> {
    pub map: Volume<u8>,
    /// How large the masks are if they overlap: later ones hide earlier ones in the map.
    pub masks: Option<Counts>,
    pub left_out: LeftOut<'a>,
}

/// Label map on the grid of `scan`, as the network has it and the manifest's rules leave it.
pub(crate) fn label_map<'a>(
    manifest: &'a Manifest,
    scores: &Scores,
    prepared: &Prepared,
    scan: &Volume<f32>,
) -> Result<Labelled<'a>, RunError> {
    let native = &scan.grid;
    let highest = |logits: &[f32], classes| {
        resample_argmax(logits, classes, &prepared.grid.transposed(), native)
            .map_err(|e| RunError::Internal(e.to_string()))
    };
    if scores.classes == 0 {
        let map = Volume::filled(*native, 0);
        return Ok(Labelled { left_out: LeftOut::new(manifest, &map), map, masks: None });
    }
    if !manifest.overlapping {
        let mut map = highest(&scores.segmentation, scores.classes)?;
        // What is too bright for its label is none of it: bone joins scalp and brain.
        drop_brighter(&mut map, scan, manifest);
        let mut left_out = LeftOut::new(manifest, &map);
        manifest.pieces.iter().for_each(|classes| keep_one_piece(&mut map, classes));
        left_out.after(Why::Apart, &map);
        for rule in &manifest.islands {
            islands::mark(&mut map, &scan.voxels, Look::of(manifest, rule.label), rule);
        }
        left_out.restart(&map);
        for rule in &manifest.surroundings {
            surroundings::drop_strays(&mut map, rule);
            left_out.after(if rule.below_ml > SMALL_ML { Why::Outside } else { Why::Elsewhere }, &map);
        }
        if prepared.alignment.aligned {
            let plane = &prepared.alignment.plane;
            drop_paired(&mut map, scan, plane, manifest)?;
            manifest.twins.iter().try_for_each(|t| twins::drop_twins(&mut map, plane, t))?;
        }
        left_out.after(Why::BothSides, &map);
        return Ok(Labelled { map, masks: None, left_out });
    }
    let (mut map, mut counts) = (Volume::filled(*native, 0), [0; 256]);
    let size = scores.segmentation.len() / scores.classes;
    for label in &manifest.labels {
        let from = (usize::from(label.value) - 1) * size;
        // A mask is a class beside a background whose logit is 0.
        let mut logits = vec![0.0; size];
        logits.extend_from_slice(&scores.segmentation[from..from + size]);
        for (voxel, inside) in map.voxels.iter_mut().zip(highest(&logits, 2)?.voxels) {
            if inside == 1 {
                *voxel = label.value;
                counts[usize::from(label.value)] += 1;
            }
        }
    }
    Ok(Labelled { left_out: LeftOut::new(manifest, &map), map, masks: Some(counts) })
}

/// Drops pieces that the network is not certain of, and moves borders to where the scan has them.
pub(crate) fn refine(
    manifest: &Manifest,
    certainty: &Certainty<'_>,
    scan: &Volume<f32>,
    Labelled { map, left_out, .. }: &mut Labelled<'_>,
) {
    left_out.restart(map);
    for label in manifest.labels.iter().filter(|l| l.certain > 0.0) {
        certainty.drop_less(map, label.value, label.certain);
    }
    left_out.after(Why::Uncertain, map);
    for wanted in &manifest.half_contrast {
        let look = Look::of(manifest, wanted.label);
        let faint = half_contrast::move_borders(map, &scan.voxels, look, wanted);
        left_out.took(Why::Faint, wanted.label, faint);
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
    let mirrored = mirrored(scan, plane)?;
    for rule in rules {
        let look = Look::of(manifest, rule.label);
        both_sides::drop_paired(map, &scan.voxels, &mirrored.voxels, look, rule);
    }
    Ok(())
}

/// Voxels that are brighter in the scan than their label may be become background.
fn drop_brighter(map: &mut Volume<u8>, scan: &Volume<f32>, manifest: &Manifest) {
    for (label, most) in manifest.labels.iter().filter_map(|l| Some((l.value, l.at_most?))) {
        let voxels = map.voxels.iter_mut().zip(&scan.voxels);
        voxels.filter(|(v, brightness)| **v == label && **brightness > most).for_each(|(v, _)| *v = 0);
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

fn counts(map: &Volume<u8>) -> Counts {
    let mut counts = [0; 256];
    map.voxels.iter().for_each(|v| counts[usize::from(*v)] += 1);
    counts
}

fn millilitres(counts: Counts, grid: &Grid) -> [f64; 256] {
    counts.map(|n| n as f64 * grid.voxel_volume() / 1000.0)
}

/// Volume of each label of the manifest; `masks` is the size of those that overlap.
pub(crate) fn volumes(manifest: &Manifest, map: &Volume<u8>, masks: Option<Counts>) -> Vec<LabelVolume> {
    let ml = millilitres(masks.unwrap_or_else(|| counts(map)), &map.grid);
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

/// Left against right for labels that share a name, where there is any of them; `is_cut` says of a label's value whether
/// the scan ends within it.
pub(crate) fn asymmetry(volumes: &[LabelVolume], is_cut: impl Fn(u8) -> bool) -> Vec<Asymmetry> {
    let of = |name: &str, side| volumes.iter().find(|v| v.name == name && v.side == Some(side));
    volumes
        .iter()
        .filter(|v| v.side == Some(Side::Left))
        .filter_map(|left| {
            let right = of(&left.name, Side::Right)?;
            let (left_ml, right_ml) = (left.volume_ml, right.volume_ml);
            let cut = is_cut(left.value) || is_cut(right.value);
            let mean = (left_ml + right_ml) / 2.0;
            let index = (left_ml - right_ml) / mean;
            (mean > 0.0).then(|| Asymmetry { name: left.name.clone(), left_ml, right_ml, index, cut })
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
    map: &Volume<u8>,
    scores: &Scores,
    shift_mm: Option<f64>,
) -> Vec<MeasureValue> {
    // As labels are seen in the map: a union has no voxel twice.
    let ml = millilitres(counts(map), &map.grid);
    let regions = manifest.regions.iter().map(|region| MeasureValue {
        name: region.name.clone(),
        value: region.labels.iter().map(|value| ml[usize::from(*value)]).sum(),
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

/// Share of its threshold that the probability of a finding reaches at most if nothing of it is left to be shown.
const UNSEEN: f64 = 0.98;

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
                    let value = sigmoid(logit / class.temperature);
                    // What is reported can be seen.
                    let most = if ml > 0.0 { 1.0 } else { UNSEEN * class.threshold };
                    (value.min(most), amount(marked.piece_ml, ml))
                }
                (_, Some(shift)) => {
                    let mm = shift_mm?;
                    (sigmoid(shift.logit(mm) / class.temperature), distance(mm))
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

/// All that was found and, if it is not in one piece, the piece that counts.
fn amount(piece_ml: Option<f64>, ml: f64) -> String {
    match piece_ml {
        Some(piece) if piece < ml => format!(", {piece:.1} mL in one piece and {ml:.1} mL in all"),
        _ => format!(", {ml:.1} mL"),
    }
}

fn distance(right_mm: f64) -> String {
    let to = side(right_mm).map(|side| format!(" to the {side}")).unwrap_or_default();
    format!(", {:.1} mm{to}", right_mm.abs())
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
#[path = "interpret_tests.rs"]
mod tests;

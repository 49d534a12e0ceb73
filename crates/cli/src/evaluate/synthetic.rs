//! Scans drawn from label maps, with their exact truth.

use std::path::Path;

use saswin_pipeline::Findings;
use saswin_scan_io::{Scan, Slices};
use saswin_training::evaluate::{CaseResult, LabelResult};
use saswin_training::recipe::{Recipe, Target};
use saswin_training::synth::{Canvas, Contrast, Sample, targets};
use saswin_training::trainer::{Seen, head_synth};
use saswin_volume::{Affine, Grid, Modality, Volume};

use super::{Args, Evaluator, compare, mask};

/// mL of a voxel of the canvas.
const VOXEL_ML: f32 = 0.001;

/// Results on the first scans of the stream.
pub(super) fn cases(
    evaluator: &Evaluator,
    args: &Args,
) -> Result<Vec<CaseResult>, Box<dyn std::error::Error>> {
    let name = &evaluator.model.manifest.name;
    let own = Path::new("models/recipes").join(format!("{name}.toml"));
    let mut recipe = Recipe::read(args.recipe.as_ref().unwrap_or(&own))?;
    recipe.data.synthesis = recipe.data.test.take().unwrap_or(recipe.data.synthesis);
    let cache = std::env::temp_dir().join("saswin-evaluate");
    fs_err::create_dir_all(&cache)?;
    let synth = head_synth(&recipe.data, [args.maps[0], args.maps[1]], &cache)?;
    (0..args.cases)
        .map(|seed| {
            let scan = scan(synth.sample(seed))?;
            eprintln!("case {}: {}", seed + 1, scan.0.name);
            let findings = evaluator.findings(&scan.0)?;
            Ok(result(evaluator, recipe.data.target, &scan, &findings))
        })
        .collect()
}

/// A sample as a scanner would hand it over, and its truth in tensor order.
fn scan(sample: Sample) -> Result<(Scan, Sample), Box<dyn std::error::Error>> {
    let origin = Canvas::ORIGIN.map(|mm| -f64::from(mm));
    let grid = Grid { dims: sample.dims, affine: Affine { translation: origin, ..Affine::IDENTITY } };
    let spec = &sample.truth.spec;
    // Its voxels are those of the canvas, its slices are not.
    let thickness = spec.spacing.into_iter().fold(0.0, f32::max);
    let scan = Scan {
        volume: Volume::new(grid.transposed(), sample.image.clone())?,
        modality: if spec.contrast == Contrast::Ct { Modality::Ct } else { Modality::Mr },
        name: format!("{} {:?} {:?}", sample.truth.map, spec.contrast, sample.truth.pathologies),
        notes: Vec::new(),
        window: None,
        slices: Slices { missing: 0, thickness_mm: Some(f64::from(thickness)) },
        contrast_medium: false,
        forms: None,
        doubts: Vec::new(),
    };
    Ok((scan, sample))
}

fn result(
    evaluator: &Evaluator,
    target: Target,
    (scan, sample): &(Scan, Sample),
    findings: &Findings,
) -> CaseResult {
    let seen = Seen {
        anatomy: &sample.target,
        findings: &sample.findings,
        voxel_ml: VOXEL_ML,
        midline_shift: sample.truth.midline_shift,
    };
    let truth = target.classes(&seen);
    let manifest = &evaluator.model.manifest;
    let known = |index: usize| truth.get(index).copied().filter(|v| !v.is_nan()).map(f64::from);
    let measures = manifest.measures.iter().filter_map(|m| {
        let answer = findings.report.measures.iter().find(|v| v.name == m.name)?.value;
        Some((m.name.clone(), answer, m.scale * known(m.index)?))
    });
    CaseResult {
        case: scan.name.clone(),
        slice_mm: Some(scan.slice_mm()),
        labels: labels(evaluator, target, &target.labels(&seen), findings),
        classes: evaluator.classes(findings, |class| Some(known(class.index)? > 0.5)),
        measures: measures.collect(),
    }
}

fn labels(evaluator: &Evaluator, target: Target, truth: &[u8], findings: &Findings) -> Vec<LabelResult> {
    let answer = &findings.segmentation;
    let compared = |name: String, mine: &[u8]| {
        let finding = evaluator.finding(mine);
        compare(name, finding, &answer.grid, &mask(&answer.voxels, mine), &mask(truth, mine))
    };
    let each = evaluator.model.manifest.labels.iter();
    let mut labels: Vec<LabelResult> = each.map(|l| compared(l.full_name(), &[l.value])).collect();
    if target == Target::Anatomy {
        let brain: Vec<u8> = (0..targets::COUNT as u8).filter(|v| targets::is_brain(*v)).collect();
        labels.push(compared("brain".into(), &brain));
    }
    labels
}

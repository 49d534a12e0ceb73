//! `evaluate`: a model against truth, as a table, as JSON and in the model's card.

mod models;
mod synthetic;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;
use saswin_model::weights::Precision;
use saswin_model::{ClassOutput, Manifest, Side};
use saswin_pipeline::{Engine, Findings, LoadedModel, Options, Silent};
use saswin_scan_io::Scan;
use saswin_training::evaluate::{
    CaseResult, Evaluation, FindingVolume, Injury, LabelResult, Moved, Overlap, Pieces, card, hausdorff_95,
    lay, summarise,
};
use saswin_volume::{Grid, Volume};
use serde::Deserialize;

use crate::CliResult;
use crate::checkpoint::named;
use crate::engine::{self, ArithmeticArg, BackendArg};
use crate::run::{model_folder, read_manifest};
use crate::scan::load_scan;

/// Folder of a model's kept numbers.
const KEPT: &str = "evaluation";
/// What `--on` says for scans drawn here.
const SYNTHETIC: &str = "synthetic";

#[derive(clap::Args)]
pub struct Args {
    /// Model: a name under `--models`, or a folder with a manifest.json.
    #[arg(long)]
    model: String,
    /// Where models live.
    #[arg(long, default_value = "models")]
    models: PathBuf,
    /// `synthetic` (scans drawn from held-out label maps), or a JSON list of scans with their truths. Only `--card` goes
    /// without.
    #[arg(long, required_unless_present = "card")]
    on: Option<String>,
    /// Recipe that says how synthetic scans look and what is true of them; the model's own by default.
    #[arg(long)]
    recipe: Option<PathBuf>,
    /// First and last label map of synthetic scans, counted from 1; by default those that no recipe trains or
    /// validates on. Their first forty scans were looked at while rules were chosen.
    #[arg(long, num_args = 2, default_values_t = [19, 20])]
    maps: Vec<usize>,
    /// Number of synthetic scans.
    #[arg(long, default_value_t = 12)]
    cases: u64,
    /// Where to compute.
    #[arg(long, value_enum, default_value = "auto")]
    backend: BackendArg,
    /// How integer weights are multiplied; by default as suits the device.
    #[arg(long, value_enum)]
    arithmetic: Option<ArithmeticArg>,
    /// Evaluate these weights, which `convert` reads, too, by the manifest of the model instead of its own.
    #[arg(long, conflicts_with = "card")]
    weights: Option<PathBuf>,
    /// What to round `--weights` to, comma-separated, each evaluated on the same scans: `f32`, `f16`, `q8`, `q4`.
    #[arg(long, value_delimiter = ',', value_parser = named::<Precision>, default_value = "f32", requires = "weights")]
    precision: Vec<Precision>,
    /// Keep the numbers in the model's folder and write its card from all that are kept.
    #[arg(long)]
    card: bool,
}

/// Scans with their truths.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    /// What the scans are.
    name: String,
    cases: Vec<ListCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListCase {
    name: String,
    /// NIfTI file or a folder of DICOM files; paths are relative to the list.
    scan: PathBuf,
    #[serde(default)]
    truths: Vec<Truth>,
    /// Laid over the scan, which has none; it is a truth then.
    #[serde(default)]
    laid: Option<Laid>,
    /// How scan and truths are shown otherwise.
    #[serde(default)]
    moved: Moved,
    /// Whether a finding is there, by the name of the model's class.
    #[serde(default)]
    findings: BTreeMap<String, bool>,
}

/// An injury laid over a scan.
#[derive(Deserialize)]
struct Laid {
    /// The structure's name in the table.
    name: String,
    /// The model's labels that stand for it.
    labels: Vec<u8>,
    #[serde(flatten)]
    injury: Injury,
}

/// One structure's truth on the grid of the scan.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Truth {
    name: String,
    /// NIfTI file of a label map, mask or probability map.
    file: PathBuf,
    /// Values that count; empty for all from `at_least` up.
    #[serde(default)]
    values: Vec<f32>,
    /// Least value that counts.
    #[serde(default = "half")]
    at_least: f32,
    /// The side of the file's middle plane, x = 0 mm, whose voxels count; both if none is named.
    #[serde(default)]
    side: Option<Side>,
    /// Labels of the answer whose voxels do not count as truth: parts that the model keeps apart and the truth
    /// does not.
    #[serde(default)]
    without: Vec<u8>,
    /// The model's labels that stand for the structure.
    labels: Vec<u8>,
}

impl Truth {
    /// The voxels of `map` that count.
    fn mask(&self, map: &Volume<f32>) -> Vec<bool> {
        let right_mm = |v: usize| map.grid.place(v)[0];
        let lies = |v: usize| match self.side {
            Some(Side::Left) => right_mm(v) < 0.0,
            Some(Side::Right) => right_mm(v) > 0.0,
            None => true,
        };
        map.voxels.iter().enumerate().map(|(v, value)| self.counts(*value) && lies(v)).collect()
    }

    fn counts(&self, value: f32) -> bool {
        if self.values.is_empty() { value >= self.at_least } else { self.values.contains(&value) }
    }
}

const fn half() -> f32 {
    0.5
}

struct Evaluator<'a> {
    model: LoadedModel,
    engine: &'a Engine,
}

pub fn run(args: &Args) -> CliResult {
    let folder = model_folder(&args.models, &args.model);
    let Some(on) = &args.on else {
        return write_card(&folder, &read_manifest(&folder.join("manifest.json"))?);
    };
    let wanted = args.arithmetic.map(ArithmeticArg::arithmetic);
    let engine = engine::open(args.backend, None)?.with_arithmetic(wanted);
    for (rounded, model) in models::load(args, &folder, &engine)? {
        args.arithmetic.map_or(Ok(()), |wanted| wanted.holds(&model))?;
        let evaluator = Evaluator { model, engine: &engine };
        let evaluation = evaluator.evaluation(args, on, &rounded)?;
        println!("{}", evaluation.markdown());
        println!("{}", serde_json::to_string(&evaluation)?);
        if args.card {
            keep(&folder, &evaluation, &args.kept_as(on))?;
            write_card(&folder, &evaluator.model.manifest)?;
        }
    }
    Ok(())
}

impl Args {
    /// How synthetic scans are asked for.
    fn drawn(&self) -> String {
        let recipe =
            self.recipe.as_ref().map_or(String::new(), |path| format!(" --recipe {}", path.display()));
        let maps = if self.other_maps() {
            format!(" --maps {} {}", self.maps[0], self.maps[1])
        } else {
            String::new()
        };
        format!("{recipe}{maps} --cases {}", self.cases)
    }

    fn other_maps(&self) -> bool {
        self.maps != [19, 20]
    }

    /// Name of the numbers that are kept, one for each kind of scan.
    fn kept_as(&self, on: &str) -> String {
        let mut name = stem(Path::new(on));
        if on == SYNTHETIC {
            if let Some(recipe) = &self.recipe {
                name = format!("{name}-{}", stem(recipe));
            }
            if self.other_maps() {
                name = format!("{name}-{}-{}", self.maps[0], self.maps[1]);
            }
        }
        match self.arithmetic {
            Some(how) => format!("{name}-{}", how.name()),
            None => name,
        }
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

impl Evaluator<'_> {
    /// The model on all scans that were asked for; `rounded` is how its weights were, as arguments.
    fn evaluation(
        &self,
        args: &Args,
        on: &str,
        rounded: &str,
    ) -> Result<Evaluation, Box<dyn std::error::Error>> {
        let synthetic = on == SYNTHETIC;
        let (name, cases) = if synthetic {
            let [first, last] = [args.maps[0], args.maps[1]];
            let name = format!("synthetic scans from label maps {first} to {last}, {} cases", args.cases);
            (name, synthetic::cases(self, args)?)
        } else {
            self.list(Path::new(on))?
        };
        let manifest = &self.model.manifest;
        let drawn = if synthetic { args.drawn() } else { String::new() };
        let how = args.arithmetic.map_or(String::new(), |a| format!(" --arithmetic {}", a.name()));
        let command = format!("saswin-cli evaluate --model {}{rounded} --on {on}{drawn}{how}", manifest.name);
        Ok(summarise(&manifest.name, &self.model.sha256, &name, &command, cases))
    }

    fn findings(&self, scan: &Scan) -> Result<Findings, saswin_pipeline::RunError> {
        let options = Options { ignore_warnings: true };
        pollster::block_on(saswin_pipeline::run(scan, &self.model, self.engine, options, &mut Silent))
    }

    fn list(&self, path: &Path) -> Result<(String, Vec<CaseResult>), Box<dyn std::error::Error>> {
        let list: List =
            serde_json::from_slice(&fs::read(path)?).map_err(|e| format!("{}: {e}", path.display()))?;
        let base = path.parent().unwrap_or(Path::new("."));
        let cases = list.cases.iter().map(|case| self.list_case(case, base)).collect::<Result<_, _>>()?;
        Ok((list.name, cases))
    }

    fn list_case(&self, case: &ListCase, base: &Path) -> Result<CaseResult, Box<dyn std::error::Error>> {
        eprintln!("case {}", case.name);
        let mut scan = load_scan(&base.join(&case.scan))?;
        let mut labels = Vec::new();
        let laid = match &case.laid {
            Some(laid) => {
                let truth = lay(&mut scan.volume, &laid.injury);
                Some((laid, truth.ok_or_else(|| format!("{}: no place for the injury", case.name))?))
            }
            None => None,
        };
        let grid = scan.volume.grid;
        scan.volume = case.moved.scan(&scan.volume)?;
        let findings = self.findings(&scan)?;
        let answer = &findings.segmentation;
        let compared = |name: &str, mine: &[u8], truth: &[bool]| {
            compare(name.into(), self.finding(mine), &answer.grid, &mask(&answer.voxels, mine), truth)
        };
        if let Some((laid, truth)) = &laid {
            labels.push(compared(&laid.name, &laid.labels, &case.moved.mask(truth, &grid)?));
        }
        for truth in &case.truths {
            let path = base.join(&truth.file);
            let map = load_scan(&path)?.volume;
            if map.grid.dims != scan.volume.grid.dims {
                let (got, wanted) = (map.grid.dims, scan.volume.grid.dims);
                return Err(format!("{}: {got:?} voxels, the scan has {wanted:?}", path.display()).into());
            }
            let counts = truth.mask(&map);
            let left_out = |a: &u8| truth.without.contains(a);
            let counted: Vec<bool> = (case.moved.mask(&counts, &grid)?.iter().zip(&answer.voxels))
                .map(|(counts, a)| *counts && !left_out(a))
                .collect();
            labels.push(compared(&truth.name, &truth.labels, &counted));
        }
        let known = |class: &ClassOutput| case.findings.get(&class.name).copied();
        Ok(CaseResult {
            case: case.name.clone(),
            slice_mm: Some(scan.slice_mm()),
            labels,
            classes: self.classes(&findings, known),
            measures: Vec::new(),
        })
    }

    /// Name of the class that is read off one of these labels.
    fn finding(&self, labels: &[u8]) -> Option<String> {
        let reads = |c: &&ClassOutput| c.volume.is_some_and(|v| labels.contains(&v.label));
        Some(self.model.manifest.classes.iter().find(reads)?.name.clone())
    }

    /// Name, logit before the temperature and truth of every class whose truth is known.
    fn classes(
        &self,
        findings: &Findings,
        known: impl Fn(&ClassOutput) -> Option<bool>,
    ) -> Vec<(String, f64, bool)> {
        let answered = |class: &ClassOutput| {
            let p = findings.report.probabilities.iter().find(|p| p.name == class.name)?.value;
            Some(class.temperature * (p / (1.0 - p).max(f64::MIN_POSITIVE)).ln())
        };
        let classes = self.model.manifest.classes.iter();
        classes.filter_map(|c| Some((c.name.clone(), answered(c)?, known(c)?))).collect()
    }
}

/// Compares the masks of one structure, which lie on `grid`. Of findings, by the name of their class, pieces are counted.
fn compare(
    label: String,
    finding: Option<String>,
    grid: &Grid,
    answer: &[bool],
    truth: &[bool],
) -> LabelResult {
    let count = |mask: &[bool]| mask.iter().filter(|m| **m).count() as u64;
    let both = answer.iter().zip(truth).filter(|(a, t)| **a && **t).count() as u64;
    let overlap = Overlap { answer: count(answer), truth: count(truth), both };
    let ([i, j, k], [si, sj, sk]) = (grid.dims, grid.spacing());
    let ml = overlap.truth as f64 * grid.voxel_volume() / 1000.0;
    LabelResult {
        label,
        dice: overlap.dice(),
        hd95_mm: hausdorff_95(answer, truth, [k, j, i], [sk, sj, si]),
        volume_error: overlap.volume_error(),
        pieces: finding.is_some().then(|| Pieces::of(answer, truth, grid.dims)),
        finding: finding.map(|class| FindingVolume { class, ml }),
    }
}

/// The mask of voxels that are one of `labels`.
fn mask(map: &[u8], labels: &[u8]) -> Vec<bool> {
    map.iter().map(|v| labels.contains(v)).collect()
}

/// Keeps the numbers beside the model.
fn keep(folder: &Path, evaluation: &Evaluation, name: &str) -> CliResult {
    let kept = folder.join(KEPT);
    fs::create_dir_all(&kept)?;
    Ok(fs::write(kept.join(format!("{name}.json")), serde_json::to_string_pretty(evaluation)?)?)
}

/// A kept evaluation, summed up from its cases as it is done now.
fn kept_again(path: &Path) -> Result<Evaluation, Box<dyn std::error::Error>> {
    let kept: Evaluation =
        serde_json::from_slice(&fs::read(path)?).map_err(|e| format!("{}: {e}", path.display()))?;
    let again = summarise(&kept.model, &kept.sha256, &kept.cases_of, &kept.command, kept.cases);
    fs::write(path, serde_json::to_string_pretty(&again)?)?;
    Ok(again)
}

/// Writes the model's card from all numbers that are kept.
fn write_card(folder: &Path, manifest: &Manifest) -> CliResult {
    let kept = folder.join(KEPT);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(&kept)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let evaluations = paths
        .iter()
        .map(|path| kept_again(path))
        .collect::<Result<Vec<Evaluation>, Box<dyn std::error::Error>>>()?;
    let notes = fs::read_to_string(folder.join("NOTES.md")).unwrap_or_default();
    fs::write(folder.join("README.md"), card(manifest, &evaluations, &notes))?;
    Ok(())
}

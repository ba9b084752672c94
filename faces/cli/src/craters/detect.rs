//! `fieldkit craters detect`: scenes to surveys.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use craters::Error;
use craters::data::{Scene, SceneOptions};
use craters::model::Detector;
use craters::predict::{self, Settings};
use craters::survey::{self, Crater, Kept, Survey, Verdict};
use record::Journal;
use serde_json::{Value, json};

use super::args::{SceneArgs, detector};
use super::export::{Wanted, give_report, write_all};
use super::{know, recorded};
use crate::output::{Output, show};
use crate::scaling::words::columns;

/// See `Command::Detect`.
#[derive(Args)]
pub(crate) struct DetectArgs {
    /// Images: GeoTIFF, PNG or JPEG, with the vendor's metadata beside them.
    #[arg(required = true, value_name = "SCENE")]
    scenes: Vec<PathBuf>,
    #[command(flatten)]
    scene: SceneArgs,
    #[command(flatten)]
    search: Search,
    /// Name of the survey; that of the scene's file where left out.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    output: Output,
}

/// How a scene is searched.
#[derive(Args)]
pub(crate) struct Search {
    /// A detector of `craters train`; the one that the program carries where left out.
    #[arg(long, value_name = "FILE")]
    pub(crate) detector: Option<PathBuf>,
    /// Count detections from this probability on; the detector's own threshold where left out.
    #[arg(long, value_name = "PROBABILITY")]
    pub(crate) threshold: Option<f32>,
    /// Smallest rim diameter in metres.
    #[arg(long, value_name = "METRES")]
    pub(crate) min_diameter: Option<f64>,
    /// Largest rim diameter in metres.
    #[arg(long, value_name = "METRES", default_value_t = 60.0)]
    pub(crate) max_diameter: f64,
    /// Tiles at once. Memory grows with it, the result does not depend on it.
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    pub(crate) threads: usize,
    /// IMSMA's class of evidence, as your programme has it.
    #[arg(long, value_name = "CLASS", default_value = "indirect")]
    pub(crate) evidence_class: String,
}

impl Search {
    /// What this asks of a survey of that scene.
    pub(crate) fn settings(&self, scene: &Path) -> Result<Settings> {
        let is_share = |p: &f32| 0.0 < *p && *p < 1.0;
        if let Some(threshold) = self.threshold.filter(|p| !is_share(p)) {
            let what = format!("--threshold {threshold} is no probability");
            return Err(Error::refused(what, "write one between 0 and 1, such as 0.5").into());
        }
        let smallest = self.min_diameter.unwrap_or(0.0);
        if !(0.0 <= smallest && smallest < self.max_diameter) {
            let what =
                format!("no crater is {smallest} m or more and {} m or less", self.max_diameter);
            return Err(Error::refused(what, "give --min-diameter below --max-diameter").into());
        }
        Ok(Settings {
            threshold: self.threshold,
            min_diameter_m: self.min_diameter,
            max_diameter_m: Some(self.max_diameter),
            n_threads: self.threads,
            is_synthetic: is_synthetic(scene),
            evidence_class: self.evidence_class.clone(),
            ..Settings::default()
        })
    }
}

/// Whether `craters sample` made the scene: what it writes beside an image says so.
pub(crate) fn is_synthetic(scene: &Path) -> bool {
    scene.with_file_name("synthetic.json").is_file()
}

pub(crate) fn run(args: &DetectArgs) -> Result<()> {
    if args.name.is_some() && 1 < args.scenes.len() {
        let what = format!("{} scenes cannot have one name", args.scenes.len());
        return Err(Error::refused(what, "leave out --name, or give one scene at a time").into());
    }
    let detector = detector(args.search.detector.as_deref())?;
    let options = args.scene.options()?;
    let (mut texts, mut values) = (Vec::new(), Vec::new());
    for path in &args.scenes {
        let name = args.name.clone().unwrap_or_else(|| survey::name_of(path));
        let folder = survey::folder(args.output.records.folder(), &name)?;
        let settings = args.search.settings(path)?;
        let inputs: Vec<PathBuf> =
            [path.clone()].into_iter().chain(args.search.detector.clone()).collect();
        let (kept, files) = recorded(&args.output, "detect", &inputs, None, |journal| {
            one(path, &options, &detector, &settings, &folder, journal)
        })?;
        texts.push(in_words(&kept.survey, &kept.craters, &files));
        values.push(as_json(&kept.survey, &kept.craters, &files));
    }
    let json = if values.len() == 1 { values.remove(0) } else { Value::Array(values) };
    show(&args.output, &texts.join("\n\n"), &json)
}

fn one(
    path: &Path,
    options: &SceneOptions,
    detector: &Detector,
    settings: &Settings,
    folder: &Path,
    journal: &mut dyn Journal,
) -> Result<(Kept, Vec<PathBuf>)> {
    let scene = Scene::open(path, options)?;
    fs::create_dir_all(folder)
        .map_err(|source| Error::Write { path: folder.to_owned(), source })?;
    let survey = predict::survey(&scene, options, detector, settings, folder, journal)?;
    let data = folder.parent().and_then(Path::parent).unwrap_or(Path::new("."));
    let kept = survey::open(data, &survey.name)?;
    let files = write_all(&kept, Some(&scene), &Wanted::default())?;
    tell(&kept, journal);
    give_report(&kept, journal)?;
    Ok((kept, files))
}

/// What the record of the run says of the survey.
fn tell(kept: &Kept, journal: &mut dyn Journal) {
    let Kept { survey, craters, .. } = kept;
    journal.param("survey", &survey.name);
    journal.param("detector", &survey.detector);
    journal.param("threshold", &survey.threshold.to_string());
    journal.param("evidence_class", &survey.evidence_class);
    journal.param("is_synthetic", &survey.is_synthetic.to_string());
    if let Some(sun) = &survey.sun {
        journal.param("sun_azimuth_deg", &sun.azimuth_deg.to_string());
    }
    let n = counted(survey, craters).count() as f64;
    journal.metric("craters", 0, n);
    journal.metric("candidates", 0, craters.len() as f64);
    if let Some(area) = survey.area_km2.filter(|area| 0.0 < *area) {
        journal.metric("area_km2", 0, area);
        journal.metric("craters_per_km2", 0, n / area);
    }
    for warning in &survey.warnings {
        journal.note(warning);
    }
}

/// Those from the threshold on.
pub(crate) fn counted<'a>(
    survey: &Survey,
    craters: &'a [Crater],
) -> impl Iterator<Item = &'a Crater> {
    let threshold = f64::from(survey.threshold);
    craters.iter().filter(move |crater| threshold <= crater.probability)
}

fn in_words(survey: &Survey, craters: &[Crater], files: &[PathBuf]) -> String {
    let n = counted(survey, craters).count();
    let mut text =
        format!("{}: {n} craters from probability {:.2} on", survey.name, survey.threshold);
    if let Some(area) = survey.area_km2.filter(|area| 0.0 < *area) {
        let _ = write!(text, " in {area:.3} km², {:.1} a km²", n as f64 / area);
    }
    let _ = writeln!(text, "{}", if survey.is_synthetic { " (a synthetic scene)" } else { "" });
    let likely: Vec<&Crater> = counted(survey, craters).collect();
    text.push_str(&sizes(&likely, survey.gsd_m.is_some()));
    let _ = writeln!(text, "\n{}", listed(&likely, 10));
    let _ = writeln!(
        text,
        "{} more candidates below the threshold are kept for review",
        craters.len() - n
    );
    if let Some(first) = files.first().and_then(|file| file.parent()) {
        let names: Vec<_> = files.iter().filter_map(|file| file.file_name()?.to_str()).collect();
        let _ = writeln!(text, "files in {}: {}", first.display(), names.join(", "));
    }
    let _ = writeln!(
        text,
        "evidence class: {}. Where nothing was found, nothing is said about the ground.",
        survey.evidence_class
    );
    // The journal said them already, on stderr; here they stay with the numbers.
    text.push_str(&know(&survey.warnings));
    text
}

/// How many of which size, and how sure on the whole.
fn sizes(likely: &[&Crater], in_metres: bool) -> String {
    let (unit, edges) = match in_metres {
        true => ("m", [0.0, 4.0, 8.0, 16.0, 32.0, f64::INFINITY]),
        false => ("px", [0.0, 10.0, 16.0, 32.0, 64.0, f64::INFINITY]),
    };
    let size =
        |crater: &Crater| crater.diameter_m.filter(|_| in_metres).unwrap_or(crater.diameter_px);
    let head =
        [format!("rim diameter, {unit}"), "craters".to_owned(), "mean probability".to_owned()];
    let mut rows = vec![head.to_vec()];
    for pair in edges.windows(2) {
        let of: Vec<f64> = likely
            .iter()
            .filter(|crater| (pair[0]..pair[1]).contains(&size(crater)))
            .map(|crater| crater.probability)
            .collect();
        if !of.is_empty() {
            let range = match pair[1].is_finite() {
                true => format!("{:.0} to {:.0}", pair[0], pair[1]),
                false => format!("{:.0} and more", pair[0]),
            };
            let mean = of.iter().sum::<f64>() / of.len() as f64;
            rows.push(vec![range, of.len().to_string(), format!("{mean:.2}")]);
        }
    }
    format!("\n{}", columns(&rows))
}

/// The first of a list, a line each.
pub(crate) fn listed(craters: &[&Crater], limit: usize) -> String {
    let head = ["crater", "probability", "diameter", "longitude, latitude", "pixel", "verdict"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for crater in craters.iter().take(limit) {
        let size = match crater.diameter_m {
            Some(metres) => format!("{metres:.1} m"),
            None => format!("{:.0} px", crater.diameter_px),
        };
        let place =
            crater.lon_lat.map_or("-".to_owned(), |[lon, lat]| format!("{lon:.6}, {lat:.6}"));
        let verdict = crater.verdict.map_or("-".to_owned(), |verdict| word(verdict).to_owned());
        rows.push(vec![
            crater.id.to_string(),
            format!("{:.2}", crater.probability),
            size,
            place,
            format!("{:.0}, {:.0}", crater.x_px, crater.y_px),
            verdict,
        ]);
    }
    columns(&rows)
}

/// A verdict as it is written.
pub(crate) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Confirmed => "confirmed",
        Verdict::Rejected => "rejected",
        Verdict::Unsure => "unsure",
    }
}

fn as_json(survey: &Survey, craters: &[Crater], files: &[PathBuf]) -> Value {
    json!({
        "survey": survey,
        "n_craters": counted(survey, craters).count(),
        "n_candidates": craters.len(),
        "craters": counted(survey, craters).collect::<Vec<_>>(),
        "files": files,
    })
}

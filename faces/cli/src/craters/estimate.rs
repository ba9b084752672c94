//! `fieldkit craters estimate`: bombing records against craters, the prior beside the result.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use craters::Error;
use craters::estimate::belief::Belief;
use craters::estimate::blind::{self, Sample};
use craters::estimate::posterior::{
    Inputs, Learnt, Posterior, Priors, Quantity, Row, Survival, posterior, sensitivity,
};
use craters::estimate::verified::{self, Counted};
use craters::records::{self, Records};
use craters::survey::{self, Kept};
use record::Journal;
use serde_json::{Value, json};

use super::args::{Share, in_words};
use super::detect::counted;
use super::draw_sample::detected;
use super::{know, recorded};
use crate::output::{Output, show};
use crate::scaling::words::columns;

/// See `Command::Estimate`.
#[derive(Args)]
pub(crate) struct EstimateArgs {
    /// Bombing records: THOR's CSV, or a CSV with lon, lat and n_bombs.
    #[arg(required_unless_present = "bombs", value_name = "RECORDS")]
    records: Option<PathBuf>,
    /// The survey whose detections are counted.
    #[arg(long, required_unless_present = "detections", value_name = "NAME")]
    survey: Option<String>,
    /// So many detections, in place of a survey.
    #[arg(long, conflicts_with = "survey", value_name = "COUNT")]
    detections: Option<u64>,
    /// So many general-purpose bombs fell in the area, in place of records.
    #[arg(long, conflicts_with = "records", value_name = "COUNT")]
    bombs: Option<f64>,
    /// The sample that `draw-sample` drew: its `key.json`.
    #[arg(long, requires = "answers", requires = "survey", value_name = "FILE")]
    key: Option<PathBuf>,
    /// The sheet of that sample with people's answers.
    #[arg(long, requires = "key", value_name = "FILE")]
    answers: Option<PathBuf>,
    #[command(flatten)]
    shares: Shares,
    /// The seed of the quadrature.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    output: Output,
}

/// What is believed. A share is a range that holds 95 % of the belief, or cases of all cases.
#[derive(Args)]
struct Shares {
    /// Share of craters that are found, such as 0.80-0.90 or 152/177; the verified sample's where
    /// one is given.
    #[arg(long, required_unless_present = "key", value_name = "SHARE")]
    recall: Option<Share>,
    /// Share of detections that are craters; the verified sample's where one is given.
    #[arg(long, required_unless_present = "key", value_name = "SHARE")]
    precision: Option<Share>,
    /// Share of general-purpose bombs that did not explode.
    #[arg(long, default_value = "0.05-0.36", value_name = "SHARE")]
    duds: Share,
    /// Share of the craters that is still visible. Without it there is no number of bombs.
    #[arg(long, requires = "survival_evidence", value_name = "SHARE")]
    survival: Option<Share>,
    /// What that rests on, such as "118 of 150 craters of the 1973 picture are seen today".
    #[arg(long, requires = "survival", value_name = "WORDS")]
    survival_evidence: Option<String>,
    /// Share of visible craters that merged into another.
    #[arg(long, default_value = "0.001-0.10", value_name = "SHARE")]
    merging: Share,
    /// Records are right within this share, 95 %.
    #[arg(long, default_value_t = 0.2, value_name = "SHARE")]
    records_error: f64,
}

impl Shares {
    fn priors(&self) -> Priors {
        let survival = self.survival.zip(self.survival_evidence.clone());
        Priors {
            duds: self.duds.0,
            survival: survival.map(|(share, evidence)| Survival { share: share.0, evidence }),
            merging: self.merging.0,
            records_error: self.records_error,
        }
    }
}

/// All that the command comes to.
struct Estimate {
    survey: Option<String>,
    is_synthetic: bool,
    evidence_class: String,
    inputs: Inputs,
    priors: Priors,
    corrected: Option<Counted>,
    /// The posterior, or why there is none.
    posterior: Result<Posterior, Error>,
    rows: Vec<Row>,
    warnings: Vec<String>,
}

pub(crate) fn run(args: &EstimateArgs) -> Result<()> {
    let read: Vec<PathBuf> =
        [&args.records, &args.key, &args.answers].into_iter().flatten().cloned().collect();
    let estimate = recorded(&args.output, "estimate", &read, Some(args.seed), |journal| {
        let estimate = estimate(args)?;
        tell(&estimate, journal);
        let title = estimate.survey.as_deref().unwrap_or("bombs and craters");
        let page = craters::estimate::page(title, estimate.is_synthetic, &estimate.text());
        journal.artifact("report.html", page.as_bytes());
        Ok(estimate)
    })?;
    let json = estimate.json();
    if let Some(name) = &args.survey {
        let path = survey::folder(args.output.records.folder(), name)?.join("estimate.json");
        workbench::write_whole(&path, format!("{json:#}\n").as_bytes())?;
    }
    show(&args.output, &estimate.text(), &json)
}

fn estimate(args: &EstimateArgs) -> Result<Estimate> {
    let data = args.output.records.folder();
    let kept = args.survey.as_deref().map(|name| survey::open(data, name)).transpose()?;
    let mut warnings = Vec::new();
    let n_bombs = bombs(args, kept.as_ref(), &mut warnings)?;
    let corrected = kept.as_ref().map(|kept| corrected(args, kept)).transpose()?.flatten();
    let said = |share: Option<Share>, of: fn(&Counted) -> Belief| {
        share.map(|share| share.0).or_else(|| corrected.as_ref().map(of)).ok_or_else(|| {
            Error::refused(
                "the answers hold no site and no crater in a plot",
                "fill in the sheet, or give --recall and --precision",
            )
        })
    };
    let inputs = Inputs {
        n_detections: match (&kept, args.detections) {
            (Some(kept), _) => counted(&kept.survey, &kept.craters).count() as u64,
            (None, n) => n.unwrap_or(0),
        },
        n_bombs,
        recall: said(args.shares.recall, |counted| counted.recall.belief)?,
        precision: said(args.shares.precision, |counted| counted.precision.belief)?,
    };
    let priors = args.shares.priors();
    Ok(Estimate {
        survey: args.survey.clone(),
        is_synthetic: kept.as_ref().is_some_and(|kept| kept.survey.is_synthetic),
        evidence_class: kept
            .map_or_else(|| "indirect".to_owned(), |kept| kept.survey.evidence_class),
        posterior: posterior(&inputs, &priors, args.seed),
        rows: sensitivity(&inputs, &priors, args.seed)?,
        inputs,
        priors,
        corrected,
        warnings,
    })
}

/// General-purpose bombs in the area: those recorded, each by the probability that its true place
/// lies in the scene.
fn bombs(args: &EstimateArgs, kept: Option<&Kept>, warnings: &mut Vec<String>) -> Result<f64> {
    let Some(path) = &args.records else { return Ok(args.bombs.unwrap_or(0.0)) };
    let bounds = kept.and_then(bounds);
    let options = records::Options { bounds, ..records::Options::default() };
    let records = records::read(path, &options)?;
    warnings.extend(records.warnings.clone());
    warnings.extend(records.notes.clone());
    warnings.extend(left_out(&records));
    let Some(bounds) = bounds else {
        let n = records.n_bombs() as f64;
        warnings.push(format!("all {n} recorded bombs are taken to lie in the surveyed area"));
        return Ok(n);
    };
    let n = records::within(&records.bombs, bounds);
    warnings.push(format!(
        "of {} recorded bombs, {n:.0} are expected to have fallen within the scene, by the error \
         of the recorded positions",
        records.n_bombs()
    ));
    Ok(n)
}

/// How many rows were left out, by reason.
fn left_out(records: &Records) -> Option<String> {
    let by_reason = records.left_out_by_reason();
    let words = |(reason, n): (&records::Reason, &usize)| {
        format!("{n} {}", json!(reason).as_str().unwrap_or_default())
    };
    let listed: Vec<String> = by_reason.iter().map(words).collect();
    let first = records.left_out.first()?;
    Some(format!(
        "rows left out: {}; the first, line {}: {}",
        listed.join(", "),
        first.line,
        first.what
    ))
}

/// West, south, east and north of the scene in degrees, where it has a place.
fn bounds(kept: &Kept) -> Option<[f64; 4]> {
    let survey = &kept.survey;
    let place = survey.georeference.as_ref()?;
    let (width, height) = (survey.width as f64, survey.height as f64);
    let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for (x, y) in [(0.0, 0.0), (width, 0.0), (0.0, height), (width, height)] {
        let (east, north) = place.ground(x, y);
        let [lon, lat] = place.lon_lat(east, north)?;
        bounds = [bounds[0].min(lon), bounds[1].min(lat), bounds[2].max(lon), bounds[3].max(lat)];
    }
    Some(bounds)
}

/// The count of craters that the verified sample gives.
fn corrected(args: &EstimateArgs, kept: &Kept) -> Result<Option<Counted>> {
    let Some((key, answers)) = args.key.as_ref().zip(args.answers.as_ref()) else {
        return Ok(None);
    };
    let text = fs::read_to_string(key).map_err(|source| Error::Io { path: key.clone(), source })?;
    let sample: Sample = serde_json::from_str(&text).map_err(|error| {
        Error::input(key, error.line() as u64, error.to_string(), "give key.json of `draw-sample`")
    })?;
    let strata = blind::join(&sample, &blind::read_answers(answers)?, &detected(kept))?;
    Ok(verified::count(&strata, args.seed))
}

fn tell(estimate: &Estimate, journal: &mut dyn Journal) {
    journal.param("evidence_class", &estimate.evidence_class);
    journal.param("prior_duds", &in_words(&estimate.priors.duds));
    journal.metric("detections", 0, estimate.inputs.n_detections as f64);
    journal.metric("bombs", 0, estimate.inputs.n_bombs);
    if let Ok(posterior) = &estimate.posterior {
        let unexploded = &posterior.unexploded.posterior;
        journal.metric("unexploded_median", 0, unexploded.median);
        journal.metric("unexploded_low", 0, unexploded.interval.low);
        journal.metric("unexploded_high", 0, unexploded.interval.high);
    }
}

impl Estimate {
    fn json(&self) -> Value {
        json!({
            "survey": self.survey,
            "is_synthetic": self.is_synthetic,
            "evidence_class": self.evidence_class,
            "inputs": self.inputs,
            "priors": self.priors,
            "corrected": self.corrected,
            "posterior": self.posterior.as_ref().ok(),
            "refused": self.posterior.as_ref().err().map(ToString::to_string),
            "sensitivity": self.rows,
            "warnings": self.warnings,
        })
    }

    fn text(&self) -> String {
        let inputs = &self.inputs;
        let mut text = format!(
            "{} detections, {:.0} general-purpose bombs recorded{}\n",
            inputs.n_detections,
            inputs.n_bombs,
            if self.is_synthetic { " (a synthetic scene)" } else { "" }
        );
        let _ = writeln!(
            text,
            "of the craters {} are found; of the detections {} are craters",
            in_words(&inputs.recall),
            in_words(&inputs.precision)
        );
        if let Some(counted) = &self.corrected {
            let total = &counted.total;
            let _ = writeln!(
                text,
                "craters there, corrected for both: {:.0} (95 % {:.0} to {:.0})",
                total.median, total.interval.low, total.interval.high
            );
        }
        match &self.posterior {
            Ok(posterior) => text.push_str(&learnt(posterior)),
            Err(error) => {
                let _ = writeln!(text, "\n{error}");
            }
        }
        let _ = write!(text, "\nHow far each admission moves it\n{}", self.table());
        let _ = writeln!(text, "\nevidence class: {}", self.evidence_class);
        text.push_str(&know(&self.warnings));
        text
    }

    /// The sensitivity table.
    fn table(&self) -> String {
        let head = ["", "what is admitted", "unexploded, 95 %", "share of the bombs"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for row in &self.rows {
            let range = row.unexploded.as_ref().map_or_else(
                || "no number".to_owned(),
                |range| format!("{:.0} to {:.0}", range.low, range.high),
            );
            let share = row.share.map_or_else(String::new, |[low, high]| {
                let cannot_be = if row.is_impossible { ", cannot be" } else { "" };
                format!("{low:.2} to {high:.2}{cannot_be}")
            });
            rows.push(vec![row.letter.to_string(), row.admits.clone(), range, share]);
        }
        columns(&rows)
    }
}

/// Prior and posterior side by side.
fn learnt(posterior: &Posterior) -> String {
    let head = ["", "before the craters, 95 %", "with them, 95 %"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let count = |of: &Quantity| {
        format!("{:.0} ({:.0} to {:.0})", of.median, of.interval.low, of.interval.high)
    };
    let share = |of: &Quantity| {
        format!("{:.2} ({:.2} to {:.2})", of.median, of.interval.low, of.interval.high)
    };
    let mut row = |name: &str, of: &Learnt, as_text: &dyn Fn(&Quantity) -> String| {
        rows.push(vec![name.to_owned(), as_text(&of.prior), as_text(&of.posterior)]);
    };
    row("unexploded bombs", &posterior.unexploded, &count);
    row("share of duds", &posterior.dud_share, &share);
    row("craters still visible", &posterior.survival, &share);
    let mut text = format!("\n{}\n", columns(&rows));
    if let Some(survival) = &posterior.priors.survival {
        let _ = writeln!(text, "  survival rests on: {}", survival.evidence);
    }
    for note in &posterior.notes {
        let _ = writeln!(text, "  note: {note}");
    }
    text
}

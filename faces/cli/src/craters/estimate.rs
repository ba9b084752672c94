//! `fieldkit craters estimate`: bombing records against craters, the prior beside the result.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use craters::Error;
use craters::estimate::blind::{self, Sample};
use craters::estimate::verified::Stratum;
use craters::estimate::{self, Estimate, Priors, Question, Survival};
use craters::records::{self, Kind, Record, Records};
use craters::survey::{self, Kept};
use record::Journal;
use serde_json::{Value, json};

use super::args::Share;
use super::detect::counted;
use super::draw_sample::detected;
use super::recorded;
use crate::output::{Output, show};

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
    bombs: Option<u32>,
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

pub(crate) fn run(args: &EstimateArgs) -> Result<()> {
    let read: Vec<PathBuf> =
        [&args.records, &args.key, &args.answers].into_iter().flatten().cloned().collect();
    let estimate = recorded(&args.output, "estimate", &read, Some(args.seed), |journal| {
        let estimate = estimate(args)?;
        tell(&estimate, journal);
        let page = estimate::page(&estimate.survey, estimate.is_synthetic, &estimate.text());
        journal.artifact("report.html", page.as_bytes());
        Ok(estimate)
    })?;
    let json = as_json(&estimate);
    if let Some(name) = &args.survey {
        let path = survey::folder(args.output.records.folder(), name)?.join("estimate.json");
        workbench::write_whole(&path, format!("{json:#}\n").as_bytes())?;
    }
    show(&args.output, &estimate.text(), &json)
}

fn estimate(args: &EstimateArgs) -> Result<Estimate> {
    let data = args.output.records.folder();
    let kept = args.survey.as_deref().map(|name| survey::open(data, name)).transpose()?;
    let bounds = kept.as_ref().and_then(|kept| kept.survey.bounds());
    let records = match (&args.records, args.bombs) {
        (Some(path), _) => {
            let options = records::Options { bounds, ..records::Options::default() };
            let mut records = records::read(path, &options)?;
            records.notes.extend(left_out(&records));
            records
        }
        (None, n) => stated(n.unwrap_or(0)),
    };
    let strata = kept.as_ref().map(|kept| strata(args, kept)).transpose()?.unwrap_or_default();
    let n_detections = match (&kept, args.detections) {
        (Some(kept), _) => counted(&kept.survey, &kept.craters).count() as u64,
        (None, n) => n.unwrap_or(0),
    };
    Ok(estimate::estimate(&Question {
        survey: args.survey.as_deref().unwrap_or("stated by the user"),
        is_synthetic: kept.as_ref().is_some_and(|kept| kept.survey.is_synthetic),
        evidence_class: kept
            .as_ref()
            .map_or(estimate::EVIDENCE_CLASS, |kept| &kept.survey.evidence_class),
        n_detections,
        strata: &strata,
        recall: args.shares.recall.map(|share| share.0),
        precision: args.shares.precision.map(|share| share.0),
        records: Some(&records),
        bounds: bounds.filter(|_| args.records.is_some()),
        priors: args.shares.priors(),
        seed: args.seed,
    })?)
}

/// A number of bombs as the one row of a file of records.
fn stated(n_bombs: u32) -> Records {
    let row = Record {
        line: 0,
        mission: None,
        source: None,
        date: None,
        lon_lat: [0.0; 2],
        error_m: records::POSITION_ERROR_M,
        n_bombs,
        kind: Kind::GeneralPurpose,
        weapon: None,
        weight_lb: None,
        n_aircraft: None,
        aircraft: None,
        mission_function: None,
        stick: None,
    };
    Records { bombs: vec![row], ..Records::default() }
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

/// What people saw in the verified sample, by stratum; nothing where none is named.
fn strata(args: &EstimateArgs, kept: &Kept) -> Result<Vec<Stratum>> {
    let Some((key, answers)) = args.key.as_ref().zip(args.answers.as_ref()) else {
        return Ok(Vec::new());
    };
    let text = fs::read_to_string(key).map_err(|source| Error::Io { path: key.clone(), source })?;
    let sample: Sample = serde_json::from_str(&text).map_err(|error| {
        Error::input(key, error.line() as u64, error.to_string(), "give key.json of `draw-sample`")
    })?;
    Ok(blind::join(&sample, &blind::read_answers(answers)?, &detected(kept))?)
}

/// The estimate; inputs and priors also at the top, where the page begins from.
fn as_json(estimate: &Estimate) -> Value {
    let mut json = json!(estimate);
    if let Some(posterior) = estimate.unexploded.known() {
        json["inputs"] = json!(posterior.inputs);
        json["priors"] = json!(posterior.priors);
    }
    json
}

fn tell(estimate: &Estimate, journal: &mut dyn Journal) {
    journal.param("evidence_class", &estimate.evidence_class);
    journal.metric("detections", 0, estimate.n_detections as f64);
    if let Some(recorded) = &estimate.recorded {
        journal.metric("bombs", 0, recorded.n_bombs);
    }
    if let Some(posterior) = estimate.unexploded.known() {
        let unexploded = &posterior.unexploded.posterior;
        journal.metric("unexploded_median", 0, unexploded.median);
        journal.metric("unexploded_low", 0, unexploded.interval.low);
        journal.metric("unexploded_high", 0, unexploded.interval.high);
    }
}

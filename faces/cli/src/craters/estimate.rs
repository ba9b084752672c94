//! `fieldkit craters estimate`: what may remain, with what it rests on.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use craters::Error;
use craters::estimate::posterior::{
    Inputs, Posterior, Priors, Quantity, Row, Survival, posterior, sensitivity,
};
use craters::estimate::verified::{Counted, count};
use craters::records::{self, Records};
use craters::review::blind;
use craters::survey::{self, Kept};
use serde_json::{Value, json};

use super::args::{Share, in_words as belief_in_words};
use super::detect::{counted, word};
use super::{know, recorded};
use crate::output::{Output, show};
use crate::scaling::words::{columns, wrapped};

/// See `Command::Estimate`.
#[derive(Args)]
pub(crate) struct EstimateArgs {
    /// The survey's name.
    survey: String,
    /// Bombing records: THOR's CSV, or a CSV with lon, lat and n_bombs.
    #[arg(long, value_name = "FILE")]
    records: Option<PathBuf>,
    /// Bombs recorded in the scene, where no file of records is at hand.
    #[arg(long, value_name = "COUNT", conflicts_with = "records")]
    bombs: Option<f64>,
    /// A sample of `draw-sample` with verdicts: precision and recall are then measured.
    #[arg(long, value_name = "FILE")]
    verified: Option<PathBuf>,
    /// Share of craters that the detector finds, where no sample says: 0.5-0.9, or 152/177.
    #[arg(long, value_name = "SHARE")]
    recall: Option<Share>,
    /// Share of detections that are craters, where no sample says.
    #[arg(long, value_name = "SHARE")]
    precision: Option<Share>,
    /// Prior share of bombs that did not explode.
    #[arg(long, value_name = "SHARE", default_value = "0.05-0.36")]
    duds: Share,
    /// Share of craters that can still be seen. Without it there is no number.
    #[arg(long, value_name = "SHARE", requires = "survival_evidence")]
    survival: Option<Share>,
    /// What that rests on, in words: such as "118 of 150 craters of the 1973 picture".
    #[arg(long, value_name = "TEXT")]
    survival_evidence: Option<String>,
    /// Share of craters that merged into another.
    #[arg(long, value_name = "SHARE", default_value = "0.001-0.10")]
    merging: Share,
    /// Records are right within this share, 95 %.
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    records_error: f64,
    /// The seed of everything random.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    output: Output,
}

/// What was asked and what came of it.
struct Estimate {
    inputs: Inputs,
    priors: Priors,
    counted: Option<Counted>,
    result: Result<Posterior, String>,
    rows: Vec<Row>,
    said: Vec<String>,
}

pub(crate) fn run(args: &EstimateArgs) -> Result<()> {
    let kept = survey::open(args.output.records.folder(), &args.survey)?;
    let files: Vec<PathBuf> = args.records.iter().chain(&args.verified).cloned().collect();
    let found = recorded(&args.output, "estimate", &files, Some(args.seed), |journal| {
        let found = estimate(args, &kept)?;
        for sentence in &found.said {
            journal.note(sentence);
        }
        if let Ok(posterior) = &found.result {
            journal.metric("unexploded_median", 0, posterior.unexploded.posterior.median);
        }
        let document = serde_json::to_vec_pretty(&as_json(&kept, &found))?;
        let path = kept.folder.join("estimate.json");
        workbench::write_whole(&path, &document)?;
        journal.artifact("estimate.json", &document);
        let report = craters::estimate::page(&kept.survey, &in_words(&kept, &found));
        journal.artifact("report.html", report.as_bytes());
        Ok(found)
    })?;
    show(&args.output, &in_words(&kept, &found), &as_json(&kept, &found))
}

fn estimate(args: &EstimateArgs, kept: &Kept) -> Result<Estimate> {
    let mut said = Vec::new();
    let n_bombs = match (&args.records, args.bombs) {
        (Some(path), _) => bombs_in(path, kept, &mut said)?,
        (None, Some(n)) if 0.0 < n && n.is_finite() => n,
        (None, Some(n)) => {
            return Err(
                Error::refused(format!("{n} is no number of bombs"), "write a count").into()
            );
        }
        (None, None) => {
            let hint = "give --records FILE, or --bombs COUNT where you know their number";
            return Err(Error::refused("nothing says how many bombs fell here", hint).into());
        }
    };
    let counted_by_sample = match &args.verified {
        Some(path) => {
            let strata = blind::strata(&kept.survey, &kept.craters, &blind::read(path)?);
            let found = count(&strata, args.seed);
            if found.is_none() {
                said.push(
                    "the sample has no verified site or no crater in a plot: it measures nothing yet".to_owned(),
                );
            }
            found
        }
        None => None,
    };
    let measured = counted_by_sample.as_ref();
    let recall = args.recall.map(|it| it.0).or(measured.map(|it| it.recall.belief));
    let precision = args.precision.map(|it| it.0).or(measured.map(|it| it.precision.belief));
    let (Some(recall), Some(precision)) = (recall, precision) else {
        let what = "nothing says how many craters are missed, or how many detections are none";
        let hint = "verify a blind sample (`fieldkit craters draw-sample`) and give it with --verified, or \
                    state --recall and --precision";
        return Err(Error::refused(what, hint).into());
    };
    let n_detections = counted(&kept.survey, &kept.craters).count() as u64;
    let inputs = Inputs { n_detections, n_bombs, recall, precision };
    let survival = args.survival.zip(args.survival_evidence.clone());
    let priors = Priors {
        duds: args.duds.0,
        survival: survival.map(|(share, evidence)| Survival { share: share.0, evidence }),
        merging: args.merging.0,
        records_error: args.records_error,
    };
    let rows = sensitivity(&inputs, &priors, args.seed)?;
    let result = posterior(&inputs, &priors, args.seed).map_err(|error| error.to_string());
    Ok(Estimate { inputs, priors, counted: counted_by_sample, result, rows, said })
}

/// Bombs of the records that lie in the scene; where it has no place on the ground, of all.
fn bombs_in(path: &Path, kept: &Kept, said: &mut Vec<String>) -> Result<f64> {
    let options = records::Options { bounds: bounds(kept), ..records::Options::default() };
    let records = records::read(path, &options)?;
    said.extend(records.warnings.iter().cloned());
    let n_all = records.bombs.len();
    let (n_rows, n_bombs) = within(&records, kept)?;
    let left_out: Vec<String> = records
        .left_out_by_reason()
        .iter()
        .map(|(reason, n)| format!("{n} {}", word(reason)))
        .collect();
    said.push(format!(
        "{n_rows} of {n_all} records of general-purpose bombs lie in the scene; {} of cluster munitions \
         are apart; left out: {}",
        records.clusters.len(),
        if left_out.is_empty() { "none".to_owned() } else { left_out.join(", ") }
    ));
    if n_bombs == 0 {
        let what = format!("none of {n_all} records of bombs lies in the scene");
        let hint =
            "see whether the records and the scene are of one place and one datum, or give --bombs";
        return Err(Error::refused(what, hint).into());
    }
    Ok(n_bombs as f64)
}

fn within(records: &Records, kept: &Kept) -> Result<(usize, u64)> {
    let Some(georeference) = &kept.survey.georeference else {
        return Ok((records.bombs.len(), records.n_bombs()));
    };
    let projection = georeference.projection()?;
    let (width, height) = (kept.survey.width as f64, kept.survey.height as f64);
    let is_here = |[lon, lat]: [f64; 2]| {
        projection.from_lon_lat(lon, lat).is_some_and(|[east, north]| {
            let (x, y) = georeference.pixel(east, north);
            (0.0..=width).contains(&x) && (0.0..=height).contains(&y)
        })
    };
    let here = records.bombs.iter().filter(|record| is_here(record.lon_lat));
    Ok(here.fold((0, 0), |(rows, n), record| (rows + 1, n + u64::from(record.n_bombs))))
}

/// West, south, east, north of the scene in degrees.
fn bounds(kept: &Kept) -> Option<[f64; 4]> {
    let georeference = kept.survey.georeference.as_ref()?;
    let (width, height) = (kept.survey.width as f64, kept.survey.height as f64);
    let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for (x, y) in [(0.0, 0.0), (width, 0.0), (0.0, height), (width, height)] {
        let (east, north) = georeference.ground(x, y);
        let [lon, lat] = georeference.lon_lat(east, north)?;
        bounds = [bounds[0].min(lon), bounds[1].min(lat), bounds[2].max(lon), bounds[3].max(lat)];
    }
    Some(bounds)
}

fn as_json(kept: &Kept, found: &Estimate) -> Value {
    let (posterior, refusal) = match &found.result {
        Ok(posterior) => (Some(posterior), None),
        Err(refusal) => (None, Some(refusal)),
    };
    json!({
        "survey": kept.survey.name, "is_synthetic": kept.survey.is_synthetic,
        "evidence_class": kept.survey.evidence_class,
        "inputs": found.inputs, "priors": found.priors, "counted": found.counted,
        "posterior": posterior, "refusal": refusal, "sensitivity": found.rows, "notes": found.said,
    })
}

fn in_words(kept: &Kept, found: &Estimate) -> String {
    let synthetic = if kept.survey.is_synthetic { " (a synthetic scene)" } else { "" };
    let mut text = format!("What may remain in {}{synthetic}\n\n", kept.survey.name);
    text.push_str(&columns(&put_in(found)));
    if let Some(counted) = &found.counted {
        let total = &counted.total;
        let _ = writeln!(
            text,
            "\nCraters, corrected for what was missed and what is none: {:.0} ({:.0} to {:.0})",
            total.median, total.interval.low, total.interval.high
        );
    }
    match &found.result {
        Ok(posterior) => text.push_str(&learnt(posterior)),
        Err(refusal) => {
            let _ = writeln!(text, "\nrefused: {refusal}");
        }
    }
    text.push_str("\nWhat the number would be by subtraction, as one source of error after another is admitted\n");
    text.push_str(&columns(&table(&found.rows)));
    let _ = writeln!(text, "\nevidence class: {}", kept.survey.evidence_class);
    text.push_str(&know(&found.said));
    text
}

fn put_in(found: &Estimate) -> Vec<Vec<String>> {
    let survival = found.priors.survival.as_ref();
    let row = |what: &str, value: String| vec![format!("  {what}"), value];
    vec![
        row("bombs recorded", format!("{:.0}", found.inputs.n_bombs)),
        row("records right within", format!("{:.0} %", 100.0 * found.priors.records_error)),
        row("detections", found.inputs.n_detections.to_string()),
        row("recall", belief_in_words(&found.inputs.recall)),
        row("precision", belief_in_words(&found.inputs.precision)),
        row("prior: duds", belief_in_words(&found.priors.duds)),
        row("prior: merged", belief_in_words(&found.priors.merging)),
        row(
            "prior: still visible",
            survival.map_or("none".to_owned(), |it| belief_in_words(&it.share)),
        ),
        row("  rests on", survival.map_or("-".to_owned(), |it| it.evidence.clone())),
    ]
}

fn learnt(posterior: &Posterior) -> String {
    let number = |it: &Quantity| {
        format!("{:.0} ({:.0} to {:.0})", it.median, it.interval.low, it.interval.high)
    };
    let share = |it: &Quantity| {
        format!(
            "{:.0} % ({:.0} to {:.0})",
            100.0 * it.median,
            100.0 * it.interval.low,
            100.0 * it.interval.high
        )
    };
    let rows = [
        ["", "prior", "with the craters"].map(str::to_owned).to_vec(),
        vec![
            "  unexploded bombs".to_owned(),
            number(&posterior.unexploded.prior),
            number(&posterior.unexploded.posterior),
        ],
        vec![
            "  share unexploded".to_owned(),
            share(&posterior.dud_share.prior),
            share(&posterior.dud_share.posterior),
        ],
        vec![
            "  craters visible".to_owned(),
            share(&posterior.survival.prior),
            share(&posterior.survival.posterior),
        ],
    ];
    let notes: String =
        posterior.notes.iter().map(|note| format!("  note: {}\n", wrapped(note, 8))).collect();
    format!("\nmedian (95 %)\n{}{notes}", columns(&rows))
}

fn table(rows: &[Row]) -> Vec<Vec<String>> {
    let head = ["", "unexploded, 95 %", "admits"].map(str::to_owned).to_vec();
    let row = |row: &Row| {
        let interval = row.unexploded.as_ref().map_or("-".to_owned(), |it| {
            let cannot = if row.is_impossible { " (cannot be)" } else { "" };
            format!("{:.0} to {:.0}{cannot}", it.low, it.high)
        });
        vec![format!("  {}", row.letter), interval, row.admits.clone()]
    };
    [head].into_iter().chain(rows.iter().map(row)).collect()
}

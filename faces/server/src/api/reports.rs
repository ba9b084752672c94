//! `GET /reports` and `GET /runs/{id}/report`: how good something is, with interval, split and
//! baseline.

use axum::Json;
use axum::extract::{Path, State as Extract};
use record::EvalReport;
use serde::Serialize;
use store::{Files, Name};
use tracking::{Run, Tracking, View};
use utoipa::ToSchema;

use super::artifacts::top;
use super::problem::Problem;
use super::real::Real;
use super::words::{Brief, Named, experiment_names};
use crate::State;

/// The scores of one model or fit on one data set.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Report {
    pub(crate) title: String,
    pub(crate) scores: Vec<Score>,
    /// The seed of everything random in them.
    seed: Option<u64>,
    /// Sentences that belong beside the numbers.
    notes: Vec<String>,
}

/// One measured number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Score {
    metric: String,
    value: Real,
    interval: Option<Interval>,
    /// The rows it was measured on.
    split: String,
    baseline: Option<Baseline>,
}

/// How sure a score is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Interval {
    low: Real,
    high: Real,
    /// Its probability, such as 0.95.
    level: f64,
    method: String,
}

/// What to hold against a score.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Baseline {
    name: String,
    value: Real,
}

/// Reports, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reports {
    reports: Vec<Item>,
}

/// A report in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Item {
    run: Brief,
    report: Report,
    /// The path of the same as a page among the run's files.
    page: Option<String>,
}

/// What an application calls its report among a run's files.
const REPORT: &str = "report.json";
/// What it calls the same as a page.
const PAGE: &str = "report.html";
/// How many of the latest runs are looked at.
const LOOKED_AT: i64 = 2000;
/// The largest file that is read as a report.
const LARGEST: u64 = 1024 * 1024;

/// Every run's report.
#[utoipa::path(get, path = "/reports", responses((status = OK, body = Reports)))]
pub(crate) async fn reports(Extract(state): Extract<State>) -> Result<Json<Reports>, Problem> {
    let files = state.files.clone();
    state.blocking(move |tracking| newest(tracking, &files).map(Json)).await
}

/// A run's report.
#[utoipa::path(
    get,
    path = "/runs/{id}/report",
    params(("id" = String, Path, description = "The run's id")),
    responses((status = OK, body = Report), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn report(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<Json<Report>, Problem> {
    let files = state.files.clone();
    state
        .blocking(move |tracking| {
            let run = tracking.run(&id)?;
            let report = of_run(&files, &run)?;
            report.map(Json).ok_or_else(|| Problem::absent("this run made no report"))
        })
        .await
}

fn newest(tracking: &Tracking, files: &Files) -> Result<Reports, Problem> {
    let names = experiment_names(tracking, View::ActiveOnly)?;
    let ids: Vec<String> = names.keys().cloned().collect();
    let query = tracking::Query { max_results: LOOKED_AT, ..tracking::Query::default() };
    let mut reports = Vec::new();
    for run in tracking.search_runs(&ids, &query)?.items {
        let Ok(Some(report)) = of_run(files, &run) else { continue };
        let page = files.find(&top(&run)?.join(PAGE)?)?.and_then(|entry| entry.file);
        let name = names.get(&run.experiment_id).cloned().unwrap_or_default();
        let experiment = Named { id: run.experiment_id.clone(), name };
        let page = page.map(|_| PAGE.to_owned());
        reports.push(Item { run: Brief::of(&run, experiment), report, page });
    }
    Ok(Reports { reports })
}

/// The path of a run's report among its files, if it has one.
pub(crate) fn path_of_run(files: &Files, run: &Run) -> Result<Option<String>, Problem> {
    Ok(find(files, run)?.map(|_| REPORT.to_owned()))
}

/// The report of a run; none where it made none, or a file of that name holds something else.
pub(crate) fn of_run(files: &Files, run: &Run) -> Result<Option<Report>, Problem> {
    let Some(name) = find(files, run)? else { return Ok(None) };
    let bytes = files.read(&name)?.all()?;
    Ok(serde_json::from_slice::<EvalReport>(&bytes).ok().map(Report::from))
}

fn find(files: &Files, run: &Run) -> Result<Option<Name>, Problem> {
    // The files of some runs are kept elsewhere: those have no report that is known here.
    let Ok(top) = top(run) else { return Ok(None) };
    let name = top.join(REPORT)?;
    let file = files.find(&name)?.and_then(|entry| entry.file);
    Ok(file.filter(|file| file.n_bytes <= LARGEST).map(|_| name))
}

impl From<EvalReport> for Report {
    fn from(report: EvalReport) -> Self {
        let EvalReport { title, scores, seed, notes } = report;
        Self { title, scores: scores.into_iter().map(Score::from).collect(), seed, notes }
    }
}

impl From<record::Score> for Score {
    fn from(score: record::Score) -> Self {
        let interval = score.interval.map(|interval| Interval {
            low: Real(interval.low),
            high: Real(interval.high),
            level: interval.level,
            method: interval.method,
        });
        let baseline =
            score.baseline.map(|line| Baseline { name: line.name, value: Real(line.value) });
        let (metric, value, split) = (score.metric, Real(score.value), score.split);
        Self { metric, value, interval, split, baseline }
    }
}

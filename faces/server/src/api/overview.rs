//! `GET /overview`: what was made here, an application each.

use axum::Json;
use axum::extract::State as Extract;
use serde::Serialize;
use store::{Entry, Files};
use tracking::{Run, Tracking, View};
use utoipa::ToSchema;

use super::artifacts::{Kind, top};
use super::models;
use super::problem::Problem;
use super::real::Real;
use super::reports::{self, Score};
use super::words::{Brief, Named, experiment_names};
use crate::State;

/// What the start page shows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Overview {
    counts: Counts,
    /// Experiments with runs, the one that ran last first.
    applications: Vec<Application>,
    /// The runs that started last.
    recent: Vec<Brief>,
}

/// How many of each there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Counts {
    experiments: i64,
    runs: i64,
    models: i64,
}

/// An experiment with what its latest runs made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Application {
    experiment: Named,
    n_runs: i64,
    latest: Brief,
    /// The last values of the latest run's first metrics.
    metrics: Vec<Measured>,
    /// A picture that one of its latest runs made.
    picture: Option<Picture>,
    /// How good its latest evaluated run was.
    evaluation: Option<Evaluation>,
}

/// The last value of a metric.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Measured {
    key: String,
    value: Real,
}

/// A picture among a run's files.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Picture {
    run_id: String,
    path: String,
}

/// The first scores of a run's report.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Evaluation {
    run_id: String,
    title: String,
    scores: Vec<Score>,
}

/// What was made here.
#[utoipa::path(get, path = "/overview", responses((status = OK, body = Overview)))]
pub(crate) async fn overview(Extract(state): Extract<State>) -> Result<Json<Overview>, Problem> {
    let files = state.files.clone();
    state.blocking(move |tracking| made(tracking, &files).map(Json)).await
}

/// How many of the latest runs of each application are looked at for a picture and a report.
const LOOKED_AT: i64 = 12;
/// How many of the latest runs are listed.
const RECENT: usize = 8;
/// How many scores of a report are shown.
const SCORES: usize = 3;

fn made(tracking: &Tracking, files: &Files) -> Result<Overview, Problem> {
    let names = experiment_names(tracking, View::ActiveOnly)?;
    let run_counts = tracking.run_counts()?;
    let mut applications = Vec::new();
    let mut recent = Vec::new();
    for (id, name) in &names {
        let Some(&n_runs) = run_counts.get(id) else { continue };
        let query = tracking::Query { max_results: LOOKED_AT, ..tracking::Query::default() };
        let latest_runs = tracking.search_runs(std::slice::from_ref(id), &query)?.items;
        let experiment = Named { id: id.clone(), name: name.clone() };
        let briefs = latest_runs.iter().map(|run| Brief::of(run, experiment.clone()));
        let briefs: Vec<Brief> = briefs.collect();
        let Some(latest) = briefs.first().cloned() else { continue };
        recent.extend(briefs);
        let picture = latest_runs.iter().find_map(|run| picture(files, run));
        let evaluation = latest_runs.iter().find_map(|run| evaluation(files, run));
        let metrics = latest_runs.first().map(measured).unwrap_or_default();
        applications.push(Application { experiment, n_runs, latest, metrics, picture, evaluation });
    }
    applications.sort_by_key(|application| std::cmp::Reverse(application.latest.started_ms));
    recent.sort_by_key(|brief| std::cmp::Reverse(brief.started_ms));
    recent.truncate(RECENT);
    let n_of_all = |id: &String| run_counts.get(id).copied().unwrap_or(0);
    let counts = Counts {
        experiments: names.len() as i64,
        runs: names.keys().map(n_of_all).sum(),
        models: models::all(tracking)?.len() as i64,
    };
    Ok(Overview { counts, applications, recent })
}

/// The first picture among a run's files. A run whose files cannot be read shows none: its own
/// page says why.
fn picture(files: &Files, run: &Run) -> Option<Picture> {
    let entries = files.list(&top(run).ok()?).ok()?;
    let is_picture = |entry: &&Entry| entry.file.is_some() && Kind::of(&entry.name) == Kind::Image;
    let path = entries.iter().find(is_picture)?.name.clone();
    Some(Picture { run_id: run.id.clone(), path })
}

fn evaluation(files: &Files, run: &Run) -> Option<Evaluation> {
    let mut report = reports::of_run(files, run).ok()??;
    report.scores.truncate(SCORES);
    Some(Evaluation { run_id: run.id.clone(), title: report.title, scores: report.scores })
}

/// What the machine said of itself is of no interest here.
fn measured(run: &Run) -> Vec<Measured> {
    let of_the_work = run.metrics.iter().filter(|metric| !metric.key.starts_with("system/"));
    let one =
        |it: &tracking::Metric| Measured { key: it.key.clone(), value: Real::measured(it.value) };
    of_the_work.map(one).take(SCORES).collect()
}

//! `GET /runs/{id}` and `GET /compare`: one run with all that is known of it, or several.

use axum::Json;
use axum::extract::{Path, Query, State as Extract};
use serde::{Deserialize, Serialize};
use store::Files;
use tracking::{Lifecycle, Tracking};
use utoipa::{IntoParams, ToSchema};

use super::models;
use super::problem::Problem;
use super::reports;
use super::runs::is_kept_by_mlflow;
use super::words::{Entry, Named, Status, Summary, entries, listed};
use crate::State;

/// The most runs that are compared at once.
const MOST: usize = 100;

/// A run with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Run {
    id: String,
    name: String,
    experiment: Named,
    user: String,
    status: Status,
    is_deleted: bool,
    started_ms: Option<i64>,
    ended_ms: Option<i64>,
    params: Vec<Entry>,
    /// Without those that the protocol keeps for itself (`mlflow.…`).
    tags: Vec<Entry>,
    /// What `mlflow.…` tags say: where the code came from, what wrote it.
    origin: Vec<Entry>,
    metrics: Vec<Summary>,
    inputs: Vec<Input>,
    /// What a person wrote about it, as Markdown.
    note: String,
    /// Versions of registered models that it made.
    models: Vec<Made>,
    /// The path of its report among its files.
    report: Option<String>,
}

/// Data that a run read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Input {
    name: String,
    digest: String,
    source: String,
    /// What it was used for, such as `training`.
    context: Option<String>,
}

/// A version of a registered model that a run made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Made {
    model: String,
    version: i64,
}

/// One run.
#[utoipa::path(
    get,
    path = "/runs/{id}",
    params(("id" = String, Path, description = "The run's id")),
    responses((status = OK, body = Run), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn run(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<Json<Run>, Problem> {
    let files = state.files.clone();
    state.blocking(move |tracking| described(tracking, &files, &id).map(Json)).await
}

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct Asked {
    /// Ids of runs with commas between them.
    runs: String,
}

/// Several runs, in the order they were asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Compared {
    runs: Vec<Run>,
}

/// Several runs side by side.
#[utoipa::path(
    get,
    path = "/compare",
    params(Asked),
    responses((status = OK, body = Compared), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn compare(
    Extract(state): Extract<State>,
    Query(asked): Query<Asked>,
) -> Result<Json<Compared>, Problem> {
    let ids = listed(&asked.runs);
    if ids.len() > MOST {
        let n = ids.len();
        return Err(Problem::invalid(format!("{n} runs were asked for; at most {MOST} go")));
    }
    let files = state.files.clone();
    state
        .blocking(move |tracking| {
            let described = |id: &String| described(tracking, &files, id);
            let runs = ids.iter().map(described).collect::<Result<_, _>>()?;
            Ok(Json(Compared { runs }))
        })
        .await
}

fn described(tracking: &Tracking, files: &Files, id: &str) -> Result<Run, Problem> {
    let run = tracking.run(id)?;
    let report = reports::path_of_run(files, &run)?;
    let experiment = tracking.experiment(&run.experiment_id)?;
    let summaries = tracking.summaries(std::slice::from_ref(&run.id))?;
    let versions = models::of_run(tracking, &run.id)?;
    let mut tags = run.tags;
    let note = tags.remove(NOTE).unwrap_or_default();
    tags.retain(|key, _| !HIDDEN.contains(&key.as_str()));
    let origin = tags.extract_if(.., |key, _| is_kept_by_mlflow(key)).collect();
    Ok(Run {
        id: run.id,
        name: run.name,
        experiment: Named { id: experiment.id, name: experiment.name },
        user: run.user,
        status: run.status.into(),
        is_deleted: run.lifecycle == Lifecycle::Deleted,
        started_ms: run.started_ms,
        ended_ms: run.ended_ms,
        params: entries(run.params),
        tags: entries(tags),
        origin: entries(origin),
        metrics: summaries.into_iter().flatten().map(Summary::from).collect(),
        inputs: run.inputs.into_iter().map(Input::from).collect(),
        note,
        models: versions.into_iter().map(Made::from).collect(),
        report,
    })
}

/// Where MLflow's clients keep the note of a run.
const NOTE: &str = "mlflow.note.content";
/// Tags that say what is shown elsewhere, or nothing to a reader.
const HIDDEN: [&str; 3] = ["mlflow.runName", "mlflow.user", "mlflow.log-model.history"];

impl From<tracking::DatasetInput> for Input {
    fn from(input: tracking::DatasetInput) -> Self {
        let mut tags = input.tags;
        Self {
            name: input.dataset.name,
            digest: input.dataset.digest,
            source: input.dataset.source,
            context: tags.remove("mlflow.data.context"),
        }
    }
}

impl From<tracking::ModelVersion> for Made {
    fn from(version: tracking::ModelVersion) -> Self {
        Self { model: version.name, version: version.version }
    }
}

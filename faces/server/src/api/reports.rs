//! `GET /reports` and `GET /runs/{id}/report`: how good something is, with interval, split and
//! baseline.

use axum::Json;
use axum::extract::{Path, State as Extract};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use super::real::Real;
use super::words::Brief;
use crate::State;

/// The scores of one model or fit on one data set.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Report {
    title: String,
    scores: Vec<Score>,
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

/// Every run's report.
#[utoipa::path(get, path = "/reports", responses((status = OK, body = Reports)))]
pub(crate) async fn reports(Extract(state): Extract<State>) -> Result<Json<Reports>, Problem> {
    let _ = state;
    Err(Problem::absent(""))
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
    let _ = (state, id);
    Err(Problem::absent(""))
}

//! A run's files, looked at without opening them: what could act is never given as something
//! that acts, and what holds code is never read.

use axum::Json;
use axum::extract::{Path, Query, State as Extract};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::Problem;
use crate::State;

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct Asked {
    /// A path among the run's files; the top where absent.
    #[serde(default)]
    path: String,
}

/// What lies in a folder of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Folder {
    entries: Vec<File>,
}

/// A file or a folder.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct File {
    /// From the run's top.
    path: String,
    is_folder: bool,
    n_bytes: Option<i64>,
    kind: Kind,
}

/// How a file may be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Folder,
    Text,
    Image,
    /// A page, shown in a frame in which nothing runs.
    Page,
    /// Holds code, such as a pickle: never opened here.
    Code,
    /// Only to be downloaded.
    Other,
}

/// The beginning of a text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Preview {
    text: String,
    n_bytes: u64,
    /// Whether there is more than is shown.
    is_cut: bool,
}

/// What lies in a folder of a run.
#[utoipa::path(
    get,
    path = "/runs/{id}/artifacts",
    params(("id" = String, Path, description = "The run's id"), Asked),
    responses((status = OK, body = Folder), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn list(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Folder>, Problem> {
    let _ = (state, id, asked.path);
    Err(Problem::absent(""))
}

/// The beginning of a text.
#[utoipa::path(
    get,
    path = "/runs/{id}/artifacts/text",
    params(("id" = String, Path, description = "The run's id"), Asked),
    responses((status = OK, body = Preview), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn preview(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Preview>, Problem> {
    let _ = (state, id, asked.path);
    Err(Problem::absent(""))
}

/// A picture, for an `img`: opened by itself it is a download.
#[utoipa::path(
    get,
    path = "/runs/{id}/artifacts/image",
    params(("id" = String, Path, description = "The run's id"), Asked),
    responses((status = OK, description = "The bytes"), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn image(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let _ = (state, id, asked.path);
    Err(Problem::absent(""))
}

/// A page, for a frame: no script of it runs, nothing is fetched, and it has no origin.
#[utoipa::path(
    get,
    path = "/runs/{id}/artifacts/page",
    params(("id" = String, Path, description = "The run's id"), Asked),
    responses((status = OK, description = "The page"), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn page(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let _ = (state, id, asked.path);
    Err(Problem::absent(""))
}

/// A file as a download.
#[utoipa::path(
    get,
    path = "/runs/{id}/artifacts/download",
    params(("id" = String, Path, description = "The run's id"), Asked),
    responses((status = OK, description = "The bytes"), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn download(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let _ = (state, id, asked.path);
    Err(Problem::absent(""))
}

//! `GET /models` and `GET /models/{name}`: the registry.

use axum::Json;
use axum::extract::{Path, State as Extract};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use super::words::{Brief, Entry};
use crate::State;

/// Registered models, the one that changed last first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Models {
    models: Vec<Model>,
}

/// A registered model.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Model {
    name: String,
    created_ms: i64,
    updated_ms: i64,
    n_versions: i64,
    /// The newest version.
    latest: Option<String>,
    aliases: Vec<Alias>,
    tags: Vec<Entry>,
    /// What a person wrote about it, as Markdown.
    card: String,
}

/// A name for a version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alias {
    alias: String,
    version: String,
}

/// A registered model with its versions, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelWithVersions {
    model: Model,
    versions: Vec<Version>,
}

/// One version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Version {
    version: String,
    created_ms: i64,
    status: String,
    stage: String,
    source: String,
    /// The run that made it, where it is known here.
    run: Option<Brief>,
    aliases: Vec<String>,
    tags: Vec<Entry>,
    note: String,
}

/// All registered models.
#[utoipa::path(get, path = "/models", responses((status = OK, body = Models)))]
pub(crate) async fn models(Extract(state): Extract<State>) -> Result<Json<Models>, Problem> {
    let _ = state;
    Err(Problem::absent(""))
}

/// One registered model.
#[utoipa::path(
    get,
    path = "/models/{name}",
    params(("name" = String, Path, description = "The model's name")),
    responses((status = OK, body = ModelWithVersions), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn model(
    Extract(state): Extract<State>,
    Path(name): Path<String>,
) -> Result<Json<ModelWithVersions>, Problem> {
    let _ = (state, name);
    Err(Problem::absent(""))
}

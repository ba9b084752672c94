//! `GET /models` and `GET /models/{name}`: the registry.

use axum::Json;
use axum::extract::{Path, State as Extract};
use serde::Serialize;
use tracking::{ModelVersion, RegisteredModel, Tracking};
use utoipa::ToSchema;

use super::problem::Problem;
use super::words::{Brief, Entry, Named, entries};
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
    /// The number of the newest version.
    latest: Option<i64>,
    aliases: Vec<Alias>,
    tags: Vec<Entry>,
    /// What a person wrote about it, as Markdown.
    card: String,
}

/// A name for a version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alias {
    alias: String,
    version: i64,
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
    version: i64,
    created_ms: i64,
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
    state
        .blocking(|tracking| {
            let mut models: Vec<Model> = all(tracking)?.into_iter().map(Model::from).collect();
            models.sort_by_key(|model| std::cmp::Reverse(model.updated_ms));
            Ok(Json(Models { models }))
        })
        .await
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
    state
        .blocking(move |tracking| {
            let model = tracking.registered_model(&name)?.into();
            let mut versions = of_model(tracking, &name)?;
            versions.sort_by_key(|version| std::cmp::Reverse(version.version));
            let described = |version| described(tracking, version);
            let versions = versions.into_iter().map(described).collect();
            Ok(Json(ModelWithVersions { model, versions }))
        })
        .await
}

/// How many are asked for at once.
const PAGE: i64 = 1000;

/// Every registered model.
pub(crate) fn all(tracking: &Tracking) -> Result<Vec<RegisteredModel>, Problem> {
    let mut models = Vec::new();
    let mut query = tracking::Query { max_results: PAGE, ..tracking::Query::default() };
    loop {
        let page = tracking.search_registered_models(&query)?;
        models.extend(page.items);
        match page.next_page_token {
            Some(token) => query.page_token = Some(token),
            None => return Ok(models),
        }
    }
}

fn of_model(tracking: &Tracking, name: &str) -> Result<Vec<ModelVersion>, Problem> {
    // The language has no escapes: a name is quoted by the mark that is not in it.
    let quote = if name.contains('\'') { '"' } else { '\'' };
    search(tracking, format!("name = {quote}{name}{quote}"))
}

/// The versions that a run made.
pub(crate) fn of_run(tracking: &Tracking, run_id: &str) -> Result<Vec<ModelVersion>, Problem> {
    search(tracking, format!("run_id = '{run_id}'"))
}

fn search(tracking: &Tracking, filter: String) -> Result<Vec<ModelVersion>, Problem> {
    let mut versions = Vec::new();
    let mut query = tracking::Query { filter, max_results: PAGE, ..tracking::Query::default() };
    loop {
        let page = tracking.search_model_versions(&query)?;
        versions.extend(page.items);
        match page.next_page_token {
            Some(token) => query.page_token = Some(token),
            None => return Ok(versions),
        }
    }
}

impl From<RegisteredModel> for Model {
    fn from(model: RegisteredModel) -> Self {
        let newest = model.latest_versions.iter().map(|version| version.version).max();
        let aliases = model.aliases.into_iter();
        Self {
            name: model.name,
            created_ms: model.created_ms,
            updated_ms: model.updated_ms,
            latest: newest,
            aliases: aliases.map(|(alias, version)| Alias { alias, version }).collect(),
            tags: entries(model.tags),
            card: model.description.unwrap_or_default(),
        }
    }
}

fn described(tracking: &Tracking, version: ModelVersion) -> Version {
    Version {
        version: version.version,
        created_ms: version.created_ms,
        stage: version.stage.name().to_owned(),
        source: version.source,
        run: version.run_id.filter(|id| !id.is_empty()).and_then(|id| brief(tracking, &id)),
        aliases: version.aliases,
        tags: entries(version.tags),
        note: version.description.unwrap_or_default(),
    }
}

/// The run that made a version; none where it is not tracked here.
fn brief(tracking: &Tracking, id: &str) -> Option<Brief> {
    let run = tracking.run(id).ok()?;
    let experiment = tracking.experiment(&run.experiment_id).ok()?;
    Some(Brief::of(&run, Named { id: experiment.id, name: experiment.name }))
}

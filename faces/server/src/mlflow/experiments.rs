//! Experiments on the wire.

use axum::Router;
use axum::routing::{get, post};
use serde_json::{Map, Value, json};
use tracking::{DatasetSummary, Error, Experiment, NewExperiment, Query, Tracking, View};

use super::answer::by;
use super::body::Body;
use super::message::{Field, Message, Rule, choice, long, many, text, texts};
use super::words::{PAIR, pairs_json};
use crate::State;

/// The endpoints, below both prefixes.
pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/experiments/create", post(by!(create)))
        .route("/experiments/get", get(by!(get_one)))
        .route("/experiments/get-by-name", get(by!(get_by_name)))
        .route("/experiments/search", get(by!(search)).post(by!(search)))
        .route("/experiments/update", post(by!(update)))
        .route("/experiments/delete", post(by!(delete)))
        .route("/experiments/restore", post(by!(restore)))
        .route("/experiments/set-experiment-tag", post(by!(set_tag)))
        .route("/experiments/delete-experiment-tag", post(by!(delete_tag)))
}

/// The endpoint that only MLflow's pages have.
pub(super) fn ajax_routes() -> Router<State> {
    Router::new().route("/experiments/search-datasets", post(by!(search_datasets)))
}

const REQUIRED_TEXT: &[Rule] = &[Rule::Required, Rule::Text];

/// The fields of the requests that name an experiment, with all that any of them says.
const FIELDS: &[Field] = &[
    text("experiment_id"),
    text("experiment_name"),
    text("name"),
    text("new_name"),
    text("artifact_location"),
    text("key"),
    text("value"),
    many("tags", PAIR),
];

/// The views that a search may have, on the wire from 1 on.
pub(super) const VIEWS: &[&str] = &["ACTIVE_ONLY", "DELETED_ONLY", "ALL"];

fn create(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    const CREATE: &[Field] = &[text("name"), text("artifact_location"), many("tags", PAIR)];
    let message = Message::of(body, CREATE)?;
    message.check("name", REQUIRED_TEXT)?;
    message.check("artifact_location", &[Rule::Text])?;
    message.check("tags", &[Rule::List])?;
    let id = tracking.create_experiment(NewExperiment {
        name: message.text("name"),
        artifact_location: Some(message.text("artifact_location")).filter(|at| !at.is_empty()),
        tags: message.pairs("tags"),
    })?;
    Ok(json!({ "experiment_id": id }))
}

fn get_one(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let experiment = tracking.experiment(&id_of(body)?)?;
    Ok(json!({ "experiment": experiment_json(&experiment) }))
}

fn get_by_name(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let message = Message::of(body, FIELDS)?;
    message.check("experiment_name", REQUIRED_TEXT)?;
    let experiment = tracking.experiment_by_name(&message.text("experiment_name"))?;
    Ok(json!({ "experiment": experiment_json(&experiment) }))
}

fn update(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let message = Message::of(body, FIELDS)?;
    message.check("experiment_id", REQUIRED_TEXT)?;
    message.check("new_name", &[Rule::Text, Rule::Required])?;
    tracking.rename_experiment(&message.text("experiment_id"), &message.text("new_name"))?;
    Ok(json!({}))
}

fn delete(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    tracking.delete_experiment(&id_of(body)?)?;
    Ok(json!({}))
}

fn restore(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    tracking.restore_experiment(&id_of(body)?)?;
    Ok(json!({}))
}

fn set_tag(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let message = Message::of(body, FIELDS)?;
    message.check("experiment_id", REQUIRED_TEXT)?;
    message.check("key", REQUIRED_TEXT)?;
    message.check("value", &[Rule::Text])?;
    let (id, key, value) =
        (message.text("experiment_id"), message.text("key"), message.text("value"));
    tracking.set_experiment_tag(&id, &key, &value)?;
    Ok(json!({}))
}

fn delete_tag(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let message = Message::of(body, FIELDS)?;
    message.check("experiment_id", REQUIRED_TEXT)?;
    message.check("key", REQUIRED_TEXT)?;
    tracking.delete_experiment_tag(&message.text("experiment_id"), &message.text("key"))?;
    Ok(json!({}))
}

fn id_of(body: &Body) -> Result<String, Error> {
    let message = Message::of(body, FIELDS)?;
    message.check("experiment_id", REQUIRED_TEXT)?;
    Ok(message.text("experiment_id"))
}

fn search(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    const SEARCH: &[Field] = &[
        long("max_results"),
        text("page_token"),
        text("filter"),
        texts("order_by"),
        choice("view_type", VIEWS),
    ];
    let message = Message::of(body, SEARCH)?;
    message.check("view_type", &[Rule::Integer])?;
    message.check("max_results", &[Rule::Integer])?;
    message.check("order_by", &[Rule::List])?;
    message.check("filter", &[Rule::Text])?;
    message.check("page_token", &[Rule::Text])?;
    let page = tracking.search_experiments(&Query {
        filter: message.text("filter"),
        order_by: message.texts("order_by"),
        max_results: message.integer("max_results").unwrap_or(0),
        page_token: Some(message.text("page_token")),
        view: view_of(message.integer("view_type")),
    })?;
    let mut answer = Map::new();
    if !page.items.is_empty() {
        let items: Vec<Value> = page.items.iter().map(experiment_json).collect();
        answer.insert("experiments".to_owned(), items.into());
    }
    if let Some(token) = page.next_page_token {
        answer.insert("next_page_token".to_owned(), token.into());
    }
    Ok(answer.into())
}

/// The view of a number on the wire; that of those in use where it is none.
pub(super) fn view_of(number: Option<i64>) -> View {
    match number {
        Some(2) => View::DeletedOnly,
        Some(3) => View::All,
        _ => View::ActiveOnly,
    }
}

/// How many experiments a search for datasets may name.
const MOST_EXPERIMENTS: usize = 20;

fn search_datasets(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let message = Message::of(body, const { &[texts("experiment_ids")] })?;
    let ids = message.texts("experiment_ids");
    if ids.is_empty() {
        return Err(Error::invalid(
            "SearchDatasets request must specify at least one experiment_id.",
        ));
    }
    if ids.len() > MOST_EXPERIMENTS {
        return Err(Error::invalid(format!(
            "SearchDatasets request cannot specify more than {MOST_EXPERIMENTS} experiment_ids. \
             Received {} experiment_ids.",
            ids.len()
        )));
    }
    let found = tracking.search_datasets(&ids)?;
    if found.is_empty() {
        return Ok(json!({}));
    }
    let summaries: Vec<Value> = found.iter().map(summary_json).collect();
    Ok(json!({ "dataset_summaries": summaries }))
}

fn summary_json(summary: &DatasetSummary) -> Value {
    let mut json = json!({
        "experiment_id": summary.experiment_id,
        "name": summary.name,
        "digest": summary.digest,
    });
    if let Some(context) = &summary.context {
        json["context"] = context.as_str().into();
    }
    json
}

fn experiment_json(experiment: &Experiment) -> Value {
    let mut json = json!({
        "experiment_id": experiment.id,
        "name": experiment.name,
        "artifact_location": experiment.artifact_location,
        "lifecycle_stage": experiment.lifecycle.name(),
        "last_update_time": experiment.updated_ms,
        "creation_time": experiment.created_ms,
        "workspace": "default",
    });
    if !experiment.tags.is_empty() {
        json["tags"] = pairs_json(&experiment.tags);
    }
    json
}

//! Logged models on the wire.

#![expect(clippy::ptr_arg, reason = "what a path names arrives as an owned String")]

use axum::Router;
use axum::routing::{delete, get, patch, post};
use serde_json::{Map, Value, json};
use tracking::{
    Error, LoggedModel, ModelDataset, ModelMetric, ModelOrder, ModelQuery, ModelStatus,
    NewLoggedModel, Tracking,
};

use super::answer::{by, by_path};
use super::body::{Body, missing, wrong_type};
use super::registry::{page_json, pairs, pairs_json, put_tags, texts};
use crate::State;

/// The endpoints, below both prefixes.
pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/logged-models", post(by!(create)))
        .route("/logged-models/search", post(by!(search)))
        .route(
            "/logged-models/{model_id}",
            get(by_path!(read)).patch(by_path!(finalize)).delete(by_path!(remove)),
        )
        .route("/logged-models/{model_id}/params", post(by_path!(log_params)))
        .route("/logged-models/{model_id}/tags", patch(by_path!(set_tags)))
        .route("/logged-models/{model_id}/tags/{key}", delete(by_path!(delete_tag)))
}

fn create(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let text = |name| Ok::<_, Error>(body.text(name)?.unwrap_or_default().to_owned());
    let new = NewLoggedModel {
        experiment_id: body.required_text("experiment_id")?.to_owned(),
        name: Some(text("name")?).filter(|name| !name.is_empty()),
        model_type: text("model_type")?,
        source_run_id: text("source_run_id")?,
        params: pairs(body, "params")?,
        tags: pairs(body, "tags")?,
    };
    Ok(json!({ "model": model_json(&tracking.create_logged_model(new)?) }))
}

fn read(tracking: &Tracking, id: &String, body: &Body) -> Result<Value, Error> {
    let said = body.get("allow_deleted").and_then(Value::as_str);
    let is_deleted_too = said.is_some_and(|said| said.eq_ignore_ascii_case("true"));
    Ok(json!({ "model": model_json(&tracking.logged_model(id, is_deleted_too)?) }))
}

fn finalize(tracking: &Tracking, _: &String, body: &Body) -> Result<Value, Error> {
    // As MLflow: the id in the body counts, and must be there.
    let id = body.required_text("model_id")?;
    let status = body.get("status").ok_or_else(|| missing("status"))?;
    let status = read_status(status).ok_or_else(|| wrong_type("status", status))?;
    Ok(json!({ "model": model_json(&tracking.finalize_logged_model(id, status)?) }))
}

fn remove(tracking: &Tracking, id: &String, _: &Body) -> Result<Value, Error> {
    tracking.delete_logged_model(id)?;
    Ok(json!({}))
}

fn log_params(tracking: &Tracking, id: &String, body: &Body) -> Result<Value, Error> {
    body.required_text("model_id")?;
    tracking.log_model_params(id, pairs(body, "params")?)?;
    Ok(json!({}))
}

fn set_tags(tracking: &Tracking, id: &String, body: &Body) -> Result<Value, Error> {
    tracking.set_model_tags(id, pairs(body, "tags")?)?;
    Ok(json!({}))
}

fn delete_tag(tracking: &Tracking, (id, key): &(String, String), _: &Body) -> Result<Value, Error> {
    tracking.delete_model_tag(id, key)?;
    Ok(json!({}))
}

/// How many models are on one page where nothing is said.
const PER_PAGE: i64 = 100;

fn search(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    body.get("experiment_ids").ok_or_else(|| missing("experiment_ids"))?;
    let experiment_ids = texts(body, "experiment_ids")?;
    let query = ModelQuery {
        filter: body.text("filter")?.unwrap_or_default().to_owned(),
        datasets: body.list("datasets")?.iter().map(dataset).collect(),
        max_results: body.integer("max_results")?.filter(|n| *n != 0).unwrap_or(PER_PAGE),
        order_by: body.list("order_by")?.iter().map(order).collect(),
        page_token: body.text("page_token")?.map(str::to_owned),
    };
    Ok(page_json("models", tracking.search_logged_models(&experiment_ids, &query)?, model_json))
}

fn dataset(item: &Value) -> ModelDataset {
    let name = non_empty(item, "dataset_name").unwrap_or_default();
    ModelDataset { name, digest: non_empty(item, "dataset_digest") }
}

fn order(item: &Value) -> ModelOrder {
    ModelOrder {
        field: non_empty(item, "field_name").unwrap_or_default(),
        is_ascending: item.get("ascending").and_then(Value::as_bool).unwrap_or(true),
        dataset_name: non_empty(item, "dataset_name"),
        dataset_digest: non_empty(item, "dataset_digest"),
    }
}

fn non_empty(item: &Value, name: &str) -> Option<String> {
    item.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn status_name(status: ModelStatus) -> String {
    format!("LOGGED_MODEL_{}", status.name())
}

/// A status from its name or its number.
fn read_status(value: &Value) -> Option<ModelStatus> {
    let by_number = |number: i64| {
        let idx = usize::try_from(number).ok()?.checked_sub(1)?;
        ModelStatus::ALL.get(idx).copied()
    };
    match value {
        Value::Number(number) => by_number(number.as_i64()?),
        Value::String(name) => {
            ModelStatus::ALL.into_iter().find(|status| status_name(*status) == *name)
        }
        _ => None,
    }
}

fn model_json(model: &LoggedModel) -> Value {
    let mut info = json!({
        "model_id": model.id,
        "experiment_id": model.experiment_id,
        "name": model.name,
        "creation_timestamp_ms": model.created_ms,
        "last_updated_timestamp_ms": model.updated_ms,
        "artifact_uri": model.artifact_location,
        "status": status_name(model.status),
        "model_type": model.model_type,
        "source_run_id": model.source_run_id,
    });
    put_tags(&mut info, &model.tags);
    let mut data = Map::new();
    if !model.params.is_empty() {
        data.insert("params".to_owned(), pairs_json(&model.params));
    }
    if !model.metrics.is_empty() {
        let metrics = model.metrics.iter().map(|metric| metric_json(&model.id, metric));
        data.insert("metrics".to_owned(), metrics.collect());
    }
    json!({ "info": info, "data": data })
}

fn metric_json(model_id: &str, metric: &ModelMetric) -> Value {
    let mut fields = json!({
        "key": metric.key,
        "value": number_json(metric.value),
        "timestamp": metric.timestamp_ms,
        "step": metric.step,
        "model_id": model_id,
        "run_id": metric.run_id,
    });
    if let Some((name, digest)) = &metric.dataset {
        fields["dataset_name"] = name.as_str().into();
        fields["dataset_digest"] = digest.as_str().into();
    }
    fields
}

/// A number as JSON; what JSON has no number for is said by its name.
pub(super) fn number_json(number: f64) -> Value {
    match number {
        number if number.is_nan() => "NaN".into(),
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        number => number.into(),
    }
}

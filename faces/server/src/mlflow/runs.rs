//! Runs on the wire: their life, and params, tags and metrics.

use axum::Router;
use axum::routing::{get, post};
use serde_json::{Map, Value, json};
use tracking::{
    Batch, DatasetInput, Error, Metric, NewRun, Query, Run, RunChange, RunStatus, Tracking, limits,
};

use super::answer::by;
use super::body::{Body, missing, wrong_type};
use super::experiments::{VIEWS, view_of};
use super::message::{
    Field, Message, Rule, choice, double, int, long, many, number_of, text, text_of, texts,
};
use super::words::{PAIR, metric_json, pairs_json};
use crate::State;

/// The endpoints, below both prefixes.
pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/runs/create", post(by!(create)))
        .route("/runs/get", get(by!(get_one)))
        .route("/runs/search", post(by!(search)))
        .route("/runs/update", post(by!(update)))
        .route("/runs/delete", post(by!(delete)))
        .route("/runs/restore", post(by!(restore)))
        .route("/runs/log-metric", post(by!(log_metric)))
        .route("/runs/log-parameter", post(by!(log_param)))
        .route("/runs/log-batch", post(by!(log_batch)))
        .route("/runs/set-tag", post(by!(set_tag)))
        .route("/runs/delete-tag", post(by!(delete_tag)))
}

const REQUIRED_TEXT: &[Rule] = &[Rule::Required, Rule::Text];

/// The fields of the requests that name a run and at most a key and a value of it.
const FIELDS: &[Field] = &[text("run_id"), text("run_uuid"), text("key"), text("value")];

/// The states of a run, on the wire from 1 on.
const STATUSES: &[&str] = &["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];

fn create(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    const CREATE: &[Field] = &[
        text("experiment_id"),
        text("user_id"),
        text("run_name"),
        long("start_time"),
        many("tags", PAIR),
    ];
    let message = Message::of(body, CREATE)?;
    message.check("experiment_id", &[Rule::Text])?;
    message.check("start_time", &[Rule::Integer])?;
    message.check("run_name", &[Rule::Text])?;
    let experiment_id = message.text("experiment_id");
    if experiment_id.is_empty() {
        return Err(missing("experiment_id"));
    }
    let run = tracking.create_run(NewRun {
        experiment_id,
        name: Some(message.text("run_name")),
        user: message.text("user_id"),
        started_ms: message.integer("start_time"),
        tags: message.pairs("tags"),
    })?;
    Ok(json!({ "run": run_json(&run, With::Inputs) }))
}

fn get_one(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let run = tracking.run(&id_of(body)?)?;
    Ok(json!({ "run": run_json(&run, With::InputsAndOutputs) }))
}

fn update(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    const UPDATE: &[Field] = &[
        text("run_id"),
        text("run_uuid"),
        choice("status", STATUSES),
        long("end_time"),
        text("run_name"),
    ];
    let message = Message::of(body, UPDATE)?;
    message.check("run_id", REQUIRED_TEXT)?;
    message.check("end_time", &[Rule::Integer])?;
    message.check("status", &[Rule::Text])?;
    message.check("run_name", &[Rule::Text])?;
    let status = message.integer("status").and_then(|n| usize::try_from(n - 1).ok());
    let run = tracking.update_run(
        &message.run_id(),
        RunChange {
            status: status.and_then(|idx| RunStatus::ALL.get(idx).copied()),
            ended_ms: message.integer("end_time"),
            name: message.has("run_name").then(|| message.text("run_name")),
        },
    )?;
    Ok(json!({ "run_info": info_json(&run) }))
}

fn delete(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    tracking.delete_run(&new_id_of(body)?)?;
    Ok(json!({}))
}

fn restore(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    tracking.restore_run(&new_id_of(body)?)?;
    Ok(json!({}))
}

/// The run's id, under its new or its old name.
fn id_of(body: &Body) -> Result<String, Error> {
    let message = Message::of(body, FIELDS)?;
    message.check("run_id", REQUIRED_TEXT)?;
    Ok(message.run_id())
}

/// The run's id under its new name; the old one counts as an empty one.
fn new_id_of(body: &Body) -> Result<String, Error> {
    let message = Message::of(body, FIELDS)?;
    message.check("run_id", REQUIRED_TEXT)?;
    Ok(message.text("run_id"))
}

fn log_metric(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    const METRIC: &[Field] = &[
        text("run_id"),
        text("run_uuid"),
        text("key"),
        double("value"),
        long("timestamp"),
        long("step"),
        text("model_id"),
        text("dataset_name"),
        text("dataset_digest"),
    ];
    let message = Message::of(body, METRIC)?;
    message.check("run_id", REQUIRED_TEXT)?;
    message.check("key", REQUIRED_TEXT)?;
    message.check("value", &[Rule::Required, Rule::Float])?;
    message.check("timestamp", &[Rule::Integer, Rule::Required])?;
    message.check("step", &[Rule::Integer])?;
    for name in ["model_id", "dataset_name", "dataset_digest"] {
        message.check(name, &[Rule::Text])?;
    }
    let metric = Metric {
        key: message.text("key"),
        value: message.number("value"),
        timestamp_ms: message.integer("timestamp").unwrap_or(0),
        step: message.integer("step").unwrap_or(0),
    };
    tracking.log_metric(&message.run_id(), metric)?;
    Ok(json!({}))
}

fn log_param(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let message = key_and_value(body)?;
    tracking.log_param(&message.run_id(), message.text("key"), message.text("value"))?;
    Ok(json!({}))
}

fn set_tag(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let message = key_and_value(body)?;
    tracking.set_tag(&message.run_id(), message.text("key"), message.text("value"))?;
    Ok(json!({}))
}

fn key_and_value(body: &Body) -> Result<Message<'_>, Error> {
    let message = Message::of(body, FIELDS)?;
    message.check("run_id", REQUIRED_TEXT)?;
    message.check("key", REQUIRED_TEXT)?;
    message.check("value", &[Rule::Text])?;
    Ok(message)
}

fn delete_tag(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let message = Message::of(body, FIELDS)?;
    message.check("run_id", REQUIRED_TEXT)?;
    message.check("key", REQUIRED_TEXT)?;
    tracking.delete_tag(&message.text("run_id"), &message.text("key"))?;
    Ok(json!({}))
}

fn log_batch(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    const POINT: &[Field] = &[
        text("key"),
        double("value"),
        long("timestamp"),
        long("step"),
        text("dataset_name"),
        text("dataset_digest"),
        text("model_id"),
        text("run_id"),
    ];
    const BATCH: &[Field] =
        &[text("run_id"), many("metrics", POINT), many("params", PAIR), many("tags", PAIR)];
    let message = Message::of(body, BATCH)?;
    message.check("run_id", &[Rule::Text, Rule::Required])?;
    message.check("metrics", &[Rule::List])?;
    check_items(body, "metrics", &["key", "value", "timestamp"])?;
    message.check("params", &[Rule::List])?;
    check_items(body, "params", &["key"])?;
    message.check("tags", &[Rule::List])?;
    check_items(body, "tags", &["key"])?;
    let metrics = message.many("metrics").map(point).collect();
    let batch = Batch { metrics, params: message.pairs("params"), tags: message.pairs("tags") };
    tracking.log_batch(&message.text("run_id"), batch)?;
    Ok(json!({}))
}

fn point(fields: &Map<String, Value>) -> Metric {
    let whole = |name| fields.get(name).and_then(Value::as_i64).unwrap_or(0);
    Metric {
        key: text_of(fields, "key"),
        value: number_of(fields, "value"),
        timestamp_ms: whole("timestamp"),
        step: whole("step"),
    }
}

/// Refuses a list whose items lack one of these fields.
fn check_items(body: &Body, name: &str, required: &[&str]) -> Result<(), Error> {
    let Some(Value::Array(items)) = body.get(name) else { return Ok(()) };
    for (idx, item) in items.iter().enumerate() {
        let Value::Object(fields) = item else {
            return Err(wrong_type(&format!("{name}[{idx}]"), item));
        };
        for field in required {
            match fields.get(*field) {
                None | Some(Value::Null) => return Err(missing(&format!("{name}[{idx}].{field}"))),
                Some(value) if value == "" => {
                    return Err(missing(&format!("{name}[{idx}].{field}")));
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}

fn search(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    const SEARCH: &[Field] = &[
        texts("experiment_ids"),
        text("filter"),
        choice("run_view_type", VIEWS),
        int("max_results"),
        texts("order_by"),
        text("page_token"),
    ];
    let message = Message::of(body, SEARCH)?;
    message.check("experiment_ids", &[Rule::List])?;
    message.check("filter", &[Rule::Text])?;
    message.check("max_results", &[Rule::Integer])?;
    check_page(body)?;
    message.check("order_by", &[Rule::List, Rule::Texts])?;
    let page = tracking.search_runs(
        &message.texts("experiment_ids"),
        &Query {
            filter: message.text("filter"),
            order_by: message.texts("order_by"),
            max_results: message.integer("max_results").unwrap_or(1000),
            page_token: Some(message.text("page_token")),
            view: view_of(message.integer("run_view_type")),
        },
    )?;
    let mut answer = Map::new();
    if !page.items.is_empty() {
        let with = With::InputsAndOutputs;
        let items: Vec<Value> = page.items.iter().map(|run| run_json(run, with)).collect();
        answer.insert("runs".to_owned(), items.into());
    }
    if let Some(token) = page.next_page_token {
        answer.insert("next_page_token".to_owned(), token.into());
    }
    Ok(answer.into())
}

/// Refuses a page that is too large before anything else is looked at.
fn check_page(body: &Body) -> Result<(), Error> {
    let Some(value) = body.get("max_results") else { return Ok(()) };
    let found = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match found {
        Some(max) if max.trunc() > limits::PAGE as f64 => Err(wrong_type("max_results", value)),
        _ => Ok(()),
    }
}

/// What of a run is said beside its info and its data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum With {
    Inputs,
    InputsAndOutputs,
}

fn run_json(run: &Run, with: With) -> Value {
    let mut data = Map::new();
    if !run.metrics.is_empty() {
        let metrics: Vec<Value> = run.metrics.iter().map(|m| metric_json(m).into()).collect();
        data.insert("metrics".to_owned(), metrics.into());
    }
    if !run.params.is_empty() {
        data.insert("params".to_owned(), pairs_json(&run.params));
    }
    if !run.tags.is_empty() {
        data.insert("tags".to_owned(), pairs_json(&run.tags));
    }
    let mut json = json!({ "info": info_json(run), "data": data, "inputs": inputs_json(run) });
    if with == With::InputsAndOutputs {
        json["outputs"] = outputs_json(run);
    }
    json
}

fn info_json(run: &Run) -> Value {
    let mut json = json!({
        "run_id": run.id,
        "run_uuid": run.id,
        "run_name": run.name,
        "experiment_id": run.experiment_id,
        "user_id": run.user,
        "status": run.status.name(),
        "start_time": run.started_ms.unwrap_or(0),
        "artifact_uri": run.artifact_uri,
        "lifecycle_stage": run.lifecycle.name(),
    });
    if let Some(ended_ms) = run.ended_ms.filter(|&ended_ms| ended_ms != 0) {
        json["end_time"] = ended_ms.into();
    }
    json
}

fn inputs_json(run: &Run) -> Value {
    let mut json = json!({});
    if !run.inputs.is_empty() {
        json["dataset_inputs"] = run.inputs.iter().map(input_json).collect();
    }
    if !run.model_inputs.is_empty() {
        json["model_inputs"] =
            run.model_inputs.iter().map(|id| json!({ "model_id": id })).collect();
    }
    json
}

fn input_json(input: &DatasetInput) -> Value {
    let dataset = &input.dataset;
    let mut json = json!({
        "name": dataset.name,
        "digest": dataset.digest,
        "source_type": dataset.source_type,
        "source": dataset.source,
    });
    for (name, value) in [("schema", &dataset.schema), ("profile", &dataset.profile)] {
        if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
            json[name] = value.into();
        }
    }
    let mut whole = json!({ "dataset": json });
    if !input.tags.is_empty() {
        whole["tags"] = pairs_json(&input.tags);
    }
    whole
}

fn outputs_json(run: &Run) -> Value {
    if run.model_outputs.is_empty() {
        return json!({});
    }
    let outputs = run.model_outputs.iter();
    let outputs: Vec<Value> =
        outputs.map(|output| json!({ "model_id": output.model_id, "step": output.step })).collect();
    json!({ "model_outputs": outputs })
}

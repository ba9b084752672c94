//! Runs on the wire: their life, and params, tags and metrics.

use axum::Router;
use axum::routing::{get, post};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use tracking::{
    Batch, DatasetInput, Error, Metric, ModelMetric, ModelOutput, NewRun, Page, Query, Run,
    RunChange, RunStatus, Tracking, limits,
};

use super::answer::by;
use super::body::{Body, missing, wrong_type};
use super::experiments::{VIEWS, view_of};
use super::message::{
    Field, Message, Rule, choice, double, int, long, many, number_of, text, text_of, texts,
};
use super::words::{PAIR, Pair, Point, pairs};
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

fn create(tracking: &Tracking, body: &Body) -> Result<OneRun, Error> {
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
    Ok(OneRun { run, has_outputs: false })
}

fn get_one(tracking: &Tracking, body: &Body) -> Result<OneRun, Error> {
    let run = tracking.run(&id_of(body)?)?;
    Ok(OneRun { run, has_outputs: true })
}

fn update(tracking: &Tracking, body: &Body) -> Result<OneInfo, Error> {
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
    Ok(OneInfo(run))
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
    let run_id = message.run_id();
    let given = message.fields();
    let of_model = of_model(given, &metric, &run_id);
    if !of_model.is_empty() {
        tracking.log_model_metrics(&run_id, of_model)?;
    }
    tracking.log_metric(&run_id, metric)?;
    Ok(json!({}))
}

/// The point as a measurement of a logged model, where it names one.
fn of_model(
    fields: &Map<String, Value>,
    metric: &Metric,
    run_id: &str,
) -> Vec<(String, ModelMetric)> {
    let model_id = text_of(fields, "model_id");
    if model_id.is_empty() {
        return Vec::new();
    }
    let dataset = (text_of(fields, "dataset_name"), text_of(fields, "dataset_digest"));
    let measured = ModelMetric {
        key: metric.key.clone(),
        value: metric.value,
        timestamp_ms: metric.timestamp_ms,
        step: metric.step,
        run_id: run_id.to_owned(),
        dataset: Some(dataset).filter(|(name, _)| !name.is_empty()),
    };
    vec![(model_id, measured)]
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
    let run_id = message.text("run_id");
    let metrics: Vec<Metric> = message.many("metrics").map(point).collect();
    let of_models = message.many("metrics").zip(&metrics);
    let of_models: Vec<_> =
        of_models.flat_map(|(fields, metric)| of_model(fields, metric, &run_id)).collect();
    let batch = Batch { metrics, params: message.pairs("params"), tags: message.pairs("tags") };
    tracking.log_batch(&run_id, batch)?;
    if !of_models.is_empty() {
        tracking.log_model_metrics(&run_id, of_models)?;
    }
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

fn search(tracking: &Tracking, body: &Body) -> Result<Found, Error> {
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
    Ok(Found(page))
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

/// A page of runs.
struct Found(Page<Run>);

impl Serialize for Found {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Runs<'a> {
            #[serde(skip_serializing_if = "Vec::is_empty")]
            runs: Vec<RunJson<'a>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            next_page_token: Option<&'a str>,
        }
        let Page { items, next_page_token } = &self.0;
        Runs {
            runs: items.iter().map(RunJson::of).collect(),
            next_page_token: next_page_token.as_deref(),
        }
        .serialize(to)
    }
}

/// One run as the answer to a request.
struct OneRun {
    run: Run,
    /// A new run says nothing of outputs.
    has_outputs: bool,
}

impl Serialize for OneRun {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Answer<'a> {
            run: RunJson<'a>,
        }
        let mut run = RunJson::of(&self.run);
        if !self.has_outputs {
            run.outputs = None;
        }
        Answer { run }.serialize(to)
    }
}

/// The info of a run as the answer to a request.
struct OneInfo(Run);

impl Serialize for OneInfo {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Answer<'a> {
            run_info: Info<'a>,
        }
        Answer { run_info: Info::of(&self.0) }.serialize(to)
    }
}

#[derive(Serialize)]
struct RunJson<'a> {
    info: Info<'a>,
    data: Data<'a>,
    inputs: Inputs<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outputs: Option<Outputs<'a>>,
}

#[derive(Serialize)]
struct Info<'a> {
    run_id: &'a str,
    run_uuid: &'a str,
    run_name: &'a str,
    experiment_id: &'a str,
    user_id: &'a str,
    status: &'static str,
    start_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<i64>,
    artifact_uri: &'a str,
    lifecycle_stage: &'static str,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<Point<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    params: Vec<Pair<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Pair<'a>>,
}

#[derive(Serialize)]
struct Inputs<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dataset_inputs: Vec<Input<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    model_inputs: Vec<ModelInput<'a>>,
}

#[derive(Serialize)]
struct Input<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Pair<'a>>,
    dataset: DatasetJson<'a>,
}

#[derive(Serialize)]
struct DatasetJson<'a> {
    name: &'a str,
    digest: &'a str,
    source_type: &'a str,
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a str>,
}

#[derive(Serialize)]
struct ModelInput<'a> {
    model_id: &'a str,
}

#[derive(Serialize)]
struct Outputs<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    model_outputs: Vec<Output<'a>>,
}

#[derive(Serialize)]
struct Output<'a> {
    model_id: &'a str,
    step: i64,
}

impl<'a> RunJson<'a> {
    fn of(run: &'a Run) -> Self {
        let output =
            |output: &'a ModelOutput| Output { model_id: &output.model_id, step: output.step };
        Self {
            info: Info::of(run),
            data: Data {
                metrics: run.metrics.iter().map(|metric| Point::of(metric, None)).collect(),
                params: pairs(&run.params),
                tags: pairs(&run.tags),
            },
            inputs: Inputs {
                dataset_inputs: run.inputs.iter().map(Input::of).collect(),
                model_inputs: run
                    .model_inputs
                    .iter()
                    .map(|id| ModelInput { model_id: id })
                    .collect(),
            },
            outputs: Some(Outputs {
                model_outputs: run.model_outputs.iter().map(output).collect(),
            }),
        }
    }
}

impl<'a> Info<'a> {
    fn of(run: &'a Run) -> Self {
        Self {
            run_id: &run.id,
            run_uuid: &run.id,
            run_name: &run.name,
            experiment_id: &run.experiment_id,
            user_id: &run.user,
            status: run.status.name(),
            start_time: run.started_ms.unwrap_or(0),
            end_time: run.ended_ms.filter(|&ended_ms| ended_ms != 0),
            artifact_uri: &run.artifact_uri,
            lifecycle_stage: run.lifecycle.name(),
        }
    }
}

impl<'a> Input<'a> {
    fn of(input: &'a DatasetInput) -> Self {
        let dataset = &input.dataset;
        Self {
            tags: pairs(&input.tags),
            dataset: DatasetJson {
                name: &dataset.name,
                digest: &dataset.digest,
                source_type: &dataset.source_type,
                source: &dataset.source,
                schema: dataset.schema.as_deref(),
                profile: dataset.profile.as_deref(),
            },
        }
    }
}

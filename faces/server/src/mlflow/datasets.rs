//! What runs read and made, on the wire: datasets and models.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::routing::post;
use serde_json::{Map, Value, json};
use tracking::{Dataset, DatasetInput, Error, ModelOutput, Tracking};

use super::answer::by;
use super::body::{Body, spaced_json};
use super::message::{Field, Message, Rule, long, many, one, text, text_of};
use super::words::PAIR;
use crate::State;

/// The endpoints, below both prefixes.
pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/runs/log-inputs", post(by!(log_inputs)))
        .route("/runs/outputs", post(by!(log_outputs)))
        .route("/runs/log-model", post(by!(log_model)))
}

const REQUIRED_TEXT: &[Rule] = &[Rule::Required, Rule::Text];

fn log_inputs(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    const DATASET: &[Field] = &[
        text("name"),
        text("digest"),
        text("source_type"),
        text("source"),
        text("schema"),
        text("profile"),
    ];
    const INPUT: &[Field] = &[many("tags", PAIR), one("dataset", DATASET)];
    const INPUTS: &[Field] =
        &[text("run_id"), many("datasets", INPUT), many("models", &[text("model_id")])];
    let message = Message::of(body, INPUTS)?;
    message.check("run_id", REQUIRED_TEXT)?;
    message.check("datasets", &[Rule::List])?;
    message.check("models", &[Rule::List])?;
    let datasets = message.many("datasets").map(input).collect();
    let models = message.many("models").map(|model| text_of(model, "model_id")).collect();
    tracking.log_inputs(&message.text("run_id"), datasets, models)?;
    Ok(json!({}))
}

fn input(fields: &Map<String, Value>) -> DatasetInput {
    let nothing = Map::new();
    let dataset = fields.get("dataset").and_then(Value::as_object).unwrap_or(&nothing);
    let if_given = |name| Some(text_of(dataset, name)).filter(|text| !text.is_empty());
    let tags = fields.get("tags").and_then(Value::as_array).into_iter().flatten();
    let tags: BTreeMap<String, String> = tags
        .filter_map(Value::as_object)
        .map(|tag| (text_of(tag, "key"), text_of(tag, "value")))
        .collect();
    DatasetInput {
        dataset: Dataset {
            name: text_of(dataset, "name"),
            digest: text_of(dataset, "digest"),
            source_type: text_of(dataset, "source_type"),
            source: text_of(dataset, "source"),
            schema: if_given("schema"),
            profile: if_given("profile"),
        },
        tags,
    }
}

fn log_outputs(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    const OUTPUTS: &[Field] = &[text("run_id"), many("models", &[text("model_id"), long("step")])];
    let message = Message::of(body, OUTPUTS)?;
    message.check("run_id", REQUIRED_TEXT)?;
    message.check("models", &[Rule::Required, Rule::List])?;
    let output = |fields: &Map<String, Value>| ModelOutput {
        model_id: text_of(fields, "model_id"),
        step: fields.get("step").and_then(Value::as_i64).unwrap_or(0),
    };
    let models = message.many("models").map(output).collect();
    tracking.log_outputs(&message.text("run_id"), models)?;
    Ok(json!({}))
}

/// The tag that lists the models of a run, as clients before MLflow 3 wrote it.
const HISTORY: &str = "mlflow.log-model.history";

fn log_model(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let message = Message::of(body, const { &[text("run_id"), text("model_json")] })?;
    message.check("run_id", &[Rule::Text, Rule::Required])?;
    message.check("model_json", &[Rule::Text, Rule::Required])?;
    let (run_id, given) = (message.text("run_id"), message.text("model_json"));
    let Ok(model) = serde_json::from_str::<Value>(&given) else {
        return Err(Error::invalid(format!(
            "Malformed model info. \n {given} \n is not a valid JSON."
        )));
    };
    let Value::Object(model) = model else {
        return Err(Error::invalid(format!(
            "Malformed model info. \n {given} \n is not a JSON object."
        )));
    };
    let required = BTreeSet::from(["artifact_path", "flavors", "run_id", "utc_time_created"]);
    let absent: Vec<String> = required
        .iter()
        .filter(|&&name| !model.contains_key(name))
        .map(|name| format!("'{name}'"))
        .collect();
    if !absent.is_empty() {
        return Err(Error::invalid(format!(
            "Model json is missing mandatory fields: {{{}}}",
            absent.join(", ")
        )));
    }
    let kept = without_private(model);
    let run = tracking.run(&run_id)?;
    let known = run.tags.get(HISTORY).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let mut all = match known {
        Some(Value::Array(all)) => all,
        _ => Vec::new(),
    };
    all.push(kept);
    tracking.set_tag(&run_id, HISTORY.to_owned(), spaced_json(&Value::Array(all)))?;
    Ok(json!({}))
}

/// What of a model's description goes into the tag.
fn without_private(mut model: Map<String, Value>) -> Value {
    let kept = ["run_id", "artifact_path", "utc_time_created", "model_uuid", "flavors"];
    let with_name = |name: &str| model.remove(name).map(|value| (name.to_owned(), value));
    kept.into_iter().filter_map(with_name).collect()
}

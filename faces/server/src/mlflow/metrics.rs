//! Histories of metrics on the wire.

use axum::Router;
use axum::routing::get;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use tracking::{Error, Metric, MetricOfRun, Page, Tracking};

use super::answer::by;
use super::body::{Body, missing, refused, wrong_type};
use super::message::{Field, Message, Rule, int, text, texts};
use super::words::Point;
use crate::State;

/// The endpoints, below both prefixes.
pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/metrics/get-history", get(by!(history)))
        .route("/metrics/get-history-bulk-interval", get(by!(bulk_interval)))
}

/// The endpoint that only MLflow's pages have.
pub(super) fn ajax_routes() -> Router<State> {
    Router::new().route("/metrics/get-history-bulk", get(by!(bulk)))
}

fn history(tracking: &Tracking, body: &Body) -> Result<History, Error> {
    const FIELDS: &[Field] = &[
        text("run_id"),
        text("run_uuid"),
        text("metric_key"),
        text("page_token"),
        int("max_results"),
    ];
    let message = Message::of(body, FIELDS)?;
    message.check("run_id", &[Rule::Text, Rule::Required])?;
    message.check("metric_key", &[Rule::Text, Rule::Required])?;
    message.check("page_token", &[Rule::Text])?;
    let max = message.integer("max_results");
    if let Some(max) = max.filter(|&max| max <= 0) {
        return Err(Error::invalid(format!(
            "Invalid value {max} for parameter 'max_results' supplied. It must be a positive \
             integer."
        )));
    }
    let token = message.text("page_token");
    let page =
        tracking.history(&message.run_id(), &message.text("metric_key"), max, Some(&token))?;
    Ok(History(page))
}

/// A page of a history.
struct History(Page<Metric>);

impl Serialize for History {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Page { items, next_page_token } = &self.0;
        Points {
            metrics: items.iter().map(|metric| Point::of(metric, None)).collect(),
            next_page_token: next_page_token.as_deref(),
        }
        .serialize(to)
    }
}

/// Points of several runs, which say whose they are.
struct OfRuns(Vec<MetricOfRun>);

impl Serialize for OfRuns {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Points { metrics: points(&self.0), next_page_token: None }.serialize(to)
    }
}

fn points(all: &[MetricOfRun]) -> Vec<Point<'_>> {
    all.iter().map(|of| Point::of(&of.metric, Some(&of.run_id))).collect()
}

#[derive(Serialize)]
struct Points<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<Point<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<&'a str>,
}

/// Points of each run, and runs of each request, that a sample may have.
const MOST_SAMPLED: i64 = 2500;
const MOST_SAMPLED_RUNS: usize = 100;

fn bulk_interval(tracking: &Tracking, body: &Body) -> Result<OfRuns, Error> {
    const FIELDS: &[Field] = &[
        texts("run_ids"),
        text("metric_key"),
        int("start_step"),
        int("end_step"),
        int("max_results"),
    ];
    let message = Message::of(body, FIELDS)?;
    let run_ids = body.list("run_ids")?;
    if run_ids.is_empty() && body.get("run_ids").is_none() {
        return Err(missing("run_ids"));
    }
    message.check("run_ids", &[Rule::Required])?;
    if run_ids.len() > MOST_SAMPLED_RUNS {
        return Err(refused(&format!(
            "GetMetricHistoryBulkInterval request must specify at most {MOST_SAMPLED_RUNS} \
             run_ids. Received {} run_ids.",
            run_ids.len()
        )));
    }
    message.check("metric_key", &[Rule::Required, Rule::Text])?;
    message.check("start_step", &[Rule::Integer])?;
    message.check("end_step", &[Rule::Integer])?;
    message.check("max_results", &[Rule::Integer])?;
    let max = message.integer("max_results").unwrap_or(MOST_SAMPLED);
    if !(1..=MOST_SAMPLED).contains(&max) {
        return Err(refused(&format!("max_results must be between 1 and {MOST_SAMPLED}.")));
    }
    let steps = steps_of(&message)?;
    let run_ids = message.texts("run_ids");
    let key = message.text("metric_key");
    Ok(OfRuns(tracking.sampled_histories(&run_ids, &key, max as usize, steps)?))
}

fn steps_of(message: &Message) -> Result<Option<(i64, i64)>, Error> {
    match (message.integer("start_step"), message.integer("end_step")) {
        (Some(first), Some(last)) if first > last => Err(Error::invalid(format!(
            "end_step must be greater than start_step. Found start_step={first} and \
             end_step={last}."
        ))),
        (Some(first), Some(last)) => Ok(Some((first, last))),
        (None, None) => Ok(None),
        _ => Err(Error::invalid(
            "If either start step or end step are specified, both must be specified.",
        )),
    }
}

/// Points of each request, and runs of each request, that the pages may ask for.
const MOST_POINTS: i64 = 25_000;
const MOST_RUNS: usize = 100;

fn bulk(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let message = Message::of(body, const { &[texts("run_id"), text("metric_key")] })?;
    let run_ids = message.texts("run_id");
    if run_ids.is_empty() {
        return Err(Error::invalid(
            "GetMetricHistoryBulk request must specify at least one run_id.",
        ));
    }
    if run_ids.len() > MOST_RUNS {
        return Err(Error::invalid(format!(
            "GetMetricHistoryBulk request cannot specify more than {MOST_RUNS} run_ids. Received \
             {} run_ids.",
            run_ids.len()
        )));
    }
    if !message.has("metric_key") {
        return Err(Error::invalid("GetMetricHistoryBulk request must specify a metric_key."));
    }
    let max = body.integer("max_results")?.unwrap_or(MOST_POINTS).min(MOST_POINTS);
    let Ok(max) = usize::try_from(max) else {
        return Err(wrong_type("max_results", &Value::from(max)));
    };
    let found = tracking.histories(&run_ids, &message.text("metric_key"), max)?;
    // Here an empty list is said too.
    Ok(json!({ "metrics": points(&found) }))
}

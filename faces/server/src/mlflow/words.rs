//! Words that runs and experiments share on the wire: pairs of a key and a value, points of
//! metrics, numbers that JSON cannot say.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use tracking::Metric;

use super::message::{Field, text};

/// The fields of a tag or a param.
pub(super) const PAIR: &[Field] = &[text("key"), text("value")];

/// `[{"key": …, "value": …}, …]`
pub(super) fn pairs_json(pairs: &BTreeMap<String, String>) -> Value {
    pairs.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

/// A key and its value.
#[derive(Serialize)]
pub(super) struct Pair<'a> {
    key: &'a str,
    value: &'a str,
}

/// Pairs in the order of their keys.
pub(super) fn pairs(pairs: &BTreeMap<String, String>) -> Vec<Pair<'_>> {
    pairs.iter().map(|(key, value)| Pair { key, value }).collect()
}

/// A point of a metric.
#[derive(Serialize)]
pub(super) struct Point<'a> {
    key: &'a str,
    #[serde(serialize_with = "write_number")]
    value: f64,
    timestamp: i64,
    step: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'a str>,
}

impl<'a> Point<'a> {
    /// A point that says whose it is only where `run_id` is given.
    pub(super) fn of(metric: &'a Metric, run_id: Option<&'a str>) -> Self {
        let Metric { key, value, timestamp_ms, step } = metric;
        Self { key, value: *value, timestamp: *timestamp_ms, step: *step, run_id }
    }
}

/// A number; NaN and the infinities as the texts that protobuf writes.
fn write_number<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    if value.is_nan() {
        to.serialize_str("NaN")
    } else if value.is_infinite() {
        to.serialize_str(if *value > 0.0 { "Infinity" } else { "-Infinity" })
    } else {
        to.serialize_f64(*value)
    }
}

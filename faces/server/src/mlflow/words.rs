//! Words that runs and experiments share on the wire: pairs of a key and a value, points of
//! metrics, numbers that JSON cannot say.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tracking::Metric;

use super::message::{Field, text};

/// The fields of a tag or a param.
pub(super) const PAIR: &[Field] = &[text("key"), text("value")];

/// `[{"key": …, "value": …}, …]`
pub(super) fn pairs_json(pairs: &BTreeMap<String, String>) -> Value {
    pairs.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

/// A point of a metric.
pub(super) fn metric_json(metric: &Metric) -> Map<String, Value> {
    let mut json = Map::with_capacity(4);
    json.insert("key".to_owned(), metric.key.as_str().into());
    json.insert("value".to_owned(), number_json(metric.value));
    json.insert("timestamp".to_owned(), metric.timestamp_ms.into());
    json.insert("step".to_owned(), metric.step.into());
    json
}

/// A number; NaN and the infinities as the texts that protobuf writes.
pub(super) fn number_json(value: f64) -> Value {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.into();
    }
    value.into()
}

//! Traces on the wire: what is known of them, their spans, tags and assessments.

#![expect(clippy::ptr_arg, reason = "what a path names arrives as an owned String")]

use axum::Router;
use axum::routing::{get, patch, post};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tracking::{Assessment, Error, Query, Trace, Tracking};

use super::answer::{by, by_path};
use super::body::{Body, missing, wrong_type};
use super::registry::{page_json, texts};
use crate::State;

/// The endpoints, below both prefixes of version 3.
pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/traces", post(by!(put)))
        .route("/traces/search", post(by!(search)))
        .route("/traces/batchGet", get(by!(batch)))
        .route("/traces/batchGetInfos", post(by!(batch_infos)))
        .route("/traces/get", get(by!(whole)))
        .route("/traces/delete-traces", post(by!(delete)))
        .route("/traces/{trace_id}", get(by_path!(info)))
        .route("/traces/{trace_id}/tags", patch(by_path!(set_tag)).delete(by_path!(delete_tag)))
        .route("/traces/{trace_id}/assessments", post(by_path!(create_assessment)))
        .route(
            "/traces/{trace_id}/assessments/{assessment_id}",
            get(by_path!(read_assessment))
                .patch(by_path!(update_assessment))
                .delete(by_path!(delete_assessment)),
        )
}

/// The endpoints that clients still use below both prefixes of version 2.
pub(super) fn old_routes() -> Router<State> {
    Router::new()
        .route("/traces/delete-traces", post(by!(delete)))
        .route("/traces/{trace_id}/tags", patch(by_path!(set_tag)).delete(by_path!(delete_tag)))
}

fn put(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let trace = body.get("trace").ok_or_else(|| missing("trace"))?;
    let told = trace.get("trace_info").and_then(read_info);
    let put = tracking.put_trace(told.ok_or_else(|| wrong_type("trace", trace))?)?;
    let assessments = trace["trace_info"]["assessments"].as_array().into_iter().flatten();
    for assessment in assessments {
        tracking.create_assessment(&put.id, &kept(assessment))?;
    }
    Ok(json!({ "trace": { "trace_info": info_json(tracking, &put)? } }))
}

fn info(tracking: &Tracking, id: &String, _: &Body) -> Result<Value, Error> {
    let info = info_json(tracking, &tracking.trace(id)?)?;
    Ok(json!({ "trace": { "trace_info": info } }))
}

fn whole(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let id = body.required_text("trace_id")?;
    let found = tracking.traces(&[id.to_owned()])?;
    match found.first() {
        Some(trace) => Ok(json!({ "trace": with_spans(tracking, trace)? })),
        None => Err(Error::absent(format!("Trace with ID {id} is not found."))),
    }
}

fn batch(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    body.get("trace_ids").ok_or_else(|| missing("trace_ids"))?;
    let found = tracking.traces(&texts(body, "trace_ids")?)?;
    let traces: Vec<Value> =
        found.iter().map(|trace| with_spans(tracking, trace)).collect::<Result<_, _>>()?;
    Ok(listed("traces", traces))
}

fn batch_infos(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    body.get("trace_ids").ok_or_else(|| missing("trace_ids"))?;
    let found = tracking.traces(&texts(body, "trace_ids")?)?;
    let infos: Vec<Value> =
        found.iter().map(|trace| info_json(tracking, trace)).collect::<Result<_, _>>()?;
    Ok(listed("trace_infos", infos))
}

/// The most traces on one page, and how many there are where nothing is said.
const PER_PAGE: (i64, i64) = (500, 100);

fn search(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let locations = body.get("locations").ok_or_else(|| missing("locations"))?;
    let locations = locations.as_array().ok_or_else(|| wrong_type("locations", locations))?;
    let experiment_ids: Vec<String> = locations.iter().filter_map(experiment_of).collect();
    let max_results = body.integer("max_results")?.unwrap_or(PER_PAGE.1);
    if max_results > PER_PAGE.0 {
        return Err(wrong_type("max_results", &max_results.into()));
    }
    let query = Query {
        filter: body.text("filter")?.unwrap_or_default().to_owned(),
        order_by: texts(body, "order_by")?,
        max_results,
        page_token: body.text("page_token")?.map(str::to_owned),
        ..Query::default()
    };
    let page = tracking.search_traces(&experiment_ids, &query)?;
    let infos: Vec<Value> =
        page.items.iter().map(|trace| info_json(tracking, trace)).collect::<Result<_, _>>()?;
    let page = tracking::Page { items: infos, next_page_token: page.next_page_token };
    Ok(page_json("traces", page, Value::clone))
}

fn delete(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let experiment_id = body.required_text("experiment_id")?;
    let until_ms = body.integer("max_timestamp_millis")?;
    let ids = texts(body, "request_ids")?;
    let n_deleted = match (until_ms, ids.is_empty()) {
        (None, true) => {
            return Err(Error::invalid(
                "Either `max_timestamp_millis` or `trace_ids` must be specified.",
            ));
        }
        (Some(_), false) => {
            return Err(Error::invalid(
                "Only one of `max_timestamp_millis` and `trace_ids` can be specified.",
            ));
        }
        (None, false) => tracking.delete_traces(experiment_id, ids)?,
        (Some(until_ms), true) => {
            tracking.delete_traces_until(experiment_id, until_ms, body.integer("max_traces")?)?
        }
    };
    Ok(json!({ "traces_deleted": n_deleted }))
}

fn set_tag(tracking: &Tracking, id: &String, body: &Body) -> Result<Value, Error> {
    let key = body.required_text("key")?;
    tracking.set_trace_tag(id, key, body.text("value")?.unwrap_or_default())?;
    Ok(json!({}))
}

fn delete_tag(tracking: &Tracking, id: &String, body: &Body) -> Result<Value, Error> {
    tracking.delete_trace_tag(id, body.required_text("key")?)?;
    Ok(json!({}))
}

fn create_assessment(tracking: &Tracking, id: &String, body: &Body) -> Result<Value, Error> {
    let said = body.get("assessment").ok_or_else(|| missing("assessment"))?;
    said.as_object().ok_or_else(|| wrong_type("assessment", said))?;
    let made = tracking.create_assessment(id, &kept(said))?;
    Ok(json!({ "assessment": assessment_json(&made) }))
}

type OfTrace = (String, String);

fn read_assessment(tracking: &Tracking, (trace, id): &OfTrace, _: &Body) -> Result<Value, Error> {
    Ok(json!({ "assessment": assessment_json(&tracking.assessment(trace, id)?) }))
}

/// What of an assessment can be changed.
const CHANGEABLE: [&str; 7] =
    ["assessment_name", "source", "rationale", "feedback", "expectation", "metadata", "valid"];

fn update_assessment(
    tracking: &Tracking,
    (trace, id): &OfTrace,
    body: &Body,
) -> Result<Value, Error> {
    let said = body.get("assessment").ok_or_else(|| missing("assessment"))?;
    let mask = body.text("update_mask")?.unwrap_or_default();
    let known = tracking.assessment(trace, id)?;
    let mut fields = Value::Object(object(&known.body));
    for name in mask.split(',').map(snake).filter(|name| CHANGEABLE.contains(&name.as_str())) {
        if let Some(value) = said.get(&name) {
            fields[name.as_str()] = value.clone();
        }
    }
    fields["last_update_time"] = Timestamp::now().to_string().into();
    let changed = Assessment { body: fields.to_string(), ..known };
    let json = assessment_json(&changed);
    tracking.update_assessment(changed)?;
    Ok(json!({ "assessment": json }))
}

fn delete_assessment(tracking: &Tracking, (trace, id): &OfTrace, _: &Body) -> Result<Value, Error> {
    tracking.delete_assessment(trace, id)?;
    Ok(json!({}))
}

/// `assessmentName` as `assessment_name`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.trim().chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The parts of an assessment that are kept.
fn kept(said: &Value) -> String {
    let mut fields = said.as_object().cloned().unwrap_or_default();
    fields.remove("assessment_id");
    fields.remove("trace_id");
    fields.entry("valid").or_insert(true.into());
    let now = Timestamp::now().to_string();
    for name in ["create_time", "last_update_time"] {
        fields.entry(name).or_insert_with(|| now.clone().into());
    }
    Value::Object(fields).to_string()
}

fn object(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap_or_default()
}

fn assessment_json(assessment: &Assessment) -> Value {
    let mut fields = object(&assessment.body);
    fields.insert("assessment_id".to_owned(), assessment.id.clone().into());
    fields.insert("trace_id".to_owned(), assessment.trace_id.clone().into());
    Value::Object(fields)
}

/// A list under its name; nothing where it is empty.
fn listed(name: &str, items: Vec<Value>) -> Value {
    if items.is_empty() { json!({}) } else { json!({ name: items }) }
}

fn with_spans(tracking: &Tracking, trace: &Trace) -> Result<Value, Error> {
    let mut fields = json!({ "trace_info": info_json(tracking, trace)? });
    let spans = tracking.spans(&trace.id)?;
    if !spans.is_empty() {
        fields["spans"] = spans.iter().map(|body| Value::Object(object(body))).collect();
    }
    Ok(fields)
}

fn info_json(tracking: &Tracking, trace: &Trace) -> Result<Value, Error> {
    let mut fields = json!({
        "trace_id": trace.id,
        "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": { "experiment_id": trace.experiment_id },
        },
        "state": trace.state,
    });
    if let Ok(began) = Timestamp::from_millisecond(trace.began_ms) {
        fields["request_time"] = began.to_string().into();
    }
    if let Some(duration_ms) = trace.duration_ms {
        fields["execution_duration"] = duration_text(duration_ms).into();
    }
    for (name, value) in [
        ("client_request_id", &trace.client_request_id),
        ("request_preview", &trace.request_preview),
        ("response_preview", &trace.response_preview),
    ] {
        if let Some(value) = value {
            fields[name] = value.as_str().into();
        }
    }
    for (name, pairs) in [("trace_metadata", &trace.metadata), ("tags", &trace.tags)] {
        if !pairs.is_empty() {
            fields[name] = pairs.iter().map(|(key, value)| (key.clone(), value.as_str())).collect();
        }
    }
    let assessments = tracking.assessments(&trace.id)?;
    if !assessments.is_empty() {
        fields["assessments"] = assessments.iter().map(assessment_json).collect();
    }
    Ok(fields)
}

/// What a client says of a trace; none where a part is of the wrong kind.
fn read_info(info: &Value) -> Option<Trace> {
    let text = |name: &str| match info.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(value) => value.as_str().map(|text| Some(text.to_owned())),
    };
    let pairs = |name: &str| match info.get(name) {
        None | Some(Value::Null) => Some(Default::default()),
        Some(value) => value
            .as_object()?
            .iter()
            .map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect(),
    };
    let began: Timestamp = text("request_time")??.parse().ok()?;
    let state = match info.get("state") {
        None | Some(Value::Null) => "STATE_UNSPECIFIED",
        Some(value) => ["STATE_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS"]
            .into_iter()
            .zip(0..)
            .find(|(name, number)| value == name || *value == json!(number))
            .map(|(name, _)| name)?,
    };
    let duration_ms = match text("execution_duration")? {
        None => None,
        Some(duration) => Some(duration_ms(&duration)?),
    };
    Some(Trace {
        id: text("trace_id")??,
        experiment_id: experiment_of(info.get("trace_location")?)?,
        began_ms: began.as_millisecond(),
        duration_ms,
        state: state.to_owned(),
        client_request_id: text("client_request_id")?,
        request_preview: text("request_preview")?,
        response_preview: text("response_preview")?,
        metadata: pairs("trace_metadata")?,
        tags: pairs("tags")?,
    })
}

fn experiment_of(location: &Value) -> Option<String> {
    location.get("mlflow_experiment")?.get("experiment_id")?.as_str().map(str::to_owned)
}

/// `1.5s` in milliseconds.
fn duration_ms(text: &str) -> Option<i64> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    seconds.is_finite().then_some((seconds * 1000.0).round() as i64)
}

/// Milliseconds as `1.500s`.
fn duration_text(ms: i64) -> String {
    let (sign, size) = (if ms < 0 { "-" } else { "" }, ms.unsigned_abs());
    match size % 1000 {
        0 => format!("{sign}{}s", size / 1000),
        rest => format!("{sign}{}.{rest:03}s", size / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written_as_protobuf_does() {
        for (text, ms, shown) in [
            ("1.5s", 1500, "1.500s"),
            ("0.250s", 250, "0.250s"),
            ("3s", 3000, "3s"),
            ("0s", 0, "0s"),
        ] {
            assert_eq!(duration_ms(text), Some(ms), "{text}");
            assert_eq!(duration_text(ms), shown);
        }
        assert_eq!(duration_ms("1.5"), None);
        assert_eq!(duration_ms("infs"), None);
    }

    #[test]
    fn what_is_no_trace_is_told_so() {
        for json in ["\"x\"", "{}", r#"{"trace_id": "tr-1"}"#] {
            assert_eq!(read_info(&serde_json::from_str(json).unwrap()), None, "{json}");
        }
    }
}

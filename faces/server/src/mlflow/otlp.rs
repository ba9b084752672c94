//! Spans by OpenTelemetry: `POST /v1/traces`, as protobuf or JSON. The only place that knows
//! OpenTelemetry's messages. Spans are kept in the form in which MLflow's clients read them.

use axum::Json;
use axum::Router;
use axum::body::Body as Bytes;
use axum::extract::State as At;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use prost::Message as _;
use serde_json::{Value, json};
use tracking::NewSpan;

use super::error::Refusal;
use super::logged_models::number_json;
use crate::State;

/// The endpoint, at the root.
pub(super) fn routes() -> Router<State> {
    Router::new().route("/v1/traces", post(take))
}

/// Bytes of one request.
const MOST_BYTES: usize = 32 << 20;

async fn take(At(state): At<State>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(experiment_id) = text("x-mlflow-experiment-id") else {
        let missing = json!({ "type": "missing", "loc": ["header", "x-mlflow-experiment-id"],
            "msg": "Field required", "input": null });
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, json!([missing]));
    };
    let kind = text(header::CONTENT_TYPE.as_str());
    let is_json = match kind.and_then(|kind| kind.split(';').next()).map(str::trim) {
        Some("application/json") => true,
        Some("application/x-protobuf") => false,
        _ => {
            let kind = kind.unwrap_or("None");
            return bad(&format!(
                "Invalid Content-Type: {kind}. Expected: application/x-protobuf or application/json"
            ));
        }
    };
    if text(header::CONTENT_ENCODING.as_str()).is_some_and(|encoding| encoding != "identity") {
        return bad("Unsupported Content-Encoding. Send the spans uncompressed.");
    }
    let Ok(bytes) = axum::body::to_bytes(body, MOST_BYTES).await else {
        let detail = format!("A request may have {MOST_BYTES} bytes. Send fewer spans at once.");
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, detail.into());
    };
    let request = if is_json { json_request(&bytes) } else { Request::decode(bytes).ok() };
    let Some(request) = request else { return bad("Invalid OpenTelemetry format") };
    if request.resource_spans.is_empty() {
        return bad("Invalid OpenTelemetry format - no spans found");
    }
    let sent = request.resource_spans.into_iter().flat_map(|of| of.scope_spans);
    let spans: Option<Vec<NewSpan>> =
        sent.flat_map(|of| of.spans).map(|span| new_span(&span)).collect();
    let Some(spans) = spans else {
        let detail = "Cannot convert OpenTelemetry span to MLflow span";
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, detail.into());
    };
    let experiment_id = experiment_id.to_owned();
    match state.blocking(move |tracking| tracking.put_spans(&experiment_id, spans)).await {
        Ok(()) => [(header::CONTENT_TYPE, "application/x-protobuf")].into_response(),
        Err(error) => Refusal(error).into_response(),
    }
}

fn bad(detail: &str) -> Response {
    refuse(StatusCode::BAD_REQUEST, detail.into())
}

fn refuse(status: StatusCode, detail: Value) -> Response {
    (status, Json(json!({ "detail": detail }))).into_response()
}

/// The span as it is kept; none where it has no ids.
fn new_span(span: &Span) -> Option<NewSpan> {
    if span.trace_id.len() != 16 || span.span_id.len() != 8 {
        return None;
    }
    let trace_id = format!("tr-{}", hex(&span.trace_id));
    let nanoseconds = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
    Some(NewSpan {
        id: hex(&span.span_id),
        is_root: span.parent_span_id.is_empty(),
        is_error: span.status.as_ref().is_some_and(|status| status.code == 2),
        began_ns: nanoseconds(span.start_time_unix_nano),
        ended_ns: Some(span.end_time_unix_nano).filter(|end| *end > 0).map(nanoseconds),
        body: span_json(span, &trace_id).to_string(),
        trace_id,
    })
}

fn span_json(span: &Span, trace_id: &str) -> Value {
    let mut fields = json!({
        "trace_id": base64(&span.trace_id),
        "span_id": base64(&span.span_id),
        "name": span.name,
        "start_time_unix_nano": span.start_time_unix_nano,
        "attributes": attributes_json(&span.attributes, trace_id),
    });
    if span.end_time_unix_nano > 0 {
        fields["end_time_unix_nano"] = span.end_time_unix_nano.into();
    }
    if !span.parent_span_id.is_empty() {
        fields["parent_span_id"] = base64(&span.parent_span_id).into();
    }
    if let Some(Status { message, code }) = &span.status {
        let code = match code {
            1 => "STATUS_CODE_OK",
            2 => "STATUS_CODE_ERROR",
            _ => "STATUS_CODE_UNSET",
        };
        fields["status"] = json!({ "code": code });
        if !message.is_empty() {
            fields["status"]["message"] = message.as_str().into();
        }
    }
    if !span.events.is_empty() {
        let event = |event: &Event| {
            json!({ "time_unix_nano": event.time_unix_nano, "name": event.name,
                "attributes": pairs_json(&event.attributes) })
        };
        fields["events"] = span.events.iter().map(event).collect();
    }
    let is_whole = |link: &&Link| link.trace_id.len() == 16 && link.span_id.len() == 8;
    let links: Vec<Value> = span
        .links
        .iter()
        .filter(is_whole)
        .map(|link| {
            json!({ "trace_id": base64(&link.trace_id), "span_id": base64(&link.span_id),
                "attributes": pairs_json(&link.attributes) })
        })
        .collect();
    if !links.is_empty() {
        fields["links"] = links.into();
    }
    fields
}

/// The attribute that says the trace's id. What a client sends in it does not count.
const TRACE_ID: &str = "mlflow.traceRequestId";
/// The attribute that says what a span is. Some clients send it as JSON.
const SPAN_TYPE: &str = "mlflow.spanType";

fn attributes_json(attributes: &[KeyValue], trace_id: &str) -> Value {
    let kept = attributes.iter().filter(|pair| pair.key != TRACE_ID);
    let mut out: Vec<Value> = kept
        .map(|pair| {
            let mut value = any_json(pair.value.as_ref());
            let inner = value["string_value"].as_str().filter(|_| pair.key == SPAN_TYPE);
            if let Some(Ok(plain)) = inner.map(serde_json::from_str::<String>) {
                value = json!({ "string_value": plain });
            }
            json!({ "key": pair.key, "value": value })
        })
        .collect();
    out.push(json!({ "key": TRACE_ID, "value": { "string_value": trace_id } }));
    out.into()
}

fn pairs_json(pairs: &[KeyValue]) -> Value {
    let pair = |pair: &KeyValue| json!({ "key": pair.key, "value": any_json(pair.value.as_ref()) });
    pairs.iter().map(pair).collect()
}

/// A value as protobuf writes it in JSON. How deep it is was limited when it was read.
fn any_json(value: Option<&AnyValue>) -> Value {
    match value.and_then(|value| value.value.as_ref()) {
        None => json!({}),
        Some(Any::Text(text)) => json!({ "string_value": text }),
        Some(Any::Bool(is)) => json!({ "bool_value": is }),
        Some(Any::Int(number)) => json!({ "int_value": number }),
        Some(Any::Double(number)) => json!({ "double_value": number_json(*number) }),
        Some(Any::Bytes(bytes)) => json!({ "bytes_value": base64(bytes) }),
        Some(Any::List(list)) => {
            let values: Vec<Value> = list.values.iter().map(|item| any_json(Some(item))).collect();
            json!({ "array_value": { "values": values } })
        }
        Some(Any::Pairs(pairs)) => {
            json!({ "kvlist_value": { "values": pairs_json(&pairs.values) } })
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, i| bits << 8 | u32::from(*chunk.get(i).unwrap_or(&0)));
        for i in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

// OpenTelemetry's messages (opentelemetry-proto 1.x), as far as they are kept.

#[derive(Clone, PartialEq, prost::Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ResourceSpans {
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(fixed64, tag = "7")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(message, repeated, tag = "11")]
    events: Vec<Event>,
    #[prost(message, repeated, tag = "13")]
    links: Vec<Link>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Event {
    #[prost(fixed64, tag = "1")]
    time_unix_nano: u64,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, repeated, tag = "3")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Link {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(message, repeated, tag = "4")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct AnyValue {
    #[prost(oneof = "Any", tags = "1, 2, 3, 4, 5, 6, 7")]
    value: Option<Any>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Any {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(message, tag = "5")]
    List(ArrayValue),
    #[prost(message, tag = "6")]
    Pairs(KeyValueList),
    #[prost(bytes = "vec", tag = "7")]
    Bytes(Vec<u8>),
}

#[derive(Clone, PartialEq, prost::Message)]
struct ArrayValue {
    #[prost(message, repeated, tag = "1")]
    values: Vec<AnyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct KeyValueList {
    #[prost(message, repeated, tag = "1")]
    values: Vec<KeyValue>,
}

// The same from JSON: names in camelCase, ids in hexadecimal, whole numbers also as text. JSON
// deeper than 128 is refused by its parser.

fn json_request(bytes: &[u8]) -> Option<Request> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let resource_spans = list(&value, "resourceSpans", |of| {
        let scope_spans =
            list(of, "scopeSpans", |of| Some(ScopeSpans { spans: list(of, "spans", span)? }))?;
        Some(ResourceSpans { scope_spans })
    })?;
    Some(Request { resource_spans })
}

fn list<T>(of: &Value, name: &str, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    of.as_object()?;
    match of.get(name) {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(items) => items.as_array()?.iter().map(read).collect(),
    }
}

fn span(value: &Value) -> Option<Span> {
    let status = match value.get("status") {
        None | Some(Value::Null) => None,
        Some(status) => Some(read_status(status)?),
    };
    Some(Span {
        trace_id: id(value, "traceId")?,
        span_id: id(value, "spanId")?,
        parent_span_id: id(value, "parentSpanId")?,
        name: text(value, "name")?,
        start_time_unix_nano: time(value, "startTimeUnixNano")?,
        end_time_unix_nano: time(value, "endTimeUnixNano")?,
        attributes: list(value, "attributes", pair)?,
        events: list(value, "events", |event| {
            Some(Event {
                time_unix_nano: time(event, "timeUnixNano")?,
                name: text(event, "name")?,
                attributes: list(event, "attributes", pair)?,
            })
        })?,
        links: list(value, "links", |link| {
            Some(Link {
                trace_id: id(link, "traceId")?,
                span_id: id(link, "spanId")?,
                attributes: list(link, "attributes", pair)?,
            })
        })?,
        status,
    })
}

fn read_status(status: &Value) -> Option<Status> {
    let code = match status.get("code") {
        None | Some(Value::Null) => 0,
        Some(Value::String(name)) => match name.as_str() {
            "STATUS_CODE_OK" => 1,
            "STATUS_CODE_ERROR" => 2,
            _ => 0,
        },
        Some(code) => i32::try_from(code.as_i64()?).ok()?,
    };
    Some(Status { message: text(status, "message")?, code })
}

fn text(of: &Value, name: &str) -> Option<String> {
    match of.get(name) {
        None | Some(Value::Null) => Some(String::new()),
        Some(value) => value.as_str().map(str::to_owned),
    }
}

fn id(of: &Value, name: &str) -> Option<Vec<u8>> {
    let digits = text(of, name)?;
    if digits.len() % 2 != 0 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
        .collect()
}

fn time(of: &Value, name: &str) -> Option<u64> {
    match of.get(name) {
        None | Some(Value::Null) => Some(0),
        Some(Value::String(digits)) => digits.parse().ok(),
        Some(value) => value.as_u64(),
    }
}

fn pair(value: &Value) -> Option<KeyValue> {
    let inner = match value.get("value") {
        None | Some(Value::Null) => None,
        Some(inner) => Some(any(inner)?),
    };
    Some(KeyValue { key: text(value, "key")?, value: inner })
}

fn any(value: &Value) -> Option<AnyValue> {
    let Some((kind, inner)) = value.as_object()?.iter().next() else {
        return Some(AnyValue { value: None });
    };
    let read = match kind.as_str() {
        "stringValue" => Any::Text(inner.as_str()?.to_owned()),
        "boolValue" => Any::Bool(inner.as_bool()?),
        "intValue" => Any::Int(match inner {
            Value::String(digits) => digits.parse().ok()?,
            number => number.as_i64()?,
        }),
        "doubleValue" => Any::Double(match inner {
            Value::String(name) => name.parse().ok()?,
            number => number.as_f64()?,
        }),
        "arrayValue" => Any::List(ArrayValue { values: list(inner, "values", any)? }),
        "kvlistValue" => Any::Pairs(KeyValueList { values: list(inner, "values", pair)? }),
        // Base64 is kept as text: nothing here asks for the bytes.
        "bytesValue" => Any::Text(inner.as_str()?.to_owned()),
        _ => return Some(AnyValue { value: None }),
    };
    Some(AnyValue { value: Some(read) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: (&str, &str) = ("0123456789abcdef0123456789abcdef", "0123456789abcdef");

    fn one_span(attribute: &str) -> String {
        format!(
            r#"{{"resourceSpans": [{{"scopeSpans": [{{"spans": [{{"traceId": "{}", "spanId": "{}",
                "name": "root", "startTimeUnixNano": "5", "attributes": [{{"key": "a",
                "value": {attribute}}}]}}]}}]}}]}}"#,
            IDS.0, IDS.1
        )
    }

    #[test]
    fn json_and_protobuf_mean_the_same() {
        let json =
            one_span(r#"{"kvlistValue": {"values": [{"key": "b", "value": {"intValue": "7"}}]}}"#);
        let of_json = json_request(json.as_bytes()).unwrap();
        let of_protobuf = Request::decode(of_json.encode_to_vec().as_slice()).unwrap();
        assert_eq!(of_json, of_protobuf);
        let span = &of_json.resource_spans[0].scope_spans[0].spans[0];
        let kept = new_span(span).unwrap();
        assert_eq!(kept.trace_id, format!("tr-{}", IDS.0));
        assert!(
            kept.body
                .contains(r#"{"kvlist_value":{"values":[{"key":"b","value":{"int_value":7}}]}}"#)
        );
    }

    #[test]
    fn spans_without_ids_and_other_json_are_refused() {
        assert_eq!(new_span(&Span { name: "x".to_owned(), ..Span::default() }), None);
        for json in ["nonsense", "[]", r#"{"resourceSpans": 5}"#, &one_span("5")] {
            assert_eq!(json_request(json.as_bytes()), None, "{json}");
        }
    }

    #[test]
    fn values_that_lie_too_deep_are_refused() {
        let deep = |n: usize| {
            let (open, close) = (r#"{"arrayValue": {"values": ["#, "]}}");
            one_span(&format!("{}{}{}", open.repeat(n), r#"{"boolValue": true}"#, close.repeat(n)))
        };
        assert!(json_request(deep(10).as_bytes()).is_some());
        assert_eq!(json_request(deep(10_000).as_bytes()), None);
        let mut value = AnyValue { value: Some(Any::Bool(true)) };
        for _ in 0..200 {
            value = AnyValue { value: Some(Any::List(ArrayValue { values: vec![value] })) };
        }
        let span = Span {
            attributes: vec![KeyValue { key: "a".to_owned(), value: Some(value) }],
            ..Span::default()
        };
        let scope_spans = vec![ScopeSpans { spans: vec![span] }];
        let request = Request { resource_spans: vec![ResourceSpans { scope_spans }] };
        assert!(Request::decode(request.encode_to_vec().as_slice()).is_err());
    }

    #[test]
    fn base64_is_padded() {
        assert_eq!([&b"a"[..], b"ab", b"abc"].map(base64), ["YQ==", "YWI=", "YWJj"]);
    }
}

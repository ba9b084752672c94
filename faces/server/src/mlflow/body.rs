//! The fields of a request, from its JSON body or, for a GET, from its query. What is missing or
//! of the wrong type is refused in MLflow's words; fields that nobody asks for are ignored.
//!
//! [`Body`] is what came. A [`message`](super::message) reads it as protobuf would.

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, Method, header};
use serde_json::{Map, Value};
use tracking::{Error, Kind};

use super::error::Refusal;

/// The fields of a request.
#[derive(Debug, Default)]
pub(crate) struct Body {
    fields: Map<String, Value>,
    /// Whether they came in the query, so that each is a text or a list of texts.
    is_query: bool,
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        match request.uri().query() {
            Some(query) if request.method() == Method::GET && !query.is_empty() => {
                Ok(Self { fields: of_query(query)?, is_query: true })
            }
            _ => {
                check_content_type(request.method(), request.headers())?;
                let bytes = axum::body::to_bytes(request.into_body(), usize::MAX).await;
                let bytes =
                    bytes.map_err(|error| Error::new(Kind::BadRequest, error.to_string()))?;
                Ok(Self { fields: of_json(&bytes), is_query: false })
            }
        }
    }
}

/// A body is taken only as JSON: pages of other sites cannot send that without being asked.
fn check_content_type(method: &Method, headers: &HeaderMap) -> Result<(), Error> {
    if method != Method::POST && method != Method::PUT {
        return Ok(());
    }
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return Err(Error::invalid("Bad Request. Content-Type header is missing."));
    };
    match kind.to_str().unwrap_or_default().split(';').next() {
        Some("application/json") => Ok(()),
        _ => Err(Error::invalid("Bad Request. Content-Type must be one of ['application/json'].")),
    }
}

/// Every value as text, or as a list of texts where a name comes twice.
fn of_query(query: &str) -> Result<Map<String, Value>, Error> {
    let uri =
        format!("/?{query}").parse().map_err(|_| Error::invalid("the query is not a URL's"))?;
    let axum::extract::Query(pairs) =
        axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri)
            .map_err(|error| Error::invalid(error.to_string()))?;
    let mut fields = Map::new();
    for (name, value) in pairs {
        match fields.get_mut(&name) {
            None => drop(fields.insert(name, Value::String(value))),
            Some(Value::Array(all)) => all.push(Value::String(value)),
            Some(first) => *first = Value::Array(vec![first.take(), Value::String(value)]),
        }
    }
    Ok(fields)
}

/// What is no JSON object counts as an empty one, so that the first required field is missed by
/// name; some old clients send the object as a JSON string.
fn of_json(bytes: &[u8]) -> Map<String, Value> {
    let read = serde_json::from_slice(bytes).or_else(|_| {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        serde_json::from_str(&with_quoted_numbers(text))
    });
    match read {
        Ok(Value::Object(fields)) => fields,
        Ok(Value::String(text)) => serde_json::from_str(&text).unwrap_or_default(),
        _ => Map::new(),
    }
}

/// JSON in which NaN, the infinities and numbers too large for 64 bits, which Python's `json`
/// writes bare, stand in quotes, as protobuf writes them.
fn with_quoted_numbers(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 16);
    let (mut is_text, mut is_escaped) = (false, false);
    let mut rest = json;
    while let Some(c) = rest.chars().next() {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let n_word = if is_text { 0 } else { rest.find(|c| !is_part(c)).unwrap_or(rest.len()) };
        if n_word > 0 {
            let (word, after) = rest.split_at(n_word);
            let is_name = matches!(word, "NaN" | "Infinity" | "-Infinity");
            let parsed = word.parse::<f64>().ok();
            let is_large = word.ends_with(|c: char| c.is_ascii_digit())
                && parsed.is_some_and(f64::is_infinite);
            match (is_name, is_large, word.starts_with('-')) {
                (true, ..) => out.push_str(&format!("\"{word}\"")),
                (_, true, true) => out.push_str("\"-Infinity\""),
                (_, true, false) => out.push_str("\"Infinity\""),
                _ => out.push_str(word),
            }
            rest = after;
            continue;
        }
        is_text ^= c == '"' && !is_escaped;
        is_escaped = is_text && c == '\\' && !is_escaped;
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

impl Body {
    /// All fields as they came.
    pub(crate) fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// Whether the fields came in the query.
    pub(crate) fn is_query(&self) -> bool {
        self.is_query
    }

    /// The field as it came; JSON's `null` counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// Text, if there is any.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(name, other)),
        }
    }

    /// Text that must be there and not empty.
    pub(crate) fn required_text(&self, name: &str) -> Result<&str, Error> {
        self.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| missing(name))
    }

    /// A whole number of 64 bits; as protobuf does, also from text.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Error> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let found = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        found.map(Some).ok_or_else(|| wrong_type(name, value))
    }

    /// A list; one value of a query counts as a list of one.
    pub(crate) fn list(&self, name: &str) -> Result<Vec<Value>, Error> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items.clone()),
            Some(text @ Value::String(_)) if self.is_query => Ok(vec![text.clone()]),
            Some(other) => Err(wrong_type(name, other)),
        }
    }
}

/// What MLflow adds to each refusal of a field.
const SEE: &str = "See the API docs for more information about request parameters.";

/// The refusal of a field that is not there.
pub(crate) fn missing(name: &str) -> Error {
    Error::invalid(format!("Missing value for required parameter '{name}'. {SEE}"))
}

/// The refusal of a field of another type.
pub(crate) fn wrong_type(name: &str, value: &Value) -> Error {
    let kind = match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    };
    Error::invalid(format!(
        "Invalid value {} for parameter '{name}' supplied:  Hint: Value was of type '{kind}'. {SEE}",
        python_json(value)
    ))
}

/// A refusal in other words, with what MLflow adds.
pub(crate) fn refused(words: &str) -> Error {
    Error::invalid(format!("{words} {SEE}"))
}

/// A value as MLflow shows it in its sentences: ASCII only, keys in the order of the alphabet.
fn python_json(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(python_json).collect::<Vec<_>>().join(","))
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by(|a, b| a.0.cmp(b.0));
            let field = |(key, value): &(&String, &Value)| {
                format!("{}:{}", ascii(&Value::from(key.as_str()).to_string()), python_json(value))
            };
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(","))
        }
        plain => ascii(&plain.to_string()),
    }
}

/// A value as Python's `json.dumps` writes it: ASCII only, with blanks after comma and colon.
pub(crate) fn spaced_json(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(spaced_json).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| {
                format!("{}: {}", ascii(&Value::from(key.as_str()).to_string()), spaced_json(value))
            };
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        plain => ascii(&plain.to_string()),
    }
}

/// JSON in ASCII.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
impl Body {
    /// A body of that JSON.
    pub(crate) fn of(json: &str) -> Self {
        Self { fields: of_json(json.as_bytes()), is_query: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_required_text_that_is_empty_is_missing() {
        for json in ["", "[1]", "{}", r#"{"run_id": ""}"#, r#"{"run_id": null}"#] {
            assert_eq!(Body::of(json).required_text("run_id"), Err(missing("run_id")), "{json}");
        }
    }

    #[test]
    fn a_value_of_another_type_is_refused_with_what_it_is() {
        let error = Body::of(r#"{"run_id": 7}"#).required_text("run_id").unwrap_err();
        assert_eq!(
            error.message,
            "Invalid value 7 for parameter 'run_id' supplied:  Hint: Value was of type 'int'. See \
             the API docs for more information about request parameters."
        );
    }

    #[test]
    fn a_query_gives_lists_of_what_comes_twice() {
        let fields = of_query("ids=1&ids=2&n=3").unwrap();
        let body = Body { fields, is_query: true };
        assert_eq!(body.list("ids").unwrap().len(), 2);
        assert_eq!(body.integer("n").unwrap(), Some(3));
    }

    #[test]
    fn numbers_that_json_has_not_may_stand_bare() {
        let json = r#"{"a": NaN, "b": [-Infinity, 1e400], "c": "NaN \" NaN", "d": 1e3}"#;
        let read = Value::Object(of_json(json.as_bytes()));
        let expected =
            r#"{"a": "NaN", "b": ["-Infinity", "Infinity"], "c": "NaN \" NaN", "d": 1e3}"#;
        assert_eq!(read, serde_json::from_str::<Value>(expected).unwrap());
    }

    #[test]
    fn values_are_shown_as_python_writes_them() {
        let shown = |json: &str| python_json(&serde_json::from_str(json).unwrap());
        assert_eq!(shown(r#"{"b": [1, null], "a": "é"}"#), r#"{"a":"\u00e9","b":[1,null]}"#);
    }
}

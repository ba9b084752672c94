//! A body read as protobuf reads JSON, which is what MLflow does: names in snake_case or
//! camelCase, numbers also from text, unknown fields passed over. Where one field is wrong, those
//! before it are kept, and only the rules of the endpoint decide whether that is an error.

use serde_json::{Map, Value};
use tracking::Error;

use super::body::{Body, missing, wrong_type};

/// A field of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    name: &'static str,
    kind: Kind,
    is_list: bool,
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    /// Of 64 bits.
    Long,
    /// Of 32 bits.
    Int,
    Double,
    /// Names, the first of which has the number 1.
    Choice(&'static [&'static str]),
    Message(&'static [Field]),
}

/// A field with text.
pub(crate) const fn text(name: &'static str) -> Field {
    Field { name, kind: Kind::Text, is_list: false }
}

/// A field with a list of texts.
pub(crate) const fn texts(name: &'static str) -> Field {
    Field { name, kind: Kind::Text, is_list: true }
}

/// A field with a whole number of 64 bits.
pub(crate) const fn long(name: &'static str) -> Field {
    Field { name, kind: Kind::Long, is_list: false }
}

/// A field with a whole number of 32 bits.
pub(crate) const fn int(name: &'static str) -> Field {
    Field { name, kind: Kind::Int, is_list: false }
}

/// A field with a number.
pub(crate) const fn double(name: &'static str) -> Field {
    Field { name, kind: Kind::Double, is_list: false }
}

/// A field with one of some names, or its number, which counts from 1.
pub(crate) const fn choice(name: &'static str, names: &'static [&'static str]) -> Field {
    Field { name, kind: Kind::Choice(names), is_list: false }
}

/// A field with a message of its own.
pub(crate) const fn one(name: &'static str, fields: &'static [Field]) -> Field {
    Field { name, kind: Kind::Message(fields), is_list: false }
}

/// A field with a list of messages.
pub(crate) const fn many(name: &'static str, fields: &'static [Field]) -> Field {
    Field { name, kind: Kind::Message(fields), is_list: true }
}

/// What an endpoint asks of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// It is there and no empty text.
    Required,
    /// It is text.
    Text,
    /// It can be read as a whole number.
    Integer,
    /// It can be read as a number.
    Float,
    /// It is a list.
    List,
    /// It is a list of texts.
    Texts,
}

/// A message: those fields of a body that protobuf would set.
pub(crate) struct Message<'a> {
    body: &'a Body,
    fields: Map<String, Value>,
    /// Whether every field was of its type. Only otherwise do rules about types count.
    is_whole: bool,
}

impl<'a> Message<'a> {
    /// Reads a body.
    pub(crate) fn of(body: &'a Body, known: &'static [Field]) -> Result<Self, Error> {
        refuse_two_names(body.fields(), known)?;
        let mut fields = Map::new();
        let is_whole = read(body.fields(), known, body.is_query(), &mut fields).is_some();
        Ok(Self { body, fields, is_whole })
    }

    /// Refuses a field that breaks one of these rules, in MLflow's words.
    pub(crate) fn check(&self, name: &str, rules: &[Rule]) -> Result<(), Error> {
        let given = self.body.fields().get(name);
        if given.is_none() && !rules.contains(&Rule::Required) {
            return Ok(());
        }
        let old_name = if name == "run_id" { self.body.get("run_uuid") } else { None };
        let value = given.filter(|value| !value.is_null()).or(old_name).unwrap_or(&Value::Null);
        for rule in rules {
            match rule {
                Rule::Required if value.is_null() || value == "" => return Err(missing(name)),
                Rule::Required => {}
                _ if self.is_whole => {}
                rule if rule.holds_for(value) => {}
                _ => return Err(wrong_type(name, value)),
            }
        }
        Ok(())
    }

    /// The fields that protobuf would set.
    pub(crate) fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// Whether protobuf would set the field.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// The text of a field, empty where there is none.
    pub(crate) fn text(&self, name: &str) -> String {
        text_of(&self.fields, name)
    }

    /// The id of a run, under its new or its old name.
    pub(crate) fn run_id(&self) -> String {
        let id = self.text("run_id");
        if id.is_empty() { self.text("run_uuid") } else { id }
    }

    /// The texts of a field.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let items = self.fields.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }

    /// The whole number of a field, if it is set.
    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.fields.get(name).and_then(Value::as_i64)
    }

    /// The number of a field; 0 where it is not set.
    pub(crate) fn number(&self, name: &str) -> f64 {
        number_of(&self.fields, name)
    }

    /// The messages of a field.
    pub(crate) fn many(&self, name: &str) -> impl Iterator<Item = &Map<String, Value>> {
        let items = self.fields.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_object)
    }

    /// Keys and values of a field that is a list of such pairs.
    pub(crate) fn pairs(&self, name: &str) -> Vec<(String, String)> {
        self.many(name).map(|pair| (text_of(pair, "key"), text_of(pair, "value"))).collect()
    }
}

/// The text of a field of an inner message, empty where there is none.
pub(crate) fn text_of(fields: &Map<String, Value>, name: &str) -> String {
    fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The number of a field of an inner message. What JSON cannot say stands there as text.
pub(crate) fn number_of(fields: &Map<String, Value>, name: &str) -> f64 {
    match fields.get(name) {
        Some(Value::String(text)) => text.parse().unwrap_or(f64::NAN),
        Some(value) => value.as_f64().unwrap_or(0.0),
        None => 0.0,
    }
}

impl Rule {
    fn holds_for(self, value: &Value) -> bool {
        match self {
            Self::Required => true,
            Self::Text => value.is_string(),
            Self::List => value.is_array(),
            Self::Texts => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
            Self::Integer => match value {
                Value::Number(_) | Value::Bool(_) => true,
                Value::String(text) => text.trim().parse::<i64>().is_ok(),
                _ => false,
            },
            Self::Float => match value {
                Value::Number(_) | Value::Bool(_) => true,
                Value::String(text) => text.trim().parse::<f64>().is_ok(),
                _ => false,
            },
        }
    }
}

/// The name of a field in camelCase.
fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut is_upper = false;
    for c in name.chars() {
        if c == '_' {
            is_upper = true;
        } else {
            out.push(if is_upper { c.to_ascii_uppercase() } else { c });
            is_upper = false;
        }
    }
    out
}

fn refuse_two_names(given: &Map<String, Value>, known: &[Field]) -> Result<(), Error> {
    for field in known {
        let other = camel(field.name);
        if other != field.name && given.contains_key(field.name) && given.contains_key(&other) {
            return Err(Error::invalid(format!(
                "Request specifies both '{}' and '{other}'; provide only one of them.",
                field.name
            )));
        }
        let Kind::Message(inner) = field.kind else { continue };
        let items = match given.get(field.name).or_else(|| given.get(&other)) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        for item in items.iter().filter_map(Value::as_object) {
            refuse_two_names(item, inner)?;
        }
    }
    Ok(())
}

/// Reads fields in the order in which they came, up to the first that is wrong.
fn read(
    given: &Map<String, Value>,
    known: &'static [Field],
    is_query: bool,
    out: &mut Map<String, Value>,
) -> Option<()> {
    for (name, value) in given {
        let is_named = |field: &&Field| field.name == name || camel(field.name) == *name;
        let Some(field) = known.iter().find(is_named) else { continue };
        if value.is_null() {
            out.remove(field.name);
            continue;
        }
        if !field.is_list {
            match (value, is_query) {
                // Of a name that comes twice in a query the first counts.
                (Value::Array(all), true) => read_one(all.first()?, *field, out)?,
                _ => read_one(value, *field, out)?,
            }
            continue;
        }
        let items = match value {
            Value::Array(items) => items.as_slice(),
            one if is_query => std::slice::from_ref(one),
            _ => return None,
        };
        out.insert(field.name.to_owned(), Value::Array(Vec::with_capacity(items.len())));
        for item in items {
            read_item(item, *field, out)?;
        }
    }
    Some(())
}

fn read_one(value: &Value, field: Field, out: &mut Map<String, Value>) -> Option<()> {
    if let Kind::Message(known) = field.kind {
        let mut inner = Map::new();
        let is_whole = match value {
            Value::Object(given) => read(given, known, false, &mut inner),
            _ => None,
        };
        out.insert(field.name.to_owned(), Value::Object(inner));
        return is_whole;
    }
    match plain(value, field.kind) {
        Plain::Is(value) => drop(out.insert(field.name.to_owned(), value)),
        Plain::Unknown => {}
        Plain::Wrong => return None,
    }
    Some(())
}

fn read_item(item: &Value, field: Field, out: &mut Map<String, Value>) -> Option<()> {
    let mut scratch = Map::new();
    let is_whole = read_one(item, field, &mut scratch);
    if let (Some(Value::Array(items)), Some(value)) =
        (out.get_mut(field.name), scratch.remove(field.name))
    {
        items.push(value);
    }
    is_whole
}

enum Plain {
    Is(Value),
    /// A name that no choice has; it is passed over.
    Unknown,
    Wrong,
}

fn plain(value: &Value, kind: Kind) -> Plain {
    let or_wrong = |value: Option<Value>| value.map_or(Plain::Wrong, Plain::Is);
    match kind {
        Kind::Text => or_wrong(value.as_str().map(Value::from)),
        Kind::Long => or_wrong(whole(value).map(Value::from)),
        Kind::Int => or_wrong(whole(value).and_then(|n| i32::try_from(n).ok()).map(Value::from)),
        Kind::Double => or_wrong(number(value)),
        Kind::Choice(names) => choose(value, names),
        Kind::Message(_) => Plain::Wrong,
    }
}

fn whole(value: &Value) -> Option<i64> {
    let of_float = |x: f64| {
        // 2^63 itself is one too many.
        (x.fract() == 0.0 && -(2f64.powi(63)) <= x && x < 2f64.powi(63)).then_some(x as i64)
    };
    match value {
        Value::Number(number) => {
            number.as_i64().or_else(|| number.is_f64().then(|| of_float(number.as_f64()?))?)
        }
        Value::String(text) if text.contains(' ') => None,
        Value::String(text) => text.parse().ok().or_else(|| of_float(text.parse().ok()?)),
        _ => None,
    }
}

/// A number; NaN and the infinities, which JSON has not, stay text.
fn number(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) => number.as_f64().map(Value::from),
        Value::Bool(is) => Some(Value::from(f64::from(u8::from(*is)))),
        Value::String(text) if text == "nan" => None,
        Value::String(text) => {
            let parsed: f64 = text.trim().parse().ok()?;
            if parsed.is_finite() {
                Some(Value::from(parsed))
            } else {
                Some(Value::from(parsed.to_string()))
            }
        }
        _ => None,
    }
}

/// The number of a name, or of a number that one of the names has.
fn choose(value: &Value, names: &[&str]) -> Plain {
    let of_number = |n: i64| {
        let is_known = 1 <= n && n <= names.len() as i64;
        if is_known { Plain::Is(Value::from(n)) } else { Plain::Wrong }
    };
    match value {
        Value::String(text) => {
            let named = names.iter().position(|name| name == text);
            match (named, text.trim().parse::<i64>()) {
                (Some(idx), _) => Plain::Is(Value::from(idx as i64 + 1)),
                (None, Ok(n)) => of_number(n),
                (None, Err(_)) => Plain::Unknown,
            }
        }
        Value::Number(number) => number.as_f64().map_or(Plain::Wrong, |n| of_number(n as i64)),
        _ => Plain::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[Field] = &[
        text("run_id"),
        long("start_time"),
        double("value"),
        choice("status", &["RUNNING", "DONE"]),
        many("tags", &[text("key"), text("value")]),
    ];

    fn read_json(json: &str) -> (Map<String, Value>, bool) {
        let body = Body::of(json);
        let message = Message::of(&body, FIELDS).unwrap();
        (message.fields, message.is_whole)
    }

    fn expect(json: &str, fields: &str, is_whole: bool) {
        let expected: Value = serde_json::from_str(fields).unwrap();
        assert_eq!(read_json(json), (expected.as_object().unwrap().clone(), is_whole), "{json}");
    }

    #[test]
    fn numbers_are_read_from_text_and_names_in_both_spellings() {
        expect(r#"{"startTime": "5", "value": "1.5"}"#, r#"{"start_time": 5, "value": 1.5}"#, true);
        expect(r#"{"start_time": 2.0}"#, r#"{"start_time": 2}"#, true);
        expect(r#"{"value": "-Infinity"}"#, r#"{"value": "-inf"}"#, true);
        expect(r#"{"status": "DONE"}"#, r#"{"status": 2}"#, true);
    }

    #[test]
    fn what_is_unknown_or_null_is_passed_over() {
        expect(r#"{"colour": [1], "run_id": null, "status": "GONE"}"#, "{}", true);
    }

    #[test]
    fn what_stands_before_a_wrong_field_is_kept() {
        expect(r#"{"run_id": "a", "start_time": 1.5, "value": 1}"#, r#"{"run_id": "a"}"#, false);
        expect(
            r#"{"tags": [{"key": "a", "value": "b"}, {"key": "c", "value": 5}, {"key": "d"}]}"#,
            r#"{"tags": [{"key": "a", "value": "b"}, {"key": "c"}]}"#,
            false,
        );
    }

    #[test]
    fn rules_about_types_count_only_where_something_is_wrong() {
        let body = Body::of(r#"{"run_id": "a", "start_time": "5"}"#);
        let message = Message::of(&body, FIELDS).unwrap();
        assert_eq!(message.check("start_time", &[Rule::Text, Rule::List]), Ok(()));
        let body = Body::of(r#"{"run_id": 5}"#);
        let message = Message::of(&body, FIELDS).unwrap();
        let error = message.check("run_id", &[Rule::Required, Rule::Text]).unwrap_err();
        assert_eq!(error, wrong_type("run_id", &Value::from(5)));
    }

    #[test]
    fn a_field_is_named_once() {
        let body = Body::of(r#"{"run_id": "a", "runId": "b"}"#);
        let error = Message::of(&body, FIELDS).err().unwrap();
        assert_eq!(
            error.message,
            "Request specifies both 'run_id' and 'runId'; provide only one of them."
        );
    }
}

//! Searching traces by experiment, time, state, name, run, tags and metadata. What else MLflow can
//! search (spans, feedback, texts) is refused by name.

use store::Value;

use super::{COLUMNS, Trace, read_head, with_belongings};
use crate::names::experiment_number;
use crate::search::grammar::{Comparison, Literal, Shown, comparisons, order, unquoted};
use crate::search::keys::set;
use crate::search::sql::{Piece, all, compare_list, compare_number, compare_text};
use crate::search::{literals, offset_of};
use crate::{Error, Page, Query, Tracking};

impl Tracking {
    /// The traces of these experiments that a query asks for.
    ///
    /// # Errors
    /// The filter, the order, the page token or the size of the page is wrong, or it asks for what
    /// is not offered here.
    pub fn search_traces(
        &self,
        experiment_ids: &[String],
        query: &Query,
    ) -> Result<Page<Trace>, Error> {
        let max_results = query.max_results;
        if max_results < 1 {
            return Err(Error::invalid(format!(
                "Invalid value {max_results} for parameter 'max_results' supplied. It must be a \
                 positive integer"
            )));
        }
        let offset = offset_of(query.page_token.as_deref())?;
        let filter = with_named_time(&query.filter);
        let found = comparisons(&filter, Shown::Quoted)?;
        let clauses: Vec<Piece> = found.iter().map(clause).collect::<Result<_, _>>()?;
        let ways = ways(&query.order_by)?;
        let experiments: Vec<Value> = experiment_ids
            .iter()
            .map(|id| experiment_number(id).map(Value::from))
            .collect::<Result<_, _>>()?;
        if experiments.is_empty() {
            return Ok(Page::default());
        }
        let mut statement = Piece::plain(format!("SELECT {COLUMNS} FROM traces t WHERE "));
        statement.push(compare_list("t.experiment", "IN", experiments));
        statement.push(Piece::plain(" AND "));
        statement.push(all(clauses));
        statement.push(Piece::new(
            format!(" ORDER BY {ways} LIMIT ? OFFSET ?"),
            vec![Value::from(max_results + 1), Value::from(offset)],
        ));
        self.rows.read(|tx| {
            let heads = tx.query(&statement.sql, &statement.values, read_head)?;
            let Page { items, next_page_token } = Page::of(heads, offset, max_results);
            Ok(Page { items: with_belongings(tx, items)?, next_page_token })
        })
    }
}

/// What a key of a filter means.
enum Key {
    Text(&'static str),
    Number(&'static str),
    Pair(&'static str, String),
}

fn key(text: &str) -> Result<Key, Error> {
    let (entity, name) = text.split_once('.').unwrap_or(("", text));
    let name = name.trim_matches('`').trim_matches('"');
    let pair = |table, key: &str| Ok(Key::Pair(table, key.to_owned()));
    match (entity.trim_matches('`'), name) {
        ("tag" | "tags", key) => pair("trace_tags", key),
        ("metadata" | "request_metadata", key) => pair("trace_metadata", key),
        ("" | "trace" | "attribute" | "attributes", attribute) => match attribute {
            "request_id" => Ok(Key::Text("t.id")),
            "client_request_id" => Ok(Key::Text("t.client_request_id")),
            "status" | "state" => Ok(Key::Text("t.state")),
            "timestamp" | "timestamp_ms" => Ok(Key::Number("t.began_ms")),
            "execution_time" | "execution_time_ms" => Ok(Key::Number("t.duration_ms")),
            "end_time" | "end_time_ms" => Ok(Key::Number("(t.began_ms + t.duration_ms)")),
            "name" => pair("trace_tags", "mlflow.traceName"),
            "run_id" => pair("trace_metadata", "mlflow.sourceRun"),
            "text" | "prompt" => Err(not_offered(attribute)),
            other => Err(unknown(other, ATTRIBUTES)),
        },
        ("span" | "feedback" | "expectation" | "issue", _) => Err(not_offered(text)),
        (other, _) => Err(Error::invalid(format!(
            "Invalid entity type '{other}'. Valid values are {}",
            set(ENTITIES)
        ))),
    }
}

const ENTITIES: &[&str] = &[
    "attribute",
    "attributes",
    "expectation",
    "feedback",
    "issue",
    "metadata",
    "request_metadata",
    "span",
    "tag",
    "tags",
    "trace",
];

const ATTRIBUTES: &[&str] = &[
    "client_request_id",
    "end_time",
    "end_time_ms",
    "execution_time",
    "execution_time_ms",
    "name",
    "prompt",
    "request_id",
    "run_id",
    "status",
    "text",
    "timestamp",
    "timestamp_ms",
];

const ORDERS: &[&str] = &[
    "end_time",
    "end_time_ms",
    "execution_time",
    "execution_time_ms",
    "experiment_id",
    "name",
    "request_id",
    "run_id",
    "status",
    "timestamp",
    "timestamp_ms",
];

fn is_attribute(key: &str) -> bool {
    key.contains('.') || ATTRIBUTES.contains(&key)
}

fn unknown(key: &str, known: &[&str]) -> Error {
    Error::invalid(format!(
        "Invalid attribute key '{key}' specified. Valid keys are '{}'",
        set(known)
    ))
}

fn not_offered(key: &str) -> Error {
    Error::invalid(format!(
        "'{key}' is not searched here. This server searches traces by request_id, \
         client_request_id, status, timestamp_ms, execution_time_ms, end_time_ms, name, run_id, \
         tags.* and metadata.*"
    ))
}

/// The filter with `timestamp`, which SQL keeps for a type, under its other name.
fn with_named_time(filter: &str) -> String {
    let mut out = String::with_capacity(filter.len());
    let mut quote = None;
    let mut rest = filter;
    while let Some(c) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let n_word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if quote.is_none() && n_word > 0 {
            let word = &rest[..n_word];
            out.push_str(if word == "timestamp" { "timestamp_ms" } else { word });
            rest = &rest[n_word..];
            continue;
        }
        match quote {
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => {}
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

fn clause(comparison: &Comparison) -> Result<Piece, Error> {
    let comparator = comparison.comparator.to_uppercase();
    match key(comparison.key)? {
        Key::Number(column) => number(column, &comparator, comparison),
        Key::Text(column) => text(column, &comparator, comparison),
        Key::Pair(table, key) => {
            let mut exists = Piece::new(
                format!("EXISTS (SELECT 1 FROM {table} x WHERE x.trace = t.id AND x.key = ? AND "),
                vec![Value::from(key)],
            );
            match comparator.as_str() {
                "IS NULL" => exists.sql.insert_str(0, "NOT "),
                "IS NOT NULL" => {}
                _ => {
                    exists.push(text("x.value", &comparator, comparison)?);
                    exists.push(Piece::plain(")"));
                    return Ok(exists);
                }
            }
            exists.push(Piece::plain("TRUE)"));
            Ok(exists)
        }
    }
}

fn number(column: &str, comparator: &str, comparison: &Comparison) -> Result<Piece, Error> {
    let value = match comparison.value {
        Some(Literal::Integer(text)) => text.parse::<i64>().ok().map(Value::from),
        Some(Literal::Float(text)) => text.parse::<f64>().ok().map(Value::from),
        _ => None,
    };
    let value = value.ok_or_else(|| {
        let shown = comparison.value.map(Literal::text).unwrap_or_default();
        Error::invalid(format!(
            "Expected numeric value type for numeric attribute: {}. Found {shown}",
            comparison.key
        ))
    })?;
    const KNOWN: &[&str] = &["!=", "<", "<=", "=", ">", ">="];
    if !KNOWN.contains(&comparator) {
        return Err(wrong_comparator(comparator, KNOWN));
    }
    Ok(compare_number(column, comparator, value))
}

fn text(column: &str, comparator: &str, comparison: &Comparison) -> Result<Piece, Error> {
    match (comparator, comparison.value) {
        ("IN" | "NOT IN", Some(Literal::List(list))) => {
            let list = literals::texts(list)?.into_iter().map(Value::from).collect();
            Ok(compare_list(column, comparator, list))
        }
        ("=" | "!=" | "LIKE" | "ILIKE", Some(Literal::Text(quoted))) => {
            let text = unquoted(quoted).ok_or_else(|| unknown_quotes(quoted))?;
            compare_text(column, comparator, text)
        }
        ("=" | "!=" | "LIKE" | "ILIKE", value) => {
            let kind = if column == "x.value" { "tag" } else { "attributes" };
            Err(not_quoted(kind, value.map(Literal::text).unwrap_or_default()))
        }
        _ => Err(wrong_comparator(
            comparator,
            &["!=", "=", "ILIKE", "IS NOT NULL", "IS NULL", "LIKE", "RLIKE"],
        )),
    }
}

fn unknown_quotes(shown: &str) -> Error {
    Error::invalid(format!(
        "Parameter value is either not quoted or unidentified quote types used for string value \
         {shown}. Use either single or double quotes."
    ))
}

fn not_quoted(kind: &str, shown: &str) -> Error {
    Error::invalid(format!(
        "Expected a quoted string value for {kind} (e.g. 'my-value'). Got value {shown}"
    ))
}

fn wrong_comparator(comparator: &str, known: &[&str]) -> Error {
    let known = set(known);
    Error::invalid(format!("Invalid comparator '{comparator}' not one of '{known}"))
}

fn ways(order_by: &[String]) -> Result<String, Error> {
    let mut ways = Vec::new();
    for clause in order_by {
        let (text, is_ascending) = order(clause)?;
        let way = if is_ascending { "ASC" } else { "DESC" };
        // Keys of an order are fewer than those of a filter, and MLflow lists them so.
        let ordered = key(text.trim()).map_err(|error| match is_attribute(text.trim()) {
            true => error,
            false => unknown(text.trim(), ORDERS),
        });
        match ordered? {
            Key::Text(column) | Key::Number(column) => ways.push(format!("{column} {way}")),
            Key::Pair(..) => {
                return Err(Error::invalid(format!(
                    "Traces are ordered by timestamp_ms, execution_time_ms, status and trace_id, \
                     not by '{text}'"
                )));
            }
        }
    }
    if ways.is_empty() {
        ways.push("t.began_ms DESC".to_owned());
    }
    ways.push("t.id ASC".to_owned());
    Ok(ways.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_has_two_names() {
        assert_eq!(
            with_named_time("timestamp>5 AND tags.timestamp = 'timestamp'"),
            "timestamp_ms>5 AND tags.timestamp = 'timestamp'"
        );
    }

    #[test]
    fn what_is_not_searched_is_named() {
        for (filter, begins) in [
            ("span.name = 'x'", "'span.name' is not searched here."),
            ("trace.text LIKE '%x%'", "'text' is not searched here."),
            ("colour = 'x'", "Invalid attribute key 'colour' specified."),
            ("foo.bar = 'x'", "Invalid entity type 'foo'."),
        ] {
            let found = comparisons(filter, Shown::Quoted).unwrap();
            let message = clause(&found[0]).unwrap_err().message;
            assert!(message.starts_with(begins), "{filter}: {message}");
        }
    }
}

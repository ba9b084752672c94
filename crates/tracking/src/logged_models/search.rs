//! Searching logged models: what may be asked of them, and the statement that answers.

use store::Value;

use super::{LoggedModel, ModelStatus, read_head, with_belongings};
use crate::names::experiment_number;
use crate::quoting::repr;
use crate::search::grammar::{Comparison, Literal, Shown, comparisons, unquoted};
use crate::search::literals;
use crate::search::offset_of;
use crate::search::sql::{Piece, all, compare_list, compare_number, compare_text};
use crate::{Error, Kind, Page, Tracking};

/// A search of logged models.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelQuery {
    /// Clauses joined by AND, or nothing.
    pub filter: String,
    /// Datasets, on one of which the metrics of the filter shall have been measured.
    pub datasets: Vec<ModelDataset>,
    /// What comes first, the first one first.
    pub order_by: Vec<ModelOrder>,
    /// How many on one page.
    pub max_results: i64,
    /// Where the last page ended.
    pub page_token: Option<String>,
}

/// A dataset that models were measured on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelDataset {
    /// Its name.
    pub name: String,
    /// Its digest, where only that one is meant.
    pub digest: Option<String>,
}

/// One key of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelOrder {
    /// `metrics.loss` or an attribute.
    pub field: String,
    /// The smallest first?
    pub is_ascending: bool,
    /// Only what was measured on a dataset of this name.
    pub dataset_name: Option<String>,
    /// Only what was measured on a dataset of this digest.
    pub dataset_digest: Option<String>,
}

impl Tracking {
    /// The logged models of these experiments that a query asks for.
    ///
    /// # Errors
    /// The filter, the order, the datasets or the page token is wrong.
    pub fn search_logged_models(
        &self,
        experiment_ids: &[String],
        query: &ModelQuery,
    ) -> Result<Page<LoggedModel>, Error> {
        if query.datasets.iter().any(|dataset| dataset.name.is_empty()) {
            return Err(Error::invalid(
                "`dataset_name` in the `datasets` clause must be specified.",
            ));
        }
        let offset = offset_of(query.page_token.as_deref())?;
        let max_results = query.max_results.max(0);
        let clauses = clauses(query)?;
        let ways = ways(&query.order_by)?;
        let experiments: Vec<Value> = experiment_ids
            .iter()
            .map(|id| experiment_number(id).map(Value::from))
            .collect::<Result<_, _>>()?;
        if experiments.is_empty() {
            return Ok(Page::default());
        }
        let mut statement = Piece::plain(format!(
            "SELECT {} FROM logged_models m WHERE m.is_deleted = 0 AND ",
            super::COLUMNS
        ));
        statement.push(compare_list("m.experiment", "IN", experiments));
        statement.push(Piece::plain(" AND "));
        statement.push(all(clauses));
        statement.push(ways);
        statement.push(Piece::new(
            " LIMIT ? OFFSET ?",
            vec![Value::from(max_results + 1), Value::from(offset)],
        ));
        self.rows.read(|tx| {
            let heads = tx.query(&statement.sql, &statement.values, read_head)?;
            let Page { items, next_page_token } = Page::of(heads, offset, max_results);
            let items: Result<_, _> =
                items.into_iter().map(|head| with_belongings(tx, head)).collect();
            Ok(Page { items: items?, next_page_token })
        })
    }
}

fn clauses(query: &ModelQuery) -> Result<Vec<Piece>, Error> {
    let wrong = |error: Error| match error.message.starts_with("Invalid clause(s)") {
        true => Error::invalid(format!(
            "Invalid filter string: {}. Expected a list of comparisons separated by 'AND' (e.g. \
             'metrics.loss > 0.1 AND params.lr = 0.01').",
            repr(&query.filter)
        )),
        false => error,
    };
    let found = comparisons(&query.filter, Shown::Plain).map_err(wrong)?;
    let mut clauses = Vec::new();
    let mut has_metrics = false;
    for comparison in &found {
        let (entity, key) = entity(comparison.key)?;
        has_metrics |= entity == "metrics";
        clauses.push(clause(entity, &key, comparison, &query.datasets)?);
    }
    if !has_metrics && !query.datasets.is_empty() {
        clauses.push(measured(Piece::plain("TRUE"), &query.datasets));
    }
    Ok(clauses)
}

/// The entity and the key of `metrics.loss`, say.
fn entity(text: &str) -> Result<(&str, String), Error> {
    let is_entity = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase());
    match text.split_once('.').filter(|(name, key)| is_entity(name) && !key.is_empty()) {
        Some((name @ ("attributes" | "metrics" | "params" | "tags"), key)) => {
            Ok((name, key.trim_matches('`').to_owned()))
        }
        Some((name, _)) => Err(Error::invalid(format!(
            "Invalid entity type: {}. Expected one of ['attributes', 'metrics', 'params', 'tags'].",
            repr(name)
        ))),
        None => Ok(("attributes", text.trim_matches('`').to_owned())),
    }
}

fn clause(
    entity: &str,
    key: &str,
    comparison: &Comparison,
    datasets: &[ModelDataset],
) -> Result<Piece, Error> {
    let column = if entity == "attributes" { Some(column(key)?) } else { None };
    let is_numeric = entity == "metrics" || matches!(column, Some("m.created_ms" | "m.updated_ms"));
    let comparator = checked_comparator(entity, key, comparison, is_numeric)?;
    let value = comparison.value.unwrap_or(Literal::Other(""));
    match (entity, column) {
        ("metrics", _) => {
            let mut condition = Piece::new("x.key = ? AND ", vec![Value::from(key)]);
            condition.push(compare_number("x.value", comparator, Value::from(number(value)?)));
            Ok(measured(condition, datasets))
        }
        (_, Some(column)) if is_numeric => {
            Ok(compare_number(column, comparator, Value::from(number(value)?)))
        }
        (_, Some("m.status")) => status(comparator, value),
        (_, Some(column)) => text(column, comparator, value),
        _ => {
            let table =
                if entity == "params" { "logged_model_params" } else { "logged_model_tags" };
            let mut exists = Piece::new(
                format!("EXISTS (SELECT 1 FROM {table} x WHERE x.model = m.id AND x.key = ? AND "),
                vec![Value::from(key)],
            );
            exists.push(text("x.value", comparator, value)?);
            exists.push(Piece::plain(")"));
            Ok(exists)
        }
    }
}

fn column(key: &str) -> Result<&'static str, Error> {
    Ok(match key {
        "name" => "m.name",
        "model_id" => "m.id",
        "model_type" => "m.model_type",
        "status" => "m.status",
        "source_run_id" => "m.source_run_id",
        "experiment_id" => "m.experiment",
        "artifact_location" => "m.artifact_location",
        "creation_time" | "creation_timestamp" | "creation_timestamp_ms" => "m.created_ms",
        "last_updated_time" | "last_updated_timestamp" | "last_updated_timestamp_ms" => {
            "m.updated_ms"
        }
        _ => {
            return Err(Error::invalid(format!(
                "Invalid attribute key '{key}' specified. Valid keys are name, model_id, \
                 model_type, status, source_run_id, creation_timestamp, last_updated_timestamp"
            )));
        }
    })
}

fn checked_comparator<'a>(
    entity: &str,
    key: &str,
    comparison: &'a Comparison,
    is_numeric: bool,
) -> Result<&'static str, Error> {
    const OF_NUMBERS: &[&str] = &["<", "<=", ">", ">=", "=", "!="];
    const OF_TEXTS: &[&str] = &["=", "!=", "LIKE", "ILIKE", "IN", "NOT IN"];
    let known = if is_numeric { OF_NUMBERS } else { OF_TEXTS };
    let said: &'a str = &comparison.comparator;
    if said.starts_with("IS ") {
        return Err(Error::invalid(format!(
            "Invalid comparison: {entity}.{key}{said}. Expected a comparison with 3 tokens."
        )));
    }
    let found = known.iter().find(|known| known.eq_ignore_ascii_case(said));
    found.copied().ok_or_else(|| {
        let shown: Vec<String> = known.iter().map(|known| repr(known)).collect();
        let key = match key {
            "creation_time" | "creation_timestamp" => "creation_timestamp_ms",
            "last_updated_time" | "last_updated_timestamp" => "last_updated_timestamp_ms",
            other => other,
        };
        Error::invalid(format!(
            "Invalid comparison operator for {entity}.{key}: {}. Expected one of ({}).",
            repr(&said.to_uppercase()),
            shown.join(", ")
        ))
    })
}

fn number(value: Literal) -> Result<f64, Error> {
    let number = match value {
        Literal::Integer(text) | Literal::Float(text) => text.parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| {
        let shown = repr(value.text());
        Error::invalid(format!("could not convert string to float: {shown}"))
    })
}

fn text(column: &str, comparator: &str, value: Literal) -> Result<Piece, Error> {
    if matches!(comparator, "IN" | "NOT IN") {
        let list = literals::texts(value.text())?.into_iter().map(Value::from).collect();
        return Ok(compare_list(column, comparator, list));
    }
    let shown = value.text();
    compare_text(column, comparator, unquoted(shown).unwrap_or(shown))
}

/// A status is said by its name, with or without what all of them begin with.
fn status(comparator: &str, value: Literal) -> Result<Piece, Error> {
    let shown = value.text();
    let said = unquoted(shown).unwrap_or(shown);
    let plain = said.strip_prefix("LOGGED_MODEL_").unwrap_or(said);
    let known = ModelStatus::ALL.iter().find(|status| status.name() == plain);
    compare_text("m.status", comparator, known.map_or(said, |status| status.name()))
}

/// That the model has a metric for which the condition holds, on one of the datasets.
fn measured(condition: Piece, datasets: &[ModelDataset]) -> Piece {
    let mut exists = Piece::plain(
        "EXISTS (SELECT 1 FROM logged_model_metrics x WHERE x.model = m.id AND ".to_owned(),
    );
    exists.push(condition);
    for (idx, dataset) in datasets.iter().enumerate() {
        exists.push(Piece::new(
            format!("{}(x.dataset_name = ?", if idx == 0 { " AND (" } else { " OR " }),
            vec![Value::from(&dataset.name)],
        ));
        if let Some(digest) = &dataset.digest {
            exists.push(Piece::new(" AND x.dataset_digest = ?", vec![Value::from(digest)]));
        }
        exists.push(Piece::plain(")"));
    }
    exists.push(Piece::plain(if datasets.is_empty() { ")" } else { "))" }));
    exists
}

/// `ORDER BY …`; what has no value comes last.
fn ways(order_by: &[ModelOrder]) -> Result<Piece, Error> {
    let mut ways = Piece::plain(" ORDER BY ");
    let (mut has_time, mut has_id) = (false, false);
    for order in order_by {
        let way = if order.is_ascending { "ASC" } else { "DESC" };
        let Some((entity, key)) = order.field.split_once('.') else {
            let column = order_column(&order.field)?;
            has_time |= column == "m.created_ms";
            has_id |= column == "m.id";
            ways.push(Piece::plain(format!("{column} {way}, ")));
            continue;
        };
        if entity != "metrics" {
            return Err(Error::invalid(format!(
                "Invalid order by field name: {}. Only metrics are supported.",
                order.field
            )));
        }
        let value = latest(key, order);
        ways.push(Piece::plain("CASE WHEN "));
        ways.push(value.clone());
        ways.push(Piece::plain(" IS NULL THEN 1 ELSE 0 END, "));
        ways.push(value);
        ways.push(Piece::plain(format!(" {way}, ")));
    }
    let time = if has_time { "" } else { "m.created_ms DESC, " };
    ways.push(Piece::plain(time));
    ways.push(Piece::plain(if has_id { "m.id" } else { "m.id ASC" }));
    Ok(ways)
}

fn order_column(field: &str) -> Result<&'static str, Error> {
    let unknown = || format!("Invalid order by field name: {field}");
    column(field).map_err(|_| Error::new(Kind::AttributeNotFound, unknown()))
}

/// The latest value of a metric.
fn latest(key: &str, order: &ModelOrder) -> Piece {
    let mut value = Piece::new(
        "(SELECT x.value FROM logged_model_metrics x WHERE x.model = m.id AND x.key = ?",
        vec![Value::from(key)],
    );
    if let Some(name) = &order.dataset_name {
        value.push(Piece::new(" AND x.dataset_name = ?", vec![Value::from(name)]));
    }
    if let Some(digest) = &order.dataset_digest {
        value.push(Piece::new(" AND x.dataset_digest = ?", vec![Value::from(digest)]));
    }
    value.push(Piece::plain(
        " ORDER BY x.timestamp_ms DESC, x.step DESC, x.run_id ASC LIMIT 1)".to_owned(),
    ));
    value
}

//! Searching runs: what may be asked of them, and the statement that answers.

use std::collections::BTreeSet;

use store::{Tx, Value};

use super::grammar::{Comparison, Literal, Shown, comparisons, order};
use super::keys::{self, Entity, check_attribute, set, split};
use super::sql::{Piece, all, compare_list, compare_number, compare_text};
use super::{Page, Query, View, check_max_results, check_orders, offset_of};
use crate::datasets::CONTEXT;
use crate::keys::Keys;
use crate::names::experiment_number;
use crate::runs::load;
use crate::{Error, Run, Tracking};

/// How many experiments one search may name.
const MOST_EXPERIMENTS: usize = 30_000;

impl Tracking {
    /// The runs of these experiments that a query asks for.
    ///
    /// # Errors
    /// The filter, the order, the page token or the size of the page is wrong.
    pub fn search_runs(
        &self,
        experiment_ids: &[String],
        query: &Query,
    ) -> Result<Page<Run>, Error> {
        check_max_results(query.max_results)?;
        let clauses = parse_filter(&query.filter)?;
        let orders = parse_orders(&query.order_by)?;
        let offset = offset_of(query.page_token.as_deref())?;
        let experiments = experiment_numbers(experiment_ids)?;
        if experiments.is_empty() {
            return Ok(Page::default());
        }
        self.rows.read(|tx| {
            let mut statement = Piece::plain("SELECT r.id FROM runs r");
            let ways = join_orders(tx, &self.keys, &mut statement, &orders)?;
            statement.push(Piece::plain(" WHERE "));
            statement.push(of_experiments(experiments, query.view));
            for clause in &clauses {
                statement.push(Piece::plain(" AND "));
                statement.push(compile(tx, &self.keys, clause)?);
            }
            statement.push(Piece::new(
                format!(" ORDER BY {ways} LIMIT ? OFFSET ?"),
                vec![Value::from(query.max_results + 1), Value::from(offset)],
            ));
            let numbers = tx.query(&statement.sql, &statement.values, |row| row.get(0))?;
            let page = Page::of(numbers, offset, query.max_results);
            let items = load::many(tx, &page.items)?;
            Ok(Page { items, next_page_token: page.next_page_token })
        })
    }
}

/// One comparison of a run.
#[derive(Debug, Clone, PartialEq)]
enum Clause {
    /// A column of the run and a text.
    Text { column: &'static str, comparator: &'static str, text: String },
    /// The run's id and a list of them.
    Ids { comparator: &'static str, ids: Vec<String> },
    /// A column of the run and a number.
    Number { column: &'static str, comparator: &'static str, number: Value },
    /// The last value of a metric.
    Metric { key: String, comparator: &'static str, value: f64 },
    /// A param or a tag.
    Entry { table: &'static str, key: String, comparator: &'static str, text: String },
    /// Whether there is such a param or tag.
    Presence { table: &'static str, key: String, is_there: bool },
    /// Any of the datasets that it has read.
    Dataset { column: &'static str, comparator: &'static str, values: Vec<String> },
}

/// What a page is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Column(&'static str),
    Metric(String),
    Entry(&'static str, String),
}

const METRIC_COMPARATORS: &[&str] = &[">", ">=", "!=", "=", "<", "<="];
const ENTRY_COMPARATORS: &[&str] = &["!=", "=", "LIKE", "ILIKE", "IS NULL", "IS NOT NULL"];
const TEXT_COMPARATORS: &[&str] = &["!=", "=", "LIKE", "ILIKE", "IN", "NOT IN"];

/// The attributes that a filter may name.
const ATTRIBUTES: &[&str] = &[
    "artifact_uri",
    "created",
    "Created",
    "end_time",
    "run name",
    "Run name",
    "Run Name",
    "run_id",
    "run_name",
    "start_time",
    "status",
    "user_id",
];
/// The attributes that an order may name.
const ORDERED: &[&str] = &[
    "artifact_uri",
    "created",
    "Created",
    "end_time",
    "run_id",
    "run_name",
    "start_time",
    "status",
    "user_id",
];
const DATASET_KEYS: &[&str] = &["name", "digest", "context"];

fn experiment_numbers(ids: &[String]) -> Result<BTreeSet<i64>, Error> {
    let numbers: BTreeSet<i64> =
        ids.iter().map(|id| experiment_number(id)).collect::<Result<_, _>>()?;
    if numbers.len() > MOST_EXPERIMENTS {
        return Err(Error::invalid(format!(
            "A search may name {MOST_EXPERIMENTS} experiments, this one names {}.",
            numbers.len()
        )));
    }
    Ok(numbers)
}

fn parse_filter(filter: &str) -> Result<Vec<Clause>, Error> {
    // As MLflow, first all values and then all comparators: which fault is told depends on it.
    let found = comparisons(filter, Shown::Quoted)?;
    let read: Vec<_> = found.iter().map(read).collect::<Result<_, _>>()?;
    read.into_iter().map(Read::checked).collect()
}

/// A comparison whose key and value are right, and whose comparator is not looked at yet.
struct Read {
    entity: Entity,
    key: String,
    comparator: String,
    value: Operand,
}

enum Operand {
    Absent,
    Number(Value),
    Text(String),
    List(Vec<String>),
}

fn read(comparison: &Comparison) -> Result<Read, Error> {
    let (entity, key) = identifier(comparison.key, ATTRIBUTES)?;
    let comparator = comparison.comparator.to_uppercase();
    let Some(literal) = comparison.value else {
        if !matches!(entity, Entity::Tag | Entity::Param) {
            return Err(Error::invalid(format!(
                "IS NULL / IS NOT NULL is only supported for tags and params, not for '{}' '{key}'",
                entity.name()
            )));
        }
        return Ok(Read { entity, key, comparator, value: Operand::Absent });
    };
    let value = match entity {
        Entity::Metric => Operand::Number(Value::from(keys::number(literal, "metric")?)),
        Entity::Param | Entity::Tag => Operand::Text(keys::text_of(entity, literal)?),
        Entity::Attribute => attribute_value(&key, literal)?,
        Entity::Dataset => dataset_value(literal)?,
    };
    Ok(Read { entity, key, comparator, value })
}

fn attribute_value(key: &str, literal: Literal) -> Result<Operand, Error> {
    if is_numeric(key) {
        let number = keys::number(literal, &format!("numeric attribute: {key}"))?;
        let Literal::Integer(whole) = literal else {
            return Ok(Operand::Number(Value::from(number)));
        };
        return whole.parse::<i64>().map(|whole| Operand::Number(Value::from(whole))).map_err(
            |_| Error::invalid(format!("The number {whole} for '{key}' has more than 64 bits.")),
        );
    }
    if let Literal::List(list) = literal {
        return keys::list(list, key, &["run_id"]).map(Operand::List);
    }
    let expected =
        |found: &str| format!("Expected a quoted string value for attributes. Got value {found}");
    keys::text(literal, expected).map(Operand::Text)
}

fn dataset_value(literal: Literal) -> Result<Operand, Error> {
    if let Literal::List(list) = literal {
        return super::literals::texts(list).map(Operand::List);
    }
    let expected = |found: &str| {
        format!("Expected a quoted string value for dataset attributes. Got value {found}")
    };
    keys::text(literal, expected).map(Operand::Text)
}

fn is_numeric(key: &str) -> bool {
    matches!(key, "start_time" | "end_time" | "created" | "Created")
}

impl Read {
    fn checked(self) -> Result<Clause, Error> {
        let Self { entity, key, comparator, value } = self;
        // The last quote is missing in some of MLflow's sentences.
        let (known, quote) = match entity {
            Entity::Metric => (METRIC_COMPARATORS, ""),
            Entity::Attribute if is_numeric(&key) => (METRIC_COMPARATORS, ""),
            Entity::Param => (ENTRY_COMPARATORS, "'"),
            Entity::Tag => (ENTRY_COMPARATORS, ""),
            Entity::Attribute => (TEXT_COMPARATORS, "'"),
            Entity::Dataset => (TEXT_COMPARATORS, ""),
        };
        let Some(&comparator) = known.iter().find(|&&one| one == comparator) else {
            // MLflow names the comparators of texts for numbers too.
            let is_number = entity == Entity::Attribute && is_numeric(&key);
            let named = if is_number { TEXT_COMPARATORS } else { known };
            return Err(Error::invalid(format!(
                "Invalid comparator '{comparator}' not one of '{}{quote}",
                set(named)
            )));
        };
        clause(entity, key, comparator, value).ok_or_else(|| {
            Error::invalid(format!("Invalid value for the comparator '{comparator}' in the filter"))
        })
    }
}

/// The clause of a value that fits its comparator.
fn clause(entity: Entity, key: String, comparator: &'static str, value: Operand) -> Option<Clause> {
    let takes_list = matches!(comparator, "IN" | "NOT IN");
    let clause = match (entity, value) {
        (Entity::Metric, Operand::Number(Value::Real(value))) => {
            Clause::Metric { key, comparator, value }
        }
        (Entity::Param | Entity::Tag, Operand::Text(text)) => {
            Clause::Entry { table: table(entity), key, comparator, text }
        }
        (Entity::Param | Entity::Tag, Operand::Absent) => {
            Clause::Presence { table: table(entity), key, is_there: comparator == "IS NOT NULL" }
        }
        (Entity::Attribute, Operand::Number(number)) => {
            Clause::Number { column: column(&key)?, comparator, number }
        }
        (Entity::Attribute, Operand::List(ids)) if takes_list => Clause::Ids { comparator, ids },
        (Entity::Attribute, Operand::Text(text)) if takes_list => {
            // A text where a list belongs is, for Python, the list of its letters.
            Clause::Ids { comparator, ids: text.chars().map(String::from).collect() }
        }
        (Entity::Attribute, Operand::Text(text)) => match column(&key)? {
            "r.name" => {
                Clause::Entry { table: "tags", key: "mlflow.runName".to_owned(), comparator, text }
            }
            column => Clause::Text { column, comparator, text },
        },
        (Entity::Dataset, value) => {
            let values = match value {
                Operand::List(values) if takes_list => values,
                Operand::Text(text) if !takes_list => vec![text],
                _ => return None,
            };
            Clause::Dataset { column: dataset_column(&key)?, comparator, values }
        }
        _ => return None,
    };
    Some(clause)
}

fn table(entity: Entity) -> &'static str {
    if entity == Entity::Param { "params" } else { "tags" }
}

/// The column of an attribute, under each of its names.
fn column(key: &str) -> Option<&'static str> {
    Some(match key {
        "run_id" => "r.uuid",
        "run_name" | "run name" | "Run name" | "Run Name" => "r.name",
        "user_id" => "r.user_id",
        "status" => "r.status",
        "start_time" | "created" | "Created" => "r.started_ms",
        "end_time" => "r.ended_ms",
        "artifact_uri" => "r.artifact_uri",
        _ => return None,
    })
}

fn dataset_column(key: &str) -> Option<&'static str> {
    Some(match key {
        "name" => "d.name",
        "digest" => "d.digest",
        "context" => "t.value",
        _ => return None,
    })
}

/// The entity and the key that a filter or an order names.
fn identifier(text: &str, attributes: &[&str]) -> Result<(Entity, String), Error> {
    let (entity, key) = split(text);
    let entity = entity.map_or(Ok(Entity::Attribute), Entity::named)?;
    let key = keys::plain(key);
    if entity == Entity::Attribute {
        check_attribute(&key, attributes)?;
    }
    if entity == Entity::Dataset && !DATASET_KEYS.contains(&key.as_str()) {
        return Err(Error::invalid(format!(
            "Invalid dataset key '{key}' specified. Valid keys are '{}'",
            set(DATASET_KEYS)
        )));
    }
    Ok((entity, key))
}

fn parse_orders(order_by: &[String]) -> Result<Vec<(Key, bool)>, Error> {
    check_orders(order_by)?;
    let mut orders: Vec<(Key, bool)> = Vec::new();
    for clause in order_by {
        let (text, is_ascending) = order(clause)?;
        let (entity, key) = identifier(text.trim(), ORDERED)?;
        let key = match entity {
            Entity::Attribute => Key::Column(column(&key).unwrap_or("r.started_ms")),
            Entity::Metric => Key::Metric(key),
            Entity::Param | Entity::Tag => Key::Entry(table(entity), key),
            Entity::Dataset => {
                return Err(Error::invalid("Invalid identifier type 'dataset'"));
            }
        };
        if orders.iter().any(|(known, _)| *known == key) {
            return Err(Error::internal(format!(
                "`order_by` contains duplicate fields: {}",
                crate::quoting::repr_list(order_by)
            )));
        }
        orders.push((key, is_ascending));
    }
    Ok(orders)
}

/// Which runs a search sees at all.
fn of_experiments(experiments: BTreeSet<i64>, view: View) -> Piece {
    let list: Vec<Value> = experiments.into_iter().map(Value::from).collect();
    let within = match list.as_slice() {
        [_] => Piece::new("r.experiment = ?", list),
        _ => compare_list("r.experiment", "IN", list),
    };
    let seen = Piece::plain(match view {
        View::ActiveOnly => "r.is_deleted = 0",
        View::DeletedOnly => "r.is_deleted <> 0",
        View::All => "TRUE",
    });
    all([within, seen])
}

/// Joins what the runs are sorted by, and gives the words of `ORDER BY`.
fn join_orders(
    tx: &mut Tx,
    keys: &Keys,
    statement: &mut Piece,
    orders: &[(Key, bool)],
) -> Result<String, Error> {
    let mut ways = Vec::new();
    for (idx, (key, is_ascending)) in orders.iter().enumerate() {
        let way = if *is_ascending { "ASC" } else { "DESC" };
        let (table, name) = match key {
            Key::Column(column) => {
                ways.push(format!("CASE WHEN {column} IS NULL THEN 1 ELSE 0 END, {column} {way}"));
                continue;
            }
            Key::Metric(name) => ("metric_summaries", name),
            Key::Entry(table, name) => (*table, name),
        };
        let number = keys.find(tx, name)?.unwrap_or(-1);
        statement.push(Piece::new(
            format!(" LEFT JOIN {table} o{idx} ON o{idx}.run = r.id AND o{idx}.key = ?"),
            vec![Value::from(number)],
        ));
        let rank = match key {
            Key::Metric(_) => format!(
                "CASE WHEN o{idx}.is_nan = 1 THEN 1 WHEN o{idx}.value IS NULL THEN 2 ELSE 0 END"
            ),
            _ => format!("CASE WHEN o{idx}.value IS NULL THEN 1 ELSE 0 END"),
        };
        ways.push(format!("{rank}, o{idx}.value {way}"));
    }
    if !orders.iter().any(|(key, _)| *key == Key::Column("r.started_ms")) {
        ways.push("r.started_ms DESC".to_owned());
    }
    ways.push("r.uuid".to_owned());
    Ok(ways.join(", "))
}

/// A clause as SQL about the run `r`.
fn compile(tx: &mut Tx, keys: &Keys, clause: &Clause) -> Result<Piece, Error> {
    match clause {
        Clause::Text { column, comparator, text } => compare_text(column, comparator, text),
        Clause::Ids { comparator, ids } => {
            let list = ids.iter().map(Value::from).collect();
            Ok(compare_list("r.uuid", comparator, list))
        }
        Clause::Number { column, comparator, number } => {
            Ok(compare_number(column, comparator, number.clone()))
        }
        Clause::Metric { key, comparator, value } => {
            let compared = compare_number("m.value", comparator, Value::from(*value));
            // NaN differs from every number, and no other comparison holds for it.
            let or_nan = match *comparator {
                "!=" => " OR m.is_nan = 1",
                _ => " AND m.is_nan = 0",
            };
            let condition = Piece::new(format!("({}{or_nan})", compared.sql), compared.values);
            of_key(tx, keys, "metric_summaries", key, condition)
        }
        Clause::Entry { table, key, comparator, text } => {
            let condition = compare_text("m.value", comparator, text)?;
            of_key(tx, keys, table, key, condition)
        }
        Clause::Presence { table, key, is_there } => {
            let mut found = of_key(tx, keys, table, key, Piece::plain("TRUE"))?;
            if !is_there {
                found.sql = format!("NOT {}", found.sql);
            }
            Ok(found)
        }
        Clause::Dataset { column, comparator, values } => {
            let mut exists =
                Piece::plain("EXISTS (SELECT 1 FROM inputs i JOIN datasets d ON d.id = i.dataset");
            if *column == "t.value" {
                exists.push(Piece::new(
                    " JOIN input_tags t ON t.run = i.run AND t.dataset = i.dataset AND t.key = ?",
                    vec![Value::from(CONTEXT)],
                ));
            }
            exists.push(Piece::plain(" WHERE i.run = r.id AND "));
            exists.push(match (*comparator, values.as_slice()) {
                ("IN" | "NOT IN", _) => {
                    compare_list(column, comparator, values.iter().map(Value::from).collect())
                }
                (_, [text]) => compare_text(column, comparator, text)?,
                _ => return Err(Error::internal("a dataset is compared with one text")),
            });
            exists.push(Piece::plain(")"));
            Ok(exists)
        }
    }
}

/// Whether the run has an entry `m` of that key in the table, for which the condition holds.
fn of_key(
    tx: &mut Tx,
    keys: &Keys,
    table: &str,
    key: &str,
    condition: Piece,
) -> Result<Piece, Error> {
    let Some(number) = keys.find(tx, key)? else { return Ok(Piece::plain("FALSE")) };
    let mut exists = Piece::new(
        format!("EXISTS (SELECT 1 FROM {table} m WHERE m.run = r.id AND m.key = ? AND "),
        vec![Value::from(number)],
    );
    exists.push(condition);
    exists.push(Piece::plain(")"));
    Ok(exists)
}

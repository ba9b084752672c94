//! Searching experiments: what may be asked of them, and the statement that answers.

use store::Value;

use super::grammar::{Comparison, Literal, Shown, comparisons, order};
use super::keys::{self, Entity, check_attribute, set, split};
use super::sql::{Piece, all, compare_list, compare_number, compare_text};
use super::{Page, Query, View, check_max_results, check_orders, offset_of};
use crate::names::experiment_number;
use crate::quoting::repr;
use crate::{Error, Experiment, Tracking, experiments};

impl Tracking {
    /// The experiments that a query asks for.
    ///
    /// # Errors
    /// The filter, the order, the page token or the size of the page is wrong.
    pub fn search_experiments(&self, query: &Query) -> Result<Page<Experiment>, Error> {
        check_max_results(query.max_results)?;
        // As MLflow, first all values and then all comparators: which fault is told depends on it.
        let found = comparisons(&query.filter, Shown::Plain)?;
        let read: Vec<_> = found.iter().map(read).collect::<Result<_, _>>()?;
        let clauses: Vec<_> = read.into_iter().map(Read::compile).collect::<Result<_, _>>()?;
        let ways = ways(&query.order_by)?;
        let offset = offset_of(query.page_token.as_deref())?;
        let seen = Piece::plain(match query.view {
            View::ActiveOnly => "e.is_deleted = 0",
            View::DeletedOnly => "e.is_deleted <> 0",
            View::All => "TRUE",
        });
        let mut statement =
            Piece::plain(format!("SELECT {} FROM experiments e WHERE ", experiments::COLUMNS));
        statement.push(all(std::iter::once(seen).chain(clauses)));
        statement.push(Piece::new(
            format!(" ORDER BY {ways} LIMIT ? OFFSET ?"),
            vec![Value::from(query.max_results + 1), Value::from(offset)],
        ));
        self.rows.read(|tx| {
            let heads = tx.query(&statement.sql, &statement.values, experiments::read_head)?;
            let page = Page::of(heads, offset, query.max_results);
            let items = experiments::with_tags(tx, page.items)?;
            Ok(Page { items, next_page_token: page.next_page_token })
        })
    }
}

const ATTRIBUTES: &[&str] = &["name", "experiment_id", "creation_time", "last_update_time"];

fn identifier(text: &str) -> Result<(Entity, String), Error> {
    let (entity, key) = split(text);
    let entity = match entity {
        None | Some("attribute") => Entity::Attribute,
        Some("tag" | "tags") => Entity::Tag,
        Some(other) => {
            return Err(Error::invalid(format!(
                "Invalid entity type '{other}'. Valid entity types are ('attribute', 'tag', 'tags')"
            )));
        }
    };
    let key = keys::plain(key);
    if entity == Entity::Attribute {
        check_attribute(&key, ATTRIBUTES)?;
    }
    Ok((entity, key))
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
    Whole(i64),
    Fraction(f64),
    Text(String),
    List(Vec<String>),
}

fn read(comparison: &Comparison) -> Result<Read, Error> {
    let (entity, key) = identifier(comparison.key)?;
    let comparator = comparison.comparator.clone();
    let value = match (comparison.value, entity) {
        (None, Entity::Tag) => Operand::Absent,
        (None, _) => {
            return Err(Error::invalid(format!(
                "IS NULL / IS NOT NULL is only supported for tags, not for attribute '{key}'"
            )));
        }
        (Some(literal), Entity::Tag) => Operand::Text(keys::text_of(entity, literal)?),
        (Some(literal), _) => attribute_value(&key, literal)?,
    };
    Ok(Read { entity, key, comparator, value })
}

fn attribute_value(key: &str, literal: Literal) -> Result<Operand, Error> {
    if is_numeric(key) {
        let number = keys::number(literal, &format!("numeric attribute: {key}"))?;
        return Ok(match literal {
            Literal::Integer(whole) => {
                Operand::Whole(whole.parse().map_err(|_| wrong_number(key, whole))?)
            }
            _ => Operand::Fraction(number),
        });
    }
    if let Literal::List(list) = literal {
        return keys::list(list, key, &["experiment_id"]).map(Operand::List);
    }
    let expected =
        |found: &str| format!("Expected a quoted string value for attributes. Got value {found}");
    keys::text(literal, expected).map(Operand::Text)
}

fn is_numeric(key: &str) -> bool {
    matches!(key, "creation_time" | "last_update_time")
}

fn wrong_number(key: &str, shown: &str) -> Error {
    Error::invalid(format!("Invalid value for numeric attribute '{key}': {}", repr(shown)))
}

impl Read {
    /// As SQL about the experiment `e`.
    fn compile(self) -> Result<Piece, Error> {
        match self.entity {
            Entity::Tag => self.tag(),
            _ if self.key == "experiment_id" => self.id(),
            _ if is_numeric(&self.key) => self.number(),
            _ => self.name(),
        }
    }

    fn tag(self) -> Result<Piece, Error> {
        let exists = |condition: Piece| {
            let mut exists = Piece::new(
                "EXISTS (SELECT 1 FROM experiment_tags t WHERE t.experiment = e.id AND t.key = ? \
                 AND ",
                vec![Value::from(&self.key)],
            );
            exists.push(condition);
            exists.push(Piece::plain(")"));
            exists
        };
        match (&self.value, self.comparator.as_str()) {
            (Operand::Absent, "IS NOT NULL") => Ok(exists(Piece::plain("TRUE"))),
            (Operand::Absent, _) => {
                let found = exists(Piece::plain("TRUE"));
                Ok(Piece::new(format!("NOT {}", found.sql), found.values))
            }
            (Operand::Text(text), comparator @ ("=" | "!=" | "LIKE" | "ILIKE")) => {
                Ok(exists(compare_text("t.value", comparator, text)?))
            }
            _ => Err(Error::invalid(format!("Invalid comparator for tag: {}", self.comparator))),
        }
    }

    fn id(self) -> Result<Piece, Error> {
        let comparator = self.comparator.as_str();
        if !matches!(comparator, "=" | "!=" | "IN" | "NOT IN") {
            return Err(Error::invalid(format!(
                "Invalid comparator for experiment_id: {comparator}"
            )));
        }
        let ids = match self.value {
            Operand::List(ids) => ids,
            Operand::Text(id) => vec![id],
            _ => Vec::new(),
        };
        let numbers: Vec<Value> = ids
            .iter()
            .map(|id| experiment_number(id).map(Value::from))
            .collect::<Result<_, _>>()?;
        let within = if matches!(comparator, "=" | "IN") { "IN" } else { "NOT IN" };
        Ok(compare_list("e.id", within, numbers))
    }

    fn number(self) -> Result<Piece, Error> {
        let comparator = self.comparator.as_str();
        if !matches!(comparator, "=" | "!=" | "<" | "<=" | ">" | ">=") {
            return Err(self.wrong_comparator());
        }
        match self.value {
            Operand::Whole(number) => {
                Ok(compare_number(column(&self.key), comparator, Value::from(number)))
            }
            Operand::Fraction(number) => {
                Err(wrong_number(&self.key, &crate::quoting::float(number)))
            }
            _ => Err(self.wrong_comparator()),
        }
    }

    fn name(self) -> Result<Piece, Error> {
        match (&self.value, self.comparator.as_str()) {
            (Operand::Text(text), comparator @ ("=" | "!=" | "LIKE" | "ILIKE")) => {
                compare_text("e.name", comparator, text)
            }
            (_, comparator @ ("IN" | "NOT IN")) => Err(Error::invalid(format!(
                "Invalid comparator for string attribute: {comparator}"
            ))),
            _ => {
                let known = set(&["!=", "=", "LIKE", "ILIKE", "IN", "NOT IN"]);
                Err(Error::invalid(format!(
                    "Invalid comparator '{}' not one of '{known}'",
                    self.comparator
                )))
            }
        }
    }

    fn wrong_comparator(&self) -> Error {
        // MLflow names the comparators of texts for numbers too.
        let known = set(&["!=", "=", "LIKE", "ILIKE", "IN", "NOT IN"]);
        Error::invalid(format!("Invalid comparator '{}' not one of '{known}", self.comparator))
    }
}

fn column(key: &str) -> &'static str {
    match key {
        "name" => "e.name",
        "experiment_id" => "e.id",
        "last_update_time" => "e.updated_ms",
        _ => "e.created_ms",
    }
}

/// The words of `ORDER BY`.
fn ways(order_by: &[String]) -> Result<String, Error> {
    if order_by.is_empty() {
        return Ok("e.created_ms DESC, e.id ASC".to_owned());
    }
    check_orders(order_by)?;
    let mut ways: Vec<String> = Vec::new();
    let mut has_id = false;
    for clause in order_by {
        let (text, is_ascending) = order(clause)?;
        let (entity, key) = identifier(text.trim())?;
        if entity != Entity::Attribute {
            return Err(Error::invalid(format!("Invalid order_by entity: {}", entity.name())));
        }
        let way = if is_ascending { "ASC" } else { "DESC" };
        has_id |= key == "experiment_id";
        let way = format!("{} {way}", column(&key));
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    if !has_id {
        ways.push("e.id DESC".to_owned());
    }
    Ok(ways.join(", "))
}

//! Searching registered models and versions: what may be asked of them, and the statement that
//! answers. Prompts are found only where they are asked for.

use store::Value;

use super::{DELETED, IS_PROMPT, models, versions};
use crate::search::grammar::{Comparison, Literal, Shown, comparisons, order};
use crate::search::keys::{self, Entity, check_attribute, set, split};
use crate::search::offset_of;
use crate::search::sql::{Piece, all, compare_list, compare_number, compare_text};
use crate::{Error, ModelVersion, Page, Query, RegisteredModel, Tracking};

impl Tracking {
    /// The registered models that a query asks for; prompts only where it asks for them.
    ///
    /// # Errors
    /// The filter, the order, the page token or the size of the page is wrong.
    pub fn search_registered_models(&self, query: &Query) -> Result<Page<RegisteredModel>, Error> {
        let clauses = clauses(&MODELS, &query.filter)?;
        let ways = model_ways(&query.order_by)?;
        let offset = offset_of(query.page_token.as_deref())?;
        let max_results = query.max_results.max(0);
        let mut statement = Piece::plain("SELECT m.id FROM registered_models m WHERE ");
        statement.push(all(clauses));
        statement.push(page(&ways, max_results, offset));
        self.rows.read(|tx| {
            let ids = tx.query(&statement.sql, &statement.values, |row| row.get::<i64>(0))?;
            let Page { items, next_page_token } = Page::of(ids, offset, max_results);
            let items: Result<_, _> = items.into_iter().map(|id| models::read(tx, id)).collect();
            Ok(Page { items: items?, next_page_token })
        })
    }

    /// The versions that a query asks for; those of prompts only where it asks for them.
    ///
    /// # Errors
    /// The filter, the order, the page token or the size of the page is wrong.
    pub fn search_model_versions(&self, query: &Query) -> Result<Page<ModelVersion>, Error> {
        let max_results = query.max_results;
        if max_results < 1 {
            return Err(Error::invalid(format!(
                "Invalid value for max_results. It must be a positive integer, but got {max_results}"
            )));
        }
        let clauses = clauses(&VERSIONS, &query.filter)?;
        let ways = version_ways(&query.order_by)?;
        let offset = offset_of(query.page_token.as_deref())?;
        let mut statement = Piece::new(
            format!(
                "SELECT {} FROM model_versions v JOIN registered_models m ON m.id = v.model WHERE \
                 v.stage <> ? AND ",
                versions::COLUMNS
            ),
            vec![Value::from(DELETED)],
        );
        statement.push(all(clauses));
        statement.push(page(&ways, max_results, offset));
        self.rows.read(|tx| {
            let heads = tx.query(&statement.sql, &statement.values, versions::read_head)?;
            let Page { items, next_page_token } = Page::of(heads, offset, max_results);
            let items: Result<_, _> =
                items.into_iter().map(|head| versions::with_belongings(tx, head)).collect();
            Ok(Page { items: items?, next_page_token })
        })
    }
}

/// What is searched.
struct Searched {
    attributes: &'static [&'static str],
    /// Attributes that may be compared with a list.
    listed: &'static [&'static str],
    /// Rows of tags `t` that belong to the thing.
    tags: &'static str,
    /// Whether the thing is a prompt.
    is_prompt: &'static str,
}

const MODELS: Searched = Searched {
    attributes: &["name"],
    listed: &["name"],
    tags: "registered_model_tags t WHERE t.model = m.id",
    is_prompt: "EXISTS (SELECT 1 FROM registered_model_tags t WHERE t.model = m.id AND t.key = ? \
                AND t.value = 'true')",
};

const VERSIONS: Searched = Searched {
    attributes: &["name", "version_number", "run_id", "source_path"],
    listed: &["name", "run_id"],
    tags: "model_version_tags t WHERE t.model = v.model AND t.version = v.version",
    is_prompt: "EXISTS (SELECT 1 FROM model_version_tags t WHERE t.model = v.model AND t.key = ? \
                AND t.value = 'true')",
};

/// A comparison whose key and value are right, and whose comparator is not looked at yet.
struct Read {
    entity: Entity,
    key: String,
    comparator: String,
    value: Operand,
}

enum Operand {
    Text(String),
    List(Vec<String>),
    Whole(String),
    Fraction(String),
}

/// The conditions of a filter, and the one that leaves prompts out where they are not asked for.
fn clauses(searched: &Searched, filter: &str) -> Result<Vec<Piece>, Error> {
    // As MLflow, first all values and then all comparators: which fault is told depends on it.
    let found = comparisons(filter, Shown::Plain)?;
    let mut read: Vec<Read> =
        found.iter().map(|found| read_one(searched, found)).collect::<Result<_, _>>()?;
    let is_prompt_clause = |read: &Read| read.entity == Entity::Tag && read.key == IS_PROMPT;
    let asks_for_prompts = read.iter().find(|read| is_prompt_clause(read)).is_some_and(|read| {
        let Operand::Text(value) = &read.value else { return false };
        let is = |text| value.eq_ignore_ascii_case(text);
        (read.comparator == "=" && is("true")) || (read.comparator == "!=" && is("false"))
    });
    if asks_for_prompts {
        return read.into_iter().map(|read| read.compile(searched)).collect();
    }
    read.retain(|read| !is_prompt_clause(read));
    let no_prompt = Piece::new(format!("NOT {}", searched.is_prompt), vec![Value::from(IS_PROMPT)]);
    let clauses: Result<Vec<_>, _> = read.into_iter().map(|read| read.compile(searched)).collect();
    Ok(clauses?.into_iter().chain([no_prompt]).collect())
}

fn read_one(searched: &Searched, found: &Comparison) -> Result<Read, Error> {
    let (entity, key) = identifier(found.key, searched.attributes)?;
    let comparator = found.comparator.to_uppercase();
    let value = match (found.value, entity) {
        (None, _) => {
            let kind = entity.name();
            return Err(Error::invalid(format!("Invalid comparator for {kind}: {comparator}")));
        }
        (Some(literal), Entity::Tag) => Operand::Text(keys::text_of(entity, literal)?),
        (Some(literal), _) => attribute_value(searched, &key, literal)?,
    };
    Ok(Read { entity, key, comparator, value })
}

fn identifier(text: &str, attributes: &[&str]) -> Result<(Entity, String), Error> {
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
    if entity == Entity::Attribute {
        check_attribute(key, attributes)?;
    }
    Ok((entity, keys::plain(key)))
}

fn attribute_value(searched: &Searched, key: &str, literal: Literal) -> Result<Operand, Error> {
    let has_numbers = searched.attributes.contains(&"version_number");
    match literal {
        Literal::List(list) => keys::list(list, key, searched.listed).map(Operand::List),
        Literal::Integer(_) | Literal::Float(_) if has_numbers && key != "version_number" => {
            Err(Error::invalid(format!(
                "Only the '{}' attributes support comparison with numeric values.",
                set(&["version_number", "creation_timestamp", "last_updated_timestamp"])
            )))
        }
        Literal::Integer(text) if has_numbers => Ok(Operand::Whole(text.to_owned())),
        Literal::Float(text) if has_numbers => Ok(Operand::Fraction(text.to_owned())),
        other => keys::text(other, |found| {
            format!(
                "Expected a quoted string value or a list of quoted string values for attributes. \
                 Got value {found}"
            )
        })
        .map(Operand::Text),
    }
}

impl Read {
    fn compile(self, searched: &Searched) -> Result<Piece, Error> {
        match (self.entity, self.key.as_str()) {
            (Entity::Tag, _) => self.tag(searched),
            (_, "version_number") => self.number(),
            (_, "run_id") => self.text("v.run_id"),
            (_, "source_path") => self.text("v.source"),
            _ => self.text("m.name"),
        }
    }

    fn tag(self, searched: &Searched) -> Result<Piece, Error> {
        let (Operand::Text(text), "=" | "!=" | "LIKE" | "ILIKE") =
            (&self.value, self.comparator.as_str())
        else {
            return Err(Error::invalid(format!("Invalid comparator for tag: {}", self.comparator)));
        };
        let mut exists = Piece::new(
            format!("EXISTS (SELECT 1 FROM {} AND t.key = ? AND ", searched.tags),
            vec![Value::from(&self.key)],
        );
        exists.push(compare_text("t.value", &self.comparator, text)?);
        exists.push(Piece::plain(")"));
        Ok(exists)
    }

    fn text(self, column: &str) -> Result<Piece, Error> {
        match (self.value, self.comparator.as_str()) {
            (Operand::Text(text), comparator @ ("=" | "!=" | "LIKE" | "ILIKE")) => {
                compare_text(column, comparator, &text)
            }
            (Operand::List(list), comparator @ ("IN" | "NOT IN")) => {
                let list = list.into_iter().map(Value::from).collect();
                Ok(compare_list(column, comparator, list))
            }
            (_, comparator) => {
                Err(Error::invalid(format!("Invalid comparator for attribute: {comparator}")))
            }
        }
    }

    fn number(self) -> Result<Piece, Error> {
        let comparator = self.comparator.as_str();
        if !matches!(comparator, "=" | "!=" | "<" | "<=" | ">" | ">=") {
            return Err(Error::invalid(format!(
                "Invalid comparator for attribute {}: {comparator}",
                self.key
            )));
        }
        let (number, shown) = match &self.value {
            Operand::Whole(text) => (text.parse().ok(), text.clone()),
            Operand::Text(text) => (text.trim().parse().ok(), crate::quoting::repr(text)),
            Operand::Fraction(text) => (None, text.clone()),
            Operand::List(_) => (None, "a list".to_owned()),
        };
        let number: i64 = number.ok_or_else(|| {
            let key = &self.key;
            Error::invalid(format!("Invalid value for numeric attribute '{key}': {shown}"))
        })?;
        Ok(compare_number("v.version", comparator, Value::from(number)))
    }
}

fn page(ways: &[Way], max_results: i64, offset: i64) -> Piece {
    let ways: Vec<String> = ways.iter().map(|(column, way)| format!("{column} {way}")).collect();
    Piece::new(
        format!(" ORDER BY {} LIMIT ? OFFSET ?", ways.join(", ")),
        vec![Value::from(max_results + 1), Value::from(offset)],
    )
}

/// A column and `ASC` or `DESC`.
type Way = (&'static str, &'static str);

/// Adds a way, unless another one of the same column is there.
fn add(ways: &mut Vec<Way>, order_by: &[String], way: Way) -> Result<(), Error> {
    if ways.iter().any(|(column, _)| *column == way.0) {
        return Err(Error::invalid(format!(
            "`order_by` contains duplicate fields: {}",
            crate::quoting::repr_list(order_by)
        )));
    }
    ways.push(way);
    Ok(())
}

fn way(is_ascending: bool) -> &'static str {
    if is_ascending { "ASC" } else { "DESC" }
}

fn model_ways(order_by: &[String]) -> Result<Vec<Way>, Error> {
    let mut ways = Vec::new();
    for clause in order_by {
        let (key, is_ascending) = order(clause)?;
        let column = match key.trim() {
            "name" => "m.name",
            "timestamp" | "last_updated_timestamp" => "m.updated_ms",
            other => {
                return Err(Error::invalid(format!(
                    "Invalid order by key '{other}' specified. Valid keys are '{}'",
                    set(&["name", "timestamp"])
                )));
            }
        };
        add(&mut ways, order_by, (column, way(is_ascending)))?;
    }
    if !ways.iter().any(|(column, _)| *column == "m.name") {
        ways.push(("m.name", "ASC"));
    }
    Ok(ways)
}

fn version_ways(order_by: &[String]) -> Result<Vec<Way>, Error> {
    const KEYS: &[&str] =
        &["name", "version_number", "creation_timestamp", "last_updated_timestamp"];
    let mut ways = Vec::new();
    if order_by.is_empty() {
        ways.push(("v.updated_ms", "DESC"));
    }
    for clause in order_by {
        let (text, is_ascending) = order(clause)?;
        let (_, key) = identifier(text.trim(), KEYS)?;
        let column = match key.as_str() {
            "name" => "m.name",
            "version_number" => "v.version",
            "creation_timestamp" => "v.created_ms",
            "last_updated_timestamp" => "v.updated_ms",
            other => {
                return Err(Error::invalid(format!(
                    "Invalid order by key '{other}' specified. Valid keys are {}",
                    set(KEYS)
                )));
            }
        };
        add(&mut ways, order_by, (column, way(is_ascending)))?;
    }
    for last in [("m.name", "ASC"), ("v.version", "DESC")] {
        if !ways.iter().any(|(column, _)| *column == last.0) {
            ways.push(last);
        }
    }
    Ok(ways)
}

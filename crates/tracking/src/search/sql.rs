//! Comparisons as SQL. Whatever a client says becomes a bound value; only our own words become
//! part of a statement.

use store::Value;

use crate::Error;

/// A piece of a statement with its values.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Piece {
    /// With `?` for each value.
    pub(crate) sql: String,
    /// In the order of the `?`.
    pub(crate) values: Vec<Value>,
}

impl Piece {
    /// A piece without values.
    pub(crate) fn plain(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    /// A piece with values.
    pub(crate) fn new(sql: impl Into<String>, values: Vec<Value>) -> Self {
        Self { sql: sql.into(), values }
    }

    /// Adds another piece at the end.
    pub(crate) fn push(&mut self, other: Self) {
        self.sql.push_str(&other.sql);
        self.values.extend(other.values);
    }
}

/// Longer patterns are refused by the database.
const LONGEST_PATTERN: usize = 50_000;

/// `column OP text`, where the operator is one that texts take.
pub(crate) fn compare_text(column: &str, comparator: &str, text: &str) -> Result<Piece, Error> {
    let pattern = || {
        if text.len() > LONGEST_PATTERN {
            return Err(Error::invalid(format!(
                "A pattern of LIKE may have {LONGEST_PATTERN} bytes, this one has {}.",
                text.len()
            )));
        }
        // A backslash stands for itself, in both databases.
        Ok(vec![Value::from(text.replace('\\', "\\\\"))])
    };
    let as_is = || vec![Value::from(text)];
    Ok(match comparator {
        "=" => Piece::new(format!("{column} = ?"), as_is()),
        "!=" => Piece::new(format!("{column} <> ?"), as_is()),
        "LIKE" => Piece::new(format!("{column} LIKE ? ESCAPE '\\'"), pattern()?),
        "ILIKE" => Piece::new(format!("lower({column}) LIKE lower(?) ESCAPE '\\'"), pattern()?),
        _ => return Err(Error::internal(format!("texts are not compared by {comparator}"))),
    })
}

/// `column IN (…)` or `column NOT IN (…)`.
pub(crate) fn compare_list(column: &str, comparator: &str, list: Vec<Value>) -> Piece {
    let not = if comparator == "IN" { "" } else { "NOT " };
    let places = vec!["?"; list.len()].join(", ");
    Piece::new(format!("{column} {not}IN ({places})"), list)
}

/// `column OP number`, where the operator is one that numbers take.
pub(crate) fn compare_number(column: &str, comparator: &str, number: Value) -> Piece {
    let operator = if comparator == "!=" { "<>" } else { comparator };
    let place = match number {
        Value::Real(_) => "CAST(? AS DOUBLE PRECISION)",
        _ => "CAST(? AS BIGINT)",
    };
    Piece::new(format!("{column} {operator} {place}"), vec![number])
}

/// All of these.
pub(crate) fn all(pieces: impl IntoIterator<Item = Piece>) -> Piece {
    let mut whole = Piece::plain("TRUE");
    for piece in pieces {
        whole.sql.push_str(" AND ");
        whole.push(piece);
    }
    whole
}

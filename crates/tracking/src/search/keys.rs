//! What a clause is about: an entity and a key of it, as `metrics.loss`, and the values that it
//! may be compared with. Shared by all that is searched.

use super::grammar::{Literal, bare, unquoted};
use super::literals;
use crate::Error;

/// What kind of thing a key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entity {
    /// The thing itself.
    Attribute,
    /// The last value of a metric.
    Metric,
    /// A param.
    Param,
    /// A tag.
    Tag,
    /// A dataset that was read.
    Dataset,
}

impl Entity {
    /// As MLflow's sentences call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Attribute => "attribute",
            Self::Metric => "metric",
            Self::Param => "parameter",
            Self::Tag => "tag",
            Self::Dataset => "dataset",
        }
    }

    /// The entity of one of its names, which may stand in back-ticks.
    pub(crate) fn named(name: &str) -> Result<Self, Error> {
        let name = match name.strip_prefix('`').and_then(|name| name.strip_suffix('`')) {
            Some(name) => name,
            None => name,
        };
        match name {
            "metric" | "metrics" => Ok(Self::Metric),
            "parameter" | "parameters" | "param" | "params" => Ok(Self::Param),
            "tag" | "tags" => Ok(Self::Tag),
            "attribute" | "attributes" | "attr" | "run" => Ok(Self::Attribute),
            "dataset" | "datasets" => Ok(Self::Dataset),
            _ => Err(Error::invalid(format!(
                "Invalid entity type '{name}'. Valid values are ['metric', 'parameter', 'tag', \
                 'attribute', 'dataset']"
            ))),
        }
    }
}

/// The entity, if one is named, and the key, still in its quotes.
pub(crate) fn split(key: &str) -> (Option<&str>, &str) {
    match key.split_once('.') {
        Some((entity, key)) => (Some(entity), key),
        None => (None, key),
    }
}

/// Refuses an attribute that is none of these.
pub(crate) fn check_attribute(key: &str, valid: &[&str]) -> Result<(), Error> {
    if valid.contains(&key) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Invalid attribute key '{key}' specified. Valid keys are '{}'",
        set(valid)
    )))
}

/// Names as Python shows a set of them, in the order of the alphabet.
pub(crate) fn set(names: &[&str]) -> String {
    let mut names = names.to_vec();
    names.sort_unstable();
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    format!("{{{}}}", quoted.join(", "))
}

/// The key without quotes and back-ticks.
pub(crate) fn plain(key: &str) -> String {
    bare(key).to_owned()
}

/// A number, or MLflow's refusal of what it calls `what`.
pub(crate) fn number(literal: Literal, what: &str) -> Result<f64, Error> {
    match literal {
        Literal::Integer(text) | Literal::Float(text) => text.parse().ok(),
        _ => None,
    }
    .ok_or_else(|| {
        Error::invalid(format!("Expected numeric value type for {what}. Found {}", literal.text()))
    })
}

/// A text without its quotes; `expected` is the refusal of what is none.
pub(crate) fn text(
    literal: Literal,
    expected: impl FnOnce(&str) -> String,
) -> Result<String, Error> {
    match literal {
        Literal::Text(quoted) => unquoted(quoted).map(str::to_owned).ok_or_else(|| {
            Error::invalid(format!(
                "Parameter value is either not quoted or unidentified quote types used for string \
                 value {quoted}. Use either single or double quotes."
            ))
        }),
        other => Err(Error::invalid(expected(other.text()))),
    }
}

/// The value of a param or a tag.
pub(crate) fn text_of(entity: Entity, literal: Literal) -> Result<String, Error> {
    text(literal, |found| {
        format!(
            "Expected a quoted string value for {} (e.g. 'my-value'). Got value {found}",
            entity.name()
        )
    })
}

/// The texts of a list, for the keys that take one.
pub(crate) fn list(list: &str, key: &str, with_lists: &[&str]) -> Result<Vec<String>, Error> {
    if !with_lists.contains(&key) {
        let mut names = with_lists.to_vec();
        names.sort_unstable();
        let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
        return Err(Error::invalid(format!(
            "Only [{}] attributes support comparison with a list of quoted string values.",
            quoted.join(", ")
        )));
    }
    literals::texts(list)
}

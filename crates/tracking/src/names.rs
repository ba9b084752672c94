//! Which names and values are allowed, and what a client is told about the others: MLflow's rules
//! (`mlflow/utils/validation.py` of 3.17) and its sentences.

use crate::limits;
use crate::quoting::{json, repr};
use crate::{Error, Metric};

/// Refuses a key of a metric, param or tag that could be taken for another one, or for a path that
/// leads elsewhere. `path` says where in the request it stands.
pub(crate) fn check_key(path: &str, key: &str) -> Result<(), Error> {
    let plain = key.strip_suffix('\n').unwrap_or(key);
    let is_fine = |c: char| c.is_alphanumeric() || "_/.- :".contains(c);
    if !plain.chars().all(is_fine) {
        return Err(Error::invalid(format!(
            "Invalid value {} for parameter '{path}' supplied: Names may only contain \
             alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and \
             slashes (/).",
            json(key)
        )));
    }
    if is_path_to_another(key) {
        return Err(Error::invalid(format!(
            "Invalid value {} for parameter '{path}' supplied: {}",
            json(key),
            bad_path(key)
        )));
    }
    Ok(())
}

/// Whether a name, taken for a path, leads somewhere else than it says.
pub(crate) fn is_path_to_another(name: &str) -> bool {
    let normal = normal_path(name);
    normal != name || normal == "." || normal.starts_with("..") || normal.starts_with('/')
}

/// The sentence about such a name.
pub(crate) fn bad_path(name: &str) -> String {
    format!(
        "Names may be treated as files in certain cases, and must not resolve to other names when \
         treated as such. This name would resolve to {}",
        repr(&normal_path(name))
    )
}

/// Refuses text that is too long.
pub(crate) fn check_length(what: &str, most: usize, text: &str) -> Result<(), Error> {
    if text.len() <= most || text.chars().count() <= most {
        return Ok(());
    }
    Err(Error::invalid(format!("'{what}' exceeds the maximum length of {most} characters")))
}

/// The text, cut where it is too long.
pub(crate) fn cut(most: usize, mut text: String) -> String {
    if text.len() > most
        && let Some((end, _)) = text.char_indices().nth(most)
    {
        text.truncate(end);
    }
    text
}

/// A param as it may be kept.
pub(crate) fn checked_param(
    path: &str,
    (key, value): (String, String),
) -> Result<(String, String), Error> {
    check_key(&join(path, "key"), &key)?;
    check_length("Param key", limits::ENTITY_KEY, &key)?;
    Ok((key, cut(limits::PARAM_VALUE, value)))
}

/// A tag of a run as it may be kept.
pub(crate) fn checked_tag(
    path: &str,
    (key, value): (String, String),
) -> Result<(String, String), Error> {
    let place = join(path, "key");
    check_key(&place, &key)?;
    check_length(&place, limits::ENTITY_KEY, &key)?;
    Ok((key, cut(limits::TAG_VALUE, value)))
}

/// Refuses a tag of an experiment.
pub(crate) fn check_experiment_tag(key: &str, value: &str) -> Result<(), Error> {
    check_key("key", key)?;
    check_length("key", limits::ENTITY_KEY, key)?;
    check_length("value", limits::EXPERIMENT_TAG_VALUE, value)
}

/// Refuses a point of a metric.
pub(crate) fn check_metric(path: &str, metric: &Metric) -> Result<(), Error> {
    check_key(&join(path, "name"), &metric.key)?;
    if metric.timestamp_ms < 0 {
        return Err(Error::invalid(format!(
            "Invalid value {} for parameter '{}' supplied: metric '{}' (value={}). Timestamp must \
             be a nonnegative long (64-bit integer) ",
            metric.timestamp_ms,
            join(path, "timestamp"),
            metric.key,
            crate::quoting::float(metric.value),
        )));
    }
    check_length("Metric name", limits::ENTITY_KEY, &metric.key)
}

/// Refuses text that cannot be the id of a run.
pub(crate) fn check_run_id(run_id: &str) -> Result<(), Error> {
    if is_id(run_id, 256) {
        return Ok(());
    }
    Err(Error::invalid(format!("Invalid value {} for parameter 'run_id' supplied.", json(run_id))))
}

fn is_id(text: &str, most: usize) -> bool {
    let plain = text.strip_suffix('\n').unwrap_or(text);
    let mut chars = plain.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphanumeric())
        && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
        && plain.chars().count() <= most
}

/// The number of an experiment. One that no experiment can have is one that is not there.
pub(crate) fn experiment_number(id: &str) -> Result<i64, Error> {
    id.trim().parse().map_err(|_| {
        let digits = id.trim().trim_start_matches(['+', '-']);
        if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()) {
            return Error::absent(format!("No Experiment with id={id} exists"));
        }
        Error::invalid(format!(
            "Invalid experiment ID '{id}'. Experiment ID must be a valid integer."
        ))
    })
}

/// Refuses a name that no experiment may have.
pub(crate) fn check_experiment_name(name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::invalid("Invalid experiment name: ''"));
    }
    check_length("name", limits::EXPERIMENT_NAME, name)
}

fn join(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

/// A path without `.`, `..` and doubled slashes, as `posixpath.normpath` makes it.
pub(crate) fn normal_path(path: &str) -> String {
    let n_slashes = path.chars().take_while(|&c| c == '/').count();
    let root = match n_slashes {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|&last| last != "..") => drop(parts.pop()),
            ".." if !root.is_empty() => {}
            _ => parts.push(part),
        }
    }
    let normal = format!("{root}{}", parts.join("/"));
    if normal.is_empty() { ".".to_owned() } else { normal }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_normal_as_python_does() {
        let paths = ["", ".", "a//b", "a/", "/a", "//a", "///a", "a/../b", "../a", "/..", "a/./b"];
        let normal = [".", ".", "a/b", "a", "/a", "//a", "/a", "b", "../a", "/", "a/b"];
        assert_eq!(paths.map(normal_path), normal);
    }

    #[test]
    fn a_key_may_have_slashes_spaces_and_letters_of_any_script() {
        for key in ["a/b", "a b", "a.b", "a:b", "é", "日本", "a-b_c", "1", " "] {
            assert_eq!(check_key("key", key), Ok(()), "{key}");
        }
        for key in ["", ".", "..", "../a", "/a", "a/", "a//b", "a$", "a'b", "a;b", "a\0"] {
            assert!(check_key("key", key).is_err(), "{key}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut(3, "日本語です".to_owned()), "日本語");
        assert_eq!(cut(3, "abc".to_owned()), "abc");
    }
}

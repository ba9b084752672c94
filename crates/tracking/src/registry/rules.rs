//! Which names, tags and aliases are allowed, in MLflow's words.

use crate::names::{bad_path, check_key, check_length, is_path_to_another};
use crate::quoting::json;
use crate::{Error, limits};

/// The name of a registered model.
pub(super) fn model_name(name: &str) -> Result<(), Error> {
    if name.trim().is_empty() {
        return Err(missing("name"));
    }
    if name.contains(['/', ':']) {
        return Err(Error::invalid(format!(
            "Invalid model name '{name}'. Names cannot contain '/' or ':'."
        )));
    }
    if is_path_to_another(name) {
        return Err(Error::invalid(format!(
            "Invalid value {} for parameter 'name' supplied: {}",
            json(name),
            bad_path(name)
        )));
    }
    Ok(())
}

/// The name that a registered model shall get.
pub(super) fn new_model_name(name: &str) -> Result<(), Error> {
    if name.trim().is_empty() { Err(missing("new_name")) } else { model_name(name) }
}

/// A tag of a registered model or of a version.
pub(super) fn tag(key: &str, value: &str) -> Result<(), Error> {
    check_key("key", key)?;
    check_length("key", limits::ENTITY_KEY, key)?;
    check_length("value", limits::REGISTRY_TAG_VALUE, value)
}

/// A tag of a version, which may be the text of a prompt.
pub(super) fn version_tag(key: &str, value: &str) -> Result<(), Error> {
    let most = limits::REGISTRY_TAG_VALUE;
    if key == "mlflow.prompt.text" && value.chars().count() > most {
        let message = format!("Prompt text exceeds max length of {most} characters.");
        return Err(Error::invalid(message));
    }
    tag(key, value)
}

/// An alias, as it may be asked for.
pub(super) fn alias(alias: &str) -> Result<(), Error> {
    if alias.is_empty() {
        return Err(Error::invalid("Registered model alias name cannot be empty."));
    }
    if !alias.chars().all(|c| c.is_alphanumeric() || "_-".contains(c)) {
        return Err(Error::invalid(format!(
            "Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores \
             (_), and dashes (-)."
        )));
    }
    check_length("Registered model alias name", limits::ALIAS, alias)
}

/// An alias that shall be set.
pub(super) fn new_alias(name: &str) -> Result<(), Error> {
    alias(name)?;
    if name.eq_ignore_ascii_case("latest") {
        return Err(Error::invalid("'latest' alias name (case insensitive) is reserved."));
    }
    let digits = name.strip_prefix(['v', 'V']).unwrap_or_default();
    if !digits.is_empty() && digits.chars().all(char::is_numeric) {
        return Err(Error::invalid(format!("Version alias name '{name}' is reserved.")));
    }
    Ok(())
}

/// The number of a version from its text.
pub(super) fn version(text: &str) -> Result<i64, Error> {
    text.trim().parse().map_err(|_| {
        Error::invalid(format!("Parameter 'version' must be an integer, got '{text}'."))
    })
}

fn missing(name: &str) -> Error {
    Error::invalid(format!("Missing value for required parameter '{name}'."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(result: Result<(), Error>) -> String {
        result.err().map(|error| error.message).unwrap_or_default()
    }

    #[test]
    fn a_model_name_is_no_path() {
        assert_eq!(message(model_name("dogs and cats")), "");
        assert_eq!(message(model_name(" ")), "Missing value for required parameter 'name'.");
        assert_eq!(
            message(model_name("a/b")),
            "Invalid model name 'a/b'. Names cannot contain '/' or ':'."
        );
        assert_eq!(
            message(model_name("..")),
            "Invalid value \"..\" for parameter 'name' supplied: Names may be treated as files in \
             certain cases, and must not resolve to other names when treated as such. This name \
             would resolve to '..'"
        );
    }

    #[test]
    fn an_alias_is_no_version_and_not_latest() {
        for refused in ["latest", "LATEST", "v1", "V23", "a b", "", &"a".repeat(256)] {
            assert!(new_alias(refused).is_err(), "{refused}");
        }
        for allowed in ["champion", "v", "v1b", "prod-2_x"] {
            assert_eq!(new_alias(allowed), Ok(()), "{allowed}");
        }
    }
}

//! A Weights & Biases export: runs as JSON lines with `config` and `summary`. Their histories
//! come as tables. Plain JSON lines, a run or a step each, are read alike.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::Origin;
use super::draft::Draft;
use super::facts::Facts;
use super::gather::Gather;
use super::lines::Lines;
use super::names::guess;
use super::role::Role;
use super::source::Source;
use super::{python, table};
use crate::Error;

/// Whether a file can be a list of runs: JSON lines.
pub(super) fn is_list_of_runs(source: &Source) -> bool {
    source.head.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{')
}

/// Reads JSON lines.
pub(super) fn read_runs(source: Source, gather: &mut Gather<'_>) -> Result<(), Error> {
    let path = source.path.clone();
    let progress = source.progress.clone();
    gather.begin(&path);
    let mut lines =
        Lines::new(path.clone(), source.into_reader(), gather.options.limits.n_row_bytes);
    let mut n_taken = 0;
    let mut n_by_log_lines = 0;
    while let Some((number, line)) = lines.next_line()? {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        gather.n_rows += 1;
        gather.progress(&progress);
        let place = Origin { file: path.clone(), line: Some(number) };
        let object = match parse(line) {
            Ok(object) => object,
            Err(why) => {
                gather.reject_at(place, why);
                continue;
            }
        };
        match take(&object, &place, gather)? {
            Ok(draft) => {
                n_taken += 1;
                n_by_log_lines += usize::from(draft.as_ref().is_some_and(|d| d.counts_log_lines));
                if let Some(draft) = draft {
                    gather.add(draft)?;
                }
            }
            Err(why) => gather.reject_at(place, why),
        }
    }
    if n_by_log_lines > 0 {
        gather.note(format!(
            "{}: the last step of {} is `_step`, which counts updates only where the trainer \
             says so",
            path.display(),
            table::counted(n_by_log_lines, "run")
        ));
    }
    if n_taken == 0 {
        return Err(nothing_left(gather, &path));
    }
    Ok(())
}

fn nothing_left(gather: &Gather<'_>, path: &std::path::Path) -> Error {
    match table::nothing_left(path, gather) {
        Error::Input { path, line, what, .. } => {
            let hint = "write one JSON object a line (`jq -c . IN > OUT`), each a run with \
                        `config` and `summary`, or a step of one";
            Error::input(path, line, what, hint)
        }
        other => other,
    }
}

/// One line to a draft; none where it is a step of a run.
fn take(
    object: &Map<String, Value>,
    place: &Origin,
    gather: &mut Gather<'_>,
) -> Result<Result<Option<Draft>, String>, Error> {
    let is_run = object.contains_key("config") || object.contains_key("summary");
    if is_run {
        return run(object, place, gather).map(|draft| Ok(Some(draft)));
    }
    let mut cells = vec![];
    flatten(object, "", '/', &mut |name, value| cells.push((name.to_owned(), value.into_owned())));
    let names: Vec<String> = cells.iter().map(|(name, _)| name.clone()).collect();
    gather.know_names(&place.file, &names);
    let step = named(&cells, gather, Role::Step);
    match step {
        Some(step) => logged_step(&cells, &step, place, gather).map(|r| r.map(|()| None)),
        None => Ok(plain_run(&cells, place, gather).map(Some)),
    }
}

/// A run of a Weights & Biases project.
fn run(
    object: &Map<String, Value>,
    place: &Origin,
    gather: &mut Gather<'_>,
) -> Result<Draft, Error> {
    let mut draft = Draft::new(place.file.clone(), place.line);
    let text =
        |keys: &[&str]| keys.iter().find_map(|key| Some(object.get(*key)?.as_str()?.to_owned()));
    draft.name = text(&["name", "display_name", "displayName"]);
    draft.id = text(&["id", "run_id"]).or_else(|| draft.name.clone());
    draft.group = text(&["group", "sweep"]);
    draft.state = text(&["state", "status"]);
    let has_group = draft.group.is_some();
    let options = gather.options;
    let mut facts = Facts::new(draft, &options.map);
    let mut names = vec![];
    let mut say = |facts: &mut Facts<'_>, name: &str, value: &str| {
        names.push(name.to_owned());
        if !has_group || guess(name).is_none_or(|(role, _)| role != Role::Group) {
            facts.say(name, value);
        }
    };
    if let Some(Value::Object(config)) = object.get("config") {
        flatten(config, "", '.', &mut |name, value| {
            let is_nested = python::settings(&value, name, &mut |name, value| {
                say(&mut facts, name, value);
            });
            if !is_nested {
                say(&mut facts, name, &value);
            }
        });
    }
    let mut ends = vec![];
    let mut last: Option<(u8, f64)> = None;
    if let Some(Value::Object(summary)) = object.get("summary") {
        flatten(summary, "", '/', &mut |name, value| {
            let Ok(number) = value.trim().parse::<f64>() else { return };
            match guess(name) {
                Some((Role::Step | Role::LastStep, rank)) => {
                    let rank = if name == "_step" { u8::MAX } else { rank };
                    if number > 0.0 && last.is_none_or(|(best, _)| rank < best) {
                        last = Some((rank, number));
                    }
                }
                Some((role, _)) if !role.is_curve() => say(&mut facts, name, &value),
                _ => ends.push((name.to_owned(), number)),
            }
        });
    }
    let mut draft = facts.finish(&place.file, gather);
    draft.set(Role::LastStep, last.map(|(_, step)| step));
    draft.counts_log_lines = last.is_some_and(|(rank, _)| rank == u8::MAX);
    gather.know_names(&place.file, &names);
    if let Some(id) = &draft.id {
        for (name, value) in ends {
            let metric = gather.curves.metric(name.as_bytes(), place)?;
            let Some((role, _)) = gather.curves.metrics[metric].role else { continue };
            if role.is_loss() && value <= 0.0 {
                gather.reject_at(place.clone(), format!("`{name}` is not above zero: {value}"));
            } else {
                let run = gather.curves.run(id.as_bytes(), place)?;
                gather.curves.end_at(run, metric, value);
            }
        }
    }
    Ok(draft)
}

/// One step of a run, all its metrics in one object.
fn logged_step(
    cells: &[(String, String)],
    step: &str,
    place: &Origin,
    gather: &mut Gather<'_>,
) -> Result<Result<(), String>, Error> {
    let Some(step) = step.parse::<f64>().ok().filter(|s| s.is_finite() && *s >= 0.0) else {
        return Ok(Err(format!("the step is no number: `{step}`")));
    };
    let own = named(cells, gather, Role::Id).or_else(|| named(cells, gather, Role::Name));
    let stem = place.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let run = gather.curves.run(own.unwrap_or(stem).as_bytes(), place)?;
    for (name, value) in cells {
        let metric = gather.curves.metric(name.as_bytes(), place)?;
        let Some((role, _)) = gather.curves.metrics[metric].role else { continue };
        let Ok(value) = value.trim().parse::<f64>() else { continue };
        if role.is_loss() && value <= 0.0 {
            return Ok(Err(format!("`{name}` is not above zero: {value}")));
        }
        gather.curves.push(run, metric, step, value);
    }
    Ok(Ok(()))
}

/// A run whose settings and results stand side by side.
fn plain_run(
    cells: &[(String, String)],
    place: &Origin,
    gather: &mut Gather<'_>,
) -> Result<Draft, String> {
    let options = gather.options;
    let mut facts = Facts::new(Draft::new(place.file.clone(), place.line), &options.map);
    facts.take_results = true;
    for (name, value) in cells {
        facts.say(name, value);
    }
    let bad = facts.bad.take();
    let draft = facts.finish(&place.file, gather);
    match bad {
        Some(why) => Err(why),
        None if draft.get(Role::Loss).or(draft.get(Role::TrainLoss)).is_none() => {
            Err("no key of it looks like a loss".to_owned())
        }
        None => Ok(draft),
    }
}

/// The value under the best name for a role, or under the name that `--map` gives it.
fn named(cells: &[(String, String)], gather: &mut Gather<'_>, role: Role) -> Option<String> {
    if let Some(mapped) = gather.options.map.get(&role) {
        let found = cells.iter().find(|(name, _)| name == mapped)?;
        gather.mapped.insert(role);
        return Some(found.1.clone());
    }
    let fitting = cells.iter().filter_map(|(name, value)| {
        let (found, rank) = guess(name)?;
        (found == role).then_some((rank, value))
    });
    fitting.min_by_key(|(rank, _)| *rank).map(|(_, value)| value.clone())
}

/// Tells every plain value under its path.
fn flatten(
    object: &Map<String, Value>,
    path: &str,
    separator: char,
    tell: &mut dyn FnMut(&str, Cow<'_, str>),
) {
    for (key, value) in object {
        let name = if path.is_empty() { key.clone() } else { format!("{path}{separator}{key}") };
        match value {
            // The raw form of a W&B config: {"lr": {"desc": null, "value": 0.1}}.
            Value::Object(inner) if inner.len() <= 2 && inner.contains_key("value") => {
                let plain: Map<String, Value> =
                    inner.get("value").map(|v| (key.clone(), v.clone())).into_iter().collect();
                flatten(&plain, path, separator, tell);
            }
            Value::Object(inner) => flatten(inner, &name, separator, tell),
            Value::String(text) => tell(&name, Cow::Borrowed(text)),
            Value::Number(number) => tell(&name, Cow::Owned(number.to_string())),
            Value::Null | Value::Bool(_) | Value::Array(_) => {}
        }
    }
}

/// A line as an object. Python writes NaN and Infinity bare, which is not JSON.
fn parse(line: &[u8]) -> Result<Map<String, Value>, String> {
    let parsed = serde_json::from_slice(line)
        .or_else(|first| serde_json::from_slice(&quote_non_finite(line)).map_err(|_| first));
    match parsed {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("it is no JSON object".to_owned()),
        Err(e) => Err(format!("it is no JSON ({e})")),
    }
}

/// Puts quotes around NaN and ±Infinity outside strings.
fn quote_non_finite(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len() + 16);
    let (mut at, mut in_string) = (0, false);
    while at < line.len() {
        let word = [&b"-Infinity"[..], b"Infinity", b"NaN"]
            .into_iter()
            .find(|word| !in_string && line[at..].starts_with(word));
        if let Some(word) = word {
            out.push(b'"');
            out.extend_from_slice(word);
            out.push(b'"');
            at += word.len();
            continue;
        }
        out.push(line[at]);
        if in_string && line[at] == b'\\' {
            at += 1;
            out.extend(line.get(at));
        } else if line[at] == b'"' {
            in_string = !in_string;
        }
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_nan_is_read_as_python_writes_it() {
        let object = parse(br#"{"a": NaN, "b": [-Infinity, "NaN \" NaN"]}"#).unwrap();
        assert_eq!(object["a"], "NaN");
        assert_eq!(object["b"][0], "-Infinity");
        assert_eq!(object["b"][1], "NaN \" NaN");
    }

    #[test]
    fn nested_and_wrapped_settings_are_told_by_their_paths() {
        let object = parse(br#"{"a": {"b": 1}, "lr": {"desc": null, "value": 0.1}}"#).unwrap();
        let mut told = vec![];
        flatten(&object, "", '.', &mut |name, value| told.push(format!("{name}={value}")));
        assert_eq!(told, ["a.b=1", "lr=0.1"]);
    }
}

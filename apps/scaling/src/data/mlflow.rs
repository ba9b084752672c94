//! MLflow's run folders: `meta.yaml`, a file a parameter, a file a metric with a line a value.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::Origin;
use super::draft::Draft;
use super::facts::Facts;
use super::gather::Gather;
use super::lines::Lines;
use super::source::Source;
use crate::Error;

/// What is read of a parameter.
const MAX_PARAM_BYTES: u64 = 16 * 1024;
/// How deep metrics may be nested: `val/loss` is a file in a folder.
const MAX_DEPTH: usize = 8;

/// What a `meta.yaml` is of.
pub(super) enum Meta {
    Experiment { name: Option<String> },
    Run(RunMeta),
}

pub(super) struct RunMeta {
    id: String,
    name: Option<String>,
    status: Option<String>,
    pub is_deleted: bool,
}

/// Reads the `meta.yaml` of a folder; none where it has none.
pub(super) fn meta(folder: &Path) -> Result<Option<Meta>, Error> {
    let path = folder.join("meta.yaml");
    if !path.is_file() {
        return Ok(None);
    }
    let text = short_text(&path)?;
    let value = |keys: &[&str]| {
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        let found = lines.find(|(key, _)| keys.contains(&key.trim()));
        let plain = found.map(|(_, value)| value.trim().trim_matches(['\'', '"']).to_owned());
        plain.filter(|value| !value.is_empty() && value != "null")
    };
    Ok(match value(&["run_id", "run_uuid"]) {
        Some(id) => Some(Meta::Run(RunMeta {
            id,
            name: value(&["run_name"]),
            status: value(&["status"]),
            is_deleted: value(&["lifecycle_stage"]).is_some_and(|stage| stage == "deleted"),
        })),
        None if value(&["experiment_id"]).is_some() => {
            Some(Meta::Experiment { name: value(&["name"]) })
        }
        None => None,
    })
}

/// Reads the run in a folder.
pub(super) fn read_run(
    folder: &Path,
    meta: RunMeta,
    experiment: Option<&str>,
    gather: &mut Gather<'_>,
) -> Result<(), Error> {
    let mut draft = Draft::new(folder.to_owned(), None);
    draft.id = Some(meta.id.clone());
    draft.name = meta.name;
    draft.group = experiment.filter(|name| *name != "Default").map(str::to_owned);
    draft.state = meta.status.map(|status| state(&status));
    let options = gather.options;
    let mut facts = Facts::new(draft, &options.map);
    let mut names = vec![];
    for (name, path) in files(&folder.join("params"))? {
        facts.say(&name, short_text(&path)?.trim());
        names.push(name);
    }
    let draft = facts.finish(folder, gather);
    gather.know_names(folder, &names);
    for (name, path) in files(&folder.join("metrics"))? {
        read_metric(&meta.id, &name, &path, gather)?;
    }
    gather.add(draft)
}

/// `RunStatus` of MLflow's protocol; new files have the number, old ones may have the word.
fn state(status: &str) -> String {
    match status {
        "1" => "running",
        "2" => "scheduled",
        "3" => "finished",
        "4" => "failed",
        "5" => "killed",
        other => return other.to_ascii_lowercase(),
    }
    .to_owned()
}

/// A line is `timestamp value step`, in old files without the step.
fn read_metric(id: &str, name: &str, path: &Path, gather: &mut Gather<'_>) -> Result<(), Error> {
    let place = Origin { file: path.to_owned(), line: None };
    let metric = gather.curves.metric(name.as_bytes(), &place)?;
    let Some((role, _)) = gather.curves.metrics[metric].role else { return Ok(()) };
    let run = gather.curves.run(id.as_bytes(), &place)?;
    let source = Source::open(path)?;
    let limit = gather.options.limits.n_row_bytes;
    let mut lines = Lines::new(path.to_owned(), source.into_reader(), limit);
    while let Some((number, line)) = lines.next_line()? {
        gather.n_rows += 1;
        match point(line) {
            Some((_, value)) if role.is_loss() && value <= 0.0 => {
                gather.reject(path, number, format!("`{name}` is not above zero: {value}"));
            }
            Some((step, value)) => gather.curves.push(run, metric, step, value),
            None => {
                let why = "it is not `timestamp value step`";
                gather.reject(path, number, why.to_owned());
            }
        }
    }
    Ok(())
}

fn point(line: &[u8]) -> Option<(f64, f64)> {
    let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let _timestamp: f64 = words.next()?.parse().ok()?;
    let value = words.next()?.parse().ok()?;
    let step: f64 = words.next().map_or(Ok(0.0), str::parse).ok()?;
    (step.is_finite() && step >= 0.0).then_some((step, value))
}

/// The files below a folder by their path in it, in order.
fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let mut found = vec![];
    let mut open = vec![(String::new(), folder.to_owned(), 0)];
    while let Some((prefix, folder, depth)) = open.pop() {
        let io = |source| Error::Io { path: folder.clone(), source };
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(io)?;
            if kind.is_file() {
                found.push((name, entry.path()));
            } else if kind.is_dir() && depth < MAX_DEPTH {
                open.push((format!("{name}/"), entry.path(), depth + 1));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn short_text(path: &Path) -> Result<String, Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let mut bytes = vec![];
    fs::File::open(path).map_err(io)?.take(MAX_PARAM_BYTES).read_to_end(&mut bytes).map_err(io)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

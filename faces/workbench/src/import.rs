//! Runs that an earlier Fieldkit wrote as folders, taken over into the records of now. The only
//! place that knows that layout: `FOLDER/runs/ID/` with `run.json`, `metrics.csv` and
//! `artifacts/`. It is only read.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use record::{Journal, Status};
use tracking::{Batch, Metric, NewRun, Query, Run, RunChange, RunStatus, limits};

use crate::recorder::cut;
use crate::recording::input;
use crate::{Error, Workbench, tag};

/// The first line of `metrics.csv`. The name stands last: it is the only one that may hold a comma.
const METRICS_HEADER: &str = "step,value,metric";

/// What an import did.
#[derive(Debug, Default)]
pub struct Imported {
    /// How many runs were taken over.
    pub n_runs: usize,
    /// How many were there already, from an import before.
    pub n_known: usize,
    /// Why others were not.
    pub errors: Vec<Error>,
}

/// Takes over every run of an old folder. Done again, it takes only what is new.
///
/// # Errors
/// There is no such folder, or nothing can be written. A damaged run does not keep the others.
pub fn import(
    folder: &Path,
    workbench: &Workbench,
    live: &mut dyn Journal,
) -> Result<Imported, Error> {
    let runs = folder.join("runs");
    if !runs.is_dir() {
        return Err(Error::refused(
            format!("there are no runs in {}", folder.display()),
            "name the folder that holds `runs/`, such as fieldkit-data",
        ));
    }
    let mut folders = Vec::new();
    for entry in fs::read_dir(&runs).map_err(Error::read(&runs))? {
        folders.push(entry.map_err(Error::read(&runs))?.path());
    }
    folders.retain(|folder| folder.join("run.json").is_file());
    folders.sort();
    let mut done = Imported::default();
    let mut known = KnownIds::default();
    for (run_idx, folder) in folders.iter().enumerate() {
        live.progress("runs imported", run_idx as u64, folders.len() as u64);
        match import_run(folder, workbench, &mut known) {
            Ok(true) => done.n_runs += 1,
            Ok(false) => done.n_known += 1,
            Err(error @ (Error::Unavailable(_) | Error::Broken(_))) => return Err(error),
            Err(error) => done.errors.push(error),
        }
    }
    live.progress("runs imported", folders.len() as u64, folders.len() as u64);
    Ok(done)
}

/// The old ids that each experiment has already.
#[derive(Default)]
struct KnownIds(std::collections::BTreeMap<String, BTreeSet<String>>);

impl KnownIds {
    fn of(&mut self, workbench: &Workbench, experiment: &str) -> Result<&BTreeSet<String>, Error> {
        if !self.0.contains_key(experiment) {
            let mut ids = BTreeSet::new();
            let mut query =
                Query { filter: format!("tags.`{}` != ''", tag::IMPORTED), ..Query::default() };
            loop {
                let page = workbench.search_runs(&[experiment.to_owned()], &query)?;
                ids.extend(
                    page.items.iter().filter_map(|run| run.tags.get(tag::IMPORTED)).cloned(),
                );
                query.page_token = page.next_page_token;
                if query.page_token.is_none() {
                    break;
                }
            }
            self.0.insert(experiment.to_owned(), ids);
        }
        Ok(self.0.entry(experiment.to_owned()).or_default())
    }
}

/// Takes one run over; false where it was before.
fn import_run(folder: &Path, workbench: &Workbench, known: &mut KnownIds) -> Result<bool, Error> {
    let old = read_run(folder)?;
    let experiment_id = workbench.experiment(&old.application)?;
    if known.of(workbench, &experiment_id)?.contains(&old.id) {
        return Ok(false);
    }
    // All is read before anything is written.
    let started_ms = milliseconds(folder, &old.started)?;
    let ended_ms = old.ended.as_deref().map(|ended| milliseconds(folder, ended)).transpose()?;
    let metrics = read_metrics(&folder.join("metrics.csv"), started_ms)?;
    let files = read_files(&folder.join("artifacts"))?;

    let run = workbench.create_run(NewRun {
        experiment_id,
        name: Some(old.command.clone()),
        user: "unknown".to_owned(),
        started_ms: Some(started_ms),
        tags: Vec::new(),
    })?;
    if !old.inputs.is_empty() {
        workbench.log_inputs(&run.id, old.inputs.iter().map(input).collect())?;
    }
    for some in metrics.chunks(limits::METRICS_PER_BATCH) {
        workbench.log_batch(&run.id, Batch { metrics: some.to_vec(), ..Batch::default() })?;
    }
    for (name, path) in files {
        let bytes = fs::read(&path).map_err(Error::read(&path))?;
        workbench.put_file(&run, &name, &bytes)?;
    }
    end(workbench, &run, &old, ended_ms)?;
    Ok(true)
}

/// Settings and tags come last: with the tag that says where it is from, the run is whole.
fn end(
    workbench: &Workbench,
    run: &Run,
    old: &record::Run,
    ended_ms: Option<i64>,
) -> Result<(), Error> {
    let settings: Vec<(String, String)> = old
        .params
        .iter()
        .filter(|(key, _)| *key != "command_line")
        .map(|(key, value)| (key.clone(), cut(value, limits::PARAM_VALUE)))
        .collect();
    for some in settings.chunks(limits::PARAMS_PER_BATCH) {
        workbench.log_batch(&run.id, Batch { params: some.to_vec(), ..Batch::default() })?;
    }
    let notes = (!old.notes.is_empty()).then(|| old.notes.join("\n"));
    let tags = [
        (tag::APPLICATION, Some(old.application.clone())),
        (tag::COMMAND, Some(old.command.clone())),
        (tag::COMMAND_LINE, old.params.get("command_line").cloned()),
        (tag::VERSION, Some(old.code_version.clone())),
        (tag::SEED, old.seed.map(|seed| seed.to_string())),
        (tag::NOTES, notes),
        (tag::ERROR, old.error.clone()),
        (tag::SOURCE_NAME, Some("fieldkit".to_owned())),
        (tag::SOURCE_TYPE, Some("LOCAL".to_owned())),
        (tag::IMPORTED, Some(old.id.clone())),
    ];
    let said = |(key, value): (&str, Option<String>)| {
        value.map(|value| (key.to_owned(), cut(&value, limits::TAG_VALUE)))
    };
    let status = match old.status {
        Status::Finished => RunStatus::Finished,
        Status::Failed => RunStatus::Failed,
        // Its process died without a word long ago.
        Status::Running => RunStatus::Killed,
    };
    workbench.update_run(&run.id, RunChange { status: Some(status), ended_ms, name: None })?;
    let tags = tags.into_iter().filter_map(said).collect();
    workbench.log_batch(&run.id, Batch { tags, ..Batch::default() })
}

fn read_run(folder: &Path) -> Result<record::Run, Error> {
    let path = folder.join("run.json");
    let json = fs::read(&path).map_err(Error::read(&path))?;
    serde_json::from_slice(&json).map_err(|error| {
        let what = format!("not the record of a run ({error})");
        Error::damaged(&path, what, "restore the file, or remove the run's folder")
    })
}

fn milliseconds(folder: &Path, time: &str) -> Result<i64, Error> {
    time.parse::<Timestamp>().map(Timestamp::as_millisecond).map_err(|error| {
        let what = format!("`{time}` is not a time ({error})");
        Error::damaged(&folder.join("run.json"), what, "write it as 2025-01-02T03:04:05Z")
    })
}

/// Each metric in the order they came. Of their times only the order is known. A last line without
/// its end, as a killed process leaves, is not taken: half a number is a wrong number.
fn read_metrics(path: &Path, started_ms: i64) -> Result<Vec<Metric>, Error> {
    let csv = match fs::read_to_string(path) {
        Ok(csv) => csv,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::read(path)(error)),
    };
    let mut metrics = Vec::new();
    for (line_idx, line) in csv.split_inclusive('\n').enumerate() {
        let Some(whole) = line.strip_suffix('\n') else { break };
        if line_idx == 0 && whole == METRICS_HEADER {
            continue;
        }
        let Some((key, step, value)) = measured(whole) else {
            let what = format!("line {} is not `{METRICS_HEADER}`", line_idx + 1);
            return Err(Error::damaged(path, what, "restore the file, or remove that line"));
        };
        let timestamp_ms = started_ms + line_idx as i64;
        metrics.push(Metric { key: speakable(&key), value, timestamp_ms, step });
    }
    Ok(metrics)
}

fn measured(line: &str) -> Option<(String, i64, f64)> {
    let mut fields = line.splitn(3, ',');
    let step = fields.next()?.parse().ok()?;
    let value = fields.next()?.parse().ok()?;
    let key = fields.next().filter(|key| !key.is_empty())?;
    let inside = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
    Some((inside.map_or_else(|| key.to_owned(), |key| key.replace("\"\"", "\"")), step, value))
}

/// The name with `_` for each letter that MLflow's names cannot have.
fn speakable(key: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-. :/".contains(c);
    key.chars().map(|c| if is_plain(c) { c } else { '_' }).collect()
}

/// Every file below a folder, by its name relative to it.
fn read_files(artifacts: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let mut files = Vec::new();
    let mut folders = vec![(String::new(), artifacts.to_owned())];
    while let Some((prefix, folder)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::read(&folder)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(Error::read(&folder))?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            // A link may lead anywhere; the old program made none.
            let kind = entry.file_type().map_err(Error::read(&entry.path()))?;
            if kind.is_dir() {
                folders.push((format!("{name}/"), entry.path()));
            } else if kind.is_file() {
                files.push((name, entry.path()));
            }
        }
    }
    Ok(files)
}

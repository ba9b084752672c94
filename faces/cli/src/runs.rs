//! `fieldkit runs`: what was recorded, newest first, and one run in full.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tracking::{Experiment, Query, Run, View};
use workbench::{Error, File, Workbench, tag};

use crate::records::{Records, Search, every_page, time};
use crate::scaling::print;
use crate::terminal::{Live, say};

/// See `Command::Runs`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Runs {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    list: List,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    records: Records,
}

#[derive(Args)]
struct List {
    /// Only runs of this experiment; Fieldkit's experiments are its applications.
    #[arg(long, value_name = "NAME")]
    experiment: Option<String>,
    #[command(flatten)]
    search: Search,
}

#[derive(Subcommand)]
enum What {
    /// List runs, newest first: as without a word.
    #[command(visible_alias = "search")]
    List(List),
    /// Show one run: settings, inputs, last metrics and files.
    Show {
        /// The run's id, or as much of its beginning as only one run has; the newest run where
        /// nothing is said.
        id: Option<String>,
    },
    /// Take over runs that an earlier Fieldkit wrote as folders (`runs/ID/run.json`).
    Import {
        /// The folder that holds `runs/`. It is only read.
        folder: PathBuf,
    },
}

pub(crate) fn run(args: &Runs) -> Result<()> {
    match &args.what {
        None => list(args, &args.list),
        Some(What::List(chosen)) => list(args, chosen),
        Some(What::Show { id }) => show(args, id.as_deref().unwrap_or_default()),
        Some(What::Import { folder }) => import(args, folder),
    }
}

fn list(args: &Runs, chosen: &List) -> Result<()> {
    let mut found = Vec::new();
    let mut experiments = BTreeMap::new();
    if let Some(workbench) = args.records.open()? {
        experiments = experiments_of(&workbench, chosen.experiment.as_deref())?;
        let ids: Vec<String> = experiments.keys().cloned().collect();
        found = workbench.search_runs(&ids, &chosen.search.query())?.items;
    }
    let of = |run: &Run| experiments.get(&run.experiment_id).cloned().unwrap_or_default();
    if args.json {
        let all: Vec<Value> = found.iter().map(|run| in_json(run, &of(run))).collect();
        return print(&serde_json::to_string_pretty(&all)?);
    }
    if found.is_empty() {
        say(&format!("no runs in {}", args.records.place()));
        return Ok(());
    }
    let width = found.iter().map(|run| of(run).chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for run in &found {
        let id: String = run.id.chars().take(12).collect();
        let (status, started) = (status(run), time(run.started_ms));
        let (experiment, name) = (of(run), &run.name);
        let _ = writeln!(text, "{id}  {started}  {status:<9}  {experiment:<width$}  {name}");
    }
    print(&text)
}

/// The names of experiments by id: all of them, or the one of that name.
fn experiments_of(
    workbench: &Workbench,
    name: Option<&str>,
) -> Result<BTreeMap<String, String>, Error> {
    let all = every_page(Query::default(), |query| workbench.search_experiments(query))?;
    let mut names: BTreeMap<String, String> =
        all.into_iter().map(|Experiment { id, name, .. }| (id, name)).collect();
    if let Some(name) = name {
        names.retain(|_, experiment| experiment == name);
        if names.is_empty() {
            return Err(Error::Refused {
                what: format!("there is no experiment `{name}`"),
                hint: "`fieldkit experiments` lists them".to_owned(),
            });
        }
    }
    Ok(names)
}

fn show(args: &Runs, beginning: &str) -> Result<()> {
    let (workbench, run) = find(&args.records, beginning)?;
    let experiments = experiments_of(&workbench, None)?;
    let experiment = experiments.get(&run.experiment_id).cloned().unwrap_or_default();
    // Files may be kept by another program: the rest is worth showing.
    let files = workbench.files(&run).unwrap_or_else(|error| {
        say(&format!("note: {error}"));
        Vec::new()
    });
    if args.json {
        let mut json = in_json(&run, &experiment);
        json["files"] =
            files.iter().map(|file| json!({"name": file.name, "n_bytes": file.n_bytes})).collect();
        return print(&serde_json::to_string_pretty(&json)?);
    }
    print(&in_full(&run, &experiment, &files))
}

/// The one run whose id begins so.
fn find(records: &Records, beginning: &str) -> Result<(Workbench, Run), Error> {
    let refused = |what: String, hint: &str| Error::Refused { what, hint: hint.to_owned() };
    let place = records.place();
    if !beginning.chars().all(|c| c.is_ascii_hexdigit()) {
        let what = format!("`{}` is not the id of a run", beginning.escape_debug());
        return Err(refused(what, "`fieldkit runs` lists the ids"));
    }
    let none = || refused(format!("there are no runs in {place}"), "say where with --data");
    let workbench = records.open()?.ok_or_else(none)?;
    let ids: Vec<String> = experiments_of(&workbench, None)?.into_keys().collect();
    let filter = match beginning {
        "" => String::new(),
        _ => format!("attributes.run_id LIKE '{}%'", beginning.to_ascii_lowercase()),
    };
    let max_results = if beginning.is_empty() { 1 } else { 1000 };
    let query = Query { filter, max_results, view: View::All, ..Query::default() };
    let mut found = workbench.search_runs(&ids, &query)?.items;
    match (found.len(), found.pop()) {
        (1, Some(run)) => Ok((workbench, run)),
        (n, Some(run)) => Err(refused(
            format!("{n} runs begin with `{beginning}`"),
            &format!("say more of it, such as {}", run.id),
        )),
        (_, None) if beginning.is_empty() => Err(none()),
        (_, None) => {
            let what = format!("there is no run `{beginning}` in {place}");
            Err(refused(what, "`fieldkit runs` lists the ids"))
        }
    }
}

fn import(args: &Runs, folder: &Path) -> Result<()> {
    let workbench = Workbench::open(&args.records.place())?;
    let done = workbench::import(folder, &workbench, &mut Live::new(None)?)?;
    for error in &done.errors {
        say(&format!("warning: not imported: {error}"));
    }
    if args.json {
        let failed: Vec<String> = done.errors.iter().map(ToString::to_string).collect();
        let json = json!({"imported": done.n_runs, "known": done.n_known, "failed": failed});
        return print(&serde_json::to_string_pretty(&json)?);
    }
    let known = match done.n_known {
        0 => String::new(),
        n => format!(", {n} were there already"),
    };
    print(&format!("{} runs imported into {}{known}", done.n_runs, args.records.place()))
}

fn in_full(run: &Run, experiment: &str, files: &[File]) -> String {
    let mut text = String::new();
    let mut line = |what: &str, value: &str| {
        let _ = writeln!(text, "{what:<11} {}", value.replace('\n', "\n            "));
    };
    let told = |key: &str| run.tags.get(key).map(String::as_str);
    line("run", &run.id);
    line("name", &run.name);
    line("experiment", experiment);
    line("status", status(run));
    line("started", &time(run.started_ms));
    line("ended", &time(run.ended_ms));
    line("user", &run.user);
    let of_ours = [
        ("version", tag::VERSION),
        ("seed", tag::SEED),
        ("command", tag::COMMAND_LINE),
        ("error", tag::ERROR),
        ("note", tag::NOTES),
    ];
    for (what, value) in of_ours.into_iter().filter_map(|(what, key)| Some((what, told(key)?))) {
        line(what, value);
    }
    section(
        &mut text,
        "inputs",
        run.inputs
            .iter()
            .map(|input| (input.dataset.name.clone(), format!("digest {}", input.dataset.digest))),
    );
    section(&mut text, "settings", run.params.clone().into_iter());
    let metrics = run.metrics.iter().map(|metric| (metric.key.clone(), metric.value.to_string()));
    section(&mut text, "metrics", metrics);
    let is_other = |key: &str| !key.starts_with("fieldkit.") && !key.starts_with("mlflow.");
    section(&mut text, "tags", run.tags.clone().into_iter().filter(|(key, _)| is_other(key)));
    let sized = |file: &File| format!("{} bytes", file.n_bytes.unwrap_or_default());
    section(&mut text, "files", files.iter().map(|file| (file.name.clone(), sized(file))));
    text
}

fn section(text: &mut String, title: &str, rows: impl Iterator<Item = (String, String)>) {
    let rows: Vec<_> = rows.collect();
    let width = rows.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0);
    if !rows.is_empty() {
        let _ = writeln!(text, "\n{title}");
    }
    for (key, value) in rows {
        let _ = writeln!(text, "  {key:<width$}  {value}");
    }
}

fn in_json(run: &Run, experiment: &str) -> Value {
    let metrics: serde_json::Map<String, Value> =
        run.metrics.iter().map(|metric| (metric.key.clone(), real(metric.value))).collect();
    let inputs: Vec<Value> = run
        .inputs
        .iter()
        .map(|input| json!({"name": input.dataset.name, "digest": input.dataset.digest}))
        .collect();
    json!({
        "id": run.id,
        "name": run.name,
        "experiment": experiment,
        "status": run.status.name(),
        "started_ms": run.started_ms,
        "ended_ms": run.ended_ms,
        "user": run.user,
        "params": run.params,
        "metrics": metrics,
        "tags": run.tags,
        "inputs": inputs,
    })
}

/// JSON has no words for what is not finite.
fn real(value: f64) -> Value {
    match value {
        value if value.is_finite() => json!(value),
        value if value.is_nan() => json!("NaN"),
        value if value > 0.0 => json!("Infinity"),
        _ => json!("-Infinity"),
    }
}

fn status(run: &Run) -> &'static str {
    use tracking::RunStatus as Status;
    match run.status {
        Status::Running => "running",
        Status::Scheduled => "scheduled",
        Status::Finished => "finished",
        Status::Failed => "failed",
        Status::Killed => "killed",
    }
}

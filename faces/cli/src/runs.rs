//! `fieldkit runs`: what was recorded, newest first, and one run in full.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use record::{Run, Status};
use serde_json::json;

use crate::scaling::print;
use crate::terminal::say;

/// See `Command::Runs`.
#[derive(Args)]
pub(crate) struct Runs {
    #[command(subcommand)]
    what: Option<What>,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
    /// Where runs are recorded.
    #[arg(
        long,
        global = true,
        env = "FIELDKIT_DATA",
        default_value = "fieldkit-data",
        value_name = "FOLDER"
    )]
    data: PathBuf,
}

#[derive(Subcommand)]
enum What {
    /// Show one run: settings, inputs, last metrics and files.
    Show {
        /// The run's id, or as much of its beginning as only one run has; the newest run where
        /// nothing is said.
        id: Option<String>,
    },
}

pub(crate) fn run(args: &Runs) -> Result<()> {
    match &args.what {
        None => list(args),
        Some(What::Show { id }) => show(args, id.as_deref().unwrap_or_default()),
    }
}

fn list(args: &Runs) -> Result<()> {
    let mut all = workbench::runs(&args.data)?;
    for error in &all.unreadable {
        say(&format!("note: {error}"));
    }
    all.runs.reverse();
    if args.json {
        return print(&serde_json::to_string_pretty(&all.runs)?);
    }
    if all.runs.is_empty() {
        say(&format!("no runs in {}", args.data.display()));
        return Ok(());
    }
    let mut text = String::new();
    for run in &all.runs {
        let what = format!("{} {}", run.application, run.command);
        let _ = writeln!(
            text,
            "{}  {:<8}  {:<16}  {}",
            run.id,
            status(run.status),
            what,
            inputs_in_short(run)
        );
    }
    print(&text)
}

fn show(args: &Runs, beginning: &str) -> Result<()> {
    let run = find(&args.data, beginning)?;
    let folder = workbench::run_folder(&args.data, &run.id)?;
    if args.json {
        let mut json = serde_json::to_value(&run)?;
        json["folder"] = json!(folder);
        return print(&serde_json::to_string_pretty(&json)?);
    }
    print(&in_full(&run, &folder))
}

/// The one run whose id begins so.
fn find(data: &Path, beginning: &str) -> Result<Run> {
    let mut found = workbench::runs(data)?.runs;
    if beginning.is_empty() {
        let newest = found.pop().ok_or_else(|| workbench::Error::Refused {
            what: format!("there are no runs in {}", data.display()),
            hint: "say where they are with --data".to_owned(),
        });
        return Ok(newest?);
    }
    found.retain(|run| run.id.starts_with(beginning));
    match found.as_slice() {
        [one] => Ok(one.clone()),
        // Nothing begins so, or the file is damaged: the record says which.
        [] => Ok(workbench::run(data, beginning)?),
        several => Err(workbench::Error::Refused {
            what: format!("{} runs begin with `{beginning}`", several.len()),
            hint: format!("say more of it, such as {}", several[several.len() - 1].id),
        })?,
    }
}

fn in_full(run: &Run, folder: &Path) -> String {
    let mut text = String::new();
    let mut line = |what: &str, value: &str| {
        let _ = writeln!(text, "{what:<9} {value}");
    };
    line("run", &run.id);
    line("what", &format!("{} {}", run.application, run.command));
    line("status", status(run.status));
    line("started", &run.started);
    line("ended", run.ended.as_deref().unwrap_or("-"));
    line("version", &run.code_version);
    line("seed", &run.seed.map_or_else(|| "-".to_owned(), |seed| seed.to_string()));
    line("folder", &folder.display().to_string());
    if let Some(error) = &run.error {
        line("error", &error.replace('\n', "\n          "));
    }
    for note in &run.notes {
        line("note", note);
    }
    section(&mut text, "inputs", run.inputs.iter().map(|i| (&i.name, sized(&i.digest, i.n_bytes))));
    section(&mut text, "settings", run.params.iter().map(|(key, value)| (key, value.clone())));
    section(&mut text, "metrics", run.metrics.iter().map(|(key, value)| (key, value.to_string())));
    let files = run.artifacts.iter().map(|a| (&a.name, sized(&a.digest, a.n_bytes)));
    section(&mut text, "files", files);
    text
}

fn section<'a>(text: &mut String, title: &str, rows: impl Iterator<Item = (&'a String, String)>) {
    let rows: Vec<_> = rows.collect();
    let width = rows.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0);
    if !rows.is_empty() {
        let _ = writeln!(text, "\n{title}");
    }
    for (key, value) in rows {
        let _ = writeln!(text, "  {key:<width$}  {value}");
    }
}

fn sized(digest: &record::Digest, n_bytes: u64) -> String {
    format!("{n_bytes} bytes, sha256 {digest}")
}

fn inputs_in_short(run: &Run) -> String {
    let names = run.inputs.iter().map(|input| {
        let path = Path::new(&input.name);
        path.file_name().map_or(input.name.clone(), |name| name.to_string_lossy().into_owned())
    });
    names.collect::<Vec<_>>().join(", ")
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Running => "running",
        Status::Finished => "finished",
        Status::Failed => "failed",
    }
}

//! What every command that computes shares: where its result goes, and how it is recorded.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use record::Journal;
use serde_json::Value;
use workbench::Place;

use crate::records::Records;
use crate::terminal::{Live, say};

/// Where results go.
#[derive(Args)]
pub(crate) struct Output {
    /// Print JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Also write a report with pictures to this HTML file.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Do not record this as a run.
    #[arg(long)]
    pub(crate) no_record: bool,
    #[command(flatten)]
    pub(crate) records: Records,
}

/// What is about to be done.
pub(crate) struct Work<'a> {
    /// The application, such as `scaling`.
    pub(crate) application: &'a str,
    /// The word that asks for it.
    pub(crate) command: &'a str,
    /// The words of the application that give `report.html`.
    pub(crate) with_pictures: &'a [&'a str],
    /// What it reads.
    pub(crate) inputs: &'a [PathBuf],
    /// The seed of everything random in it.
    pub(crate) seed: Option<u64>,
}

/// Does `work` as a run: shown on the terminal and, unless `--no-record`, recorded with its
/// inputs, settings and files. The artifact `report.html` is also written to where `--html` says.
pub(crate) fn recorded<T>(
    output: &Output,
    what: &Work,
    work: impl FnOnce(&mut dyn Journal) -> Result<T>,
) -> Result<T> {
    let Work { application, command, with_pictures, inputs, seed } = *what;
    if output.html.is_some() && !with_pictures.contains(&command) {
        return Err(no_pictures(command, with_pictures));
    }
    let mut live = Live::new(output.html.as_deref())?;
    let outcome = if output.no_record {
        work(&mut live)
    } else {
        let words = &words_after(command);
        let what = workbench::Work { application, command, words, inputs, seed };
        let place = output.records.place();
        let recorded = workbench::record_run(&place, &what, &mut live, work);
        tell(&place, &recorded);
        recorded.outcome
    };
    let done = outcome?;
    live.close(command)?;
    Ok(done)
}

fn no_pictures(command: &str, with: &[&str]) -> anyhow::Error {
    let what = format!("`{command}` has no report with pictures");
    workbench::Error::Refused {
        what,
        hint: format!("leave out --html; {} have one", with.join(", ")),
    }
    .into()
}

/// Says where the record is. Work that failed before it could be recorded has said enough.
fn tell<T, E>(place: &Place, recorded: &workbench::Recorded<T, E>) {
    match &recorded.run_id {
        Ok(id) if recorded.outcome.is_ok() => say(&format!("recorded as run {id}")),
        Ok(id) => say(&format!("recorded as run {id} (failed)")),
        Err(error) if recorded.outcome.is_ok() => {
            say(&format!("warning: the work is done but not recorded whole in {place}: {error}"));
        }
        Err(_) => {}
    }
}

/// What was typed after the command, to do it again. A password in a URL is not for the record.
fn words_after(command: &str) -> String {
    let typed = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let mut after = typed.skip_while(|word| word != command).skip(1);
    let mut words = Vec::new();
    while let Some(word) = after.next() {
        match word.split_once('=').map_or(word.as_str(), |(option, _)| option) {
            "--database" | "--server" if word.contains('=') => {}
            "--database" | "--server" => drop(after.next()),
            _ => words.push(quoted(&word)),
        }
    }
    words.join(" ")
}

/// The word as a shell wants it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_=.,/:+@%".contains(c);
    let is_plain = !word.is_empty() && word.chars().all(plain);
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// Prints the result: JSON where `--json` asks for it, else text.
pub(crate) fn show(output: &Output, text: &str, json: &Value) -> Result<()> {
    show_as(output.json, text, json)
}

/// The same, for commands that are not recorded.
pub(crate) fn show_as(is_json: bool, text: &str, json: &Value) -> Result<()> {
    if is_json { print(&serde_json::to_string_pretty(json)?) } else { print(text) }
}

pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.trim_end().as_bytes()).and_then(|()| out.write_all(b"\n"));
    written.and_then(|()| out.flush()).context("cannot write to stdout")
}

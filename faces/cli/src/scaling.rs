//! `fieldkit scaling …`: one file a command, and what they share.

mod args;
mod batch;
mod compare;
mod curve;
mod fit;
mod laws;
mod logs;
mod next;
mod plan;
mod stop;
mod sweep;
mod words;

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use record::Journal;
use scaling::Error;
use scaling::model::{self, Law};
use serde_json::Value;
use workbench::Place;

use crate::terminal::{Live, say};
use args::Output;

/// What the planner can do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Fit laws to runs, with intervals and a score on compute that they have not seen.
    Fit(fit::FitArgs),
    /// List the laws, or show one with its published constants.
    Laws(laws::Laws),
    /// From a budget to a training run: size, tokens, batch, steps, learning rate, loss and cost.
    Plan(Box<plan::PlanArgs>),
    /// Steps against examples at one loss: how large a batch may be.
    Batch(batch::BatchArgs),
    /// What a run would have come to under another schedule of the learning rate.
    Curve(curve::CurveArgs),
    /// When to stop: the bound of early stopping, data against over-fitting, where a run turned up.
    Stop(stop::StopArgs),
    /// Which run would shrink the interval of the plan most.
    Next(next::NextArgs),
    /// How much faster one recipe is than another.
    Compare(compare::CompareArgs),
    /// Train small language models on a text and log what a fit reads.
    Sweep(sweep::SweepArgs),
}

pub(crate) fn run(command: Command) -> Result<()> {
    match command {
        Command::Fit(args) => fit::run(&args),
        Command::Laws(args) => laws::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Batch(args) => batch::run(&args),
        Command::Curve(args) => curve::run(&args),
        Command::Stop(args) => stop::run(&args),
        Command::Next(args) => next::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Sweep(args) => sweep::run(&args),
    }
}

/// The law of that id.
fn law(id: &str) -> Result<&'static Law> {
    let known = || model::LAWS.iter().map(|law| law.id).collect::<Vec<_>>().join(", ");
    Ok(model::law(id).ok_or_else(|| {
        Error::refused(format!("there is no law `{id}`"), format!("write one of {}", known()))
    })?)
}

/// The commands that give `report.html`.
const WITH_PICTURES: [&str; 4] = ["fit", "plan", "batch", "curve"];

/// Does `work` as a run: shown on the terminal and, unless `--no-record`, recorded with its
/// inputs, settings and files. The artifact `report.html` is also written to where `--html` says.
fn recorded<T>(
    output: &Output,
    command: &str,
    inputs: &[PathBuf],
    seed: Option<u64>,
    work: impl FnOnce(&mut dyn Journal) -> Result<T>,
) -> Result<T> {
    if output.html.is_some() && !WITH_PICTURES.contains(&command) {
        let what = format!("`{command}` has no report with pictures");
        let with = WITH_PICTURES.join(", ");
        return Err(Error::refused(what, format!("leave out --html; {with} have one")).into());
    }
    let mut live = Live::new(output.html.as_deref())?;
    let outcome = if output.no_record {
        work(&mut live)
    } else {
        let words = &words_after(command);
        let what = workbench::Work { application: "scaling", command, words, inputs, seed };
        let place = output.records.place();
        let recorded = workbench::record_run(&place, &what, &mut live, work);
        tell(&place, &recorded);
        recorded.outcome
    };
    let done = outcome?;
    live.close(command)?;
    Ok(done)
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
fn show(output: &Output, text: &str, json: &Value) -> Result<()> {
    if output.json { print(&serde_json::to_string_pretty(json)?) } else { print(text) }
}

pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.trim_end().as_bytes()).and_then(|()| out.write_all(b"\n"));
    written.and_then(|()| out.flush()).context("cannot write to stdout")
}

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
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Subcommand;
use record::Journal;
use scaling::Error;
use scaling::model::{self, Law};
use serde_json::Value;

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
        let what = workbench::Work { application: "scaling", command, inputs, seed };
        let recorded = workbench::record_run(&output.data, &what, &mut live, |journal| {
            journal.param("command_line", &command_line());
            work(journal)
        });
        tell(&output.data, &recorded);
        recorded.outcome
    };
    let done = outcome?;
    live.close(command)?;
    Ok(done)
}

/// Says where the record is. Work that failed before it could be recorded has said enough.
fn tell<T, E>(data: &Path, recorded: &workbench::Recorded<T, E>) {
    match &recorded.run {
        Ok(run) if recorded.outcome.is_ok() => say(&format!("recorded as run {}", run.id)),
        Ok(run) => say(&format!("recorded as run {} (failed)", run.id)),
        Err(error) if recorded.outcome.is_ok() => {
            let place = data.display();
            say(&format!("warning: the work is done but not recorded whole in {place}: {error}"));
        }
        Err(_) => {}
    }
}

/// What was typed, to do it again.
fn command_line() -> String {
    let words = std::env::args_os().skip(1).map(|word| {
        let word = word.to_string_lossy().into_owned();
        let plain = |c: char| c.is_alphanumeric() || "-_=.,/:+@%".contains(c);
        let is_plain = !word.is_empty() && word.chars().all(plain);
        if is_plain { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
    });
    std::iter::once("fieldkit".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
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

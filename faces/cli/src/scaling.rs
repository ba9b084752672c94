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
pub(crate) mod words;

use std::path::PathBuf;

use crate::output::{self, Output};
pub(crate) use crate::output::{print, show};
use anyhow::Result;
use clap::Subcommand;
use record::Journal;
use scaling::Error;
use scaling::model::{self, Law};

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

/// Does `work` as a run of the planner. See [`output::recorded`].
fn recorded<T>(
    output: &Output,
    command: &str,
    inputs: &[PathBuf],
    seed: Option<u64>,
    work: impl FnOnce(&mut dyn Journal) -> Result<T>,
) -> Result<T> {
    let what = output::Work {
        application: "scaling",
        command,
        with_pictures: &WITH_PICTURES,
        inputs,
        seed,
    };
    output::recorded(output, &what, work)
}

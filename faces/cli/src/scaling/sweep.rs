//! `fieldkit scaling sweep`: trains runs of our own and logs what a fit reads.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::slice;

use anyhow::{Context as _, Result};
use clap::Args;
use scaling::Error;
use scaling::sweep::{Done, Plan, read_text, sweep};
use serde_json::json;

use crate::output::Output;

/// See `Command::Sweep`.
#[derive(Args)]
pub(crate) struct SweepArgs {
    /// The text to train on, plain or gzip. Its last 5 % are held out. Some tens of megabytes of
    /// one kind are best.
    #[arg(long, value_name = "FILE", required_unless_present = "show_plan")]
    text: Option<PathBuf>,
    /// The folder for checkpoints and tables. Killed at any moment, the same command goes on.
    #[arg(long, value_name = "FOLDER", required_unless_present = "show_plan")]
    out: Option<PathBuf>,
    /// Which runs: micro (seconds), sample (about an hour and a quarter of one core) or full
    /// (some hours).
    #[arg(long, default_value = "micro", conflicts_with = "plan")]
    preset: String,
    /// Which runs, from a JSON file as `--show-plan` prints it.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// How many runs are trained at a time, each on one core.
    #[arg(long, default_value_t = 2, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    workers: u16,
    /// Print the plan as JSON, to be changed and given to `--plan`; nothing is trained.
    #[arg(long)]
    show_plan: bool,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(args: &SweepArgs) -> Result<()> {
    let plan = match &args.plan {
        Some(file) => read_plan(file)?,
        None => Plan::preset(&args.preset)?,
    };
    if args.show_plan {
        return super::print(&serde_json::to_string_pretty(&plan)?);
    }
    if args.output.html.is_some() {
        let hint = "leave out --html; `fieldkit scaling fit` on the folder draws them";
        return Err(Error::refused("a sweep makes no report with pictures", hint).into());
    }
    let (file, out) = args.text.as_ref().zip(args.out.as_ref()).context("no text or no folder")?;
    let done = super::recorded(&args.output, "sweep", slice::from_ref(file), None, |journal| {
        Ok(sweep(&plan, &read_text(file)?, out, args.workers.into(), journal)?)
    })?;
    let tables = ["runs.csv", "history.csv", "steps_to_loss.csv"].map(|name| out.join(name));
    super::show(&args.output, &in_words(&done, out), &json!({ "tables": tables, "runs": done }))
}

fn read_plan(file: &Path) -> Result<Plan> {
    let json = std::fs::read(file).map_err(|source| Error::Io { path: file.to_owned(), source })?;
    Ok(serde_json::from_slice(&json).map_err(|error| {
        let hint = "start from what `--show-plan` prints";
        Error::input(file, error.line() as u64, error.to_string(), hint)
    })?)
}

fn in_words(done: &[Done], out: &Path) -> String {
    let mut text = format!("{:>9} {:>11} {:>7}  run\n", "N body", "D tokens", "loss");
    for done in done {
        let loss = done.loss.map_or("failed".to_owned(), |loss| format!("{loss:.4}"));
        let n = done.run.architecture.n_body();
        let _ = writeln!(text, "{n:>9} {:>11} {loss:>7}  {}", done.tokens, done.id);
    }
    let _ =
        write!(text, "\nFit them with: fieldkit scaling fit {} --group transformer", out.display());
    text
}

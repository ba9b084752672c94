//! `fieldkit scaling compare`: how much faster one recipe is than another.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use scaling::Error;
use scaling::data::{Options, TrainingRun, import};
use scaling::predict::compare::{Comparison, compare};
use scaling::units::Flop;
use serde_json::json;

use super::args::{Fitting, Source};
use super::plan::positive;
use super::words::{columns, human, verdicts};
use super::{logs, recorded, show};
use crate::output::Output;

/// See `Command::Compare`.
#[derive(Args)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    source: Source,
    /// The logs of recipe B; the other logs are recipe A.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "groups")]
    against: Vec<PathBuf>,
    /// Recipes A and B as two groups of the same logs: new,old.
    #[arg(long, value_name = "A,B", value_delimiter = ',', num_args = 1)]
    groups: Vec<String>,
    /// Compare at this compute, in FLOP, in place of four budgets that both have runs at.
    #[arg(long, value_name = "FLOP")]
    at: Option<f64>,
    #[command(flatten)]
    fitting: Fitting,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(args: &CompareArgs) -> Result<()> {
    let at = args.at.map(|c| positive("--at", c).map(Flop)).transpose()?;
    let recipe = args.fitting.recipe();
    let inputs: Vec<PathBuf> = args.source.files.iter().chain(&args.against).cloned().collect();
    let seed = Some(args.fitting.seed);
    let found = recorded(&args.output, "compare", &inputs, seed, |journal| {
        let logs = logs::read(&args.source, journal)?.runs;
        let [(name_a, a), (name_b, b)] = if args.against.is_empty() {
            by_group(&logs, &args.groups)?
        } else {
            let other = import(&args.against, &Options::default(), journal)?.runs;
            [("A".to_owned(), logs), ("B".to_owned(), other)]
        };
        let found = compare((&name_a, &a), (&name_b, &b), at, &recipe, journal)?;
        logs::keep(journal, "compare.json", &json!(found));
        Ok(found)
    })?;
    show(&args.output, &in_words(&found), &json!(found))
}

type Recipe = (String, Vec<TrainingRun>);

fn by_group(runs: &[TrainingRun], groups: &[String]) -> Result<[Recipe; 2]> {
    let mut known: Vec<&str> = runs.iter().filter_map(|r| r.group.as_deref()).collect();
    known.sort_unstable();
    known.dedup();
    let hint = || {
        if known.is_empty() {
            "give recipe B with --against FILE".to_owned()
        } else {
            format!("write --groups A,B; the groups are {}", known.join(", "))
        }
    };
    let [a, b] = groups else {
        return Err(Error::refused("it is not said which two recipes to compare", hint()).into());
    };
    let of = |name: &String| {
        let own: Vec<TrainingRun> =
            runs.iter().filter(|r| r.group.as_ref() == Some(name)).cloned().collect();
        if own.is_empty() {
            return Err(Error::refused(format!("there is no group `{name}`"), hint()));
        }
        Ok((name.clone(), own))
    };
    Ok([of(a)?, of(b)?])
}

fn in_words(found: &Comparison) -> String {
    let mut text = format!(
        "A  {} ({} points)\nB  {} ({} points)\nby {}\n\n",
        found.a, found.n_points[0], found.b, found.n_points[1], found.basis
    );
    let factor = |x: f64| {
        if x < 1000.0 { format!("{x:.2}×") } else { format!("{}×", human(x)) }
    };
    let end = |x: f64| if x.is_finite() { factor(x) } else { "no end".to_owned() };
    let head = ["compute", "loss of A", "loss of B", "speed-up of A", "95 %", ""];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for at in &found.at {
        rows.push(vec![
            format!("{:.2e}", at.compute.0),
            format!("{:.3}", at.loss_a.0),
            format!("{:.3}", at.loss_b.0),
            if at.factor.is_finite() { factor(at.factor) } else { "never".to_owned() },
            at.interval
                .as_ref()
                .map_or("–".to_owned(), |i| format!("{} to {}", end(i.low), end(i.high))),
            at.conclusion.clone(),
        ]);
    }
    text.push_str(&columns(&rows));
    text.push_str(
        "speed-up: the compute that B needs for the loss that A reaches, over what A took\n",
    );
    text.push_str(&verdicts(&found.verdicts));
    text
}

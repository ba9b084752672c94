//! `fieldkit scaling stop`: when to stop, and what data it takes not to have to.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use scaling::Error;
use scaling::predict::stop::{Asked, KAPLAN_NOISE, Report, report};
use scaling::units::{BodyParameters, CountKind, Tokens};
use serde_json::json;

use super::args::{Fitting, Source};
use super::plan::positive;
use super::words::{columns, human, interval, wrapped};
use super::{logs, recorded, show};
use crate::output::Output;

/// See `Command::Stop`.
#[derive(Args)]
pub(crate) struct StopArgs {
    #[command(flatten)]
    source: Source,
    /// N of the model asked about, without embeddings; the largest run where left out.
    #[arg(long, value_name = "COUNT", requires = "tokens")]
    parameters: Option<f64>,
    /// D: different tokens at hand.
    #[arg(long, value_name = "COUNT", requires = "parameters")]
    tokens: Option<f64>,
    /// Over-fitting that is no more than noise, as a share of the loss.
    #[arg(long, value_name = "SHARE", default_value_t = KAPLAN_NOISE)]
    noise: f64,
    #[command(flatten)]
    fitting: Fitting,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(args: &StopArgs) -> Result<()> {
    let noise = positive("--noise", args.noise)?;
    let asked = match (args.parameters, args.tokens) {
        (Some(n), Some(d)) => Some(Asked {
            parameters: BodyParameters(positive("--parameters", n)?),
            tokens: Tokens(positive("--tokens", d)?),
            noise,
        }),
        _ => None,
    };
    let recipe = args.fitting.recipe();
    let seed = Some(args.fitting.seed);
    let found = recorded(&args.output, "stop", &args.source.files, seed, |journal| {
        let logs = logs::read(&args.source, journal)?;
        if logs.runs.is_empty() {
            return Err(Error::refused("there are no runs", "give a log of training runs").into());
        }
        let found = report(&logs.runs, asked, &recipe, journal)?;
        logs::keep(journal, "stop.json", &json!(found));
        Ok(found)
    })?;
    show(&args.output, &in_words(&found), &json!(found))
}

fn in_words(found: &Report) -> String {
    let mut text = format!(
        "A model of {} parameters on {} different tokens\n\n",
        human(found.parameters),
        human(found.tokens)
    );
    let head = ["", "N counts", "over-fitting", "stop not before step", "tokens not to over-fit"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let percent = |x: f64| format!("{:.2} %", 100.0 * x);
    for bound in &found.bounds {
        let count = match bound.count {
            CountKind::Body => "the body",
            CountKind::Total => "all",
            CountKind::Unstated => "as logged",
        };
        rows.push(vec![
            bound.name.clone(),
            count.to_owned(),
            percent(bound.overfitting.value),
            human(bound.stop.value),
            human(bound.tokens_needed.value),
        ]);
        if bound.overfitting.interval.is_some() {
            rows.push(vec![
                String::new(),
                String::new(),
                interval(&bound.overfitting, percent),
                interval(&bound.stop, human),
                interval(&bound.tokens_needed, human),
            ]);
        }
    }
    rows.push(vec![
        "5e3·N^0.74 (eq. 4.4)".to_owned(),
        "the body".to_owned(),
        String::new(),
        String::new(),
        human(found.rule_of_thumb),
    ]);
    text.push_str(&columns(&rows));
    text.push_str(
        "over-fitting: L(N, D)/L(N, ∞) − 1; the step is a lower bound at a large batch (eq. 5.7)\n",
    );
    for bound in &found.bounds {
        let _ = writeln!(text, "  {}: {}", bound.name, wrapped(&bound.stop.source, 4));
    }
    for why in &found.left_out {
        let _ = writeln!(text, "  not fitted: {}", wrapped(why, 4));
    }
    text.push_str(&turns(found));
    text
}

fn turns(found: &Report) -> String {
    if found.turns.is_empty() {
        return String::new();
    }
    let head = ["validation loss", "lowest", "at step", "last", "at step", "turned up", "bound"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for turn in &found.turns {
        let rise = turn.last.0 / turn.lowest.0 - 1.0;
        rows.push(vec![
            format!("  {}", turn.run),
            format!("{:.3}", turn.lowest.0),
            human(turn.step.0),
            format!("{:.3}", turn.last.0),
            human(turn.last_step.0),
            if turn.has_turned { format!("yes, {:+.1} %", 100.0 * rise) } else { "no".to_owned() },
            turn.bound.map_or("–".to_owned(), |s| human(s.0)),
        ]);
    }
    format!("\n{}", columns(&rows))
}

//! `fieldkit scaling curve`: a run under another schedule of the learning rate.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use scaling::Error;
use scaling::data::{Options, TrainingRun, import};
use scaling::model::annealing::{Cooldown, Shape};
use scaling::predict::curve::{CurveRecipe, Forecast, Target, forecast};
use scaling::report::curve_page;
use scaling::units::short;
use serde_json::json;

use super::args::Source;
use super::words::{columns, human, verdicts, with_interval};
use super::{logs, recorded, show};
use crate::output::Output;

/// See `Command::Curve`.
#[derive(Args)]
pub(crate) struct CurveArgs {
    #[command(flatten)]
    source: Source,
    /// The run, by its id, where the logs hold several histories.
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// The schedule to foretell.
    #[arg(long, value_enum, default_value_t = Named::Wsd)]
    schedule: Named,
    /// All its steps; those of the run where left out.
    #[arg(long, value_name = "COUNT")]
    steps: Option<usize>,
    /// Its peak learning rate; that of the run where left out.
    #[arg(long, value_name = "RATE")]
    peak_lr: Option<f64>,
    /// Its warm-up steps; those of the run where left out.
    #[arg(long, value_name = "COUNT")]
    warmup: Option<usize>,
    /// The share of all steps over which wsd comes down.
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    cooldown: f64,
    /// How wsd comes down.
    #[arg(long, value_enum, default_value_t = Down::OneMinusSqrt)]
    cooldown_shape: Down,
    /// Where cosine and linear end, as a share of the peak.
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    floor: f64,
    /// Foretell under the learning rates of this log instead; where it has losses, say how well
    /// they were foretold.
    #[arg(long, value_name = "FILE", conflicts_with = "schedule")]
    like: Option<PathBuf>,
    /// Draws of the block bootstrap; 0 for no interval.
    #[arg(long, default_value_t = 200, value_name = "DRAWS")]
    bootstrap: usize,
    /// Its seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    output: Output,
}

/// Schedules by name.
#[derive(Clone, Copy, ValueEnum)]
enum Named {
    /// Warm-up, one rate, then a cooldown to zero.
    Wsd,
    /// Half a cosine down to --floor.
    Cosine,
    /// Straight down to --floor.
    Linear,
    /// One rate.
    Constant,
}

/// How a cooldown comes down.
#[derive(Clone, Copy, ValueEnum)]
enum Down {
    /// 1 − √q: what Hägele et al. 2024 advise.
    OneMinusSqrt,
    /// 1 − q.
    Linear,
}

pub(crate) fn run(args: &CurveArgs) -> Result<()> {
    let recipe = CurveRecipe { n_bootstrap: args.bootstrap, seed: args.seed };
    let inputs: Vec<PathBuf> = args.source.files.iter().chain(&args.like).cloned().collect();
    let found = recorded(&args.output, "curve", &inputs, Some(args.seed), |journal| {
        let logs = logs::read_in_full(&args.source, journal)?;
        let run = chosen(&logs.runs, args.run.as_deref())?;
        let target = match &args.like {
            None => shape(args)?,
            Some(file) => {
                let options = Options { limits: logs::in_full(), ..Options::default() };
                let like = import(std::slice::from_ref(file), &options, journal)?;
                Target::Like(Box::new(chosen(&like.runs, None)?.clone()))
            }
        };
        let found = forecast(run, &target, &recipe, journal)?;
        journal.metric("final_loss_nats", 0, found.target_final.value);
        logs::keep(journal, "curve.json", &json!(found));
        journal.artifact("report.html", curve_page(run, &found).as_bytes());
        Ok(found)
    })?;
    show(&args.output, &in_words(&found), &json!(found))
}

/// The run of that id, else the only one with a history.
pub(super) fn chosen<'a>(runs: &'a [TrainingRun], id: Option<&str>) -> Result<&'a TrainingRun> {
    let with_history: Vec<&TrainingRun> = runs.iter().filter(|r| r.history.len() > 1).collect();
    let names = || {
        let names: Vec<&str> = with_history.iter().map(|r| &*r.id).take(8).collect();
        let more = if with_history.len() > 8 { ", …" } else { "" };
        format!("the runs with a history are {}{more}", names.join(", "))
    };
    match (id, &*with_history) {
        (_, []) => Err(Error::refused(
            "no run has a history",
            "give a log with a row a step: step, loss and learning rate",
        )
        .into()),
        (None, [only]) => Ok(only),
        (None, _) => Err(Error::refused(
            format!("{} runs have a history", with_history.len()),
            format!("choose one with --run ID; {}", names()),
        )
        .into()),
        (Some(id), _) => with_history.iter().find(|r| r.id == id).copied().ok_or_else(|| {
            Error::refused(format!("there is no run `{id}` with a history"), names()).into()
        }),
    }
}

fn shape(args: &CurveArgs) -> Result<Target> {
    let share = |name: &str, value: f64| {
        if (0.0..=1.0).contains(&value) {
            return Ok(value);
        }
        Err(Error::refused(format!("{name} {value} is not a share"), "write it like 0.2"))
    };
    let floor = share("--floor", args.floor)?;
    let cooldown = match args.cooldown_shape {
        Down::OneMinusSqrt => Cooldown::OneMinusSqrt,
        Down::Linear => Cooldown::Linear,
    };
    let shape = match args.schedule {
        Named::Constant => Shape::Constant,
        Named::Cosine => Shape::Cosine { floor },
        Named::Linear => Shape::Linear { floor },
        Named::Wsd => {
            let share = share("--cooldown", args.cooldown)?;
            Shape::WarmupStableDecay { share: share.max(1e-9), cooldown }
        }
    };
    let peak = args.peak_lr.map(|p| super::plan::positive("--peak-lr", p)).transpose()?;
    Ok(Target::Shape { shape, peak, n_warmup: args.warmup, n_steps: args.steps })
}

fn in_words(found: &Forecast) -> String {
    let nats = |l: f64| format!("{l:.4}");
    let percent = |x: f64| format!("{:.2} %", 100.0 * x);
    let mut text = format!(
        "{}: {} steps, peak rate {:.2e}, {} of warm-up, last loss {}\n\n",
        found.run,
        human(found.n_steps),
        found.peak,
        human(found.n_warmup),
        nats(found.own_final),
    );
    let head = ["", "whole curve", "held-out last quarter", "bias", "final loss asked about"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (i, law) in found.laws.iter().enumerate() {
        rows.push(vec![
            format!("{}{}", if i == 0 { "→ " } else { "  " }, law.law),
            percent(law.mape),
            percent(law.held_out_mape),
            format!("{:+.2} %", 100.0 * law.held_out_bias),
            nats(law.target_final),
        ]);
    }
    for (name, mape) in found.baselines {
        rows.push(vec![format!("  {name}"), String::new(), percent(mape)]);
    }
    text.push_str(&columns(&rows));
    for law in &found.laws {
        let values: Vec<String> =
            law.parameters.iter().map(|(name, v)| format!("{name} = {}", short(*v))).collect();
        let _ = writeln!(text, "\n{}: {}\n  {}", law.law, law.equation, values.join(", "));
    }
    let _ = writeln!(
        text,
        "\nUnder the schedule asked about, {} steps\n  final loss     {}\n  source         {}",
        found.target_steps,
        with_interval(&found.target_final, nats),
        found.target_final.source,
    );
    if let Some(interval) = &found.target_final.interval {
        let _ =
            writeln!(text, "  interval       {:.0} %, {}", 100.0 * interval.level, interval.method);
    }
    if let Some(truth) = &found.truth {
        let _ = writeln!(
            text,
            "  {} ended at {}: foretold {:+.2} % off; along it {} off, and the curve fitted is {} off",
            truth.run,
            nats(truth.own_final),
            100.0 * truth.final_error,
            percent(truth.mape),
            percent(truth.baseline_mape),
        );
    }
    let mut rows = vec![["  step", "rate", "loss"].map(str::to_owned).to_vec()];
    for moment in &found.target_curve {
        rows.push(vec![
            format!("  {:.0}", moment.step),
            format!("{:.2e}", moment.learning_rate),
            nats(moment.loss),
        ]);
    }
    let _ = write!(text, "\n{}", columns(&rows));
    text.push_str(&verdicts(&found.verdicts));
    text
}

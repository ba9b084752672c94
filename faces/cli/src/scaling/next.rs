//! `fieldkit scaling next`: which run would tell most.

use std::fmt::Write as _;

use anyhow::Result;
use clap::{Args, ValueEnum};
use scaling::predict::candidates::{candidates, look};
use scaling::predict::next::{About, Advice, Question, Worth, advice};
use scaling::units::Flop;
use serde_json::json;

use super::args::{Fitting, Source};
use super::plan::{laws, positive};
use super::words::{columns, human, wrapped};
use super::{logs, recorded, show};
use crate::output::Output;

/// See `Command::Next`.
#[derive(Args)]
pub(crate) struct NextArgs {
    #[command(flatten)]
    source: Source,
    /// The compute that the plan is for, in FLOP.
    #[arg(long, value_name = "FLOP")]
    budget: f64,
    /// The most that one run may take, in FLOP; as the largest run so far where left out.
    #[arg(long, value_name = "FLOP")]
    per_run: Option<f64>,
    /// What is to be known better.
    #[arg(long, value_enum, default_value_t = What::Size)]
    about: What,
    /// How many runs to choose together.
    #[arg(long, default_value_t = 3, value_name = "COUNT")]
    runs: usize,
    /// How many single runs to list.
    #[arg(long, default_value_t = 8, value_name = "COUNT")]
    list: usize,
    /// Go on where the runs do not allow it.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    fitting: Fitting,
    #[command(flatten)]
    output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// The best size at the budget.
    Size,
    /// The loss at the budget.
    Loss,
}

pub(crate) fn run(args: &NextArgs) -> Result<()> {
    let question = Question {
        target: Flop(positive("--budget", args.budget)?),
        about: match args.about {
            What::Size => About::Size,
            What::Loss => About::Loss,
        },
        per_run: args.per_run.map(|c| positive("--per-run", c).map(Flop)).transpose()?,
        n_runs: args.runs,
    };
    let laws = laws(&args.fitting)?;
    let recipe = args.fitting.recipe();
    let seed = Some(args.fitting.seed);
    let found = recorded(&args.output, "next", &args.source.files, seed, |journal| {
        let logs = logs::read(&args.source, journal)?;
        // Runs on one line are the very case in which advice is wanted.
        let refusal = look(&logs.runs, &recipe).err().filter(|_| !args.force);
        let fitted = candidates(&logs.runs, &laws, &recipe, 1, journal);
        let found = fitted.and_then(|fitted| advice(&logs.runs, &fitted, &question));
        if let Some(refusal) = refusal {
            journal.note(&refusal.to_string());
        }
        let found = found?;
        logs::keep(journal, "next.json", &json!(found));
        Ok(found)
    })?;
    show(&args.output, &in_words(&found, &question, args.list), &json!(found))
}

fn in_words(found: &Advice, question: &Question, n_listed: usize) -> String {
    let what = match found.about {
        About::Size => "the best size",
        About::Loss => "the loss",
    };
    let factor = |sd: f64| format!("×/÷ {:.3}", (1.96 * sd).exp());
    let mut text = format!(
        "What is known of {what} at {}: {} (95 %), by {}\nRuns of at most {}, noise {:.2} % ({})\n\n",
        question.target,
        factor(found.sd_now),
        found.law,
        found.per_run,
        100.0 * found.noise.sd,
        found.noise.source,
    );
    text.push_str(&table("one run", &found.ranked, n_listed));
    let _ =
        write!(text, "\n{}", table("together, one after the other", &found.together, usize::MAX));
    let legend = "interval after: expected 95 % range of the quantity once that run is seen \
                  (preposterior analysis, linear-Gaussian over the bootstrap draws; Chaloner and \
                  Verdinelli 1995). It takes the law for granted; `laws differ` says by how many \
                  times the noise the two best laws differ at that run.";
    let _ = writeln!(text, "\n{}", wrapped(legend, 0));
    text
}

fn table(title: &str, runs: &[Worth], n_listed: usize) -> String {
    let head =
        [title, "parameters", "tokens", "FLOP", "shrinks by", "interval after", "laws differ"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (i, run) in runs.iter().take(n_listed).enumerate() {
        rows.push(vec![
            format!("  {}", i + 1),
            human(run.parameters.0),
            human(run.tokens.0),
            format!("{:.2e}", run.compute.0),
            format!("{:.1} %", 100.0 * run.shrinks),
            format!("×/÷ {:.3}", (1.96 * run.sd_after).exp()),
            run.tells_apart.map_or("–".to_owned(), |t| format!("{t:.1}×")),
        ]);
    }
    columns(&rows)
}

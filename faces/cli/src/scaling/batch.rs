//! `fieldkit scaling batch`: steps against examples, and how large a batch may be.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use scaling::predict::batch::{
    NoiseScale, REFERENCE, Report, TradeOff, noise_scales, reference, report, steps_to_losses,
};
use scaling::report::batch_page;
use scaling::units::{Nats, Tokens};
use serde_json::json;

use super::args::Source;
use super::words::{columns, human, interval, verdicts, with_interval, wrapped};
use super::{logs, recorded, show};
use crate::output::Output;

/// See `Command::Batch`.
#[derive(Args)]
pub(crate) struct BatchArgs {
    #[command(flatten)]
    source: Source,
    /// The loss to reach, where histories are read; else three losses that all runs reach.
    #[arg(long, value_name = "NATS")]
    target_loss: Option<f64>,
    /// The batch, in tokens, from which 20 % more tokens are counted; 131,072 where left out and
    /// among the batches, else the smallest of them.
    #[arg(long, value_name = "TOKENS")]
    reference_batch: Option<f64>,
    /// Bootstrap draws, by batch; 0 for no intervals.
    #[arg(long, default_value_t = 2000, value_name = "DRAWS")]
    bootstrap: usize,
    /// The seed of everything random.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(args: &BatchArgs) -> Result<()> {
    let given = args.reference_batch;
    let given = given.map(|b| super::plan::positive("--reference-batch", b)).transpose()?;
    let recipe = scaling::fit::Recipe {
        n_bootstrap: args.bootstrap,
        seed: args.seed,
        ..scaling::fit::Recipe::default()
    };
    let inputs = &args.source.files;
    let found = recorded(&args.output, "batch", inputs, Some(args.seed), |journal| {
        let found = logs::read(&args.source, journal)?;
        let noise = noise_scales(&found.runs);
        let rows = if found.steps_to_loss.is_empty() {
            steps_to_losses(&found.runs, args.target_loss.map(Nats))
        } else {
            Ok(found.steps_to_loss)
        };
        let fitted = rows.and_then(|rows| {
            let from = given.map_or_else(|| reference(&rows), Tokens);
            report(&rows, from, &recipe, journal)
        });
        let report = match fitted {
            Ok(report) => Some(report),
            // Gradient norms alone are worth showing.
            Err(error) if !noise.is_empty() => {
                journal.note(&error.to_string());
                None
            }
            Err(error) => return Err(error.into()),
        };
        logs::keep(journal, "batch.json", &json!({ "trade_off": report, "noise_scale": noise }));
        if let Some(report) = &report {
            let page = batch_page(&logs::names(&args.source), report);
            journal.artifact("report.html", page.as_bytes());
        }
        Ok((report, noise))
    })?;
    let (report, noise) = &found;
    let mut text = report.as_ref().map_or(String::new(), in_words);
    text.push_str(&noise_in_words(noise));
    show(&args.output, &text, &json!({ "trade_off": report, "noise_scale": noise }))
}

fn noise_in_words(noise: &[NoiseScale]) -> String {
    if noise.is_empty() {
        return String::new();
    }
    let head = ["noise scale", "whole run", "in tokens", "first third", "second", "last", "pairs"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let sequences = |b: Option<f64>| b.map_or("drowned".to_owned(), human);
    for n in noise {
        let [first, second, last] = n.by_third.map(sequences);
        rows.push(vec![
            format!("  {}", n.run),
            sequences(n.whole),
            n.whole_tokens.map_or("–".to_owned(), human),
            first,
            second,
            last,
            n.n_pairs.to_string(),
        ]);
    }
    format!(
        "\n{}tr(Σ)/|G|² in sequences (McCandlish et al. 2018): a batch far below it wastes steps, \
         one far above it examples\n",
        columns(&rows)
    )
}

fn in_words(report: &Report) -> String {
    let mut text = "Steps against examples: S = S_min + E_min/B\n\n".to_owned();
    let head = [
        "",
        "loss",
        "S_min",
        "E_min (tokens)",
        "B_crit (tokens)",
        "+20 % tokens at",
        "Kaplan",
        "Zhang",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for t in &report.trade_offs {
        rows.extend(trade_off(t));
    }
    text.push_str(&columns(&rows));
    let reference = report.trade_offs.first().map_or(REFERENCE, |t| t.reference);
    let legend = format!(
        "95 % intervals below. B_crit = E_min/S_min takes twice the least steps and twice the least \
         tokens; the 20 % are counted from a batch of {}. Kaplan: B_crit of the loss, and Zhang: \
         20 % more tokens at that size, both as published.",
        human(reference.0)
    );
    let _ = writeln!(text, "{}", wrapped(&legend, 0));
    if let Some(law) = &report.by_loss {
        let _ = writeln!(
            text,
            "\nB_crit = B*/L^(1/αB)     B* = {} tokens, αB = {}",
            with_interval(&law.b_star, human),
            with_interval(&law.alpha_b, |a| format!("{a:.4}")),
        );
        text.push_str("  Kaplan published       B* = 200 M, αB = 0.21: refit, do not copy\n");
    }
    if let Some(law) = &report.by_size {
        let _ = writeln!(
            text,
            "\nB(+20 %) = c·(N/1e6)^p   c = {} tokens, p = {}",
            with_interval(&law.coefficient, human),
            with_interval(&law.exponent, |p| format!("{p:.3}")),
        );
        text.push_str("  Zhang published        c = 93.20 × 512 = 47.7 k, p = 0.468\n");
    }
    for why in &report.left_out {
        let _ = writeln!(text, "left out: {}", wrapped(why, 10));
    }
    text.push_str(&verdicts(&report.verdicts));
    text
}

fn trade_off(t: &TradeOff) -> [Vec<String>; 2] {
    let name = t.model.clone().or_else(|| t.parameters.map(|n| human(n.0)));
    let first = vec![
        name.unwrap_or_default(),
        format!("{:.3}", t.target.0),
        human(t.least_steps.value),
        human(t.least_examples.value),
        human(t.critical_batch.value),
        human(t.with_overhead.value),
        human(t.kaplan.0),
        t.zhang.map_or("–".to_owned(), |b| human(b.0)),
    ];
    let second = vec![
        String::new(),
        String::new(),
        interval(&t.least_steps, human),
        interval(&t.least_examples, human),
        interval(&t.critical_batch, human),
        interval(&t.with_overhead, human),
    ];
    [first, second]
}

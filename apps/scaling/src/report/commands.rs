//! The pages of `scaling batch` and `scaling curve`.

use ::evaluate::plot::short;
use ::evaluate::{Block, Fact, Page, Section, Table};

use super::assemble::{cell, detail, in_words};
use super::pages::{along_the_run, batches};
use super::{Curve, TradeOff};
use crate::data::{Checkpoint, TrainingRun};
use crate::judge::{Severity, Verdict};
use crate::model::mccandlish::StepsAgainstExamples;
use crate::predict::batch;
use crate::predict::curve::{FittedCurve, Forecast};
use crate::units::{Steps, Tokens};

/// The page of steps against examples as HTML. `data` is what the runs are called.
pub fn batch_page(data: &str, report: &batch::Report) -> String {
    let n = report.trade_offs.len();
    let lead = format!("Steps against examples at {n} pairs of model and loss, from {data}.");
    let mut page = Page::new("Critical batch size", lead);
    page.summary = report.trade_offs.iter().map(batch_fact).collect();
    let trade_offs: Vec<TradeOff> = report.trade_offs.iter().map(trade_off).collect();
    page = page.with(Section::new("Batch size", batches(&trade_offs)));
    let laws = batch_laws(report);
    if !laws.rows.is_empty() {
        page = page.with(Section::new("How it grows", vec![Block::Table(laws)]));
    }
    ::evaluate::html(&with_verdicts(page, &report.verdicts, &report.left_out))
}

/// The page of a run under another schedule as HTML.
pub fn curve_page(run: &TrainingRun, forecast: &Forecast) -> String {
    let lead = format!(
        "From the curve of {}: {} steps, peak rate {}.",
        forecast.run,
        short(forecast.n_steps),
        ::evaluate::page::number(forecast.peak)
    );
    let mut page = Page::new("A run under another schedule", lead);
    let last = format!("{:.4} nats", forecast.own_final);
    page.summary = vec![
        Fact::new("Final loss as logged", last, "mean of the last two per cent of steps"),
        Fact::new(
            "Final loss foretold",
            format!("{:.4} nats", forecast.target_final.value),
            nats_detail(forecast),
        ),
        Fact::new("Steps", short(forecast.target_steps as f64), "of the schedule asked about"),
    ];
    let foretold = forecast.target_curve.iter().map(|moment| (moment.step, moment.loss)).collect();
    let curves = [
        Curve {
            name: format!("{}, as logged", forecast.run),
            points: logged(&run.history),
            predicted: false,
            band: vec![],
        },
        Curve {
            name: "under the other schedule, foretold".to_owned(),
            points: foretold,
            predicted: true,
            band: vec![],
        },
    ];
    page = page.with(Section::new("Along the run", along_the_run(&curves)));
    page = page.with(Section::new("The laws", annealing_laws(forecast)));
    ::evaluate::html(&with_verdicts(page, &forecast.verdicts, &[]))
}

fn batch_fact(found: &batch::TradeOff) -> Fact {
    let model = found.model.as_deref().unwrap_or("the model");
    let value = format!("{} tokens", short(found.critical_batch.value));
    let label = format!("{model} to a loss of {}", found.target.0);
    Fact::new(label, value, detail(&found.critical_batch))
}

fn trade_off(found: &batch::TradeOff) -> TradeOff {
    let size = found.parameters.map(|n| format!("N = {}", short(n.0)));
    TradeOff {
        name: found.model.clone().or(size).unwrap_or_else(|| "the model".to_owned()),
        target: found.target,
        runs: found.points.clone(),
        fitted: StepsAgainstExamples {
            least_steps: Steps(found.least_steps.value),
            least_examples: Tokens(found.least_examples.value),
        },
        critical: found.critical_batch.interval.clone(),
    }
}

fn batch_laws(report: &batch::Report) -> Table {
    let by_loss = report.by_loss.iter().map(|law| {
        let values = format!("B* = {}, αB = {}", cell(&law.b_star), cell(&law.alpha_b));
        vec!["By the loss: B_crit = B*/L^(1/αB)".to_owned(), values]
    });
    let by_size = report.by_size.iter().map(|law| {
        let values = format!("c = {}, p = {}", cell(&law.coefficient), cell(&law.exponent));
        vec!["By size: B = c·(N/1e6)^p takes 20 % more tokens".to_owned(), values]
    });
    let rows = by_loss.chain(by_size).collect();
    Table::new("Laws through these batches, in tokens", &["Law", "Fitted here"], rows)
}

fn annealing_laws(forecast: &Forecast) -> Vec<Block> {
    let percent = |x: f64| format!("{:.2} %", 100.0 * x);
    let row = |law: &FittedCurve| {
        vec![
            law.law.to_owned(),
            percent(law.mape),
            percent(law.held_out_mape),
            format!("{:+.2} %", 100.0 * law.held_out_bias),
            format!("{:.4}", law.target_final),
        ]
    };
    let nothing = || "—".to_owned();
    let baseline = |(name, mape): &(&str, f64)| {
        vec![(*name).to_owned(), nothing(), percent(*mape), nothing(), nothing()]
    };
    let rows = forecast.laws.iter().map(row).chain(forecast.baselines.iter().map(baseline));
    let columns = [
        "Law",
        "Error on the whole curve",
        "Held-out error, last quarter",
        "Bias there",
        "Final loss foretold, nats",
    ];
    let caption = "The first is believed; the last need no law of annealing";
    let mut blocks = vec![Block::Table(Table::new(caption, &columns, rows.collect()))];
    blocks.extend(forecast.laws.iter().map(|law| Block::Equation(law.equation.to_owned())));
    blocks
}

fn nats_detail(forecast: &Forecast) -> String {
    let interval = forecast.target_final.interval.as_ref();
    let ends = interval.map(|i| format!("95 %: {:.4} to {:.4}", i.low, i.high));
    ends.unwrap_or_else(|| forecast.target_final.source.clone())
}

/// Step and loss: on held-out text where that was logged often enough to be a curve, else on
/// training text.
fn logged(history: &[Checkpoint]) -> Vec<(f64, f64)> {
    const CURVE: usize = 20;
    let of = |loss: fn(&Checkpoint) -> Option<f64>| {
        history.iter().filter_map(|c| Some((c.step, loss(c)?))).collect::<Vec<_>>()
    };
    let held_out = of(|c| c.val_loss);
    if held_out.len() >= CURVE { held_out } else { of(|c| c.train_loss.or(c.val_loss)) }
}

fn with_verdicts(mut page: Page, verdicts: &[Verdict], left_out: &[String]) -> Page {
    let of = |grave: bool| {
        let those = verdicts.iter().filter(move |v| (v.severity != Severity::Note) == grave);
        those.map(in_words).collect::<Vec<_>>()
    };
    page.warnings = of(true);
    let left_out = left_out.iter().map(|why| format!("Left out: {why}."));
    let notes: Vec<Block> = of(false).into_iter().chain(left_out).map(Block::Text).collect();
    match notes.is_empty() {
        true => page,
        false => page.with(Section::new("What else to know", notes)),
    }
}

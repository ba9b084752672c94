//! The tables of a sweep, in the columns that an import reads: `runs.csv`, one row a run;
//! `history.csv`, one row a measured value; `steps_to_loss.csv`, one row a batch and target.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use learn::train::Metric;
use serde::Serialize;

use super::Done;
use super::folder::write_whole;
use super::plan::BATCH_SCAN;
use crate::Error;

/// The tables.
pub(super) const NAMES: [&str; 3] = ["runs.csv", "history.csv", "steps_to_loss.csv"];

/// Writes the tables, each whole or not at all. One without rows is not written: nobody could
/// read it.
pub(super) fn write(out: &Path, done: &[Done]) -> Result<(), Error> {
    let [runs, histories, steps] = NAMES.map(|name| out.join(name));
    table(&runs, done.iter().map(RunRow::of))?;
    table(&histories, done.iter().flat_map(history))?;
    table(&steps, steps_to_loss(done))
}

#[derive(Serialize)]
struct RunRow<'a> {
    id: &'a str,
    group: &'a str,
    architecture: &'a str,
    params_body: u64,
    params_total: u64,
    tokens: u64,
    unique_tokens: u64,
    steps: u64,
    batch_tokens: usize,
    sequence_length: usize,
    lr: f64,
    warm_up_steps: u64,
    schedule: &'a str,
    seed: u64,
    val_loss: Option<String>,
    train_loss: Option<String>,
    compute: String,
    state: &'a str,
    cpu_seconds: Option<String>,
}

impl<'a> RunRow<'a> {
    fn of(done: &'a Done) -> Self {
        let (run, recipe) = (&done.run, &done.run.recipe);
        Self {
            id: &done.id,
            group: &run.group,
            architecture: run.architecture.name(),
            params_body: run.architecture.n_body(),
            params_total: run.architecture.n_total(),
            tokens: done.tokens,
            unique_tokens: done.unique_tokens,
            steps: recipe.steps,
            batch_tokens: recipe.batch_sequences * done.sequence_length,
            sequence_length: done.sequence_length,
            lr: recipe.learning_rate,
            warm_up_steps: recipe.warm_up_steps,
            schedule: recipe.schedule.name(),
            seed: recipe.seed,
            val_loss: done.loss.map(|v| format!("{v:.6}")),
            train_loss: done.train_loss.map(|v| format!("{v:.6}")),
            compute: format!("{:.6e}", done.flop),
            state: if done.failed.is_some() { "failed" } else { "finished" },
            cpu_seconds: done.cpu_seconds.map(|v| format!("{v:.1}")),
        }
    }
}

#[derive(Serialize)]
struct HistoryRow<'a> {
    run_id: &'a str,
    step: u64,
    metric: String,
    value: String,
}

fn history(done: &Done) -> impl Iterator<Item = HistoryRow<'_>> {
    done.history.iter().map(|point| HistoryRow {
        run_id: &done.id,
        step: point.step,
        metric: point.metric.to_string(),
        value: match point.metric {
            Metric::TrainLoss | Metric::ValLoss => format!("{:.5}", point.value),
            _ => format!("{:.4e}", point.value),
        },
    })
}

#[derive(Serialize, Debug, PartialEq)]
pub(super) struct StepsRow {
    model: String,
    group: String,
    params_body: u64,
    target_val_loss: f64,
    seq_len: usize,
    batch_size_seqs: usize,
    batch_tokens: usize,
    steps: String,
}

/// At how many batches a target must be reached to be listed: a hyperbola has two parameters.
const FEWEST_BATCHES: usize = 3;

/// A target that is reached before so many times the warm-up says more about the warm-up.
const WARM_UPS: f64 = 4.0;

/// For every tenth of a nat that at least three batches of a batch scan reach, all of them well
/// after their warm-up: the step at which each of them does. It lies between two measured losses,
/// on a line in ln(step).
fn steps_to_loss(done: &[Done]) -> impl Iterator<Item = StepsRow> {
    let mut rows: BTreeMap<(String, i32), Vec<StepsRow>> = BTreeMap::new();
    let mut too_early = BTreeSet::new();
    for done in done.iter().filter(|d| d.run.group.ends_with(BATCH_SCAN)) {
        let architecture = &done.run.architecture;
        let model = format!("{} {}", architecture.name(), architecture.n_body());
        for tenths in 1..60 {
            let target = f64::from(tenths) / 10.0;
            let Some(steps) = step_of(done, target) else { continue };
            if steps < WARM_UPS * done.run.recipe.warm_up_steps as f64 {
                too_early.insert((model.clone(), tenths));
            }
            rows.entry((model.clone(), tenths)).or_default().push(StepsRow {
                model: model.clone(),
                group: architecture.name().to_owned(),
                params_body: architecture.n_body(),
                target_val_loss: target,
                seq_len: done.sequence_length,
                batch_size_seqs: done.run.recipe.batch_sequences,
                batch_tokens: done.run.recipe.batch_sequences * done.sequence_length,
                steps: format!("{steps:.1}"),
            });
        }
    }
    rows.retain(|key, rows| rows.len() >= FEWEST_BATCHES && !too_early.contains(key));
    rows.into_values().flat_map(|mut rows| {
        rows.sort_by_key(|row| row.batch_tokens);
        rows
    })
}

/// The step at which the held-out loss first came down to `target`; none where it did so before
/// it was first measured, or never.
fn step_of(done: &Done, target: f64) -> Option<f64> {
    let losses: Vec<_> = done.history.iter().filter(|p| p.metric == Metric::ValLoss).collect();
    let pair = losses.windows(2).find(|pair| pair[1].value <= target)?;
    let [before, after] = [pair[0], pair[1]];
    if before.value <= target {
        return None;
    }
    let share = (before.value - target) / (before.value - after.value);
    let (from, to) = ((before.step as f64).ln(), (after.step as f64).ln());
    Some((from + share * (to - from)).exp())
}

fn table<R: Serialize>(path: &Path, rows: impl Iterator<Item = R>) -> Result<(), Error> {
    let failed =
        |e: csv::Error| Error::Write { path: path.to_owned(), source: io::Error::other(e) };
    let mut writer = csv::Writer::from_writer(vec![]);
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    for row in rows {
        writer.serialize(row).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|e| failed(io::Error::other(e.to_string()).into()))?;
    write_whole(path, &bytes)
}

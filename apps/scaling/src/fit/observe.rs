//! From typed runs to the rows of a law.

use std::collections::BTreeMap;

use super::Observations;
use crate::Error;
use crate::data::TrainingRun;
use crate::model::{Law, Quantity};
use crate::units::{CountKind, Flop, ParameterCount};

/// The rows of `law`'s inputs that `runs` hold, one a run. Left out, with a note each, are flagged
/// runs, runs without one of the inputs, runs that repeat their text where the law does not know
/// repeats, and runs beaten by another one of the same size and data under another learning rate
/// or batch: a law of the loss is about well-tuned runs.
///
/// # Errors
/// Refused where no run has all inputs.
pub fn observe(law: &'static Law, runs: &[TrainingRun]) -> Result<Observations, Error> {
    let mut notes = vec![];
    let takes = |quantity| law.inputs.contains(&quantity);
    let count = takes(Quantity::Parameters).then(|| count_kind(law, runs));
    let kept: Vec<usize> = (0..runs.len()).collect();
    let kept = leave_out(
        kept,
        &mut notes,
        "are flagged (failed, unfinished, outlier, duplicate or mid-schedule)",
        |i| !runs[i].flags.is_empty(),
    );
    let kept = leave_out(kept, &mut notes, &lacking(law), |i| row(law, &runs[i], count).is_none());
    let kept = if takes(Quantity::UniqueTokens) {
        kept
    } else {
        let why = format!("see their text more than once, which {} does not know", law.id);
        leave_out(kept, &mut notes, &why, |i| repeats(&runs[i]))
    };
    let beaten = beaten(law, runs, count, &kept);
    let why = "are beaten at the same size and data by another learning rate or batch";
    let kept = leave_out(kept, &mut notes, why, |i| beaten[i]);
    if kept.is_empty() {
        return Err(nothing_left(law, runs, &notes));
    }
    let mut o = Observations {
        inputs: law.inputs,
        x: vec![],
        loss: vec![],
        run: vec![],
        id: vec![],
        compute: vec![],
        count,
        notes,
    };
    for i in kept {
        let (Some(x), Some(loss)) = (row(law, &runs[i], count), runs[i].loss) else { continue };
        o.x.push(x);
        o.loss.push(loss.0);
        o.run.push(i);
        o.id.push(runs[i].id.clone());
        o.compute.push(compute(&runs[i], count));
    }
    Ok(o)
}

/// Moves the runs that `is_out` into a note that names the first of them.
fn leave_out(
    runs: Vec<usize>,
    notes: &mut Vec<String>,
    why: &str,
    is_out: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let (out, kept): (Vec<usize>, Vec<usize>) = runs.into_iter().partition(|i| is_out(*i));
    if !out.is_empty() {
        notes.push(format!("{} of {} runs {why}: left out", out.len(), out.len() + kept.len()));
    }
    kept
}

fn lacking(law: &Law) -> String {
    let names: Vec<&str> = law.inputs.iter().map(|q| name(*q)).collect();
    format!("lack a loss or one of {}", names.join(", "))
}

/// What people call a quantity.
fn name(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Parameters => "parameters",
        Quantity::Tokens => "tokens",
        Quantity::UniqueTokens => "unique tokens",
        Quantity::Steps => "steps",
        Quantity::Batch => "batch",
        Quantity::Compute => "compute",
        Quantity::Experts => "experts",
        Quantity::Granularity => "granularity",
        Quantity::ForwardArea | Quantity::AnnealingArea => "learning rates of every step",
        Quantity::Loss => "loss",
    }
}

fn nothing_left(law: &Law, runs: &[TrainingRun], notes: &[String]) -> Error {
    let why = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
    Error::refused(
        format!("none of the {} runs can be used to fit {}{why}", runs.len(), law.id),
        "say which column holds what with `--map`, or choose another law with `--law`",
    )
}

/// The count that the law's constants are for where most runs have it, else the one that most
/// runs have.
fn count_kind(law: &Law, runs: &[TrainingRun]) -> CountKind {
    let own = law.published.first().and_then(|c| c.count).unwrap_or(CountKind::Total);
    let n_having = |kind| runs.iter().filter(|r| parameters(&r.parameters, kind).is_some()).count();
    let rest = [CountKind::Unstated, CountKind::Total, CountKind::Body];
    // Of equals, `max_by_key` takes the last.
    let order = rest.into_iter().rev().chain([own]);
    order.max_by_key(|kind| n_having(*kind)).unwrap_or(own)
}

fn parameters(count: &ParameterCount, kind: CountKind) -> Option<f64> {
    let chosen = match kind {
        CountKind::Body => count.body,
        CountKind::Total => count.total,
        CountKind::Unstated => count.unstated,
    };
    chosen.map(|n| n.0)
}

/// The law's inputs of a run that has them and a loss.
fn row(law: &Law, run: &TrainingRun, count: Option<CountKind>) -> Option<Vec<f64>> {
    run.loss?;
    let value = |quantity: &Quantity| match quantity {
        Quantity::Parameters => parameters(&run.parameters, count?),
        Quantity::Tokens => run.tokens.map(|d| d.0),
        Quantity::UniqueTokens => run.unique_tokens.map(|u| u.0),
        Quantity::Steps => run.steps.map(|s| s.0),
        Quantity::Batch => run.batch.map(|b| b.0),
        Quantity::Compute => compute(run, count).map(|c| c.0),
        Quantity::Experts
        | Quantity::Granularity
        | Quantity::ForwardArea
        | Quantity::AnnealingArea
        | Quantity::Loss => None,
    };
    law.inputs.iter().map(value).collect()
}

/// C as logged, else 6ND.
fn compute(run: &TrainingRun, count: Option<CountKind>) -> Option<Flop> {
    let kinds = count.into_iter().chain([CountKind::Total, CountKind::Unstated, CountKind::Body]);
    let n = || kinds.clone().find_map(|kind| parameters(&run.parameters, kind));
    run.compute.or_else(|| Some(Flop(6.0 * n()? * run.tokens?.0)))
}

/// Whether a run saw its text more than once.
fn repeats(run: &TrainingRun) -> bool {
    let epochs = run.tokens.zip(run.unique_tokens).map(|(d, u)| d.0 / u.0);
    epochs.is_some_and(|e| e > 1.001)
}

/// Which runs have one beside them with the same inputs, another learning rate or batch, and a
/// lower loss.
fn beaten(law: &Law, runs: &[TrainingRun], count: Option<CountKind>, kept: &[usize]) -> Vec<bool> {
    // Recipes of their own are not rungs of one ladder.
    let mut cells: BTreeMap<(Option<&str>, Vec<i64>), Vec<usize>> = BTreeMap::new();
    for i in kept {
        let own = row(law, &runs[*i], count).unwrap_or_default();
        let data = runs[*i].tokens.map(|d| d.0);
        // Equal to three digits: logs round.
        let key = own.iter().chain(&data).map(|v| (v.ln() * 1e3).round() as i64).collect();
        cells.entry((runs[*i].group.as_deref(), key)).or_default().push(*i);
    }
    let mut beaten = vec![false; runs.len()];
    for cell in cells.values() {
        // To two digits: a batch that was derived from tokens and steps is not exact.
        let digits = |v: f64| (v.ln() * 1e2).round() as i64;
        let settings =
            |i: &usize| (runs[*i].learning_rate.map(digits), runs[*i].batch.map(|b| digits(b.0)));
        let differ = cell.iter().any(|i| settings(i) != settings(&cell[0]));
        let loss = |i: &usize| runs[*i].loss.map_or(f64::INFINITY, |l| l.0);
        let Some(best) = cell.iter().min_by(|i, j| loss(i).total_cmp(&loss(j))) else { continue };
        for i in cell.iter().filter(|i| differ && settings(i) != settings(best)) {
            beaten[*i] = true;
        }
    }
    beaten
}

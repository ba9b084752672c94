//! The runs themselves, before anything is fitted.

use std::collections::BTreeMap;

use super::{Kind, Severity, Verdict, some_of};
use crate::data::{Flag, TrainingRun};
use crate::isoflop::{self, Isoflop};
use crate::units::{CountKind, Flop, Parameters, Tokens, short};

/// Fewer different sizes allow no law of size (the three terms of `E + A/N^α` need as many).
const FEWEST_SIZES: usize = 3;
/// Below it a law of size is shaky: Choshen et al. 2025 (arXiv 2410.11840) advise three to five.
const ENOUGH_SIZES: usize = 5;
/// A condition index of the standardised ln N and ln D above which one is as good as a multiple of
/// the other (Belsley, Kuh and Welsch 1980: above 30 the collinearity is strong, above 10 it is
/// felt).
const STRONG_CONDITION: f64 = 30.0;
const FELT_CONDITION: f64 = 10.0;
/// Embeddings above a fifth of the parameters bend a law of all parameters (Pearce and Song 2024).
const MUCH_EMBEDDING: f64 = 0.2;
/// At least so many losses of one size at evenly spaced tokens look like one run's checkpoints.
const FEWEST_CHECKPOINTS: usize = 8;

/// Looks at runs that are to be fitted by a law of size and data.
pub fn judge_runs(runs: &[TrainingRun]) -> Vec<Verdict> {
    let mut verdicts = vec![];
    verdicts.extend(training_loss(runs));
    verdicts.extend(flagged_mid_schedule(runs));
    verdicts.extend(evenly_spaced(runs));
    verdicts.extend(embedding_share(runs));
    let cells = cells(runs);
    if cells.is_empty() {
        return verdicts;
    }
    verdicts.extend(few(&cells));
    verdicts.extend(collinear(&cells));
    verdicts.extend(edge_minima(runs));
    verdicts
}

/// A run's size, data and loss.
struct Cell {
    n: f64,
    d: f64,
}

fn cells(runs: &[TrainingRun]) -> Vec<Cell> {
    let usable = runs.iter().filter(|r| r.flags.is_empty() && r.loss.is_some());
    usable
        .filter_map(|r| {
            let n = any_count(r)?;
            Some(Cell { n: n.0, d: r.tokens?.0 })
        })
        .collect()
}

/// The count a run has: total, else as logged, else body.
fn any_count(run: &TrainingRun) -> Option<Parameters> {
    run.parameters.total.or(run.parameters.unstated).or(run.parameters.body)
}

fn training_loss(runs: &[TrainingRun]) -> Option<Verdict> {
    let n = runs.iter().filter(|r| r.loss.is_some() && r.loss_is_training).count();
    (n > 0).then(|| {
        Verdict::new(
            Kind::TrainingLoss,
            Severity::Warning,
            format!(
                "the loss of {n} of {} runs was measured on the training text: it is lower than \
                 on held-out text once text repeats, and noisier",
                runs.len()
            ),
            "log a held-out loss, or say its column with --map loss=COLUMN",
        )
    })
}

fn flagged_mid_schedule(runs: &[TrainingRun]) -> Option<Verdict> {
    let is_mid = |r: &&TrainingRun| r.flags.iter().any(|f| matches!(f, Flag::MidSchedule { .. }));
    let names: Vec<&str> = runs.iter().filter(is_mid).map(|r| &*r.id).collect();
    (!names.is_empty()).then(|| {
        Verdict::new(
            Kind::MidSchedule,
            if names.len() * 2 > runs.len() { Severity::Refusal } else { Severity::Warning },
            format!(
                "{} of {} losses were read before the learning rate had come down ({}): they lie \
                 above what their tokens allow and were left out",
                names.len(),
                runs.len(),
                some_of(names.iter().copied()),
            ),
            "use the last loss of each run, or branch off short cooldowns from one long run",
        )
    })
}

/// Many losses of one size at evenly spaced tokens.
fn evenly_spaced(runs: &[TrainingRun]) -> Option<Verdict> {
    let mut by_size: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for cell in cells(runs) {
        by_size.entry(cell.n.to_bits()).or_default().push(cell.d);
    }
    let even = by_size.into_iter().filter_map(|(n, mut d)| {
        d.sort_by(f64::total_cmp);
        d.dedup();
        let gaps: Vec<f64> = d.windows(2).map(|w| w[1] - w[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len().max(1) as f64;
        let same = gaps.iter().all(|gap| (gap / mean - 1.0).abs() < 0.05);
        (d.len() >= FEWEST_CHECKPOINTS && same).then_some((f64::from_bits(n), d.len()))
    });
    let even: Vec<(f64, usize)> = even.collect();
    let (n, n_losses) = *even.first()?;
    Some(Verdict::new(
        Kind::MidSchedule,
        Severity::Warning,
        format!(
            "{} size(s) have losses at evenly spaced tokens ({n_losses} at {}): they look like \
             checkpoints of one run, which lie above the loss of runs that end there",
            even.len(),
            Parameters(n),
        ),
        "keep the last checkpoint of each run, unless the learning rate was constant throughout",
    ))
}

fn embedding_share(runs: &[TrainingRun]) -> Option<Verdict> {
    let share = |r: &TrainingRun| {
        let (body, total) = (r.parameters.body?, r.parameters.total?);
        Some((1.0 - body.0 / total.0, total))
    };
    let shares: Vec<(f64, Parameters)> = runs.iter().filter_map(share).collect();
    let much: Vec<&(f64, Parameters)> =
        shares.iter().filter(|(share, _)| *share > MUCH_EMBEDDING).collect();
    let worst = much.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Verdict::new(
        Kind::EmbeddingShare,
        Severity::Warning,
        format!(
            "embeddings are more than 20 % of the parameters in {} of {} runs (up to {:.0} % of \
             {}): an allocation fitted to all parameters bends there",
            much.len(),
            shares.len(),
            100.0 * worst.0,
            worst.1,
        ),
        "count the body with --map parameters_body=COLUMN,parameters_total=-, or drop the smallest",
    ))
}

fn few(cells: &[Cell]) -> Option<Verdict> {
    let mut sizes: Vec<f64> = cells.iter().map(|c| c.n.ln()).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup_by(|a, b| (*a - *b).abs() < 0.01);
    let severity = match sizes.len() {
        n if n < FEWEST_SIZES => Severity::Refusal,
        n if n < ENOUGH_SIZES => Severity::Warning,
        _ => return None,
    };
    Some(Verdict::new(
        Kind::FewRuns,
        severity,
        format!(
            "{} runs have {} different size(s): a law of size needs at least {FEWEST_SIZES}, and \
             {ENOUGH_SIZES} to be trusted",
            cells.len(),
            sizes.len(),
        ),
        "add runs of other sizes, each at two or more lengths",
    ))
}

/// Whether ln N and ln D move together.
fn collinear(cells: &[Cell]) -> Option<Verdict> {
    if cells.len() < 3 {
        return None;
    }
    let (ln_n, ln_d): (Vec<f64>, Vec<f64>) = cells.iter().map(|c| (c.n.ln(), c.d.ln())).unzip();
    let rho = correlation(&ln_n, &ln_d)?;
    // The singular values of two standardised columns are √(1 ± ρ).
    let condition = ((1.0 + rho.abs()) / (1.0 - rho.abs()).max(1e-300)).sqrt();
    let severity = match condition {
        c if c > STRONG_CONDITION => Severity::Refusal,
        c if c > FELT_CONDITION => Severity::Warning,
        _ => return None,
    };
    let (slope, ratio) = (slope(&ln_n, &ln_d), cells[cells.len() / 2].d / cells[cells.len() / 2].n);
    let is_one_budget = (slope + 1.0).abs() < 0.1;
    let line = if is_one_budget {
        format!("all runs lie on one isoFLOP line, C ≈ {}", Flop(6.0 * cells[0].n * cells[0].d))
    } else if (slope - 1.0).abs() < 0.1 {
        format!("all runs lie on D = {ratio:.3}·N")
    } else {
        format!("all runs lie on D ∝ N^{slope:.2}")
    };
    let (what, hint) = if is_one_budget {
        ("how the best size grows with compute cannot be seen", "add runs at other budgets")
    } else {
        (
            "the effects of size and data (α and β) cannot be separated",
            "add runs of the sizes you have, at a quarter and at four times their tokens",
        )
    };
    Some(Verdict::new(
        Kind::Collinear,
        severity,
        format!(
            "{line} (correlation of ln N and ln D {rho:.4}, condition index {}): {what}",
            short(condition.min(1e9)),
        ),
        hint,
    ))
}

fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let (mx, my) = (mean(x), mean(y));
    let sum = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(a, b)| f(a - mx, b - my)).sum();
    let (xy, xx, yy): (f64, f64, f64) =
        (sum(&|a, b| a * b), sum(&|a, _| a * a), sum(&|_, b| b * b));
    (xx > 0.0 && yy > 0.0).then(|| (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0))
}

fn slope(x: &[f64], y: &[f64]) -> f64 {
    let (mx, my) = (mean(x), mean(y));
    let xy: f64 = x.iter().zip(y).map(|(a, b)| (a - mx) * (b - my)).sum();
    xy / x.iter().map(|a| (a - mx) * (a - mx)).sum::<f64>()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// IsoFLOP profiles whose lowest loss is at an end. One profile says little; where most are so, the
/// best size lies outside the runs.
fn edge_minima(runs: &[TrainingRun]) -> Option<Verdict> {
    let points = isoflop::points(runs, CountKind::Total)
        .or_else(|| isoflop::points(runs, CountKind::Unstated))
        .or_else(|| isoflop::points(runs, CountKind::Body))?;
    let profiles = isoflop::profiles(&points);
    let edges: Vec<&Isoflop> = profiles.iter().filter(|p| p.edge.is_some()).collect();
    let first = edges.first()?;
    let (sizes, tokens) = (first.smallest_and_largest(), Tokens(first.points[0].tokens.0));
    Some(Verdict::new(
        Kind::EdgeMinimum,
        if edges.len() * 2 > profiles.len() { Severity::Warning } else { Severity::Note },
        format!(
            "the lowest loss is at the edge in {} of {} isoFLOP profiles (such as {}, sizes {} to \
             {}, from {tokens}): the best size there lies outside the runs",
            edges.len(),
            profiles.len(),
            first.compute,
            short(sizes.0.0),
            short(sizes.1.0),
        ),
        "add sizes beyond the edge at those budgets",
    ))
}

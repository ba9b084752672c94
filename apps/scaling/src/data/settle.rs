//! From curves to runs: which of the logged metrics is the loss, what a run ended at, and its
//! history as checkpoints. The choice is one for the whole import, so that runs can be compared.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use super::curves::{Curve, Curves, Logged};
use super::draft::Draft;
use super::gather::Gather;
use super::names::is_unstated;
use super::role::Role;
use super::table::counted;
use super::{Checkpoint, Flag, schedule};
use crate::model::mccandlish::NormPair;

/// Logged training losses from which the final one is a mean of the last hundredth: one batch
/// says little.
const N_FOR_MEAN: usize = 200;

/// Completes each draft by what was logged under its id.
pub(super) fn settle(sets: &mut [(PathBuf, Vec<Draft>)], gather: &mut Gather) {
    let curves = &gather.curves;
    let by_id: HashMap<&str, &Logged> = curves.runs.iter().map(|r| (r.id.as_str(), r)).collect();
    let held_out = losses(curves, Text::HeldOut);
    let training = losses(curves, Text::Training);
    let mut told = Told::default();
    for draft in sets.iter_mut().flat_map(|(_, drafts)| drafts) {
        let Some(logged) = draft.names().find_map(|name| by_id.get(name.as_str())) else {
            continue;
        };
        let first = |order: &[usize]| {
            order.iter().find_map(|metric| logged.curve(*metric).map(|curve| (*metric, curve)))
        };
        let choice = Choice { held_out: first(&held_out), training: first(&training) };
        facts(curves, logged, draft);
        ends(curves, &choice, draft, &mut told);
        learning_rate(curves, logged, draft);
        draft.history = checkpoints(curves, logged, &choice);
    }
    let notes = told.notes(curves, [&held_out, &training]);
    notes.into_iter().for_each(|note| gather.note(note));
}

#[derive(Clone, Copy, PartialEq)]
enum Text {
    HeldOut,
    Training,
}

/// The metrics that a run's losses are taken from.
struct Choice<'a> {
    held_out: Option<(usize, &'a Curve)>,
    training: Option<(usize, &'a Curve)>,
}

impl Logged {
    fn curve(&self, metric: usize) -> Option<&Curve> {
        self.curves.iter().find(|(m, _)| *m == metric).map(|(_, curve)| curve)
    }
}

/// The metrics that are a loss on that text, best first: by name, then by how many runs have
/// them, then the lowest.
fn losses(curves: &Curves, text: Text) -> Vec<usize> {
    let mut found = vec![];
    for (at, metric) in curves.metrics.iter().enumerate() {
        // Logged along a run, a loss that does not say on which text is the training loss.
        let on = match metric.role {
            Some((Role::Loss, rank)) if !is_unstated(rank) => (Text::HeldOut, rank),
            Some((Role::Loss | Role::TrainLoss, rank)) => (Text::Training, rank),
            _ => continue,
        };
        if on.0 == text {
            let ends = curves.runs.iter().filter_map(|r| r.curve(at)?.end());
            let mut ends: Vec<f64> = ends.collect();
            ends.sort_by(f64::total_cmp);
            let median = ends.get(ends.len() / 2).copied().unwrap_or(f64::INFINITY);
            found.push((on.1, ends.len(), median, at));
        }
    }
    found.sort_by(|a, b| {
        (a.0.cmp(&b.0)).then(b.1.cmp(&a.1)).then(a.2.total_cmp(&b.2)).then(a.3.cmp(&b.3))
    });
    found.into_iter().map(|(.., at)| at).collect()
}

/// N, D, B and the like, where they were logged as metrics and the draft lacks them.
fn facts(curves: &Curves, logged: &Logged, draft: &mut Draft) {
    let mut best: BTreeMap<Role, (u8, f64)> = BTreeMap::new();
    for (metric, curve) in &logged.curves {
        let Some((role, rank)) = curves.metrics[*metric].role else { continue };
        let value = if role == Role::Tokens { curve.highest } else { curve.end() };
        if let Some(value) = value.filter(|v| v.is_finite() && *v >= 0.0)
            && !role.is_curve()
            && (value > 0.0 || role == Role::Seed)
            && best.get(&role).is_none_or(|(r, _)| rank < *r)
        {
            best.insert(role, (rank, value));
        }
    }
    for (role, (_, value)) in best {
        draft.set_missing(role, Some(value));
    }
    let steps = logged.curves.iter().filter_map(|(_, curve)| curve.last_step());
    let last = steps.chain(draft.get(Role::LastStep)).reduce(f64::max);
    draft.set(Role::LastStep, last.filter(|step| *step > 0.0));
}

/// What the losses ended at.
fn ends(curves: &Curves, choice: &Choice, draft: &mut Draft, told: &mut Told) {
    for (role, chosen) in [(Role::Loss, choice.held_out), (Role::TrainLoss, choice.training)] {
        let Some((metric, curve)) = chosen else { continue };
        *told.n_runs.entry(metric).or_default() += 1;
        let Some(end) = curve.end() else { continue };
        if !end.is_finite() {
            let name = &curves.metrics[metric].name;
            let at = curve.last_step().map_or(String::new(), |step| format!(" at step {step}"));
            let what = if end.is_nan() { "NaN" } else { "infinite" };
            draft.flags.push(Flag::Failed { why: format!("`{name}` is {what}{at}") });
            continue;
        }
        if role == Role::Loss {
            // Step 0 stands for a loss that was logged once, without a step.
            draft.loss_step = curve.last_step().filter(|step| *step > 0.0);
            draft.set_missing(role, Some(end));
            continue;
        }
        let points = curve.points();
        let n = points.len() / 100;
        let is_mean = points.len() >= N_FOR_MEAN;
        if is_mean && draft.get(role).is_none() && choice.held_out.is_none() {
            told.n_means += 1;
        }
        let mean = || points.iter().rev().take(n).map(|(_, loss)| loss).sum::<f64>() / n as f64;
        draft.set_missing(role, Some(if is_mean { mean() } else { end }));
    }
}

/// The peak, the last value and the shape of the learning rate.
fn learning_rate(curves: &Curves, logged: &Logged, draft: &mut Draft) {
    let rates = logged.curves.iter().filter_map(|(metric, curve)| {
        let (role, rank) = curves.metrics[*metric].role?;
        (role == Role::LearningRate).then_some((rank, curve))
    });
    let Some((_, curve)) = rates.min_by_key(|(rank, _)| *rank) else { return };
    let points = curve.points();
    draft.last_learning_rate = curve.end().filter(|rate| rate.is_finite());
    if points.len() > 1 {
        draft.set_missing(Role::LearningRate, curve.highest.filter(|rate| *rate > 0.0));
    }
    if draft.schedule.is_none() {
        draft.schedule = schedule::shape(&points).map(str::to_owned);
    }
}

/// The curves side by side, by step.
fn checkpoints(curves: &Curves, logged: &Logged, choice: &Choice) -> Vec<Checkpoint> {
    let of = |wanted: Role| {
        let found = logged.curves.iter().filter_map(move |(metric, curve)| {
            let (role, rank) = curves.metrics[*metric].role?;
            (role == wanted).then_some((rank, curve))
        });
        found.min_by_key(|(rank, _)| *rank).map(|(_, curve)| curve)
    };
    let mut by_step: BTreeMap<Step, Checkpoint> = BTreeMap::new();
    let mut lay = |curve: Option<&Curve>, set: fn(&mut Checkpoint, f64)| {
        for (step, value) in curve.map(Curve::points).unwrap_or_default() {
            let point = by_step.entry(Step(step)).or_default();
            point.step = step;
            set(point, value);
        }
    };
    lay(choice.training.map(|(_, c)| c), |point, value| point.train_loss = Some(value));
    lay(choice.held_out.map(|(_, c)| c), |point, value| point.val_loss = Some(value));
    lay(of(Role::LearningRate), |point, value| point.learning_rate = Some(value));
    if let (Some(b_small), Some(b_big), Some(small), Some(big)) = (
        of(Role::SmallBatch).and_then(Curve::end),
        of(Role::BigBatch).and_then(Curve::end),
        of(Role::SmallNormSquared),
        of(Role::BigNormSquared),
    ) {
        let big: HashMap<u64, f64> =
            big.points().into_iter().map(|(step, v)| (step.to_bits(), v)).collect();
        for (step, small_squared) in small.points() {
            let Some(big_squared) = big.get(&step.to_bits()).copied() else { continue };
            let point = by_step.entry(Step(step)).or_default();
            point.step = step;
            point.gradient_norms = Some(NormPair { b_small, b_big, small_squared, big_squared });
        }
    }
    by_step.into_values().collect()
}

/// A step as a key.
#[derive(PartialEq)]
struct Step(f64);

impl Eq for Step {}

impl Ord for Step {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Step {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// What the reader should know about the choice.
#[derive(Default)]
struct Told {
    /// How many runs took their loss from a metric.
    n_runs: BTreeMap<usize, usize>,
    n_means: usize,
}

impl Told {
    fn notes(&self, curves: &Curves, orders: [&[usize]; 2]) -> Vec<String> {
        let mut notes = vec![];
        for (order, what) in orders.iter().zip(["the loss", "the training loss"]) {
            let used: Vec<(&str, usize)> = order
                .iter()
                .filter_map(|m| Some((curves.metrics[*m].name.as_str(), *self.n_runs.get(m)?)))
                .collect();
            let Some((name, n)) = used.first() else { continue };
            let others: Vec<&str> = order
                .iter()
                .map(|m| curves.metrics[*m].name.as_str())
                .filter(|other| used.iter().all(|(name, _)| name != other))
                .collect();
            let not = if others.is_empty() {
                String::new()
            } else {
                let not = super::table::list(&others);
                format!(", not {not}; say `--map loss=METRIC` for another")
            };
            notes.push(format!("{what} along the runs is the metric `{name}`{not}"));
            if let [_, rest @ ..] = used.as_slice()
                && !rest.is_empty()
            {
                let rest: Vec<String> =
                    rest.iter().map(|(name, n)| format!("{n} from `{name}`")).collect();
                notes.push(format!(
                    "{} have {what} from `{name}`, {}: they may not be comparable",
                    counted(*n, "run"),
                    rest.join(", ")
                ));
            }
        }
        if self.n_means > 0 {
            notes.push(format!(
                "a training loss is the mean of the last hundredth of what was logged, in {}",
                counted(self.n_means, "run")
            ));
        }
        notes
    }
}

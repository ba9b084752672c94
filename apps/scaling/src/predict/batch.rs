//! How large a batch: steps against examples at one loss, the critical batch that follows, how it
//! moves with the loss and the size, and the noise scale of the gradient.

use std::collections::BTreeMap;
use std::fmt;

use record::Journal;
use serde::Serialize;

use super::{Estimate, interval_of};
use crate::Error;
use crate::data::{Schedule, StepsToLoss, TrainingRun};
use crate::fit::{Fit, Objective, Observations, Recipe, fit};
use crate::isoflop::envelope::{losses, smooth};
use crate::judge::{Kind, Severity, Verdict};
use crate::least_squares::PowerLaw;
use crate::model::critical_batch::{STEPS_TO_LOSS, ZHANG_BY_SIZE, batch_with_overhead};
use crate::model::kaplan::training::{PUBLISHED_BATCH, critical_batch};
use crate::model::mccandlish::{NormPair, StepsAgainstExamples, noise_scale};
use crate::units::{Nats, ParameterCount, Parameters, Steps, Tokens};

/// Zhang et al. 2024: the overhead that defines the critical batch, and the batch that it is
/// counted from, 256 sequences of 512 tokens.
pub const OVERHEAD: f64 = 0.2;
/// See [`OVERHEAD`].
pub const REFERENCE: Tokens = Tokens(256.0 * 512.0);

/// Everything that the rows say about the batch.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// One for each model and loss.
    pub trade_offs: Vec<TradeOff>,
    /// `B_crit = B*/L^(1/αB)` through them, where there are two losses.
    pub by_loss: Option<ByLoss>,
    /// The batch with 20 % overhead by size, where there are three sizes.
    pub by_size: Option<BySize>,
    /// What was left out, in words.
    pub left_out: Vec<String>,
    /// What to know about it.
    pub verdicts: Vec<Verdict>,
}

/// Steps against examples of one model at one loss: `S = S_min + E_min/B`.
#[derive(Debug, Clone, Serialize)]
pub struct TradeOff {
    /// The model, as the log names it.
    pub model: Option<String>,
    /// N, as the log counts it.
    pub parameters: Option<Parameters>,
    /// The loss.
    pub target: Nats,
    /// S_min: steps at a batch without bound.
    pub least_steps: Estimate,
    /// E_min: tokens at a vanishing batch.
    pub least_examples: Estimate,
    /// B_crit = E_min/S_min, in tokens.
    pub critical_batch: Estimate,
    /// The batch that takes 20 % more tokens than the reference does, in tokens.
    pub with_overhead: Estimate,
    /// The batch that the overhead is counted from.
    pub reference: Tokens,
    /// Kaplan's B_crit at this loss, for comparison.
    pub kaplan: Tokens,
    /// Zhang's batch with 20 % overhead at this size, for comparison.
    pub zhang: Option<Tokens>,
    /// Batch and steps of each row.
    pub points: Vec<(Tokens, Steps)>,
    #[serde(skip)]
    draws: Vec<StepsAgainstExamples>,
}

/// `B_crit = B*/L^(1/αB)` (Kaplan et al. 2020, eq. 5.3).
#[derive(Debug, Clone, Serialize)]
pub struct ByLoss {
    /// B*, in tokens.
    pub b_star: Estimate,
    /// αB.
    pub alpha_b: Estimate,
}

/// `B = c·(N/1e6)^p`, in tokens (Zhang et al. 2024).
#[derive(Debug, Clone, Serialize)]
pub struct BySize {
    /// c.
    pub coefficient: Estimate,
    /// p.
    pub exponent: Estimate,
}

/// The batch that the overhead is counted from: Zhang's where the rows reach down to it, else the
/// smallest of theirs.
pub fn reference(rows: &[StepsToLoss]) -> Tokens {
    let batches = || rows.iter().map(|r| r.batch.0);
    let (low, high) = batches().fold((f64::INFINITY, 0.0f64), |(l, h), b| (l.min(b), h.max(b)));
    let within = low <= REFERENCE.0 && REFERENCE.0 <= high / 2.0;
    Tokens(if within || rows.is_empty() { REFERENCE.0 } else { low })
}

/// Fits the hyperbola of every model and loss that has at least three batches.
///
/// # Errors
/// Refused where none has.
pub fn report(
    rows: &[StepsToLoss],
    reference: Tokens,
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<Report, Error> {
    let (mut trade_offs, mut left_out) = (vec![], vec![]);
    for ((group, model, n, _), rows) in by_model_and_loss(rows) {
        let recipe = Recipe { seed: seed_of(recipe.seed, &group, &model, n), ..*recipe };
        match trade_off(&rows, reference, &recipe, journal) {
            Ok(found) => trade_offs.push(found),
            Err(error) => {
                let name = rows[0].model.as_deref().unwrap_or("a model");
                let why = error.to_string();
                let why = why.lines().next().unwrap_or_default();
                left_out.push(format!("{name} at {}: {why}", rows[0].target));
            }
        }
    }
    if trade_offs.is_empty() {
        return Err(Error::refused(
            format!(
                "no model has its steps to a loss at three batches or more ({} rows)",
                rows.len()
            ),
            "give a table of loss, batch and steps, or histories of runs that differ in batch",
        ));
    }
    trade_offs.sort_by(|a, b| b.target.0.total_cmp(&a.target.0));
    let verdicts = trade_offs.iter().flat_map(judge).collect();
    let (by_loss, by_size) = (by_loss(&trade_offs), by_size(&trade_offs));
    Ok(Report { trade_offs, by_loss, by_size, left_out, verdicts })
}

type Rows = BTreeMap<(Option<String>, Option<String>, u64, u64), Vec<StepsToLoss>>;

/// The rows of each, by batch, so that their order in the file changes nothing.
fn by_model_and_loss(rows: &[StepsToLoss]) -> Rows {
    let mut groups = Rows::new();
    for row in rows {
        let n = any_count(&row.parameters).map_or(0, |n| n.0.to_bits());
        let key = (row.group.clone(), row.model.clone(), n, row.target.0.to_bits());
        groups.entry(key).or_default().push(row.clone());
    }
    let order = |r: &StepsToLoss, s: &StepsToLoss| {
        r.batch.0.total_cmp(&s.batch.0).then(r.steps.0.total_cmp(&s.steps.0))
    };
    for rows in groups.values_mut() {
        rows.sort_by(order);
    }
    groups
}

/// The seed of one model: models are drawn independently, the losses of one model together, as
/// they were read off the same runs. FNV-1a, so that it is the same on every machine.
fn seed_of(seed: u64, group: &Option<String>, model: &Option<String>, n: u64) -> u64 {
    let name = |name: &Option<String>| name.clone().unwrap_or_default().into_bytes();
    // A byte between them that no text holds.
    let bytes = [name(group), vec![0xff], name(model), vec![0xff], n.to_le_bytes().to_vec()];
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    seed ^ bytes.concat().into_iter().fold(0xcbf2_9ce4_8422_2325, mix)
}

fn any_count(count: &ParameterCount) -> Option<Parameters> {
    count.total.or(count.unstated).or(count.body)
}

/// The hyperbola through rows of one model and loss, by least squares on ln S.
fn trade_off(
    rows: &[StepsToLoss],
    reference: Tokens,
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<TradeOff, Error> {
    let observations = Observations {
        inputs: STEPS_TO_LOSS.inputs,
        x: rows.iter().map(|r| vec![r.batch.0]).collect(),
        loss: rows.iter().map(|r| r.steps.0).collect(),
        run: (0..rows.len()).collect(),
        id: rows.iter().map(|r| r.model.clone().unwrap_or_default()).collect(),
        compute: vec![None; rows.len()],
        count: None,
        notes: vec![],
    };
    let recipe = Recipe { objective: Objective::LeastSquares, ..*recipe };
    let found = fit(&STEPS_TO_LOSS, observations, &recipe, journal)?;
    Ok(TradeOff::of(rows, reference, &found))
}

impl TradeOff {
    fn of(rows: &[StepsToLoss], reference: Tokens, fit: &Fit) -> Self {
        let limits = |theta: &[f64]| StepsAgainstExamples {
            least_steps: Steps(theta[0]),
            least_examples: Tokens(theta[1]),
        };
        let draws: Vec<StepsAgainstExamples> = fit.draws.iter().map(|t| limits(t)).collect();
        let best = limits(&fit.theta);
        let source = format!("least squares on ln S at {} batches", rows.len());
        let estimate = |of: &dyn Fn(&StepsAgainstExamples) -> f64| Estimate {
            value: of(&best),
            interval: interval_of(draws.iter().map(of).collect(), "bootstrap by batch"),
            source: source.clone(),
        };
        let parameters = any_count(&rows[0].parameters);
        let target = rows[0].target;
        Self {
            model: rows[0].model.clone(),
            parameters,
            target,
            least_steps: estimate(&|h| h.least_steps.0),
            least_examples: estimate(&|h| h.least_examples.0),
            critical_batch: estimate(&|h| h.critical_batch().0),
            with_overhead: estimate(&|h| batch_with_overhead(h, reference, OVERHEAD).0),
            reference,
            kaplan: critical_batch(target, &PUBLISHED_BATCH),
            zhang: parameters.map(|n| ZHANG_BY_SIZE.tokens(n.0)),
            points: rows.iter().map(|r| (r.batch, r.steps)).collect(),
            draws,
        }
    }
}

/// ln B_crit against ln L, in every draw.
fn by_loss(trade_offs: &[TradeOff]) -> Option<ByLoss> {
    let losses: Vec<f64> = trade_offs.iter().map(|t| t.target.0).collect();
    let law = |batches: &[f64]| {
        let law = PowerLaw::fitted(&losses, batches)?;
        Some((law.coefficient, -1.0 / law.exponent))
    };
    let critical: Vec<f64> = trade_offs.iter().map(|t| t.critical_batch.value).collect();
    let (b_star, alpha_b) = law(&critical)?;
    let draws = in_draws(trade_offs, |h| h.critical_batch().0, law);
    let source = format!("through B_crit at {} losses", trade_offs.len());
    Some(ByLoss {
        b_star: estimate(b_star, &draws, |d| d.0, &source),
        alpha_b: estimate(alpha_b, &draws, |d| d.1, &source),
    })
}

fn by_size(trade_offs: &[TradeOff]) -> Option<BySize> {
    let sizes: Option<Vec<f64>> =
        trade_offs.iter().map(|t| t.parameters.map(|n| n.0 / 1e6)).collect();
    let sizes = sizes?;
    let mut distinct = sizes.clone();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    if distinct.len() < 3 || distinct.len() < trade_offs.len() {
        return None;
    }
    let law = |batches: &[f64]| {
        let law = PowerLaw::fitted(&sizes, batches)?;
        Some((law.coefficient, law.exponent))
    };
    let batches: Vec<f64> = trade_offs.iter().map(|t| t.with_overhead.value).collect();
    let (coefficient, exponent) = law(&batches)?;
    let reference = trade_offs[0].reference;
    let draws = in_draws(trade_offs, |h| batch_with_overhead(h, reference, OVERHEAD).0, law);
    let source = format!("through the batch with 20 % overhead at {} sizes", sizes.len());
    Some(BySize {
        coefficient: estimate(coefficient, &draws, |d| d.0, &source),
        exponent: estimate(exponent, &draws, |d| d.1, &source),
    })
}

/// One parameter of a law, with its interval over the draws; a draw without a law counts as none.
fn estimate(
    value: f64,
    draws: &[Option<(f64, f64)>],
    of: fn(&(f64, f64)) -> f64,
    source: &str,
) -> Estimate {
    let draws = draws.iter().map(|d| d.as_ref().map_or(f64::NAN, of)).collect();
    let interval = interval_of(draws, "bootstrap by batch");
    Estimate { value, interval, source: source.to_owned() }
}

/// A law through the k-th draw of every trade-off, for all k.
fn in_draws(
    trade_offs: &[TradeOff],
    of: impl Fn(&StepsAgainstExamples) -> f64,
    law: impl Fn(&[f64]) -> Option<(f64, f64)>,
) -> Vec<Option<(f64, f64)>> {
    let n = trade_offs.iter().map(|t| t.draws.len()).min().unwrap_or(0);
    let draw = |k: usize| trade_offs.iter().map(|t| of(&t.draws[k])).collect::<Vec<f64>>();
    (0..n).map(|k| law(&draw(k))).collect()
}

/// Whether the batches reach far enough on both sides of the critical one.
fn judge(t: &TradeOff) -> Option<Verdict> {
    let batches = t.points.iter().map(|(b, _)| b.0);
    let (low, high) = batches.fold((f64::INFINITY, 0.0f64), |(l, h), b| (l.min(b), h.max(b)));
    let critical = t.critical_batch.value;
    let name = t.model.as_deref().unwrap_or("the model");
    let (sentence, hint) = if high < critical {
        (
            format!(
                "{name} at {}: every batch is below the critical one ({}): S_min is extrapolated",
                t.target,
                Tokens(critical)
            ),
            "add batches above it",
        )
    } else if low > critical {
        (
            format!(
                "{name} at {}: every batch is above the critical one ({}): E_min is extrapolated",
                t.target,
                Tokens(critical)
            ),
            "add batches below it",
        )
    } else {
        return None;
    };
    Some(Verdict::new(Kind::Undetermined, Severity::Warning, sentence, hint))
}

/// The noise scale of the gradient along one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoiseScale {
    /// The run.
    pub run: String,
    /// Steps at which two norms were logged.
    pub n_pairs: usize,
    /// tr(Σ)/|G|², in sequences, over each third of the run; none where the noise drowns it.
    pub by_third: [Option<f64>; 3],
    /// The same over the whole run.
    pub whole: Option<f64>,
    /// The same in tokens, where the length of a sequence is known.
    pub whole_tokens: Option<f64>,
}

/// The noise scales of runs that logged two gradient norms (McCandlish et al. 2018): a batch far
/// below it wastes steps, one far above it wastes examples. It grows as the loss falls.
pub fn noise_scales(runs: &[TrainingRun]) -> Vec<NoiseScale> {
    let of_run = |run: &TrainingRun| {
        let pairs: Vec<NormPair> = run.history.iter().filter_map(|c| c.gradient_norms).collect();
        let big = pairs.first()?.b_big;
        let third = pairs.len().div_ceil(3);
        let part = |k: usize| {
            let part = pairs.get(k * third..pairs.len().min((k + 1) * third))?;
            noise_scale(part).ok()
        };
        let whole = noise_scale(&pairs).ok();
        // The large batch is the whole one: its tokens over its sequences are a sequence's.
        let sequence = run.batch.map(|b| b.0 / big);
        Some(NoiseScale {
            run: run.id.clone(),
            n_pairs: pairs.len(),
            by_third: [part(0), part(1), part(2)],
            whole,
            whole_tokens: whole.zip(sequence).map(|(b, s)| b * s),
        })
    };
    runs.iter().filter_map(of_run).collect()
}

/// Losses at which histories are read: the lowest that all reach, and a little above it.
const ABOVE_LOWEST: [f64; 3] = [1.0, 1.04, 1.08];

/// Steps to a loss read off the histories of runs that differ in batch: at `target`, or at three
/// losses that all runs of a size reach. Flagged runs are left out; runs of another schedule, or
/// that repeat other text, count as another model. Where a batch was tried with several seeds, their
/// median counts, and of several learning rates the best.
///
/// # Errors
/// Refused where no size has a history at three batches.
pub fn steps_to_losses(
    runs: &[TrainingRun],
    target: Option<Nats>,
) -> Result<Vec<StepsToLoss>, Error> {
    let mut by_setting: BTreeMap<Setting<'_>, Vec<Curve<'_>>> = BTreeMap::new();
    let (flagged, clean): (Vec<&TrainingRun>, Vec<&TrainingRun>) =
        runs.iter().partition(|run| !run.flags.is_empty());
    for run in clean {
        let (Some(setting), Some(batch)) = (Setting::of(run), run.batch) else { continue };
        let losses = smooth(&losses(&run.history));
        if losses.len() >= 3 {
            by_setting.entry(setting).or_default().push(Curve { run, batch, losses });
        }
    }
    by_setting.retain(|_, curves| by_batch_and_rate(curves).len() >= 3);
    let mut rows = vec![];
    for (setting, curves) in &by_setting {
        let is_alone = by_setting.keys().filter(|other| setting.is_of_size(other)).count() == 1;
        let model = if is_alone { setting.size() } else { setting.to_string() };
        let targets = target.map_or_else(|| reached_by_all(curves), |t| vec![t.0]);
        rows.extend(targets.into_iter().flat_map(|t| rows_at(curves, t, &model)));
    }
    if rows.is_empty() {
        let what = match target {
            Some(t) => format!("no size reaches {t} at three batches"),
            None => "no size has a history at three batches or more".to_owned(),
        };
        let left_out = match flagged.len() {
            0 => String::new(),
            n => format!(" ({n} of {} runs are flagged and left out)", runs.len()),
        };
        return Err(Error::refused(
            what + &left_out,
            "train one size at several batches and log loss by step, with the batch in tokens",
        ));
    }
    Ok(rows)
}

/// What runs have in common whose batches are held against each other.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Setting<'a> {
    group: Option<&'a str>,
    /// N, as bits.
    n: u64,
    schedule: Option<&'a str>,
    /// 1,000·ln U, where the text is seen more than once.
    unique: Option<i64>,
}

impl<'a> Setting<'a> {
    fn of(run: &'a TrainingRun) -> Option<Self> {
        let repeated = run.unique_tokens.filter(|u| run.tokens.is_none_or(|d| d.0 > 1.001 * u.0));
        Some(Self {
            group: run.group.as_deref(),
            n: any_count(&run.parameters)?.0.to_bits(),
            schedule: run.schedule.as_ref().map(schedule_name),
            unique: repeated.map(|u| (u.0.ln() * 1e3).round() as i64),
        })
    }

    fn is_of_size(&self, other: &Self) -> bool {
        (self.group, self.n) == (other.group, other.n)
    }

    fn size(&self) -> String {
        Parameters(f64::from_bits(self.n)).to_string()
    }
}

impl fmt::Display for Setting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.size(), self.schedule.unwrap_or("schedule not logged"))?;
        match self.unique {
            Some(u) => write!(f, ", of {} seen again", Tokens((u as f64 / 1e3).exp())),
            None => Ok(()),
        }
    }
}

fn schedule_name(schedule: &Schedule) -> &str {
    match schedule {
        Schedule::Constant => "constant",
        Schedule::Cosine => "cosine",
        Schedule::Linear => "linear",
        Schedule::WarmupStableDecay => "warmup-stable-decay",
        Schedule::Other(name) => name,
    }
}

/// A run's loss by step.
struct Curve<'a> {
    run: &'a TrainingRun,
    batch: Tokens,
    losses: Vec<(f64, f64)>,
}

impl Curve<'_> {
    fn lowest(&self) -> f64 {
        self.losses.iter().map(|p| p.1).fold(f64::INFINITY, f64::min)
    }

    /// The step at which the loss was first reached, between checkpoints by ln S; infinite where
    /// it never was, 0 where the first checkpoint is already below it.
    fn steps_to(&self, target: f64) -> f64 {
        let Some(after) = self.losses.iter().position(|p| p.1 <= target) else {
            return f64::INFINITY;
        };
        let Some(before) = after.checked_sub(1) else { return 0.0 };
        let ((s0, l0), (s1, l1)) = (self.losses[before], self.losses[after]);
        let share = (l0 - target) / (l0 - l1);
        let from = s0.max(0.5);
        (from.ln() + share * (s1 / from).ln()).exp()
    }
}

/// Curves by batch, then by learning rate to two digits: those of one rate differ by their seed.
fn by_batch_and_rate<'a, 'b>(
    curves: &'b [Curve<'a>],
) -> BTreeMap<u64, BTreeMap<Option<i64>, Vec<&'b Curve<'a>>>> {
    let mut batches: BTreeMap<u64, BTreeMap<_, Vec<_>>> = BTreeMap::new();
    for curve in curves {
        let rate = curve.run.learning_rate.map(|rate| (rate.ln() * 1e2).round() as i64);
        let rates = batches.entry(curve.batch.0.to_bits()).or_default();
        rates.entry(rate).or_default().push(curve);
    }
    batches
}

fn reached_by_all(curves: &[Curve<'_>]) -> Vec<f64> {
    // By more than half of the seeds of one rate.
    let of_rate = |seeds: &Vec<&Curve<'_>>| {
        let mut lowest: Vec<f64> = seeds.iter().map(|c| c.lowest()).collect();
        lowest.sort_by(f64::total_cmp);
        lowest[lowest.len() / 2]
    };
    let batches = by_batch_and_rate(curves);
    let lowest = batches.values().map(|r| r.values().map(of_rate).fold(f64::INFINITY, f64::min));
    let reached = lowest.fold(0.0, f64::max);
    ABOVE_LOWEST.iter().map(|factor| factor * reached).collect()
}

/// One row a batch: the median over the seeds of the rate at which it is least.
fn rows_at(curves: &[Curve<'_>], target: f64, model: &str) -> Vec<StepsToLoss> {
    let row = |rates: BTreeMap<Option<i64>, Vec<&Curve<'_>>>| {
        let medians = rates.into_values().map(|seeds| median_steps(seeds, target));
        let (steps, curve) = medians.min_by(|a, b| a.0.total_cmp(&b.0))?;
        (steps > 0.0 && steps.is_finite()).then(|| StepsToLoss {
            model: Some(model.to_owned()),
            group: curve.run.group.clone(),
            parameters: curve.run.parameters,
            target: Nats(target),
            batch: curve.batch,
            steps: Steps(steps),
            origin: curve.run.origin.clone(),
        })
    };
    by_batch_and_rate(curves).into_values().filter_map(row).collect()
}

/// The median steps, between two by ln S, and the curve there.
fn median_steps<'a, 'b>(seeds: Vec<&'b Curve<'a>>, target: f64) -> (f64, &'b Curve<'a>) {
    let mut steps: Vec<(f64, &Curve<'_>)> =
        seeds.into_iter().map(|curve| (curve.steps_to(target), curve)).collect();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (low, high) = (steps[(steps.len() - 1) / 2], steps[steps.len() / 2]);
    let median = if low.0 == high.0 { low.0 } else { (low.0.ln() / 2.0 + high.0.ln() / 2.0).exp() };
    (median, low.1)
}

//! One fitted law, and two beside each other.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Kind, Severity, Verdict};
use crate::data::TrainingRun;
use crate::fit::Fit;
use crate::least_squares::linear;
use crate::model::{Law, Quantity};
use crate::units::{Flop, Nats};

/// How much the loss of one and the same run varies.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Noise {
    /// The standard deviation of ln L.
    pub sd: f64,
    /// Where it comes from, in words.
    pub source: String,
}

/// The noise between seeds, or between runs alike, where runs were repeated, else what the law leaves.
pub fn noise(runs: &[TrainingRun], fit: &Fit) -> Noise {
    repeated(runs).unwrap_or_else(|| left_by(fit))
}

/// At least so many degrees of freedom make a standard deviation of seeds.
const FEWEST_REPEATS: usize = 3;

/// The pooled standard deviation of ln L among runs that differ in nothing but their seed; where no
/// seed is logged, among runs that are alike in all that is.
fn repeated(runs: &[TrainingRun]) -> Option<Noise> {
    let usable: Vec<&TrainingRun> = runs.iter().filter(|r| r.flags.is_empty()).collect();
    let seeded: Vec<&TrainingRun> = usable.iter().copied().filter(|r| r.seed.is_some()).collect();
    if seeded.is_empty() {
        return pooled(&usable, "runs alike in size, data, rate and batch");
    }
    // Of one seed in one cell, the first: a run that is listed twice is no repeat.
    let mut seen = BTreeSet::new();
    let different: Vec<&TrainingRun> =
        seeded.into_iter().filter(|r| seen.insert((alike(r), r.seed))).collect();
    pooled(&different, "noise between seeds")
}

/// What two runs must have in common to be repeats of each other.
type Alike = (Option<String>, Option<String>, i64, i64, [i64; 3]);

fn alike(run: &TrainingRun) -> Option<Alike> {
    let digits = |v: f64| (v.ln() * 1e3).round() as i64;
    let n = run.parameters.total.or(run.parameters.unstated).or(run.parameters.body)?;
    let settings = [run.learning_rate, run.batch.map(|b| b.0), run.unique_tokens.map(|u| u.0)];
    Some((
        run.group.clone(),
        run.schedule.as_ref().map(|s| format!("{s:?}")),
        digits(n.0),
        digits(run.tokens?.0),
        settings.map(|v| v.map_or(i64::MIN, digits)),
    ))
}

fn pooled(runs: &[&TrainingRun], what: &str) -> Option<Noise> {
    let mut cells: BTreeMap<Alike, Vec<f64>> = BTreeMap::new();
    for run in runs {
        if let (Some(key), Some(loss)) = (alike(run), run.loss) {
            cells.entry(key).or_default().push(loss.0.ln());
        }
    }
    let squares = |cell: &Vec<f64>| {
        let mean = cell.iter().sum::<f64>() / cell.len() as f64;
        cell.iter().map(|l| (l - mean).powi(2)).sum::<f64>()
    };
    let repeated: Vec<&Vec<f64>> = cells.values().filter(|cell| cell.len() > 1).collect();
    let freedom: usize = repeated.iter().map(|cell| cell.len() - 1).sum();
    let sd = (repeated.iter().map(|c| squares(c)).sum::<f64>() / freedom as f64).sqrt();
    (freedom >= FEWEST_REPEATS && sd > 0.0)
        .then(|| Noise { sd, source: format!("{what}, {} settings repeated", repeated.len()) })
}

/// A robust standard deviation of the residuals, 1.4826 times their median size.
fn left_by(fit: &Fit) -> Noise {
    let mut sizes: Vec<f64> = fit.residuals().into_iter().map(f64::abs).collect();
    sizes.sort_by(f64::total_cmp);
    let n = sizes.len();
    let freedom = n.saturating_sub(fit.law.parameters.len()).max(1) as f64;
    let middle = sizes.get(n / 2).copied().unwrap_or(f64::NAN);
    let sd = 1.4826 * middle * (n as f64 / freedom).sqrt();
    Noise { sd, source: format!("what {} leaves of the runs; no run was repeated", fit.law.name) }
}

/// Exponents of well-tuned suites of language models: Chinchilla's replications and the other
/// suites at hand have α and β between 0.1 and 0.6 and a between 0.35 and 0.7.
const PLAUSIBLE_EXPONENT: (f64, f64) = (0.1, 0.6);
const PLAUSIBLE_SIZE_EXPONENT: (f64, f64) = (0.35, 0.7);
/// |t| of the saddle term above which residuals are not noise.
const SADDLE_T: f64 = 4.0;
/// Rows below which residuals show no shape.
const FEWEST_FOR_SHAPE: usize = 15;

/// Looks at one fitted law.
pub fn judge_fit(fit: &Fit) -> Vec<Verdict> {
    let mut verdicts = vec![];
    verdicts.extend(at_a_bound(fit));
    verdicts.extend(implausible_exponents(fit));
    verdicts.extend(saddle(fit));
    verdicts
}

/// The parameter of that symbol.
fn value(fit: &Fit, symbol: &str) -> Option<f64> {
    fit.law.parameters.iter().zip(&fit.theta).find(|(p, _)| p.symbol == symbol).map(|(_, v)| *v)
}

fn at_a_bound(fit: &Fit) -> Option<Verdict> {
    let is_at = |v: f64, bound: f64| (v - bound).abs() <= 1e-9 * bound.abs().max(1e-12);
    let held = fit.law.parameters.iter().zip(&fit.theta);
    let held: Vec<String> = held
        .filter(|(p, v)| is_at(**v, p.low) || is_at(**v, p.high))
        .map(|(p, v)| format!("{} = {v}", p.symbol))
        .collect();
    (!held.is_empty()).then(|| {
        Verdict::new(
            Kind::ImplausibleExponents,
            Severity::Warning,
            format!(
                "{}: {} lies at the end of what is searched: the runs do not determine it",
                fit.law.name,
                held.join(", ")
            ),
            "add runs of other sizes and lengths, or fit a smaller law",
        )
    })
}

fn implausible_exponents(fit: &Fit) -> Option<Verdict> {
    let (alpha, beta) = (value(fit, "α")?, value(fit, "β")?);
    // Of a sum raised to k, the exponents that show are k·α and k·β.
    let k = value(fit, "k").unwrap_or(1.0);
    let within = |v: f64, range: (f64, f64)| range.0 <= v && v <= range.1;
    let a = beta / (alpha + beta);
    let exponents = within(k * alpha, PLAUSIBLE_EXPONENT) && within(k * beta, PLAUSIBLE_EXPONENT);
    if k * alpha > 0.0 && exponents && within(a, PLAUSIBLE_SIZE_EXPONENT) {
        return None;
    }
    let powers = if k == 1.0 { "" } else { "k·" };
    Some(Verdict::new(
        Kind::ImplausibleExponents,
        Severity::Warning,
        format!(
            "{}: {powers}α = {:.3}, {powers}β = {:.3}, a = {a:.3}; well-tuned suites have \
             exponents from {} to {} and a from {} to {}: a sign of losses read before the \
             learning rate had come down, of badly tuned sizes, or of a law that does not fit",
            fit.law.name,
            k * alpha,
            k * beta,
            PLAUSIBLE_EXPONENT.0,
            PLAUSIBLE_EXPONENT.1,
            PLAUSIBLE_SIZE_EXPONENT.0,
            PLAUSIBLE_SIZE_EXPONENT.1,
        ),
        "check that every loss is the last of a finished run; compare with another law",
    ))
}

/// Whether residuals are high on one diagonal of the (ln N, ln D) plane and low on the other,
/// beyond what a quadratic in each leaves: the sign that the two terms do not simply add.
fn saddle(fit: &Fit) -> Option<Verdict> {
    let column = |q| fit.law.inputs.iter().position(|input| *input == q);
    let (n, d) = (column(Quantity::Parameters)?, column(Quantity::Tokens)?);
    let residuals = fit.residuals();
    if residuals.len() < FEWEST_FOR_SHAPE {
        return None;
    }
    let standardised = |i: usize| {
        let x: Vec<f64> = fit.observations.x.iter().map(|row| row[i].ln()).collect();
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let sd = (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / x.len() as f64).sqrt();
        x.into_iter().map(move |v| (v - mean) / sd)
    };
    let rows: Vec<[f64; 6]> = standardised(n)
        .zip(standardised(d))
        .map(|(u, v)| [1.0, u, v, u * u, v * v, u * v])
        .collect();
    let found = linear(&rows, &residuals, None)?;
    let variance = found.squares / (residuals.len() - 6) as f64;
    let bend = found.coefficients[5];
    let t = bend / (variance * found.inverse[5][5]).sqrt();
    (t.abs() > SADDLE_T).then(|| {
        Verdict::new(
            Kind::StructuredResiduals,
            Severity::Warning,
            format!(
                "{} leaves a saddle: residuals of {:+.2} % where size and data are both one \
                 standard deviation high or both low, and the reverse where they differ (t = \
                 {t:.1})",
                fit.law.name,
                100.0 * bend,
            ),
            if fit.law.id == "skaling" {
                "check for runs that are not well tuned, or of another recipe"
            } else {
                "compare with skaling, whose power k bends the sum of the two terms"
            },
        )
    })
}

/// |t| above which a group does not lie on the law of the rest, and the offset that matters.
const GROUP_T: f64 = 5.0;
const GROUP_OFFSET: f64 = 0.005;
/// A run of another group is beside one where size and data differ by less than this factor.
const BESIDE: f64 = 2.1;
/// So many runs must have one of another group beside them.
const FEWEST_BESIDE: usize = 4;

/// Whether runs of several groups lie on one law: each run against those of other groups beside
/// it. Groups that do not overlap, such as one a budget, may well lie on one law.
pub fn judge_groups(fit: &Fit, runs: &[TrainingRun]) -> Option<Verdict> {
    let o = &fit.observations;
    let group = |row: usize| runs.get(o.run[row])?.group.as_deref();
    let residuals = fit.residuals();
    let beside = |i: usize, j: usize| {
        o.x[i].iter().zip(&o.x[j]).all(|(a, b)| (a / b).ln().abs() < BESIDE.ln())
    };
    let mut gaps: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for i in 0..residuals.len() {
        let own = group(i)?;
        let others: Vec<f64> = (0..residuals.len())
            .filter(|j| group(*j) != Some(own) && beside(i, *j))
            .map(|j| residuals[j])
            .collect();
        if !others.is_empty() {
            let mean = others.iter().sum::<f64>() / others.len() as f64;
            gaps.entry(own).or_default().push(mean - residuals[i]);
        }
    }
    let worst = gaps
        .iter()
        .filter(|(_, gaps)| gaps.len() >= FEWEST_BESIDE)
        .map(|(name, gaps)| (name, mean_and_t(gaps), gaps.len()))
        .filter(|(_, (mean, t), _)| t.abs() > GROUP_T && mean.abs() > GROUP_OFFSET)
        .max_by(|a, b| a.1.0.abs().total_cmp(&b.1.0.abs()));
    let (name, (offset, t), n) = worst?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for group in (0..residuals.len()).filter_map(group) {
        *counts.entry(group).or_default() += 1;
    }
    let n_alone = counts.keys().filter(|name| stands_alone(fit, runs, name)).count();
    let alone = n_alone * 2 > counts.len();
    let names: Vec<String> = counts.iter().map(|(name, n)| format!("{name} ({n})")).collect();
    Some(Verdict::new(
        Kind::MixedGroups,
        if alone { Severity::Refusal } else { Severity::Warning },
        format!(
            "the runs are of {} groups that do not lie on one law: {n} runs of {name} have losses \
             {:.1} % {} those of other groups of like size and data (t = {:.0}); groups: {}",
            counts.len(),
            100.0 * offset.abs(),
            if offset > 0.0 { "above" } else { "below" },
            t.abs(),
            names.join(", "),
        ),
        if alone {
            "choose one with --group NAME"
        } else {
            "look for what differs between them, such as the batch or the learning rate"
        },
    ))
}

/// A group whose runs span this factor of compute can be planned from on its own.
const SPAN_ALONE: f64 = 4.0;

fn stands_alone(fit: &Fit, runs: &[TrainingRun], group: &str) -> bool {
    let rows = fit.observations.run.iter().zip(&fit.observations.compute);
    let own =
        rows.filter(|(run, _)| runs.get(**run).is_some_and(|r| r.group.as_deref() == Some(group)));
    let compute: Vec<f64> = own.filter_map(|(_, c)| c.map(|c| c.0)).collect();
    let (low, high) =
        compute.iter().fold((f64::INFINITY, 0.0f64), |(l, h), c| (l.min(*c), h.max(*c)));
    high > SPAN_ALONE * low
}

/// The mean, and how many of its standard errors it is from zero.
fn mean_and_t(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, mean / (variance / n).sqrt())
}

/// Two laws at one budget.
pub fn judge_agreement(
    compute: Flop,
    one: (&Law, Nats),
    other: (&Law, Nats),
    noise: &Noise,
) -> Option<Verdict> {
    let apart = (one.1.0 / other.1.0).ln().abs();
    let times = apart / noise.sd;
    (times > 2.0).then(|| {
        Verdict::new(
            Kind::Disagreement,
            if times > 3.0 { Severity::Warning } else { Severity::Note },
            format!(
                "at {compute} {} says {:.3} and {} {:.3}: they differ by {:.1} %, {times:.1}× the \
                 noise ({:.2} %, {})",
                one.0.name,
                one.1.0,
                other.0.name,
                other.1.0,
                100.0 * apart,
                100.0 * noise.sd,
                noise.source,
            ),
            "see `fieldkit scaling next` for the run that would tell them apart",
        )
    })
}

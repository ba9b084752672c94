//! When to stop: the step before which early stopping does not help, the data that keep a model
//! from over-fitting, and where the validation loss of a run has turned up.

use record::Journal;
use serde::Serialize;

use super::batch::{self, steps_to_losses};
use super::{Estimate, interval_of};
use crate::Error;
use crate::data::TrainingRun;
use crate::fit::{Fit, Observations, Recipe, fit};
use crate::isoflop::envelope::smooth;
use crate::model::Law;
use crate::model::kaplan::loss::{
    SizeAndData, SizeAndSteps, TABLE_2, TABLE_3, overfitting, tokens_against_overfitting,
};
use crate::model::kaplan::training::{
    BatchOfLoss, critical_batch, early_stopping_bound, least_steps,
};
use crate::model::kaplan::{KAPLAN_ND, KAPLAN_NS};
use crate::units::{BodyParameters, CountKind, Nats, Steps, Tokens};

/// The noise between seeds that over-fitting is held against, as a share of the loss: eq. 4.4 of
/// Kaplan et al. 2020 puts δL = L(N, D)/L(N, ∞) − 1 at the 0.02 of its §4.2.
pub const KAPLAN_NOISE: f64 = 0.02;

/// A model and its text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// N.
    pub parameters: BodyParameters,
    /// D: different tokens at hand.
    pub tokens: Tokens,
    /// Which over-fitting is no more than noise, as a share of the loss.
    pub noise: f64,
}

/// When to stop, and what data it takes not to have to.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// N and D asked about.
    pub parameters: f64,
    /// See `parameters`.
    pub tokens: f64,
    /// By published constants, and by laws fitted to the runs where that could be done.
    pub bounds: Vec<Bound>,
    /// `5e3·N^0.74` tokens (Kaplan et al. 2020, eq. 4.4).
    pub rule_of_thumb: f64,
    /// Where the validation loss of each run with a history is lowest.
    pub turns: Vec<Turn>,
    /// What could not be fitted, and why.
    pub left_out: Vec<String>,
}

/// What one set of constants says.
#[derive(Debug, Clone, Serialize)]
pub struct Bound {
    /// Whose constants.
    pub name: String,
    /// Which parameters N counts in them.
    pub count: CountKind,
    /// L(N, D)/L(N, ∞) − 1.
    pub overfitting: Estimate,
    /// S_stop, at a batch without bound: a lower bound.
    pub stop: Estimate,
    /// D at which over-fitting is no more than the noise.
    pub tokens_needed: Estimate,
}

/// Where the validation loss of a run is lowest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Turn {
    /// The run.
    pub run: String,
    /// The step of the lowest loss, averaged over five checkpoints.
    pub step: Steps,
    /// That loss.
    pub lowest: Nats,
    /// The last loss, averaged over three checkpoints.
    pub last: Nats,
    /// The last step.
    pub last_step: Steps,
    /// Whether the last loss is above the lowest by more than the scatter between checkpoints.
    pub has_turned: bool,
    /// The bound of eq. 5.7 at this run's N and D, with fitted constants where there are some.
    pub bound: Option<Steps>,
}

/// What the published constants and the runs say about `asked`; where it is none, about the
/// largest run.
///
/// # Errors
/// Refused where nothing is asked and no run has size and tokens.
pub fn report(
    runs: &[TrainingRun],
    asked: Option<Asked>,
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<Report, Error> {
    let asked = asked.or_else(|| of_largest(runs)).ok_or_else(|| {
        Error::refused(
            "neither a model and its text nor a run with both is given",
            "add --parameters and --tokens",
        )
    })?;
    let mut left_out = vec![];
    let count = most_logged_count(runs);
    let data = fitted_to_data(runs, count, recipe, journal);
    left_out.extend(not_fitted(runs, count));
    let own = own_batch(runs, recipe, journal);
    let steps = fitted_to_steps(runs, own.as_ref(), recipe, journal);
    let published = Bound::published(&asked);
    let mut bounds = vec![published];
    match &data {
        Ok(data) => {
            bounds.push(Bound::fitted(&asked, data, steps.as_ref().ok(), own.is_some()));
        }
        Err(error) => left_out.push(format!("L(N, D): {}", first_line(error))),
    }
    if let Err(error) = &steps {
        left_out.push(format!("L(N, S_min): {}", first_line(error)));
    }
    let constants = |fit: &Fit| size_and_data(&fit.theta);
    let k = data.as_ref().map_or(TABLE_2, constants);
    let s = steps.as_ref().map_or(TABLE_3, |fit| size_and_steps(&fit.theta));
    Ok(Report {
        parameters: asked.parameters.0,
        tokens: asked.tokens.0,
        bounds,
        rule_of_thumb: tokens_against_overfitting(asked.parameters).0,
        turns: runs.iter().filter_map(|run| turn(run, &k, &s)).collect(),
        left_out,
    })
}

fn first_line(error: &Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

/// N as these laws count it where that is known: the body.
fn size(run: &TrainingRun) -> Option<(f64, CountKind)> {
    let p = run.parameters;
    let body = p.body.map(|n| (n.0, CountKind::Body));
    let unstated = p.unstated.map(|n| (n.0, CountKind::Unstated));
    body.or(unstated).or(p.total.map(|n| (n.0, CountKind::Total)))
}

/// The count that most runs have for `size`.
fn most_logged_count(runs: &[TrainingRun]) -> Option<CountKind> {
    let n_of = |count: CountKind| {
        runs.iter().filter(|r| size(r).is_some_and(|(_, own)| own == count)).count()
    };
    let counts = [CountKind::Total, CountKind::Unstated, CountKind::Body];
    counts.into_iter().filter(|count| n_of(*count) > 0).max_by_key(|count| n_of(*count))
}

/// Runs that L(N, D) is not fitted to, in words.
fn not_fitted(runs: &[TrainingRun], count: Option<CountKind>) -> Vec<String> {
    let usable = || runs.iter().filter(|r| r.flags.is_empty());
    let n_training = usable().filter(|r| has_training_loss_alone(r)).count();
    let n_other = usable().filter(|r| size(r).is_some_and(|(_, own)| Some(own) != count)).count();
    let told = |n: usize, why: &str| (n > 0).then(|| format!("L(N, D): {n} run(s) {why}"));
    [
        told(n_training, "whose only loss is of the training text, which over-fitting lowers"),
        told(n_other, "whose parameters are counted otherwise than in most"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn has_training_loss_alone(run: &TrainingRun) -> bool {
    run.loss.is_some() && run.loss_is_training && validation(run).is_empty()
}

/// Different tokens, else all.
fn text(run: &TrainingRun) -> Option<f64> {
    run.unique_tokens.or(run.tokens).map(|d| d.0)
}

fn of_largest(runs: &[TrainingRun]) -> Option<Asked> {
    let sizes = runs.iter().filter_map(|r| Some((size(r)?.0, text(r)?)));
    let (n, d) = sizes.max_by(|a, b| (a.0 * a.1).total_cmp(&(b.0 * b.1)))?;
    Some(Asked { parameters: BodyParameters(n), tokens: Tokens(d), noise: KAPLAN_NOISE })
}

fn size_and_data(theta: &[f64]) -> SizeAndData {
    SizeAndData {
        alpha_n: theta[0],
        alpha_d: theta[1],
        n_c: BodyParameters(theta[2]),
        d_c: Tokens(theta[3]),
    }
}

fn size_and_steps(theta: &[f64]) -> SizeAndSteps {
    SizeAndSteps {
        alpha_n: theta[0],
        alpha_s: theta[1],
        n_c: BodyParameters(theta[2]),
        s_c: Steps(theta[3]),
    }
}

impl Bound {
    fn published(asked: &Asked) -> Self {
        let alone = |value| {
            Estimate::alone(value, "Kaplan et al. 2020, Tables 2 and 3, from memory of the paper")
        };
        let [overfitting, stop, tokens] = values(asked, &TABLE_2, &TABLE_3);
        Self {
            name: "Kaplan 2020".to_owned(),
            count: CountKind::Body,
            overfitting: alone(overfitting),
            stop: alone(stop),
            tokens_needed: alone(tokens),
        }
    }

    /// With L(N, D) fitted, and S_c and αS fitted too where that could be done.
    fn fitted(asked: &Asked, data: &Fit, steps: Option<&Fit>, is_corrected: bool) -> Self {
        let of = |theta: &[f64], steps_theta: Option<&[f64]>| {
            let steps = steps_theta.map_or(TABLE_3, size_and_steps);
            values(asked, &size_and_data(theta), &steps)
        };
        let best = of(&data.theta, steps.map(|fit| &*fit.theta));
        let draws: Vec<[f64; 3]> = data
            .draws
            .iter()
            .enumerate()
            .map(|(k, theta)| of(theta, steps.and_then(|fit| fit.draws.get(k)).map(|t| &**t)))
            .collect();
        let steps_of = match (steps.is_some(), is_corrected) {
            (true, true) => "fitted to their curves, steps corrected by B_crit of your batches",
            (true, false) => "fitted to their curves, steps at the batch that was used",
            (false, _) => "Kaplan's Table 3",
        };
        let source = format!(
            "L(N, D) fitted to {} runs; S_c and αS: {steps_of}",
            data.observations.loss.len()
        );
        let estimate = |i: usize| Estimate {
            value: best[i],
            interval: interval_of(draws.iter().map(|d| d[i]).collect(), "bootstrap by run"),
            source: source.clone(),
        };
        Self {
            name: "your runs".to_owned(),
            count: data.observations.count.unwrap_or(CountKind::Unstated),
            overfitting: estimate(0),
            stop: estimate(1),
            tokens_needed: estimate(2),
        }
    }
}

/// δL, S_stop, and D at which δL is the noise:
/// `D = (N/N_c)^(αN/αD)·D_c/[(1 + δ)^(1/αD) − 1]`, eq. 4.3 solved for D.
fn values(asked: &Asked, data: &SizeAndData, steps: &SizeAndSteps) -> [f64; 3] {
    let (n, d) = (asked.parameters, asked.tokens);
    let shape = (n.0 / data.n_c.0).powf(data.alpha_n / data.alpha_d) * data.d_c.0;
    let needed = shape / (asked.noise.ln_1p() / data.alpha_d).exp_m1();
    [overfitting(n, d, data), early_stopping_bound(n, d, data, steps).0, needed]
}

/// L(N, D) on the lowest validation loss of each run, D its different tokens: the law is about
/// runs stopped early.
fn fitted_to_data(
    runs: &[TrainingRun],
    count: Option<CountKind>,
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<Fit, Error> {
    let row = |run: &TrainingRun| {
        let lowest = validation(run).iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
        let held_out = run.loss.filter(|_| !run.loss_is_training);
        let last = held_out.map_or(f64::INFINITY, |l| l.0);
        let loss = lowest.min(last);
        let (n, own) = size(run)?;
        let is_same = Some(own) == count;
        Some((vec![n, text(run)?], loss)).filter(|_| is_same).filter(|(_, loss)| loss.is_finite())
    };
    let usable = || runs.iter().enumerate().filter(|(_, r)| r.flags.is_empty());
    let rows: Vec<(usize, Vec<f64>, f64)> =
        usable().filter_map(|(i, r)| row(r).map(|(x, loss)| (i, x, loss))).collect();
    fitted(&KAPLAN_ND, runs, rows, recipe, journal)
}

/// Moments of each curve, evenly spaced by ln S.
const N_MOMENTS: usize = 20;

/// B_crit(L) of the runs' own batches, where they were trained at several.
fn own_batch(
    runs: &[TrainingRun],
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Option<BatchOfLoss> {
    let recipe = Recipe { n_bootstrap: 0, ..*recipe };
    let rows = steps_to_losses(runs, None).ok()?;
    let law = batch::report(&rows, batch::REFERENCE, &recipe, journal).ok()?.by_loss?;
    let (b_star, alpha_b) = (Tokens(law.b_star.value), law.alpha_b.value);
    (alpha_b > 0.0).then_some(BatchOfLoss { b_star, alpha_b })
}

/// L(N, S_min) on the training curves, their steps corrected to a batch without bound where the
/// critical batch is known: Kaplan's own is of another text and other tokens.
fn fitted_to_steps(
    runs: &[TrainingRun],
    own: Option<&BatchOfLoss>,
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<Fit, Error> {
    let mut rows = vec![];
    for (i, run) in runs.iter().enumerate().filter(|(_, r)| r.flags.is_empty()) {
        let (Some((n, _)), Some(batch)) = (size(run), run.batch) else { continue };
        let curve = smooth(&losses_before_turn(run));
        let Some(last) = curve.last().map(|p| p.0) else { continue };
        // The first tenth is the warm-up and what comes of it.
        let first = (0.1 * last).max(1.0);
        for k in 0..N_MOMENTS {
            let step = first * (last / first).powf(k as f64 / (N_MOMENTS - 1) as f64);
            let Some((step, loss)) = curve.iter().find(|p| p.0 >= step).copied() else { continue };
            let corrected =
                own.map(|k| least_steps(Steps(step), batch, critical_batch(Nats(loss), k)));
            let least = corrected.unwrap_or(Steps(step));
            rows.push((i, vec![n, least.0], loss));
        }
    }
    fitted(&KAPLAN_NS, runs, rows, recipe, journal)
}

/// `law` fitted to rows of a run, its inputs and a loss.
fn fitted(
    law: &'static Law,
    runs: &[TrainingRun],
    rows: Vec<(usize, Vec<f64>, f64)>,
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<Fit, Error> {
    let Some(count) = rows.first().map(|(i, _, _)| size(&runs[*i]).map(|s| s.1)) else {
        return Err(Error::refused(
            "no run has all that it takes",
            "log the size, the tokens and the batch, and the loss by step",
        ));
    };
    let observations = Observations {
        inputs: law.inputs,
        loss: rows.iter().map(|r| r.2).collect(),
        run: rows.iter().map(|r| r.0).collect(),
        id: rows.iter().map(|r| runs[r.0].id.clone()).collect(),
        compute: vec![None; rows.len()],
        x: rows.into_iter().map(|r| r.1).collect(),
        count,
        notes: vec![],
    };
    fit(law, observations, recipe, journal)
}

/// Validation losses by step.
fn validation(run: &TrainingRun) -> Vec<(f64, f64)> {
    run.history.iter().filter_map(|c| Some((c.step, c.val_loss?))).collect()
}

/// The validation curve down to its lowest point, else the training curve.
fn losses_before_turn(run: &TrainingRun) -> Vec<(f64, f64)> {
    let mut losses = crate::isoflop::envelope::losses(&run.history);
    let lowest = (0..losses.len()).min_by(|i, j| losses[*i].1.total_cmp(&losses[*j].1));
    losses.truncate(lowest.map_or(0, |i| i + 1));
    losses
}

/// Fewer checkpoints show no turn.
const FEWEST_CHECKPOINTS: usize = 8;
/// Checkpoints that the last loss is averaged over.
const N_TAIL: usize = 3;

fn turn(run: &TrainingRun, data: &SizeAndData, steps: &SizeAndSteps) -> Option<Turn> {
    let raw = validation(run);
    if raw.len() < FEWEST_CHECKPOINTS {
        return None;
    }
    let curve = smooth(&raw);
    let lowest = (0..curve.len()).min_by(|i, j| curve[*i].1.total_cmp(&curve[*j].1))?;
    // By the median, since the steep beginning is no scatter.
    let mut off: Vec<f64> = raw.iter().zip(&curve).map(|(a, b)| (a.1 - b.1).abs()).collect();
    off.sort_by(f64::total_cmp);
    let scatter = 1.4826 * off[off.len() / 2];
    let (last_step, _) = raw[raw.len() - 1];
    let tail = &raw[raw.len() - N_TAIL..];
    let last = tail.iter().map(|p| p.1).sum::<f64>() / N_TAIL as f64;
    let bound = size(run)
        .zip(text(run))
        .map(|((n, _), d)| early_stopping_bound(BodyParameters(n), Tokens(d), data, steps));
    Some(Turn {
        run: run.id.clone(),
        step: Steps(curve[lowest].0),
        lowest: Nats(curve[lowest].1),
        last: Nats(last),
        last_step: Steps(last_step),
        has_turned: last - curve[lowest].1 > 3.0 * scatter && curve[lowest].0 < 0.9 * last_step,
        bound: bound.filter(|s| s.0.is_finite()),
    })
}

//! What a run would have come to under another schedule of the learning rate, from one curve.
//!
//! Two laws are fitted to the curve (Tissue et al. 2024 and the multi-power law of Luo et al.
//! 2025). The one that foretells the curve's own last part better, fitted to the first part alone,
//! is believed; what it was off by there widens its interval.

mod multi_power;
mod series;
mod tissue;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rayon::prelude::*;
use record::{Interval, Journal};
use serde::Serialize;

use super::{Estimate, interval_of};
use crate::Error;
use crate::data::TrainingRun;
use crate::judge::{self, Severity, Verdict};
use crate::model::annealing::{Shape, learning_rates};
use multi_power::MultiPowerFit;
use series::Series;
use tissue::TissueFit;

/// The part of a curve that laws are fitted to when they are scored on the rest.
pub const SHARE_FITTED: f64 = 0.75;

/// The schedule asked about.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// A shape, its peak, warm-up steps and all steps; what is left out is as in the run.
    Shape {
        /// What the rate does after its warm-up.
        shape: Shape,
        /// The peak.
        peak: Option<f64>,
        /// Steps of warm-up.
        n_warmup: Option<usize>,
        /// All steps.
        n_steps: Option<usize>,
    },
    /// The rates of another run, and its loss where it has one to compare with.
    Like(Box<TrainingRun>),
}

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurveRecipe {
    /// Draws of the block bootstrap; 0 for no intervals.
    pub n_bootstrap: usize,
    /// Its seed.
    pub seed: u64,
}

/// What comes of a curve.
#[derive(Debug, Clone, Serialize)]
pub struct Forecast {
    /// The run.
    pub run: String,
    /// Steps of it, the warm-up included.
    pub n_steps: f64,
    /// Its peak learning rate.
    pub peak: f64,
    /// Steps of warm-up.
    pub n_warmup: f64,
    /// Its own last loss, averaged over the last two percent of steps.
    pub own_final: f64,
    /// Both laws, the believed one first.
    pub laws: Vec<FittedCurve>,
    /// MAPE on the held-out part of two baselines: a power law of the sum of rates without
    /// annealing, and the last loss fitted.
    pub baselines: [(&'static str, f64); 2],
    /// Steps of the schedule asked about.
    pub target_steps: usize,
    /// The final loss under it.
    pub target_final: Estimate,
    /// Step, rate and loss along it.
    pub target_curve: Vec<Moment>,
    /// Where the schedule is that of another run with a loss: how well it was foretold.
    pub truth: Option<Truth>,
    /// What to know about it.
    pub verdicts: Vec<Verdict>,
}

/// One law fitted to the curve.
#[derive(Debug, Clone, Serialize)]
pub struct FittedCurve {
    /// Its name.
    pub law: &'static str,
    /// The equation.
    pub equation: &'static str,
    /// Parameters by symbol.
    pub parameters: Vec<(&'static str, f64)>,
    /// The mean of |L̂ − L|/L over the whole curve, fitted to it.
    pub mape: f64,
    /// The same over the last part, fitted to the first.
    pub held_out_mape: f64,
    /// The mean of (L̂ − L)/L there.
    pub held_out_bias: f64,
    /// The final loss that it foretells for the schedule asked about.
    pub target_final: f64,
}

/// A moment of the schedule asked about.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Moment {
    /// Updates so far, the warm-up included.
    pub step: f64,
    /// The rate.
    pub learning_rate: f64,
    /// The loss foretold.
    pub loss: f64,
}

/// How well a run was foretold from another one.
#[derive(Debug, Clone, Serialize)]
pub struct Truth {
    /// The run.
    pub run: String,
    /// Its final loss, averaged over the last two percent of steps.
    pub own_final: f64,
    /// The mean of |L̂ − L|/L along it.
    pub mape: f64,
    /// (L̂ − L)/L of the final loss.
    pub final_error: f64,
    /// The mean of |L̂ − L|/L of foretelling the curve of the run fitted, step by step.
    pub baseline_mape: f64,
}

/// The two laws of annealing.
const KINDS: [Kind; 2] = [Kind::Tissue, Kind::MultiPower];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Tissue,
    MultiPower,
}

/// One of them, fitted.
#[derive(Debug, Clone)]
enum Fitted {
    Tissue(TissueFit),
    MultiPower(MultiPowerFit),
}

impl Fitted {
    /// Fitted to losses at the points of a series; none where that fails.
    fn to(kind: Kind, series: &Series, losses: &[f64]) -> Option<Self> {
        match kind {
            Kind::Tissue => TissueFit::to(series, losses).map(Self::Tissue),
            Kind::MultiPower => MultiPowerFit::to(series, losses, None).map(Self::MultiPower),
        }
    }

    /// Fitted again to other losses of the same series.
    fn again(&self, series: &Series, losses: &[f64]) -> Option<Self> {
        match self {
            Self::Tissue(_) => TissueFit::to(series, losses).map(Self::Tissue),
            Self::MultiPower(fit) => {
                MultiPowerFit::to(series, losses, Some(fit)).map(Self::MultiPower)
            }
        }
    }

    /// The loss at every point of a series.
    fn losses(&self, series: &Series) -> Vec<f64> {
        match self {
            Self::Tissue(fit) => fit.losses(series),
            Self::MultiPower(fit) => fit.losses(series),
        }
    }

    fn describe(&self) -> Description {
        match self {
            Self::Tissue(fit) => fit.describe(),
            Self::MultiPower(fit) => fit.describe(),
        }
    }
}

/// Name, equation and parameters of a law.
struct Description {
    law: &'static str,
    equation: &'static str,
    parameters: Vec<(&'static str, f64)>,
}

/// Foretells `target` from the history of `run`.
///
/// # Errors
/// Refused where the history is short or does not hold learning rates.
pub fn forecast(
    run: &TrainingRun,
    target: &Target,
    recipe: &CurveRecipe,
    journal: &mut dyn Journal,
) -> Result<Forecast, Error> {
    let series = Series::of(run)?;
    let schedule = schedule(&series, target)?;
    let mut tried = vec![];
    for (i, kind) in KINDS.into_iter().enumerate() {
        journal.progress("laws of annealing", i as u64, KINDS.len() as u64);
        tried.push(Tried::on(kind, &series, &schedule)?);
    }
    journal.progress("laws of annealing", KINDS.len() as u64, KINDS.len() as u64);
    tried.sort_by(|a, b| a.held_out.0.total_cmp(&b.held_out.0));
    let best = &tried[0];
    let (losses, finals) = (&best.target, best.finals(&series, &schedule, recipe));
    let value = losses[losses.len() - 1];
    let interval = interval_of(finals, "block bootstrap of the curve");
    let interval = widened(interval, value, best.held_out.0);
    let laws: Vec<FittedCurve> = tried.iter().map(Tried::in_words).collect();
    let source = format!("{}, fitted to {}", laws[0].law, run.id);
    Ok(Forecast {
        run: run.id.clone(),
        n_steps: series.n_steps,
        peak: series.peak,
        n_warmup: series.n_warmup,
        own_final: series.own_final,
        baselines: baselines(&series),
        target_steps: schedule.n_steps as usize,
        target_final: Estimate { value, interval, source },
        target_curve: schedule.moments(losses),
        truth: truth(target, &series, &schedule, losses),
        verdicts: judge(&series, &schedule, &laws),
        laws,
    })
}

/// A law fitted to the whole and to the first part of a curve.
struct Tried {
    whole: Fitted,
    mape: f64,
    /// MAPE and bias on the last part.
    held_out: (f64, f64),
    /// Along the schedule asked about.
    target: Vec<f64>,
}

impl Tried {
    fn on(kind: Kind, series: &Series, schedule: &Series) -> Result<Self, Error> {
        let failed = || {
            Error::refused(
                "the curve cannot be fitted",
                "check that losses fall along it and that the learning rates belong to it",
            )
        };
        let whole = Fitted::to(kind, series, &series.losses).ok_or_else(failed)?;
        let early = series.first(SHARE_FITTED);
        let part = Fitted::to(kind, &early, &early.losses).ok_or_else(failed)?;
        let late = early.losses.len()..series.losses.len();
        let seen = &series.losses[late.clone()];
        Ok(Self {
            mape: errors(&whole.losses(series), &series.losses).0,
            held_out: errors(&part.losses(series)[late], seen),
            target: whole.losses(schedule),
            whole,
        })
    }

    fn in_words(&self) -> FittedCurve {
        let Description { law, equation, parameters } = self.whole.describe();
        FittedCurve {
            law,
            equation,
            parameters,
            mape: self.mape,
            held_out_mape: self.held_out.0,
            held_out_bias: self.held_out.1,
            target_final: self.target[self.target.len() - 1],
        }
    }

    /// The final loss of the schedule, from the curve redrawn around the fit by blocks of
    /// residuals: neighbours err alike (Künsch 1989).
    fn finals(&self, series: &Series, schedule: &Series, recipe: &CurveRecipe) -> Vec<f64> {
        let fitted = self.whole.losses(series);
        let residuals: Vec<f64> =
            series.losses.iter().zip(&fitted).map(|(l, f)| l / f - 1.0).collect();
        let n = residuals.len();
        let block = (n / 15).max(1);
        let redrawn = |k: usize| {
            let mut random = ChaCha8Rng::seed_from_u64(recipe.seed);
            random.set_stream(k as u64);
            let mut losses = Vec::with_capacity(n);
            while losses.len() < n {
                let from = random.random_range(0..n);
                for i in 0..block.min(n - losses.len()) {
                    let at = losses.len();
                    losses.push(fitted[at] * (1.0 + residuals[(from + i) % n]));
                }
            }
            losses
        };
        let last = schedule.last_point();
        let of = |k: usize| self.whole.again(series, &redrawn(k))?.losses(&last).last().copied();
        (0..recipe.n_bootstrap).into_par_iter().map(|k| of(k).unwrap_or(f64::NAN)).collect()
    }
}

/// Half its width and 1.96 times what the law was off by on the held-out part, in squares.
fn widened(interval: Option<Interval>, value: f64, held_out_mape: f64) -> Option<Interval> {
    let interval = interval?;
    // The mean size of a normal error is √(2/π) of its standard deviation.
    let off = 1.96 * held_out_mape * (std::f64::consts::PI / 2.0).sqrt() * value;
    let wider = |end: f64| ((end - value).powi(2) + off * off).sqrt();
    let method = format!("{}, widened by the held-out error", interval.method);
    Some(Interval::new(
        value - wider(interval.low),
        value + wider(interval.high),
        interval.level,
        method,
    ))
}

/// MAPE and mean error.
fn errors(foretold: &[f64], seen: &[f64]) -> (f64, f64) {
    let each = || foretold.iter().zip(seen).map(|(f, l)| f / l - 1.0);
    let n = seen.len() as f64;
    (each().map(f64::abs).sum::<f64>() / n, each().sum::<f64>() / n)
}

fn baselines(series: &Series) -> [(&'static str, f64); 2] {
    let early = series.first(SHARE_FITTED);
    let late = early.losses.len()..series.losses.len();
    let seen = &series.losses[late.clone()];
    let power = tissue::without_annealing(&early);
    let power = power.map_or(f64::NAN, |law| errors(&law.losses(series)[late], seen).0);
    let last = early.losses.last().copied().unwrap_or(f64::NAN);
    let flat = errors(&vec![last; seen.len()], seen).0;
    [("a power law without annealing", power), ("the last loss fitted", flat)]
}

fn schedule(series: &Series, target: &Target) -> Result<Series, Error> {
    match target {
        Target::Like(run) => Ok(Series::of(run)?.in_blocks_of(series)),
        Target::Shape { shape, peak, n_warmup, n_steps } => {
            let n_steps = n_steps.unwrap_or(series.n_steps as usize);
            let n_warmup = n_warmup.unwrap_or(series.n_warmup as usize);
            if n_steps < 10 || n_warmup + 2 > n_steps {
                return Err(Error::refused(
                    format!(
                        "a schedule of {n_steps} steps with {n_warmup} of warm-up is too short"
                    ),
                    "ask for more steps",
                ));
            }
            let rates = learning_rates(*shape, peak.unwrap_or(series.peak), n_warmup, n_steps);
            Ok(Series::of_schedule(&rates, n_warmup, series))
        }
    }
}

fn truth(target: &Target, series: &Series, schedule: &Series, losses: &[f64]) -> Option<Truth> {
    let Target::Like(run) = target else { return None };
    let seen = Series::of(run).ok()?;
    let at: Vec<f64> = seen.steps.iter().map(|s| schedule.value_at(*s, losses)).collect();
    let own: Vec<f64> = seen.steps.iter().map(|s| series.value_at(*s, &series.losses)).collect();
    Some(Truth {
        run: run.id.clone(),
        own_final: seen.own_final,
        mape: errors(&at, &seen.losses).0,
        final_error: losses[losses.len() - 1] / seen.own_final - 1.0,
        baseline_mape: errors(&own, &seen.losses).0,
    })
}

fn judge(series: &Series, schedule: &Series, laws: &[FittedCurve]) -> Vec<Verdict> {
    let mut verdicts = vec![];
    let times = schedule.n_steps / series.n_steps;
    if times > 4.0 {
        verdicts.push(Verdict::new(
            judge::Kind::Extrapolation,
            Severity::Warning,
            format!(
                "the schedule has {times:.0}× the steps of the run: its power law is read far \
                 beyond what it was fitted to"
            ),
            "fit a longer run",
        ));
    }
    let ratio = schedule.peak / series.peak;
    if !(0.5..=2.0).contains(&ratio) {
        verdicts.push(Verdict::new(
            judge::Kind::Extrapolation,
            Severity::Warning,
            format!("the peak rate is {ratio:.2}× that of the run: these laws hold for one peak"),
            "ask for a peak within a factor of two",
        ));
    }
    if series.fall() < 0.1 {
        verdicts.push(Verdict::new(
            judge::Kind::Undetermined,
            Severity::Warning,
            "the learning rate hardly falls along the run: what a fall gains cannot be seen in it",
            "give a run whose learning rate comes down",
        ));
    }
    let apart = (laws[0].target_final / laws[1].target_final - 1.0).abs();
    let worse = laws[0].held_out_mape.max(laws[1].held_out_mape);
    if apart > 2.0 * worse && apart > 0.002 {
        verdicts.push(Verdict::new(
            judge::Kind::Disagreement,
            Severity::Warning,
            format!(
                "{} ends at {:.3} and {} at {:.3}: {:.1} % apart, more than either was off by on \
                 the held-out part of the curve",
                laws[0].law,
                laws[0].target_final,
                laws[1].law,
                laws[1].target_final,
                100.0 * apart,
            ),
            "give a run of a schedule nearer to the one asked about",
        ));
    }
    verdicts
}

//! From a budget to a training run: size, tokens, batch, steps, learning rate, loss, time, cost
//! and energy, each with its interval and its source, and what is not to be believed about them.

mod hyper;
mod lines;

use serde::Serialize;

pub use hyper::{Batch, Rate};
pub use lines::{Line, Role};

use super::candidates::{Candidate, Candidates};
use super::frontier::{Frontier, Optimum, Repeats};
use super::rig::{Bill, Rig};
use super::{Estimate, interval_of};
use crate::Error;
use crate::data::TrainingRun;
use crate::fit::Fit;
use crate::judge::{
    self, Asked, Kind, Noise, Severity, Verdict, judge_agreement, judge_budget, judge_fit,
    judge_groups, judge_runs,
};
use crate::model::allocation::{Demand, Split, crossing};
use crate::model::{Law, Quantity};
use crate::tuning::tuning;
use crate::units::{CountKind, Flop, Nats, Parameters, Tokens, short};

/// What is to be spent or reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Budget {
    /// So much compute.
    Compute(Flop),
    /// As much as this loss takes.
    Loss(Nats),
    /// So many hours of all devices of the rig.
    Hours(f64),
    /// So much money for the rig.
    Money(f64),
}

/// What a plan is made for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What is to be spent or reached.
    pub budget: Budget,
    /// The machines, for time, cost and energy.
    pub rig: Option<Rig>,
    /// How much the model will be used after training.
    pub demand: Option<Demand>,
    /// How much different text there is.
    pub unique_tokens: Option<Tokens>,
    /// A size to be priced beside the best one.
    pub size: Option<Parameters>,
    /// A batch to be used in place of the suggested one.
    pub batch: Option<Tokens>,
    /// ω of `N_total = N_body + ω·N_body^(1/3)` (Pearce and Song 2024), where the shape of the
    /// models is known: without it body and total are not converted.
    pub omega: Option<f64>,
    /// Go on where the runs do not allow it.
    pub force: bool,
}

impl Request {
    /// A plan for a budget and nothing else.
    pub fn new(budget: Budget) -> Self {
        Self {
            budget,
            rig: None,
            demand: None,
            unique_tokens: None,
            size: None,
            batch: None,
            omega: None,
            force: false,
        }
    }
}

/// A training run to make.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// C.
    pub compute: Estimate,
    /// Which parameters N counts in the advice.
    pub count: CountKind,
    /// Ways to spend it side by side; the first is the advice.
    pub lines: Vec<Line>,
    /// How many times the text is seen, where it is limited.
    pub epochs: Option<f64>,
    /// The batch, with its bands.
    pub batch: Batch,
    /// D/B.
    pub steps: Estimate,
    /// Learning rates by rule, the first the one to begin with.
    pub learning_rates: Vec<Rate>,
    /// Time, cost and energy, where the machines are known.
    pub bill: Option<Bill>,
    /// What other sizes cost at the same loss.
    pub other_sizes: Vec<OtherSize>,
    /// The cheapest way over training and use.
    pub with_use: Option<WithUse>,
    /// How much the loss of one and the same run varies.
    pub noise: Noise,
    /// What to know about it, the gravest first.
    pub verdicts: Vec<Verdict>,
    /// Laws that could not be fitted, and why.
    pub left_out: Vec<String>,
}

/// Another size than the best one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OtherSize {
    /// N over N*.
    pub ratio: f64,
    /// N.
    pub parameters: Parameters,
    /// Compute above the budget that reaches the same loss, as a fraction; none where no amount
    /// of data does.
    pub overhead: Option<Estimate>,
    /// The loss within the budget.
    pub loss: Estimate,
    /// Whether it was asked for.
    pub is_asked: bool,
}

/// The cheapest split over training and use at the loss of the plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WithUse {
    /// Tokens over the model's life.
    pub demand: Tokens,
    /// N.
    pub parameters: Estimate,
    /// D.
    pub tokens: Estimate,
    /// Training compute.
    pub compute: Estimate,
    /// What is saved over training and use, as a fraction of what the plan takes.
    pub saving: f64,
}

/// Beyond this ratio of its ends an interval of N* is to be looked at twice, and beyond the other
/// it is no plan.
const WIDE: f64 = 10.0;
const WIDEST: f64 = 100.0;

/// The plan for `request` from fitted laws.
///
/// # Errors
/// Refused where the runs do not allow it (see [`judge`]), where the loss asked for is out of
/// reach, or where the chosen law has no best split.
pub fn plan(
    runs: &[TrainingRun],
    candidates: &Candidates,
    request: &Request,
) -> Result<Plan, Error> {
    let advice = Outcome::of(candidates.best(), request)?;
    let fit = &candidates.best().fit;
    let noise = judge::noise(runs, fit);
    let count = fit.observations.count.unwrap_or(CountKind::Unstated);
    let best = advice.best.split;
    let verdicts = verdicts(runs, candidates, request, &advice, &noise);
    let tuned = tuning(runs, count, 0).ok();
    let batch_for = |tokens| hyper::batch(tokens, request.batch, tuned.as_ref());
    let batch = batch_for(best.tokens);
    let of_draws = |f: &dyn Fn(&Optimum) -> f64| {
        advice.draws.iter().map(|d| d.as_ref().map_or(f64::NAN, |(_, o)| f(o))).collect::<Vec<_>>()
    };
    let steps = Estimate::with_draws(
        best.tokens.0 / batch.tokens.value,
        of_draws(&|o| o.split.tokens.0 / batch_for(o.split.tokens).tokens.value),
        "tokens over batch",
    );
    let compute_draws: Vec<Flop> = match &request.budget {
        Budget::Compute(_) if request.rig.is_some() => vec![advice.compute; N_MFU],
        _ => advice.draws.iter().flatten().map(|(c, _)| *c).collect(),
    };
    Ok(Plan {
        count,
        lines: lines::lines(runs, candidates, request, &advice),
        epochs: request.unique_tokens.map(|u| best.tokens.0 / u.0),
        steps,
        learning_rates: hyper::rates(best, advice.compute, count, request.omega, tuned.as_ref()),
        bill: bill(request, &advice, &compute_draws),
        other_sizes: other_sizes(candidates.best(), request, &advice),
        with_use: request.demand.map(|d| with_use(candidates.best(), &advice, d)).transpose()?,
        noise,
        verdicts: judge::weigh(verdicts, request.force)?,
        left_out: candidates.left_out.clone(),
        compute: advice.compute_estimate(request),
        batch,
    })
}

/// Draws of the utilisation where the compute itself is certain.
const N_MFU: usize = 1000;

/// Time, cost and energy. Where the budget is one of hours or money these are what was given.
fn bill(request: &Request, advice: &Outcome, draws: &[Flop]) -> Option<Bill> {
    let rig = request.rig.as_ref()?;
    let hours = match request.budget {
        Budget::Compute(_) | Budget::Loss(_) => return Some(rig.bill(advice.compute, draws)),
        Budget::Hours(hours) => hours,
        Budget::Money(money) => rig.hours_for(money).ok()?,
    };
    let mut bill = rig.bill(advice.compute, &[]);
    let device_hours = hours * rig.devices;
    bill.hours = Estimate::alone(hours, "as given");
    bill.device_hours = Estimate::alone(device_hours, "hours × devices");
    bill.cost = rig
        .price_per_hour
        .map(|price| Estimate::alone(device_hours * price, format!("device-hours × {price}")));
    Some(bill)
}

/// What the budget comes to under one fitted law, and under each of its draws.
struct Outcome {
    compute: Flop,
    best: Optimum,
    /// C and its best split; none where a draw cannot say.
    draws: Vec<Option<(Flop, Optimum)>>,
    /// Whether the law has no draws, so that only the utilisation was drawn.
    is_mfu_alone: bool,
}

impl Outcome {
    fn of(candidate: &Candidate, request: &Request) -> Result<Self, Error> {
        let fit = &candidate.fit;
        let at = |theta: &[f64], c: Flop| best_within_text(fit.law, theta, request, c);
        let (compute, computes) = computes(candidate, request)?;
        let best = at(&fit.theta, compute).ok_or_else(|| {
            Error::refused(
                format!("{} has no best split at {compute}", fit.law.name),
                "fit a law of size and data in two terms, such as --law chinchilla",
            )
        })?;
        let thetas = || fit.draws.iter().chain(fit.draws.is_empty().then_some(&fit.theta)).cycle();
        let draws = computes.iter().zip(thetas());
        let draws = draws.map(|(c, theta)| Some(((*c)?, at(theta, (*c)?)?))).collect();
        let is_mfu_alone = fit.draws.is_empty();
        Ok(Self { compute, best, draws, is_mfu_alone })
    }

    fn compute_estimate(&self, request: &Request) -> Estimate {
        let draws =
            || self.draws.iter().map(|d| d.as_ref().map_or(f64::INFINITY, |(c, _)| c.0)).collect();
        let value = self.compute.0;
        match &request.budget {
            Budget::Compute(_) => Estimate::alone(value, "as given"),
            Budget::Loss(loss) => {
                let source = format!("least compute that reaches {loss}");
                Estimate::with_draws(value, draws(), source)
            }
            Budget::Hours(_) | Budget::Money(_) => Estimate {
                value,
                interval: interval_of(draws(), "draws of the MFU"),
                source: "hours × devices × peak × MFU".to_owned(),
            },
        }
    }

    fn estimate(&self, of: impl Fn(&Optimum) -> f64, source: &str) -> Estimate {
        let draws = self.draws.iter().map(|d| d.as_ref().map_or(f64::NAN, |(_, o)| of(o)));
        let mut estimate = Estimate::with_draws(of(&self.best), draws.collect(), source);
        if let (Some(interval), true) = (&mut estimate.interval, self.is_mfu_alone) {
            "draws of the MFU".clone_into(&mut interval.method);
        }
        estimate
    }
}

/// The best split of C, of limited text where the request limits it.
fn best_within_text(
    law: &'static Law,
    theta: &[f64],
    request: &Request,
    c: Flop,
) -> Option<Optimum> {
    let frontier = Frontier { law, theta };
    let free = frontier.best(c)?;
    match request.unique_tokens {
        Some(u) if free.split.tokens.0 > u.0 => {
            frontier.best_with_unique(c, u, Repeats::published())
        }
        _ => Some(free),
    }
}

/// The least compute that reaches `loss` of the text there is; none where none does.
fn least_compute(law: &'static Law, theta: &[f64], request: &Request, loss: Nats) -> Option<Flop> {
    let free = Frontier { law, theta }.compute_to_reach(loss)?;
    let excess = |ln_c: f64| {
        best_within_text(law, theta, request, Flop(ln_c.exp()))
            .map_or(f64::NAN, |best| best.loss.0 - loss.0)
    };
    let ln_free = free.0.ln();
    // Of all text in the world it takes no less.
    if request.unique_tokens.is_none() || excess(ln_free) < 1e-9 {
        return Some(free);
    }
    crossing(excess, ln_free, ln_free + LN_MOST_FOR_TEXT).map(|ln_c| Flop(ln_c.exp()))
}

/// ln of the compute, over that of unlimited text, up to which a loss is sought with limited text.
const LN_MOST_FOR_TEXT: f64 = 30.0;

/// The compute, and that of each draw.
fn computes(candidate: &Candidate, request: &Request) -> Result<(Flop, Vec<Option<Flop>>), Error> {
    let fit = &candidate.fit;
    let rig = || {
        request.rig.as_ref().ok_or_else(|| {
            Error::refused(
                "a budget of time or money needs the machines",
                "add --devices and --peak-flops",
            )
        })
    };
    let in_hours = |hours: f64| {
        // Without a bootstrap the law stays as it is and the MFU is drawn all the same.
        let n = if fit.draws.is_empty() { N_MFU } else { fit.draws.len() };
        let (c, draws) = rig()?.compute_in(hours, n);
        Ok((c, draws.into_iter().map(Some).collect()))
    };
    match request.budget {
        Budget::Compute(c) => Ok((c, vec![Some(c); fit.draws.len()])),
        Budget::Hours(hours) => in_hours(hours),
        Budget::Money(money) => in_hours(rig()?.hours_for(money)?),
        Budget::Loss(loss) => {
            let reach = |theta: &[f64]| least_compute(fit.law, theta, request, loss);
            let c = reach(&fit.theta).ok_or_else(|| unreachable(candidate, request, loss))?;
            Ok((c, fit.draws.iter().map(|theta| reach(theta)).collect()))
        }
    }
}

fn unreachable(candidate: &Candidate, request: &Request, loss: Nats) -> Error {
    let fit = &candidate.fit;
    let free = Frontier { law: fit.law, theta: &fit.theta }.compute_to_reach(loss);
    if let (Some(u), Some(free)) = (request.unique_tokens, free) {
        return Error::refused(
            format!(
                "no compute reaches {loss} with {u} of different text, however often it is \
                 repeated; with more text {free} does"
            ),
            "raise --unique-tokens, or ask for a higher loss",
        );
    }
    let floor = |theta: &[f64]| {
        Frontier { law: fit.law, theta }.best(Flop(1e60)).map_or(f64::NAN, |o| o.loss.0)
    };
    let interval = fit.interval(super::LEVEL, floor);
    let interval =
        interval.map_or(String::new(), |i| format!(" (95 %: {:.3} to {:.3})", i.low, i.high));
    Error::refused(
        format!(
            "no compute reaches {loss}: {} never falls below {:.3} nats{interval}",
            fit.law.name,
            floor(&fit.theta),
        ),
        "ask for a higher loss",
    )
}

fn verdicts(
    runs: &[TrainingRun],
    candidates: &Candidates,
    request: &Request,
    advice: &Outcome,
    noise: &Noise,
) -> Vec<Verdict> {
    let best = candidates.best();
    let compute = || best.fit.observations.compute.iter().flatten().map(|c| c.0);
    let (smallest, largest) =
        (compute().fold(f64::INFINITY, f64::min), compute().fold(0.0, f64::max));
    let asked = Asked {
        compute: advice.compute,
        smallest_run: smallest.is_finite().then_some(Flop(smallest)),
        largest_run: (largest > 0.0).then_some(Flop(largest)),
        tokens: advice.best.split.tokens,
        unique_tokens: request.unique_tokens,
    };
    let mut verdicts = judge_runs(runs);
    verdicts.extend(judge_groups(&best.fit, runs));
    verdicts.extend(judge_budget(&asked));
    verdicts.extend(judge_fit(&best.fit));
    verdicts.extend(candidates.judge());
    verdicts.extend(candidates.runner_up().and_then(|other| {
        // At the same compute, whatever loss was asked for.
        let at_same_compute =
            Request { budget: Budget::Compute(advice.compute), ..request.clone() };
        let found = Outcome::of(other, &at_same_compute).ok()?;
        let [one, two] =
            [(best, &advice.best), (other, &found.best)].map(|(c, o)| (c.fit.law, o.loss));
        judge_agreement(advice.compute, one, two, noise)
    }));
    verdicts.extend(undetermined(advice));
    verdicts.extend(out_of_reach(request, advice));
    verdicts.extend(counts(candidates, request));
    verdicts.extend(more_than_six(&best.fit));
    verdicts
}

/// Logged compute that is not 6ND by more than this share is told.
const OFF_SIX: f64 = 0.1;

/// Whether the runs spent another number of FLOP a parameter and token than the plan counts:
/// attention and the head come on top, and embeddings are read for nothing.
fn more_than_six(fit: &Fit) -> Option<Verdict> {
    let column = |q| fit.law.inputs.iter().position(|input| *input == q);
    let (n, d) = (column(Quantity::Parameters)?, column(Quantity::Tokens)?);
    let rows = fit.observations.x.iter().zip(&fit.observations.compute);
    let mut per: Vec<f64> =
        rows.filter_map(|(x, c)| c.map(|c| c.0 / (x[n] * x[d]))).filter(|k| *k > 0.0).collect();
    per.sort_by(f64::total_cmp);
    let middle = *per.get(per.len() / 2)?;
    ((middle / 6.0).ln().abs() > OFF_SIX).then(|| {
        Verdict::new(
            Kind::Counts,
            Severity::Note,
            format!(
                "your runs spent {middle:.1} FLOP a parameter and token; the plan counts 6, so that \
                 its budget is {:.2} times what your logs would call it",
                6.0 / middle
            ),
            "scale the budget by it, or count parameters as the log's compute does",
        )
    })
}

fn undetermined(advice: &Outcome) -> Option<Verdict> {
    let interval = advice.estimate(|o| o.split.parameters.0, "").interval?;
    let ratio = interval.high / interval.low;
    (ratio > WIDE).then(|| {
        Verdict::new(
            Kind::Undetermined,
            if ratio > WIDEST { Severity::Refusal } else { Severity::Warning },
            format!(
                "the best size is only known to lie between {} and {} parameters, a factor of \
                 {ratio:.0}",
                short(interval.low),
                short(interval.high),
            ),
            "`fieldkit scaling next` names the run that would narrow it most",
        )
    })
}

fn out_of_reach(request: &Request, advice: &Outcome) -> Option<Verdict> {
    let Budget::Loss(loss) = request.budget else { return None };
    let n_never = advice.draws.iter().filter(|d| d.is_none()).count();
    let share = n_never as f64 / advice.draws.len().max(1) as f64;
    (share > 0.01).then(|| {
        Verdict::new(
            Kind::Unreachable,
            Severity::Warning,
            format!("in {:.0} % of the bootstrap draws no compute reaches {loss}", 100.0 * share),
            "ask for a higher loss, or train larger runs first",
        )
    })
}

fn counts(candidates: &Candidates, request: &Request) -> Option<Verdict> {
    let count = candidates.best().fit.observations.count?;
    let (sentence, hint) = match count {
        CountKind::Unstated => (
            "the log does not say whether N counts embeddings; the advice counts what the log \
             does, and the lines of Kaplan (body) and Chinchilla (all) may count otherwise",
            "say it with --map parameters_total=COLUMN or parameters_body=COLUMN",
        ),
        CountKind::Total if request.omega.is_none() => (
            "N counts all parameters in the advice and in Chinchilla's line, only the body in \
             Kaplan's: the two are not to be compared number by number",
            "give --vocab and --width-per-layer to convert (Pearce and Song 2024)",
        ),
        CountKind::Body if request.omega.is_none() => (
            "N counts the body in the advice and in Kaplan's line, all parameters in Chinchilla's",
            "give --vocab and --width-per-layer to convert (Pearce and Song 2024)",
        ),
        _ => return None,
    };
    Some(Verdict::new(Kind::Counts, Severity::Note, sentence, hint))
}

/// Sizes shown beside the best one.
const RATIOS: [f64; 4] = [0.25, 0.5, 2.0, 4.0];

fn other_sizes(best: &Candidate, request: &Request, advice: &Outcome) -> Vec<OtherSize> {
    let fit = &best.fit;
    let split = advice.best.split;
    let asked = request.size.map(|n| n.0 / split.parameters.0);
    if request.unique_tokens.is_some_and(|u| split.tokens.0 > u.0) {
        // With repeated text the closed forms do not hold.
        return vec![];
    }
    let at = |ratio: f64, is_asked: bool| {
        let parameters = Parameters(ratio * split.parameters.0);
        let within = |c: Flop| Split { parameters, tokens: Tokens(c.0 / (6.0 * parameters.0)) };
        // The same size in every draw: its ratio to that draw's best size differs.
        let of_draw = |theta: &[f64], c: Flop, o: &Optimum| {
            let frontier = Frontier { law: fit.law, theta };
            let ratio = parameters.0 / o.split.parameters.0;
            let overhead = frontier.overhead_at_other_size(c, ratio).unwrap_or(f64::INFINITY);
            (overhead, frontier.loss(within(c)))
        };
        let draws = fit.draws.iter().zip(&advice.draws);
        let draws: Vec<(f64, f64)> =
            draws.filter_map(|(theta, d)| d.as_ref().map(|(c, o)| of_draw(theta, *c, o))).collect();
        let (overhead, loss) = of_draw(&fit.theta, advice.compute, &advice.best);
        let (overheads, losses): (Vec<f64>, Vec<f64>) = draws.into_iter().unzip();
        OtherSize {
            ratio,
            parameters,
            overhead: overhead
                .is_finite()
                .then(|| Estimate::with_draws(overhead, overheads, fit.law.name)),
            loss: Estimate::with_draws(loss, losses, fit.law.name),
            is_asked,
        }
    };
    let mut sizes: Vec<OtherSize> = RATIOS.iter().map(|ratio| at(*ratio, false)).collect();
    sizes.extend(asked.map(|ratio| at(ratio, true)));
    sizes.sort_by(|a, b| a.ratio.total_cmp(&b.ratio));
    sizes
}

/// Draws that the search over training and use is repeated for: it is slow.
const N_DRAWS_WITH_USE: usize = 400;

fn with_use(best: &Candidate, advice: &Outcome, demand: Demand) -> Result<WithUse, Error> {
    let fit = &best.fit;
    let at =
        |theta: &[f64], loss: Nats| Frontier { law: fit.law, theta }.best_with_use(loss, demand);
    let split = at(&fit.theta, advice.best.loss)?;
    let draws = fit.draws.iter().zip(&advice.draws).take(N_DRAWS_WITH_USE);
    let draws: Vec<Option<Split>> =
        draws.map(|(theta, d)| at(theta, d.as_ref()?.1.loss).ok()).collect();
    let estimate = |of: &dyn Fn(&Split) -> f64| {
        let all = draws.iter().map(|d| d.as_ref().map_or(f64::NAN, of)).collect();
        Estimate::with_draws(of(&split), all, "Sardana et al. 2024, eq. 3")
    };
    let whole =
        |s: Split| s.compute().0 + demand.cost_ratio * 2.0 * s.parameters.0 * demand.tokens.0;
    Ok(WithUse {
        demand: demand.tokens,
        parameters: estimate(&|s| s.parameters.0),
        tokens: estimate(&|s| s.tokens.0),
        compute: estimate(&|s| s.compute().0),
        saving: 1.0 - whole(split) / whole(advice.best.split),
    })
}

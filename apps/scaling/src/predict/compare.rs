//! How much faster one recipe is than another: the factor of compute that the second needs for
//! the loss of the first, with its interval.

use ::evaluate::bootstrap::quantile;
use record::Journal;
use serde::Serialize;

use super::LEVEL;
use super::frontier::Frontier;
use crate::Error;
use crate::data::TrainingRun;
use crate::evaluate::foresight;
use crate::fit::{Fit, Objective, Observations, Recipe, fit, observe};
use crate::isoflop::{self, Isoflop};
use crate::judge::{Kind, Severity, Verdict, judge_fit};
use crate::model::alabdulmohsin::M2;
use crate::model::chinchilla::{CHINCHILLA, SKALING};
use crate::model::gadre::GADRE;
use crate::model::kaplan::KAPLAN_C;
use crate::model::{Law, Quantity};
use crate::units::{CountKind, Flop, Nats};
use record::Interval;

/// Recipe A against recipe B.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// Name of A.
    pub a: String,
    /// Name of B.
    pub b: String,
    /// What is compared, in words: a law fitted to both, or isoFLOP minima.
    pub basis: String,
    /// Runs of A and of B.
    pub n_runs: [usize; 2],
    /// At several budgets.
    pub at: Vec<SpeedUp>,
    /// What to know about it.
    pub verdicts: Vec<Verdict>,
}

/// How much faster A is at one budget.
#[derive(Debug, Clone, Serialize)]
pub struct SpeedUp {
    /// C of A.
    pub compute: Flop,
    /// What A reaches with it.
    pub loss_a: Nats,
    /// What B reaches with it.
    pub loss_b: Nats,
    /// C of B at the loss of A, over C of A: above one where A is faster. Infinite where B never
    /// gets there.
    pub factor: f64,
    /// Its interval; the upper end is infinite where B may never get there.
    pub interval: Option<Interval>,
    /// In words.
    pub conclusion: String,
}

/// Laws by which recipes are compared, where size and data are known; then by compute alone.
static BY_SIZE_AND_DATA: &[&Law] = &[&CHINCHILLA, &SKALING, &GADRE];
static BY_COMPUTE: &[&Law] = &[&M2, &KAPLAN_C];

/// Compares the runs `a` with the runs `b`. Budgets are spread over the compute that both have
/// runs at, unless `at` names one.
///
/// # Errors
/// Refused where no law can be fitted to both.
pub fn compare(
    (name_a, a): (&str, &[TrainingRun]),
    (name_b, b): (&str, &[TrainingRun]),
    at: Option<Flop>,
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<Comparison, Error> {
    let (basis, [fit_a, fit_b]) = fitted(a, b, recipe, journal)?;
    let (low, high) = common(&fit_a, &fit_b);
    let budgets = at.map_or_else(|| spread(low, high), |c| vec![c]);
    let at: Vec<SpeedUp> =
        budgets.iter().filter_map(|c| speed_up(&fit_a, &fit_b, *c, name_a, name_b)).collect();
    if at.is_empty() {
        return Err(Error::refused(
            format!("{} has no best split where the recipes are compared", fit_a.law.name),
            "add runs of other sizes and lengths to both",
        ));
    }
    Ok(Comparison {
        a: name_a.to_owned(),
        b: name_b.to_owned(),
        basis,
        n_runs: [fit_a.observations.loss.len(), fit_b.observations.loss.len()],
        verdicts: judge(&fit_a, &fit_b, &at, (low, high), (name_a, name_b)),
        at,
    })
}

/// Power laws through the minima of both where both have isoFLOP profiles, since these assume
/// nothing about the split; else one law fitted to both: the one that has foretold the two best,
/// or the first that can be fitted at all.
fn fitted(
    a: &[TrainingRun],
    b: &[TrainingRun],
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<(String, [Fit; 2]), Error> {
    if let (Some(a), Some(b)) = (minima(a), minima(b)) {
        let recipe = Recipe { objective: Objective::LeastSquares, ..*recipe };
        let words = format!("{} through isoFLOP minima", M2.equation);
        if let Ok(fits) = fit_both(&M2, [a, b], &recipe, journal) {
            return Ok((words, fits));
        }
    }
    let both = |law: &'static Law| Ok::<_, Error>([observe(law, a)?, observe(law, b)?]);
    let score = |law: &'static Law| {
        let [a, b] = both(law).ok()?;
        Some((foresight(law, &a, recipe)? * foresight(law, &b, recipe)?).sqrt())
    };
    let mut scored: Vec<(&'static Law, f64)> =
        BY_SIZE_AND_DATA.iter().filter_map(|law| Some((*law, score(law)?))).collect();
    scored.sort_by(|a, b| a.1.total_cmp(&b.1));
    let order = scored.iter().map(|(law, _)| *law).chain(BY_COMPUTE.iter().copied());
    let mut why = None;
    for law in order {
        match both(law).and_then(|both| fit_both(law, both, recipe, journal)) {
            Ok(fits) => return Ok((format!("{}: {}", law.name, law.equation), fits)),
            Err(error) => {
                why.get_or_insert(error);
            }
        }
    }
    Err(why.unwrap_or_else(|| Error::refused("there is nothing to compare", "add runs")))
}

/// Fewer budgets carry no power law with a floor and an interval.
const FEWEST_BUDGETS: usize = 6;

/// Compute and lowest loss of each isoFLOP profile whose minimum lies inside.
fn minima(runs: &[TrainingRun]) -> Option<Observations> {
    let counts = [CountKind::Total, CountKind::Unstated, CountKind::Body];
    let points = counts.into_iter().find_map(|count| isoflop::points(runs, count))?;
    let lowest = |p: &Isoflop| Some((p.compute.0, p.parabola.as_ref()?.lowest.0));
    let found: Vec<(f64, f64)> = isoflop::profiles(&points).iter().filter_map(lowest).collect();
    (found.len() >= FEWEST_BUDGETS).then(|| Observations {
        inputs: M2.inputs,
        x: found.iter().map(|p| vec![p.0]).collect(),
        loss: found.iter().map(|p| p.1).collect(),
        run: (0..found.len()).collect(),
        id: found.iter().map(|p| Flop(p.0).to_string()).collect(),
        compute: found.iter().map(|p| Some(Flop(p.0))).collect(),
        count: None,
        notes: vec![],
    })
}

fn fit_both(
    law: &'static Law,
    [a, b]: [Observations; 2],
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<[Fit; 2], Error> {
    // Another seed, so that the two are drawn independently: they are not paired.
    let other = Recipe { seed: recipe.seed.wrapping_add(0x9e37_79b9), ..*recipe };
    Ok([fit(law, a, recipe, journal)?, fit(law, b, &other, journal)?])
}

/// The loss that a recipe reaches with C, and back.
struct Reach<'a> {
    law: &'static Law,
    theta: &'a [f64],
}

impl Reach<'_> {
    fn takes_compute(&self) -> bool {
        self.law.inputs == [Quantity::Compute]
    }

    fn loss(&self, c: Flop) -> Option<f64> {
        if self.takes_compute() {
            return Some(self.law.at(&[c.0], self.theta)).filter(|l| l.is_finite());
        }
        Some(Frontier { law: self.law, theta: self.theta }.best(c)?.loss.0)
    }

    /// None where no compute reaches the loss.
    fn compute(&self, loss: f64) -> Option<f64> {
        match (self.law.id, self.theta) {
            // L = β·x^−c + ε∞.
            ("m2", &[beta, c, floor]) => {
                (loss > floor).then(|| (beta / (loss - floor)).powf(1.0 / c))
            }
            // L = (C_c/C)^αC.
            ("kaplan_c", &[alpha, c_c]) => Some(c_c * loss.powf(-1.0 / alpha)),
            _ => {
                let frontier = Frontier { law: self.law, theta: self.theta };
                frontier.compute_to_reach(Nats(loss)).map(|c| c.0)
            }
        }
    }
}

fn speed_up(a: &Fit, b: &Fit, c: Flop, name_a: &str, name_b: &str) -> Option<SpeedUp> {
    let factor = |theta_a: &[f64], theta_b: &[f64]| {
        let loss = Reach { law: a.law, theta: theta_a }.loss(c)?;
        let other = Reach { law: b.law, theta: theta_b }.compute(loss);
        Some(other.map_or(f64::INFINITY, |other| other / c.0))
    };
    let loss = |fit: &Fit| Reach { law: fit.law, theta: &fit.theta }.loss(c);
    let value = factor(&a.theta, &b.theta)?;
    let draws: Vec<f64> = a.draws.iter().zip(&b.draws).filter_map(|(a, b)| factor(a, b)).collect();
    let interval = interval(draws);
    Some(SpeedUp {
        compute: c,
        loss_a: Nats(loss(a)?),
        loss_b: Nats(loss(b)?),
        factor: value,
        conclusion: conclusion(interval.as_ref(), name_a, name_b),
        interval,
    })
}

/// As elsewhere, but a draw in which B never gets there counts as infinite.
fn interval(mut draws: Vec<f64>) -> Option<Interval> {
    if draws.len() < 40 {
        return None;
    }
    draws.sort_by(f64::total_cmp);
    let tail = (1.0 - LEVEL) / 2.0;
    let end = |p: f64| quantile(&draws, p).filter(|v| !v.is_nan()).unwrap_or(f64::INFINITY);
    let method = format!("bootstrap by run of both recipes, {} draws", draws.len());
    Some(Interval::new(end(tail), end(1.0 - tail), LEVEL, method))
}

fn conclusion(interval: Option<&Interval>, a: &str, b: &str) -> String {
    match interval {
        None => "no interval: add --bootstrap".to_owned(),
        Some(i) if i.low > 1.0 => format!("{a} is faster"),
        Some(i) if i.high < 1.0 => format!("{b} is faster"),
        Some(_) => "no evidence that either is faster".to_owned(),
    }
}

/// The compute that both have runs at: the larger of the lowest to the smaller of the highest.
fn common(a: &Fit, b: &Fit) -> (f64, f64) {
    let range = |fit: &Fit| {
        let compute = fit.observations.compute.iter().flatten().map(|c| c.0);
        compute.fold((f64::INFINITY, 0.0f64), |(l, h), c| (l.min(c), h.max(c)))
    };
    let ((low_a, high_a), (low_b, high_b)) = (range(a), range(b));
    (low_a.max(low_b), high_a.min(high_b))
}

/// Four budgets from `low` to `high`, evenly spaced by their logarithms.
fn spread(low: f64, high: f64) -> Vec<Flop> {
    if low >= high {
        return vec![Flop((low * high).sqrt())];
    }
    (0..4).map(|i| Flop(low * (high / low).powf(f64::from(i) / 3.0))).collect()
}

fn judge(
    a: &Fit,
    b: &Fit,
    at: &[SpeedUp],
    (low, high): (f64, f64),
    names: (&str, &str),
) -> Vec<Verdict> {
    let mut verdicts = vec![];
    if low >= high {
        verdicts.push(Verdict::new(
            Kind::Extrapolation,
            Severity::Warning,
            "the two recipes have no compute in common: one is read beyond its runs",
            "train both at the same budgets",
        ));
    }
    if let Some(beyond) = at.iter().find(|s| s.compute.0 > 10.0 * high) {
        verdicts.push(Verdict::new(
            Kind::Extrapolation,
            Severity::Warning,
            format!("{} is far beyond the runs that both have ({})", beyond.compute, Flop(high)),
            "train both at larger budgets",
        ));
    }
    let by_compute = a.law.inputs == [Quantity::Compute];
    if by_compute && a.observations.id.iter().all(|id| !id.ends_with(" FLOP")) {
        verdicts.push(Verdict::new(
            Kind::FewRuns,
            Severity::Warning,
            format!(
                "the runs ({} and {}) do not carry a law of size and data: losses are compared by \
                 compute alone, whatever the split of each run",
                a.observations.loss.len(),
                b.observations.loss.len()
            ),
            "give both recipes runs of three or more sizes at two or more lengths",
        ));
    }
    for (fit, name) in [(a, names.0), (b, names.1)] {
        verdicts.extend(judge_fit(fit).into_iter().map(|verdict| Verdict {
            sentence: format!("{name}: {}", verdict.sentence),
            ..verdict
        }));
    }
    verdicts.push(Verdict::new(
        Kind::Counts,
        Severity::Note,
        "losses can only be compared where both were measured on the same text with the same \
         tokens; the logs do not say whether they were",
        "",
    ));
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::allocation::compute_multiple;

    #[test]
    fn the_factor_is_the_compute_multiple_of_the_law() {
        let theta = CHINCHILLA.published[2].theta;
        let reach = Reach { law: &CHINCHILLA, theta };
        let gamma = theta[3] * theta[4] / (theta[3] + theta[4]);
        let loss = reach.loss(Flop(1e20)).unwrap();
        let lower = loss - 0.05;
        let multiple = compute_multiple(Nats(loss), Nats(lower), Nats(theta[0]), gamma).unwrap();
        let factor = reach.compute(lower).unwrap() / 1e20;
        assert!((factor / multiple - 1.0).abs() < 1e-9, "{factor} against {multiple}");
    }

    #[test]
    fn laws_of_compute_lead_back_to_the_compute() {
        for (law, theta) in [(&M2, &[12.0, 0.05, 1.5][..]), (&KAPLAN_C, &[0.05, 2.7e28][..])] {
            let reach = Reach { law, theta };
            let loss = reach.loss(Flop(1e20)).unwrap();
            assert!((reach.compute(loss).unwrap() / 1e20 - 1.0).abs() < 1e-9, "{}", law.id);
        }
    }

    #[test]
    fn an_interval_around_one_is_no_evidence() {
        let words =
            |low, high| conclusion(Some(&Interval::new(low, high, LEVEL, "draws")), "new", "old");
        assert_eq!(words(0.9, 1.4), "no evidence that either is faster");
        assert_eq!(words(1.1, f64::INFINITY), "new is faster");
        assert_eq!(words(0.5, 0.9), "old is faster");
    }
}

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
use crate::fit::{Fit, Observations, Recipe, fit, observe};
use crate::isoflop::{self, Pair};
use crate::judge::{Kind, Severity, Verdict, judge_fit};
use crate::model::alabdulmohsin::M2;
use crate::model::chinchilla::{CHINCHILLA, SKALING};
use crate::model::gadre::GADRE;
use crate::model::kaplan::KAPLAN_C;
use crate::model::{Law, Quantity};
use crate::units::{CountKind, Flop, Nats, ParameterCount};
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
    /// Runs, or isoFLOP minima, of A and of B.
    pub n_points: [usize; 2],
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
/// Refused where the two count their parameters differently, or no law can be fitted to both.
pub fn compare(
    (name_a, a): (&str, &[TrainingRun]),
    (name_b, b): (&str, &[TrainingRun]),
    at: Option<Flop>,
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<Comparison, Error> {
    let counted = counted_alike((name_a, a), (name_b, b))?;
    let [a, b] = &counted;
    let only_one = logged_by_one((name_a, a), (name_b, b));
    let (basis, [a, b]) = match by_minima(a, b, recipe) {
        Some(sides) => (Basis::Minima, sides),
        None => by_law(a, b, recipe, journal)?,
    };
    // What both have runs at.
    let (low, high) = (a.range.0.max(b.range.0), a.range.1.min(b.range.1));
    let budgets = at.map_or_else(|| spread(low, high), |c| vec![c]);
    let at: Vec<SpeedUp> =
        budgets.iter().filter_map(|c| speed_up(&a, &b, *c, name_a, name_b)).collect();
    if at.is_empty() {
        return Err(Error::refused(
            "the recipes cannot be compared there: one has no best split",
            "add runs of other sizes and lengths to both",
        ));
    }
    let mut verdicts = judge([(name_a, &a), (name_b, &b)], basis, &at, (low, high));
    verdicts.extend(only_one);
    Ok(Comparison {
        a: name_a.to_owned(),
        b: name_b.to_owned(),
        basis: basis.in_words(),
        n_points: [a.n_points, b.n_points],
        verdicts,
        at,
    })
}

/// The runs of both with the one count that most of them share: the same model counted with and
/// without its embeddings would look like two recipes. Where they share none, with no count at
/// all, so that they are compared by their logged compute.
fn counted_alike(
    (name_a, a): (&str, &[TrainingRun]),
    (name_b, b): (&str, &[TrainingRun]),
) -> Result<[Vec<TrainingRun>; 2], Error> {
    let share = |runs: &[TrainingRun], kind| {
        let n = runs.iter().filter(|r| only(r.parameters, kind) != ParameterCount::default());
        n.count() as f64 / runs.len().max(1) as f64
    };
    let in_both = |kind| share(a, kind).min(share(b, kind));
    // Of equals, `max_by` takes the last.
    let kinds = [CountKind::Body, CountKind::Unstated, CountKind::Total];
    let common = kinds.into_iter().filter(|kind| in_both(*kind) > 0.0);
    let common = common.max_by(|k, l| in_both(*k).total_cmp(&in_both(*l)));
    let with = |keep: &dyn Fn(ParameterCount) -> ParameterCount| {
        [a, b].map(|runs| {
            let counted =
                |r: &TrainingRun| TrainingRun { parameters: keep(r.parameters), ..r.clone() };
            runs.iter().map(counted).collect()
        })
    };
    if let Some(kind) = common {
        return Ok(with(&|n| only(n, kind)));
    }
    let has_any = |runs: &[TrainingRun]| kinds.iter().any(|kind| share(runs, *kind) > 0.0);
    if !has_any(a) || !has_any(b) {
        return Ok(with(&|n| n));
    }
    if logs_compute(a) && logs_compute(b) {
        return Ok(with(&|_| ParameterCount::default()));
    }
    let counts = |runs: &[TrainingRun]| {
        let there = kinds.into_iter().filter(|kind| share(runs, *kind) > 0.0).map(count_in_words);
        there.collect::<Vec<_>>().join(" and ")
    };
    Err(Error::refused(
        format!(
            "{name_a} has its parameters {} and {name_b} {}: their sizes cannot be compared",
            counts(a),
            counts(b)
        ),
        "give both logs the same count (`--map n_total=COLUMN` or `--map n_body=COLUMN`), or the \
         training compute of every run",
    ))
}

/// That count alone.
fn only(n: ParameterCount, kind: CountKind) -> ParameterCount {
    let none = ParameterCount::default();
    match kind {
        CountKind::Body => ParameterCount { body: n.body, ..none },
        CountKind::Total => ParameterCount { total: n.total, ..none },
        CountKind::Unstated => ParameterCount { unstated: n.unstated, ..none },
    }
}

fn count_in_words(kind: CountKind) -> &'static str {
    match kind {
        CountKind::Body => "without embeddings",
        CountKind::Total => "in total",
        CountKind::Unstated => "without saying which",
    }
}

fn logs_compute(runs: &[TrainingRun]) -> bool {
    runs.iter().any(|r| r.compute.is_some())
}

/// Where one has its compute logged and the other is counted as 6ND.
fn logged_by_one(
    (name_a, a): (&str, &[TrainingRun]),
    (name_b, b): (&str, &[TrainingRun]),
) -> Option<Verdict> {
    let (logs, lacks) = match (logs_compute(a), logs_compute(b)) {
        (true, false) => (name_a, name_b),
        (false, true) => (name_b, name_a),
        _ => return None,
    };
    Some(Verdict::new(
        Kind::Counts,
        Severity::Warning,
        format!("the compute of {logs} is as logged, that of {lacks} is 6ND: they may differ"),
        "log the compute of both, or leave it out with `--map c=-`",
    ))
}

/// What two recipes are compared by.
#[derive(Debug, Clone, Copy)]
enum Basis {
    /// Lines between the minima of isoFLOP profiles.
    Minima,
    /// A law of size and data.
    SizeAndData(&'static Law),
    /// A law of compute, whatever the split.
    Compute(&'static Law),
}

impl Basis {
    fn in_words(self) -> String {
        match self {
            Self::Minima => "the minima of isoFLOP profiles, in lines of ln L by ln C".to_owned(),
            Self::SizeAndData(law) => format!("{} at the best split: {}", law.name, law.equation),
            Self::Compute(law) => {
                format!("{} through all runs, whatever their split", law.equation)
            }
        }
    }
}

/// The best loss of a recipe by compute, as known and in each bootstrap draw.
struct Side {
    n_points: usize,
    /// Least and most compute.
    range: (f64, f64),
    best: Reach,
    draws: Vec<Reach>,
    fit: Option<Fit>,
    per_6nd: Option<Per6nd>,
}

/// C/(6ND) of the runs of a law of size and data: the law works in 6ND, the runs in compute as
/// logged, and the median leads from the one to the other.
#[derive(Debug, Clone, Copy)]
struct Per6nd {
    median: f64,
    range: (f64, f64),
}

impl Per6nd {
    fn of(observations: &Observations) -> Option<Self> {
        let column = |quantity| observations.inputs.iter().position(|q| *q == quantity);
        let (n, d) = (column(Quantity::Parameters)?, column(Quantity::Tokens)?);
        let rows = observations.x.iter().zip(&observations.compute);
        let mut per: Vec<f64> =
            rows.filter_map(|(x, c)| Some((*c)?.0 / (6.0 * x[n] * x[d]))).collect();
        per.sort_by(f64::total_cmp);
        let range = (*per.first()?, *per.last()?);
        Some(Self { median: quantile(&per, 0.5)?, range })
    }

    /// What to know where it is not one.
    fn judge(self, name: &str) -> Option<Verdict> {
        let Self { median, range: (low, high) } = self;
        let off = |ratio: f64| !(0.9..=1.1).contains(&ratio);
        (off(low) || off(high)).then(|| {
            let varies = high > 1.2 * low;
            Verdict::new(
                Kind::Counts,
                if varies { Severity::Warning } else { Severity::Note },
                format!(
                    "{name}: the logged compute is {low:.2} to {high:.2} of 6ND: budgets are \
                     logged compute, for which the law's 6ND is multiplied by the median, \
                     {median:.2}"
                ),
                if varies { "log sizes with a count by which compute is 6ND" } else { "" },
            )
        })
    }
}

/// The loss that a recipe reaches with C, and back.
enum Reach {
    /// By a law with its parameters, and how much compute one of its 6ND is.
    Law(&'static Law, Vec<f64>, f64),
    /// Between points of ln C and ln L, by C.
    Lines(Vec<(f64, f64)>),
}

impl Reach {
    fn loss(&self, c: Flop) -> Option<f64> {
        let loss = match self {
            Self::Lines(points) => on_lines(points.iter().copied(), c.0.ln())?.exp(),
            Self::Law(law, theta, _) if law.inputs == [Quantity::Compute] => law.at(&[c.0], theta),
            Self::Law(law, theta, per) => Frontier { law, theta }.best(Flop(c.0 / per))?.loss.0,
        };
        loss.is_finite().then_some(loss)
    }

    /// None where no compute reaches the loss.
    fn compute(&self, loss: f64) -> Option<f64> {
        match self {
            // From the lowest loss up, so that the last crossing counts.
            Self::Lines(points) => {
                let by_loss = points.iter().rev().map(|(c, l)| (*l, *c));
                Some(on_lines(by_loss, loss.ln())?.exp())
            }
            Self::Law(law, theta, per) => match (law.id, &**theta) {
                // L = β·x^−c + ε∞.
                ("m2", &[beta, c, floor]) => {
                    (loss > floor).then(|| (beta / (loss - floor)).powf(1.0 / c))
                }
                // L = (C_c/C)^αC.
                ("kaplan_c", &[alpha, c_c]) => Some(c_c * loss.powf(-1.0 / alpha)),
                _ => Frontier { law, theta }.compute_to_reach(Nats(loss)).map(|c| per * c.0),
            },
        }
    }
}

/// On the line between the two points around `x`; beyond the ends on the line of the last two.
/// None where that line does not fall.
fn on_lines(points: impl Iterator<Item = (f64, f64)>, x: f64) -> Option<f64> {
    let points: Vec<(f64, f64)> = points.collect();
    let after = (1..points.len()).find(|i| x <= points[*i].0).unwrap_or(points.len() - 1);
    let ((x0, y0), (x1, y1)) = (*points.get(after.checked_sub(1)?)?, points[after]);
    (x1 > x0 && y1 < y0).then(|| y0 + (y1 - y0) * (x - x0) / (x1 - x0))
}

/// Fewer budgets are no curve.
const FEWEST_BUDGETS: usize = 4;

/// Both by the minima of their isoFLOP profiles, which assume nothing about size and data; none
/// where one has too few.
fn by_minima(a: &[TrainingRun], b: &[TrainingRun], recipe: &Recipe) -> Option<[Side; 2]> {
    let counts = [CountKind::Total, CountKind::Unstated, CountKind::Body];
    let [of_a, of_b] = counts
        .into_iter()
        .find_map(|count| Some([isoflop::points(a, count)?, isoflop::points(b, count)?]))?;
    let side = |points: &[isoflop::Point], seed: u64| {
        let (pairs, draws) = isoflop::minima(points, recipe.n_bootstrap, seed);
        let lines = |pairs: &[Pair]| {
            let ln = |p: &Pair| Some((p.compute.0.ln(), p.loss?.0.ln()));
            Reach::Lines(pairs.iter().filter_map(ln).collect())
        };
        (pairs.len() >= FEWEST_BUDGETS).then(|| Side {
            n_points: pairs.len(),
            range: (pairs[0].compute.0, pairs[pairs.len() - 1].compute.0),
            best: lines(&pairs),
            draws: draws.iter().map(|pairs| lines(pairs)).collect(),
            fit: None,
            per_6nd: None,
        })
    };
    Some([side(&of_a, recipe.seed)?, side(&of_b, other_seed(recipe))?])
}

/// Another seed, so that the two are drawn independently: they are not paired.
fn other_seed(recipe: &Recipe) -> u64 {
    recipe.seed.wrapping_add(0x9e37_79b9)
}

/// One law fitted to both: the one that has foretold the two best, or the first that can be fitted
/// at all.
fn by_law(
    a: &[TrainingRun],
    b: &[TrainingRun],
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<(Basis, [Side; 2]), Error> {
    let both = |law: &'static Law| Ok::<_, Error>([observe(law, a)?, observe(law, b)?]);
    let score = |law: &'static Law| {
        let [a, b] = both(law).ok()?;
        Some((foresight(law, &a, recipe)? * foresight(law, &b, recipe)?).sqrt())
    };
    let mut scored: Vec<(&'static Law, f64)> =
        BY_SIZE_AND_DATA.iter().filter_map(|law| Some((*law, score(law)?))).collect();
    scored.sort_by(|a, b| a.1.total_cmp(&b.1));
    let by_split = scored.iter().map(|(law, _)| (Basis::SizeAndData(law), *law));
    let by_compute = BY_COMPUTE.iter().map(|law| (Basis::Compute(law), *law));
    let mut why = None;
    for (basis, law) in by_split.chain(by_compute) {
        match both(law).and_then(|both| fit_both(law, both, recipe, journal)) {
            Ok(fits) => return Ok((basis, fits.map(Side::of))),
            Err(error) => {
                why.get_or_insert(error);
            }
        }
    }
    Err(why.unwrap_or_else(|| Error::refused("there is nothing to compare", "add runs")))
}

fn fit_both(
    law: &'static Law,
    [a, b]: [Observations; 2],
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<[Fit; 2], Error> {
    let other = Recipe { seed: other_seed(recipe), ..*recipe };
    Ok([fit(law, a, recipe, journal)?, fit(law, b, &other, journal)?])
}

impl Side {
    fn of(fit: Fit) -> Self {
        let compute = fit.observations.compute.iter().flatten().map(|c| c.0);
        let range = compute.fold((f64::INFINITY, 0.0f64), |(l, h), c| (l.min(c), h.max(c)));
        let per_6nd = Per6nd::of(&fit.observations);
        let reach = |theta: &Vec<f64>| {
            Reach::Law(fit.law, theta.clone(), per_6nd.map_or(1.0, |p| p.median))
        };
        Self {
            n_points: fit.observations.loss.len(),
            range,
            best: reach(&fit.theta),
            draws: fit.draws.iter().map(reach).collect(),
            per_6nd,
            fit: Some(fit),
        }
    }
}

fn speed_up(a: &Side, b: &Side, c: Flop, name_a: &str, name_b: &str) -> Option<SpeedUp> {
    let factor = |a: &Reach, b: &Reach| {
        let other = b.compute(a.loss(c)?);
        Some(other.map_or(f64::INFINITY, |other| other / c.0))
    };
    let draws: Vec<f64> = a.draws.iter().zip(&b.draws).filter_map(|(a, b)| factor(a, b)).collect();
    let interval = interval(draws);
    Some(SpeedUp {
        compute: c,
        loss_a: Nats(a.best.loss(c)?),
        loss_b: Nats(b.best.loss(c)?),
        factor: factor(&a.best, &b.best)?,
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
    // Between two infinite draws there is no number: the end is infinite too.
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

/// Four budgets from `low` to `high`, evenly spaced by their logarithms.
fn spread(low: f64, high: f64) -> Vec<Flop> {
    if low >= high {
        return vec![Flop((low * high).sqrt())];
    }
    (0..4).map(|i| Flop(low * (high / low).powf(f64::from(i) / 3.0))).collect()
}

fn judge(
    sides: [(&str, &Side); 2],
    basis: Basis,
    at: &[SpeedUp],
    (low, high): (f64, f64),
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
    if let Basis::Compute(_) = basis {
        let [a, b] = sides.map(|(_, side)| side.n_points);
        verdicts.push(Verdict::new(
            Kind::FewRuns,
            Severity::Warning,
            format!(
                "the runs ({a} and {b}) do not carry a law of size and data: losses are compared \
                 by compute alone, whatever the split of each run"
            ),
            "give both recipes runs of three or more sizes at two or more lengths",
        ));
    }
    for (name, side) in sides {
        verdicts.extend(side.per_6nd.and_then(|per| per.judge(name)));
        let of_side = side.fit.iter().flat_map(judge_fit);
        verdicts.extend(of_side.map(|verdict| Verdict {
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
        let reach = Reach::Law(&CHINCHILLA, theta.to_vec(), 1.0);
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
            let reach = Reach::Law(law, theta.to_vec(), 1.0);
            let loss = reach.loss(Flop(1e20)).unwrap();
            assert!((reach.compute(loss).unwrap() / 1e20 - 1.0).abs() < 1e-9, "{}", law.id);
        }
    }

    #[test]
    fn lines_between_minima_lead_there_and_back_and_a_little_beyond() {
        let points = [(0.0, 2.0), (1.0, 1.5), (2.0, 1.2)];
        let reach = Reach::Lines(points.to_vec());
        for ln_c in [0.5f64, 1.7, 2.2] {
            let loss = reach.loss(Flop(ln_c.exp())).unwrap();
            assert!((reach.compute(loss).unwrap().ln() - ln_c).abs() < 1e-12, "{ln_c}");
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

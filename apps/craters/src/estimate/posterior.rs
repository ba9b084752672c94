//! Unexploded bombs from records, craters and what is believed of the rest.
//!
//! ```text
//! M bombs fell, recorded as N with an error.          M = N·e^ε, ε ~ Normal(0, τ)
//! A share d did not explode.                          U ~ Binomial(M, d)
//! Of the craters, s are still visible, o merged away, and p of the rest are found:
//!                                                     T ~ Binomial(M, θ), θ = (1−d)·s·(1−o)·p
//! Of the D detections the share v is right.           D − T ~ failures before the T-th success of v
//! ```
//!
//! so that D is about `M(1−d)s(1−o)p/v`. Given T, the M − T bombs without a found crater hold
//! `U ~ Binomial(M − T, d/(1−θ))`, which is never below zero.
//!
//! With honest inputs craters say almost nothing of the share of duds: they move the belief of how
//! many craters survive. What comes out is mostly prior × records, and the prior is therefore part
//! of the result.

use record::Interval;
use serde::{Deserialize, Serialize};

use super::belief::{Belief, Drawn};
use super::chance::{Points, binomial, ln_binomial, normal_quantile};
use crate::Error;
use crate::error::Result;

/// What was counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    /// Detections in the area of the records.
    pub n_detections: u64,
    /// General-purpose bombs recorded there.
    pub n_bombs: f64,
    /// Share of craters that are found.
    pub recall: Belief,
    /// Share of detections that are craters.
    pub precision: Belief,
}

/// What is believed beforehand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Priors {
    /// Share of general-purpose bombs that did not explode.
    pub duds: Belief,
    /// Share of craters still visible, with what it rests on. None refuses a number.
    pub survival: Option<Survival>,
    /// Share of visible craters that merged into another.
    pub merging: Belief,
    /// Records are right within this share, 95 %: 0.2 is within a fifth.
    pub records_error: f64,
}

/// Belief of survival, and its evidence in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Survival {
    /// Share of craters still visible.
    pub share: Belief,
    /// What it rests on, such as "118 of 150 craters of the 1973 picture are seen today".
    pub evidence: String,
}

impl Default for Priors {
    /// Duds 5 to 36 % (general-purpose bombs), merging 0 to 10 %, records within a fifth; no belief
    /// of survival: that must come from evidence.
    fn default() -> Self {
        Self {
            duds: Belief::Range { low: 0.05, high: 0.36 },
            survival: None,
            merging: Belief::Range { low: 0.001, high: 0.10 },
            records_error: 0.2,
        }
    }
}

/// A quantity with its median and interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quantity {
    /// Half of the belief lies below.
    pub median: f64,
    /// Its mean.
    pub mean: f64,
    /// 95 %.
    pub interval: Interval,
}

/// Before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learnt {
    /// Without the craters.
    pub prior: Quantity,
    /// With them.
    pub posterior: Quantity,
}

/// What is believed of unexploded bombs, the priors beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Posterior {
    /// Number of unexploded bombs.
    pub unexploded: Learnt,
    /// Their share of the bombs that fell.
    pub dud_share: Learnt,
    /// Share of craters still visible.
    pub survival: Learnt,
    /// What was put in.
    pub inputs: Inputs,
    /// The priors.
    pub priors: Priors,
    /// Equal bins of the number of unexploded bombs: lower edge and probability.
    pub histogram: Vec<[f64; 2]>,
    /// Independent draws that the weighted ones are worth.
    pub effective_draws: f64,
    /// What the reader must know.
    pub notes: Vec<String>,
}

/// Points of the quadrature: enough for an interval's ends to move by about a hundredth of it.
const N_POINTS: usize = 16_384;
const N_BINS: usize = 40;

/// One weighted draw.
struct Draw {
    weight: f64,
    unexploded: f64,
    dud_share: f64,
    survival: f64,
}

/// The posterior. Quick enough to be asked again at every move of a slider.
///
/// # Errors
/// Refused where survival has no evidence, where nothing was recorded, or where the inputs
/// contradict each other.
pub fn posterior(inputs: &Inputs, priors: &Priors, seed: u64) -> Result<Posterior> {
    let model = Model::of(inputs, priors)?;
    let draws = model.draws(seed);
    let total: f64 = draws.iter().map(|draw| draw.weight).sum();
    let squares: f64 = draws.iter().map(|draw| draw.weight * draw.weight).sum();
    let effective_draws = if squares > 0.0 { total * total / squares } else { 0.0 };
    if !(effective_draws >= 20.0) {
        return Err(Error::refused(
            format!(
                "{} detections, {} recorded bombs and the priors contradict each other",
                inputs.n_detections, inputs.n_bombs
            ),
            "look at precision and recall, whether the records cover the area of the image, and \
             their error; widen the priors",
        ));
    }
    let prior = model.prior(seed);
    let learnt = |of: fn(&Draw) -> f64| Learnt {
        prior: quantity(&prior, of, "prior"),
        posterior: quantity(&draws, of, "posterior"),
    };
    let unexploded = learnt(|draw| draw.unexploded);
    let mut notes = vec![
        "mostly prior x records: craters move the belief of their survival more than that of duds"
            .to_owned(),
        "general-purpose bombs only; cluster munitions are not in this number".to_owned(),
    ];
    if effective_draws < 400.0 {
        notes.push(format!("few draws agree with the data ({effective_draws:.0}): ends are rough"));
    }
    Ok(Posterior {
        histogram: histogram(&draws, total),
        unexploded,
        dud_share: learnt(|draw| draw.dud_share),
        survival: learnt(|draw| draw.survival),
        inputs: inputs.clone(),
        priors: priors.clone(),
        effective_draws,
        notes,
    })
}

/// Why there is no number where survival has no evidence.
pub(super) fn no_survival() -> Error {
    Error::refused(
        "no number of unexploded bombs: nothing says what share of the craters is still visible, \
         and without it a filled-in crater counts as an unexploded bomb",
        "give evidence of survival: an older picture in which craters were counted and are looked \
         for again, or craters known on the ground that are looked for in the image",
    )
}

struct Model<'a> {
    inputs: &'a Inputs,
    survival: Drawn,
    duds: Drawn,
    merging: Drawn,
    recall: Drawn,
    precision: Drawn,
    /// τ: the spread of the logarithm of the records' error.
    spread: f64,
}

impl<'a> Model<'a> {
    fn of(inputs: &'a Inputs, priors: &Priors) -> Result<Self> {
        let survival = priors.survival.as_ref().ok_or_else(no_survival)?;
        for belief in [priors.duds, priors.merging, inputs.recall, inputs.precision, survival.share]
        {
            belief.check()?;
        }
        if !(1.0..=1e8).contains(&inputs.n_bombs) || !(0.0..=9.0).contains(&priors.records_error) {
            return Err(Error::refused(
                format!("{} recorded bombs, right within {}", inputs.n_bombs, priors.records_error),
                "give records of at least one bomb, and their error as a share such as 0.2",
            ));
        }
        Ok(Self {
            inputs,
            survival: survival.share.drawn(),
            duds: priors.duds.drawn(),
            merging: priors.merging.drawn(),
            recall: inputs.recall.drawn(),
            precision: inputs.precision.drawn(),
            spread: (1.0 + priors.records_error).ln() / normal_quantile(0.975),
        })
    }

    fn fallen(&self, u: f64) -> u64 {
        ((self.inputs.n_bombs * (self.spread * normal_quantile(u)).exp()).round() as u64).max(1)
    }

    /// Draws without the craters.
    fn prior(&self, seed: u64) -> Vec<Draw> {
        let mut points = Points::<4>::new(seed);
        let one = |_| {
            let [u0, u1, u2, u3] = points.next();
            let fallen = self.fallen(u0);
            let unexploded = binomial(fallen, self.duds.quantile(u1), u2) as f64;
            Draw {
                weight: 1.0,
                unexploded,
                dud_share: unexploded / fallen as f64,
                survival: self.survival.quantile(u3),
            }
        };
        (0..N_POINTS / 4).map(one).collect()
    }

    /// Draws weighted by the craters. Half of the survival shares come from the prior and half from
    /// what the craters say of θ, Beta(T + 1, M − T + 1), so that neither a wide prior nor a narrow
    /// one wastes draws; the weight is prior × likelihood over the mixture of both (Veach and
    /// Guibas 1995, balance heuristic).
    fn draws(&self, seed: u64) -> Vec<Draw> {
        let mut points = Points::<8>::new(seed);
        (0..N_POINTS).map(|at| self.draw(points.next(), at % 2 == 0)).collect()
    }

    fn draw(&self, u: [f64; 8], from_prior: bool) -> Draw {
        let fallen = self.fallen(u[0]);
        let d = self.duds.quantile(u[1]);
        let k = (1.0 - d) * (1.0 - self.merging.quantile(u[2])) * self.recall.quantile(u[3]);
        let found = binomial(self.inputs.n_detections, self.precision.quantile(u[4]), u[5]);
        let nothing = Draw { weight: 0.0, unexploded: 0.0, dud_share: d, survival: 0.0 };
        if found > fallen || (found == 0) != (self.inputs.n_detections == 0) {
            return nothing;
        }
        let s = match from_prior {
            true => self.survival.quantile(u[6]),
            false => beta_near(found, fallen, u[6]) / k,
        };
        let theta = k * s;
        if !(0.0 < s && s < 1.0 && theta < 1.0) {
            return nothing;
        }
        // Beta(T+1, M−T+1) at θ is (M+1) times the binomial probability of T.
        let ln_likelihood = ln_binomial(fallen, found, theta);
        let ln_prior = self.survival.ln_density(s);
        let by_craters = ln_near(found, fallen, theta) + k.ln();
        let ln_mixture = ln_sum(ln_prior, by_craters) - std::f64::consts::LN_2;
        // The failures before the T-th success are T/D times the binomial that `found` came from.
        let share = if found > 0 { found as f64 / self.inputs.n_detections as f64 } else { 1.0 };
        let weight = share * (ln_prior + ln_likelihood - ln_mixture).exp();
        let unexploded = binomial(fallen - found, d / (1.0 - theta), u[7]) as f64;
        Draw { weight, unexploded, dud_share: unexploded / fallen as f64, survival: s }
    }
}

/// Centre and spread of the log odds of Beta(T + 1, M − T + 1), a fifth wider than it is.
fn near(found: u64, fallen: u64) -> (f64, f64) {
    let (yes, no) = (found as f64 + 0.5, (fallen - found) as f64 + 0.5);
    ((yes / no).ln(), 1.2 * (1.0 / yes + 1.0 / no).sqrt())
}

fn beta_near(found: u64, fallen: u64, u: f64) -> f64 {
    let (centre, spread) = near(found, fallen);
    let odds = (centre + spread * normal_quantile(u)).exp();
    odds / (1.0 + odds)
}

fn ln_near(found: u64, fallen: u64, theta: f64) -> f64 {
    let (centre, spread) = near(found, fallen);
    let z = ((theta / (1.0 - theta)).ln() - centre) / spread;
    -z * z / 2.0
        - (spread * (2.0 * std::f64::consts::PI).sqrt()).ln()
        - (theta * (1.0 - theta)).ln()
}

fn ln_sum(a: f64, b: f64) -> f64 {
    let high = a.max(b);
    if high == f64::NEG_INFINITY { high } else { high + ((a - high).exp() + (b - high).exp()).ln() }
}

fn quantity(draws: &[Draw], of: fn(&Draw) -> f64, method: &str) -> Quantity {
    let mut values: Vec<(f64, f64)> = draws.iter().map(|draw| (of(draw), draw.weight)).collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = values.iter().map(|(_, weight)| weight).sum();
    let quantile = |p: f64| {
        let mut sum = 0.0;
        let at = values.iter().find(|(_, weight)| {
            sum += weight;
            sum >= p * total
        });
        at.or(values.last()).map_or(0.0, |(value, _)| *value)
    };
    Quantity {
        median: quantile(0.5),
        mean: values.iter().map(|(value, weight)| value * weight).sum::<f64>() / total,
        interval: Interval::new(quantile(0.025), quantile(0.975), 0.95, method),
    }
}

fn histogram(draws: &[Draw], total: f64) -> Vec<[f64; 2]> {
    let carrying = draws.iter().filter(|draw| draw.weight > 0.0);
    let high = carrying.map(|draw| draw.unexploded).fold(1.0, f64::max);
    let width = high / N_BINS as f64;
    let mut bins: Vec<[f64; 2]> = (0..N_BINS).map(|bin| [bin as f64 * width, 0.0]).collect();
    for draw in draws {
        let bin = ((draw.unexploded / width) as usize).min(N_BINS - 1);
        bins[bin][1] += draw.weight / total;
    }
    bins
}

/// One row of the sensitivity table: what is admitted, and what follows for the number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// A to F.
    pub letter: char,
    /// What is admitted beyond the row above.
    pub admits: String,
    /// 95 % of the number; none where a belief is absent.
    pub unexploded: Option<Interval>,
    /// As a share of the recorded bombs.
    pub share: Option<[f64; 2]>,
    /// Whether the arithmetic leaves what can be: below zero, or more than fell.
    pub is_impossible: bool,
}

/// How the number moves as one source of error after another is admitted. A to E are arithmetic,
/// records minus corrected craters, and show why that is no estimate; F is [`posterior`].
///
/// # Errors
/// Where a belief is none.
pub fn sensitivity(inputs: &Inputs, priors: &Priors, seed: u64) -> Result<Vec<Row>> {
    for belief in [inputs.recall, inputs.precision, priors.merging] {
        belief.check()?;
    }
    let survival = priors.survival.as_ref().map(|survival| survival.share.drawn());
    let [recall, precision, merging] =
        [inputs.recall, inputs.precision, priors.merging].map(|belief| belief.drawn());
    let spread = (1.0 + priors.records_error.max(0.0)).ln() / normal_quantile(0.975);
    let mut columns: [Vec<f64>; 5] = Default::default();
    let mut points = Points::<5>::new(seed);
    let d = inputs.n_detections as f64;
    for _ in 0..N_POINTS / 4 {
        let u = points.next();
        let b = d / recall.quantile(u[0]);
        let c = b * precision.quantile(u[1]);
        let s = survival.as_ref().map_or(f64::NAN, |survival| survival.quantile(u[2]));
        let fallen = inputs.n_bombs * (spread * normal_quantile(u[4])).exp();
        let craters = [d, b, c, c / s, c / s / (1.0 - merging.quantile(u[3]))];
        for (row, craters) in craters.into_iter().enumerate() {
            columns[row].push(if row == 4 { fallen - craters } else { inputs.n_bombs - craters });
        }
    }
    const ADMITS: [&str; 5] = [
        "records minus detections",
        "+ craters that were missed (recall)",
        "+ detections that are none (precision)",
        "+ craters no longer visible (survival)",
        "+ merged craters, error of the records",
    ];
    let mut rows: Vec<Row> = columns
        .into_iter()
        .zip(ADMITS)
        .zip('A'..='E')
        .map(|((draws, admits), letter)| arithmetic_row(letter, admits, draws, inputs.n_bombs))
        .collect();
    let unexploded = posterior(inputs, priors, seed).ok().map(|p| p.unexploded.posterior.interval);
    rows.push(row('F', "Bayes: prior of duds, all of the above", unexploded, inputs.n_bombs));
    Ok(rows)
}

fn arithmetic_row(letter: char, admits: &str, mut draws: Vec<f64>, n_bombs: f64) -> Row {
    draws.sort_by(f64::total_cmp);
    let known = draws.iter().all(|draw| draw.is_finite());
    let interval = known.then(|| {
        let at = |p: f64| draws[((draws.len() - 1) as f64 * p).round() as usize];
        Interval::new(at(0.025), at(0.975), 0.95, "arithmetic over the beliefs")
    });
    row(letter, admits, interval, n_bombs)
}

fn row(letter: char, admits: &str, unexploded: Option<Interval>, n_bombs: f64) -> Row {
    Row {
        letter,
        admits: admits.to_owned(),
        share: unexploded.as_ref().map(|i| [i.low / n_bombs, i.high / n_bombs]),
        is_impossible: unexploded.as_ref().is_some_and(|i| i.low < 0.0),
        unexploded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs() -> Inputs {
        Inputs {
            n_detections: 1500,
            n_bombs: 3200.0,
            recall: Belief::Counted { yes: 152.0, of: 177.0 },
            precision: Belief::Range { low: 0.6, high: 0.95 },
        }
    }

    fn priors() -> Priors {
        let share = Belief::Range { low: 0.5, high: 0.95 };
        let survival = Survival { share, evidence: "a wide guess".to_owned() };
        Priors { survival: Some(survival), ..Priors::default() }
    }

    #[test]
    fn without_evidence_of_survival_there_is_no_number() {
        let refused = posterior(&inputs(), &Priors::default(), 1).unwrap_err().to_string();
        assert!(refused.contains("older picture"), "{refused}");
        let rows = sensitivity(&inputs(), &Priors::default(), 1).unwrap();
        let known: String =
            rows.iter().filter(|row| row.unexploded.is_some()).map(|row| row.letter).collect();
        assert_eq!(known, "ABC");
    }

    #[test]
    fn craters_move_the_belief_of_survival_more_than_that_of_duds() {
        let found = posterior(&inputs(), &priors(), 1).unwrap();
        let width = |q: &Quantity| q.interval.high - q.interval.low;
        let left = |learnt: &Learnt| width(&learnt.posterior) / width(&learnt.prior);
        assert!(left(&found.survival) < left(&found.dud_share), "{found:?}");
        assert!(found.unexploded.posterior.interval.low >= 0.0);
        assert!(found.effective_draws > 1000.0, "{}", found.effective_draws);
    }

    #[test]
    fn a_known_survival_and_recall_leave_the_duds() {
        let certain = |share: f64| Belief::Counted { yes: share * 1e6, of: 1e6 };
        let inputs = Inputs {
            n_detections: 810,
            n_bombs: 1000.0,
            recall: certain(0.9),
            precision: certain(0.999_9),
        };
        let survival = Survival { share: certain(0.999_9), evidence: "known".to_owned() };
        let priors = Priors {
            duds: Belief::Range { low: 0.001, high: 0.6 },
            survival: Some(survival),
            merging: certain(0.000_1),
            records_error: 0.0,
        };
        // 810 found of 0.9: 900 exploded of 1,000.
        let found = posterior(&inputs, &priors, 1).unwrap();
        assert!((found.unexploded.posterior.median - 100.0).abs() < 8.0, "{:?}", found.unexploded);
    }

    #[test]
    fn more_craters_than_bombs_contradict_the_records() {
        let mut inputs = inputs();
        inputs.n_bombs = 100.0;
        assert!(posterior(&inputs, &priors(), 1).unwrap_err().to_string().contains("contradict"));
    }

    #[test]
    fn no_detection_is_an_answer_too() {
        let none = Inputs { n_detections: 0, ..inputs() };
        let share = Belief::Range { low: 0.0, high: 0.95 };
        let survival = Survival { share, evidence: "ploughed land".to_owned() };
        let found = posterior(&none, &Priors { survival: Some(survival), ..priors() }, 1).unwrap();
        assert!(found.unexploded.posterior.interval.high <= 5000.0);
    }

    #[test]
    fn the_same_seed_gives_the_same_answer_and_another_nearly_the_same() {
        let of = |seed| posterior(&inputs(), &priors(), seed).unwrap();
        assert_eq!(of(1), of(1));
        let (a, b) = (of(1).unexploded.posterior, of(2).unexploded.posterior);
        assert!((a.interval.high / b.interval.high - 1.0).abs() < 0.05, "{a:?} {b:?}");
    }

    #[test]
    fn subtraction_goes_below_zero_and_says_so() {
        let few = Inputs { n_bombs: 2600.0, ..inputs() };
        let rows = sensitivity(&few, &priors(), 1).unwrap();
        assert_eq!(rows[0].unexploded.as_ref().unwrap().low, 1100.0);
        assert!(rows[4].is_impossible, "{rows:?}");
        assert!(!rows[5].is_impossible);
    }
}

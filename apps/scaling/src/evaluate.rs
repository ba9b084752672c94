//! How well a law foretells compute that it has not seen: the score that is printed beside every
//! fit, and the one by which laws are chosen.

use std::cmp::Ordering;

use ::evaluate::bootstrap::{Resampling, interval_by_group};
use ::evaluate::regression::{Pair, mape, relative_bias};
use record::{Interval, Score, Silent};
use serde::Serialize;

use crate::Error;
use crate::fit::{Fit, Observations, Recipe, fit};
use crate::model::Law;
use crate::units::Flop;

/// The share of runs, those of most compute, that a held-out score is taken on.
pub const SHARE_HELD_OUT: f64 = 0.25;

/// A score is fitted often: from so many starts at most, beside the published constants.
const MOST_STARTS: usize = 40;

/// A law fitted to the runs of least compute and tried on the rest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldOut {
    /// Runs fitted.
    pub n_fit: usize,
    /// Runs foretold.
    pub n_test: usize,
    /// The least compute among those foretold.
    pub from_compute: Flop,
    /// The mean of |L̂ − L|/L over those foretold.
    pub mape: f64,
    /// The mean of (L̂ − L)/L: above zero where the law is too gloomy.
    pub bias: f64,
    /// 95 % interval of `mape` over runs drawn with replacement, the fit held; none of one run.
    pub interval: Option<Interval>,
    /// MAPE of foretelling every one with the lowest loss that was fitted: what no law reaches.
    pub baseline: f64,
}

impl HeldOut {
    /// The same as a score of `law`.
    pub fn score(&self, law: &str) -> Score {
        let split = format!(
            "held out: the {} runs of most compute, from {}; fitted on {}",
            self.n_test, self.from_compute, self.n_fit
        );
        let score = Score::new(format!("mape of {law}"), self.mape, split);
        Score { interval: self.interval.clone(), ..score }
            .against("the lowest loss fitted", self.baseline)
    }
}

/// Fits `law` to the runs of least compute and foretells the `share` of most compute.
///
/// # Errors
/// Refused where a run's compute is unknown, or too few runs are left on either side.
pub fn held_out(
    law: &'static Law,
    observations: &Observations,
    recipe: &Recipe,
    share: f64,
) -> Result<HeldOut, Error> {
    let (low, high) = split_by_compute(observations, share)?;
    let recipe = Recipe { n_bootstrap: 0, n_starts: recipe.n_starts.min(MOST_STARTS), ..*recipe };
    let fit = fit(law, observations.rows(&low), &recipe, &mut Silent)?;
    score(&fit, &observations.rows(&high))
}

/// How well a law has foretold more compute within these rows: the geometric mean of its held-out
/// MAPE over several shares held out, from a tenth, to reach far into the runs, to three tenths, so
/// that the fit still sees most of them. Laws are chosen by it. None where there are too few rows.
pub fn foresight(law: &'static Law, o: &Observations, recipe: &Recipe) -> Option<f64> {
    const SHARES: [f64; 4] = [0.1, 0.2, 0.25, 0.3];
    let mut total = 0.0;
    for share in SHARES {
        total += held_out(law, o, recipe, share).ok()?.mape.ln();
    }
    Some((total / SHARES.len() as f64).exp()).filter(|score| score.is_finite())
}

/// The score of choosing among `laws` by [`foresight`]: choice and fit see only the runs of least
/// compute, so that the choice cannot flatter itself. None where there are too few rows.
pub fn held_out_choice(
    laws: &[&'static Law],
    o: &Observations,
    recipe: &Recipe,
) -> Option<(&'static Law, HeldOut)> {
    let (low, _) = split_by_compute(o, SHARE_HELD_OUT).ok()?;
    let seen = o.rows(&low);
    let scored = laws.iter().filter_map(|law| Some((*law, foresight(law, &seen, recipe)?)));
    let (law, _) = scored.min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some((law, held_out(law, o, recipe, SHARE_HELD_OUT).ok()?))
}

/// The score of a fit on rows that it has not seen.
fn score(fit: &Fit, unseen: &Observations) -> Result<HeldOut, Error> {
    let rows = unseen.x.iter().zip(&unseen.loss);
    let pairs: Vec<Pair> = rows.map(|(x, l)| Pair::from((fit.loss(x), *l))).collect();
    let lowest = fit.observations.loss.iter().copied().fold(f64::INFINITY, f64::min);
    let flat: Vec<Pair> = unseen.loss.iter().map(|l| Pair::from((lowest, *l))).collect();
    let compute = unseen.compute.iter().flatten().map(|c| c.0);
    let how = Resampling { n_draws: 2000, seed: fit.recipe.seed, ..Resampling::default() };
    let undefined = || {
        Error::refused(
            format!("{} foretells no loss for some of the runs held out", fit.law.name),
            "choose another law with `--law`",
        )
    };
    Ok(HeldOut {
        n_fit: fit.observations.loss.len(),
        n_test: unseen.loss.len(),
        from_compute: Flop(compute.fold(f64::INFINITY, f64::min)),
        mape: mape(&pairs).ok_or_else(undefined)?,
        bias: relative_bias(&pairs).ok_or_else(undefined)?,
        interval: interval_by_group(&pairs, &unseen.run, "run", mape, &how).ok(),
        baseline: mape(&flat).ok_or_else(undefined)?,
    })
}

/// Which rows have least compute, and which are the `share` of most; of equal compute the one of
/// lower inputs comes first, whatever the order of the log.
fn split_by_compute(o: &Observations, share: f64) -> Result<(Vec<usize>, Vec<usize>), Error> {
    let compute: Option<Vec<f64>> = o.compute.iter().map(|c| c.map(|c| c.0)).collect();
    let Some(compute) = compute else {
        return Err(Error::refused(
            "the compute of some runs is unknown, so none can be held out by it",
            "log compute, or both parameters and tokens",
        ));
    };
    // To six digits: 6ND of one budget differs in the last.
    let rank = |i: usize| (compute[i].ln() * 1e6).round() as i64;
    let inputs = |i: usize, j: usize| o.x[i].partial_cmp(&o.x[j]).unwrap_or(Ordering::Equal);
    let mut order: Vec<usize> = (0..compute.len()).collect();
    order.sort_by(|i, j| rank(*i).cmp(&rank(*j)).then_with(|| inputs(*i, *j)));
    let n_high = (share * order.len() as f64).round() as usize;
    let high = order.split_off(order.len() - n_high.min(order.len()));
    if high.is_empty() || order.is_empty() {
        return Err(Error::refused(
            format!("{} runs are too few to hold some out", compute.len()),
            "add runs",
        ));
    }
    Ok((order, high))
}
